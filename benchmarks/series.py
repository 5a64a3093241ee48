"""Is a simulator of a time series as good as a second run? Systems with long-run or exact answers.

    python benchmarks/series.py                      all systems
    python benchmarks/series.py toggle flow          some of them
    python benchmarks/series.py cycle --reversible yes    what detailed balance loses if assumed
    python benchmarks/series.py --latent             encoder and propagator alone

Each is trained on one run and judged by second runs of the same length: the distance of synthetic
series to them over that of the training data to them, 1 at the statistical limit (root mean square
over columns, quantiles and second runs). Synthetic series are ten times as many as those of the
data, so that their own noise counts for little. A long run gives the truth. Times are CPU seconds
of this process, on one thread.
"""

import argparse
from itertools import pairwise

import numpy as np
from series_systems import SYSTEMS
from table import cpu_seconds, heading, row

#: Series of a run, and frames of each.
SERIES, FRAMES = 10, 3000
#: Second runs; and how many times as long as the data the synthetic series and the true run are.
SECOND, SYNTHETIC, LONG = 4, 10, 20
#: Keys of the report's figures, by what is asked of them.
FIGURES = {
    "marginals (W1)": ("wasserstein_of_",),
    "marginals and maps (JSD)": ("jsd_of_",),
    "autocorrelations": ("autocorrelation_of_",),
    "spectra": ("spectrum_of_",),
    "exceedances": ("exceedance_of_",),
    "stays above and below": ("dwell_",),
    "passages": ("passage_time_",),
}
WANTED = "<= 1.3"
REVERSIBLE = {"yes": True, "no": False}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("systems", nargs="*", default=sorted(SYSTEMS), metavar="SYSTEM",
                        help=", ".join(sorted(SYSTEMS)))  # fmt: skip
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--updates", type=int, help="of propagator and decoder, if not the default")
    parser.add_argument("--reversible", choices=("auto", *REVERSIBLE), default="auto",
                        help="whether the encoder assumes detailed balance")  # fmt: skip
    parser.add_argument("--latent", action="store_true", help="no decoder: psi alone is judged")
    args = parser.parse_args()
    unknown = set(args.systems) - set(SYSTEMS)
    if unknown:
        parser.error(f"{', '.join(unknown)} unknown, choose of {', '.join(sorted(SYSTEMS))}")
    for name in args.systems:
        for seed in args.seeds:
            judge(SYSTEMS[name], seed, args)


def judge(system, seed, args):
    """Train on one run, and print how far synthetic series and second runs are apart."""
    runs = [system.simulate(100 * seed + k, SERIES, FRAMES) for k in range(1 + SECOND)]
    simulator, seconds = train(system, runs[0], seed, args)
    second = [simulator.sample_of(x) for x in runs[1:]]
    data, synthetic = simulator.sample_of(runs[0]), simulator.synthetic(runs[0], seed)
    compared = [simulator.compare(data, synthetic, x) for x in second]
    long = simulator.sample_of(system.simulate(100 * seed + 99, LONG * SERIES, FRAMES))
    true = simulator.compare(data, synthetic, long)
    heading(f"{system.about}: seed {seed}, {SERIES} series of {FRAMES:,} frames, lag {system.lag}")
    print(f"  {simulator.said}")
    for name, keys in FIGURES.items():
        ours, theirs = distances(compared, keys)
        if np.isfinite(theirs):
            row(f"{name}: ratio to a second run", f"{ours / theirs:.2f}", WANTED, "1")
    times_over_truth(true)
    if system.period:
        period_row(system, true)
    names = ("SRV", "MDN", "cWGAN")
    print("  CPU s:", ", ".join(f"{n} {s:.0f}" for n, s in zip(names, seconds, strict=False)))


def times_over_truth(true):
    """Times of the synthetic series and of the data over those of the long run."""
    stays = []
    for r in true.rows:
        key = r.quantity.key
        if not key.startswith(("passage", "dwell", "decay", "period")):
            continue
        over = [float(e.value) / float(r.heldout.value) for e in (r.lss, r.md)]
        if key.startswith("dwell"):
            stays.append(over)
        else:
            row(f"{r.quantity.label} over the truth", f"{over[0]:.2f}", "", f"{over[1]:.2f}")
    if stays:
        low, high = np.nanmin(stays, axis=0), np.nanmax(stays, axis=0)
        (a, b), (c, d) = zip(low, high, strict=True)
        row("stays over the truth", f"{a:.2f} to {b:.2f}", "", f"{c:.2f} to {d:.2f}")


def period_row(system, true):
    found = [r for r in true.rows if r.quantity.key.startswith("period_")]
    value = np.nan if not found else float(found[0].lss.value)
    data = np.nan if not found else float(found[0].md.value)
    off = [100 * (x / system.period - 1) for x in (value, data)]
    row(
        f"period ({system.period:.2f} exactly), % off", f"{off[0]:.1f}", "within 2", f"{off[1]:.1f}"
    )


def distances(compared, keys):
    """Root mean square distance to second runs: of the synthetic series, and of the data."""
    ours, theirs = [], []
    for comparison in compared:
        for r in comparison.rows:
            if not r.quantity.key.startswith(keys) or r.limit is None:
                continue
            if r.quantity.divergence:
                pair = r.model, r.limit
            else:
                values = (np.log(float(e.value)) for e in (r.lss, r.heldout, r.md))
                pair = np.abs([b - a for a, b in pairwise(values)])
            if np.isfinite(pair).all():
                ours.append(pair[0])
                theirs.append(pair[1])
    if not ours:
        return np.nan, np.nan
    return tuple(float(np.sqrt(np.mean(np.square(x)))) for x in (ours, theirs))


class Simulator:
    """The three networks of one system, in memory."""

    def __init__(self, system, encoder, propagator, decoder, scale):
        self.system, self.encoder, self.propagator = system, encoder, propagator
        self.decoder, self.scale = decoder, scale

    @property
    def said(self):
        kind = "reversible" if self.encoder.reversible else "not reversible"
        return f"encoder {kind}, {self.encoder.n_components} modes"

    def sample_of(self, values):
        from lss.analysis.sample import Sample

        psi = self.encoder.transform(list(self.scale(values)))
        decoded = self.decoder is not None
        return Sample(psi, list(values) if decoded else None, lag=self.system.lag)

    def synthetic(self, values, seed):
        """Series as long as the data, and more of them."""
        from lss.analysis.sample import Sample

        psi = np.stack(self.encoder.transform(list(self.scale(values))))
        frames = np.random.default_rng(seed).integers(FRAMES, size=SYNTHETIC)
        starts = psi[:, frames].reshape(-1, psi.shape[-1])
        walked = self.propagator.propagate(starts, FRAMES // self.system.lag - 1, seed)
        walked = list(np.asarray(walked).transpose(1, 0, 2))
        if self.decoder is None:
            return Sample(walked)
        decoded, whole = self.decoder.transform(walked), self.system.columns.whole
        return Sample(walked, [np.where(whole, np.rint(x), x) for x in decoded])

    def compare(self, data, synthetic, second):
        from lss.report.validation import compare

        # Where the period is known it is looked for, whatever the encoder took for granted.
        reversible = self.encoder.reversible and self.system.period is None
        return compare(data, synthetic, second, lag_ps=self.system.lag * self.system.spacing,
                       columns=self.system.columns, reversible=reversible)  # fmt: skip


def train(system, values, seed, args):
    """A simulator of one run, and CPU seconds of its trainings."""
    from cwgan import MolGen
    from lss_base.irreversibility import irreversibility
    from mdn import Propagator
    from srv import SRV

    mean, sd = values.mean(axis=(0, 1)), values.std(axis=(0, 1))
    features = list(((values - mean) / sd).astype(np.float32))
    turning = irreversibility(features, system.lag, seed)
    reversible = REVERSIBLE.get(args.reversible, not turning.matters)
    row("||C - C'|| / ||C + C'||, and p", f"{turning.number:.2g} +- {turning.error:.1g}", "",
        f"{turning.chance:.2g}")  # fmt: skip
    budget = {} if args.updates is None else {"n_updates": args.updates}
    encoder = SRV.from_preset(
        "recommended", len(mean), n_components=system.n_modes, lag_time=system.lag, seed=seed,
        reversible=reversible, verbose=False,
    )  # fmt: skip
    seconds = [cpu_seconds(lambda: encoder.fit(features))[0]]
    psi = encoder.transform(features)
    propagator = Propagator.from_preset(
        "recommended", system.n_modes, lag_time=system.lag, seed=seed, verbose=False, **budget
    )
    seconds.append(cpu_seconds(lambda: propagator.fit(psi))[0])
    decoder = None
    if not args.latent:
        decoder = MolGen.for_columns(
            system.n_modes, len(mean), bounds=system.columns.bounds, seed=seed, verbose=False,
            **budget,
        )  # fmt: skip
        frames = np.concatenate(psi), np.concatenate(list(values))
        seconds.append(cpu_seconds(lambda: decoder.fit(*frames))[0])
    made = Simulator(system, encoder, propagator, decoder, lambda x: (x - mean) / sd)
    return made, seconds


if __name__ == "__main__":
    main()
