"""Does the encoder see through where short trajectories started? Each figure beside the truth.

    python benchmarks/short_trajectories.py alanine --data DIR         populations and timescales
    python benchmarks/short_trajectories.py coverage --data DIR        do 95 % intervals hold?
    python benchmarks/short_trajectories.py pentapeptide --data DIR    encoder and propagator
    python benchmarks/short_trajectories.py chain                      a chain with an exact answer
    python benchmarks/short_trajectories.py equilibrium --data DIR     nothing to mend there
    python benchmarks/short_trajectories.py cost --data DIR            CPU s beside those without
    python benchmarks/short_trajectories.py --data DIR                 all of them

DIR holds the folders `adp` (alanine dipeptide) and `pentapeptide`. Pieces are cut from long
trajectories, whose figures are the truth. `--quick` makes fewer repetitions.
"""

import argparse
import logging
from pathlib import Path

import numpy as np
from short_pieces import CHAIN, Alanine, anywhere, even_starts, walks
from table import cpu_seconds, heading, listed, row

LAG = 5  # of alanine dipeptide, ps, and of the chain, steps
PENTAPEPTIDE_LAG = 5  # .5 ns
SAMPLES = 100


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("part", nargs="?", choices=[*PARTS, "all"], default="all")
    parser.add_argument("--data", type=Path, help="folder with adp and pentapeptide")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--repeats", type=int, help="repetitions of coverage and equilibrium")
    parser.add_argument("--quick", action="store_true", help="one seed, ten repetitions")
    args = parser.parse_args()
    if args.quick:
        args.seeds, args.repeats = args.seeds[:1], args.repeats or 10
    logging.getLogger("srv").setLevel(logging.ERROR)
    for part in PARTS if args.part == "all" else [args.part]:
        if args.data is None and part != "chain":
            parser.error(f"{part} needs --data")
        PARTS[part](args)


def fitted(data, seed, weights=None, lag=LAG, modes=2, **settings):
    """Fit the recommended preset; returns CPU seconds and the encoder."""
    from srv import SRV

    settings |= {"n_components": modes, "lag_time": lag, "weights": weights, "seed": seed}
    model = SRV.from_preset("recommended", data[0].shape[1], verbose=False, **settings)
    return cpu_seconds(lambda: model.fit(data))


def timescales(psi, weights, lag):
    """Those of weighted pairs along psi, in frames."""
    from lss_base.kinetics import implied_timescales, resolved_eigenvalues
    from lss_base.moments import LaggedMoments

    moments = LaggedMoments(lag)
    for part, weight in zip(psi, weights, strict=True):
        if weight.any():
            moments.start()
            moments.update(part, weight)
    return implied_timescales(resolved_eigenvalues(moments.covariances()), lag)


def share(inside, weights, lag):
    """Weighted share of the starts of pairs that are inside."""
    total = np.sum([w[:-lag].sum() for w in weights])
    return np.sum([w[:-lag] @ x[:-lag] for w, x in zip(weights, inside, strict=True)]) / total


# --- alanine dipeptide --------------------------------------------------------------------------


def alanine(args):
    data = Alanine(args.data / "adp")
    _, full = fitted(data.features, 0)
    truth = full.timescales_[0]
    heading(f"Alanine dipeptide: alpha_R {data.truth:.3f}, t {truth:.0f} ps in all data; lag 5 ps")
    for n, length in ((2000, 20), (1000, 50)):
        found, chosen = {method: [] for method in (None, "koopman", "rite")}, []
        for seed in args.seeds:
            pieces, alpha = data.pieces(n, length, seed)
            for method in found:
                _, model = fitted(pieces, seed, method)
                weights = model.weights_ or [np.ones(len(x)) for x in pieces]
                found[method].append((share(alpha, weights, LAG), model.timescales_[0]))
            chosen.append(model.departure_.significant)
        print(f" {n:,} pieces of {length} ps; auto weights {sum(chosen)} of {len(chosen)}")
        for method, values in found.items():
            report_alanine(method or "no weights", np.array(values), data.truth, truth)


def report_alanine(method, values, alpha, truth):
    """One row for each figure: the mean, each seed, and how far the mean is off."""
    (mean, t), each = values.mean(axis=0), values.T
    row(f"{method}: alpha_R", f"{mean:.3f} ({listed(each[0], 3)})", f"{alpha:.3f} +- .03")
    row("  t, ps", f"{t:.0f} ({listed(each[1])})", f"{truth:.0f} +- 15 %")


def coverage(args):
    """Intervals over samples of trajectories, with the weights found anew for each."""
    from lss_base.weights import bootstrap_weights

    data = Alanine(args.data / "adp")
    _, full = fitted(data.features, 0)
    truth = data.truth, full.timescales_[0]
    inside, widths, values = np.zeros((3, args.repeats or 50, 2))
    for repeat in range(len(inside)):
        pieces, alpha = data.pieces(400, 20, repeat)
        _, model = fitted(pieces, repeat, "rite")
        psi = model.transform(pieces)
        samples = bootstrap_weights(psi, LAG, model.weights_, "rite", SAMPLES, repeat)
        found = [(share(alpha, w, LAG), timescales(psi, w, LAG)[0]) for w in samples]
        low, high = np.nanpercentile(found, [2.5, 97.5], axis=0)
        inside[repeat], widths[repeat] = (low <= truth) & (truth <= high), high - low
        values[repeat] = share(alpha, model.weights_, LAG), model.timescales_[0]
        limits = f"{listed(low, 3)} to {listed(high, 3)}"
        print(f"  {repeat}: {listed(values[repeat], 3)}, {limits}", flush=True)
    heading(f"400 pieces of 20 ps, {len(inside)} repetitions: 95 % intervals that hold the truth")
    for i, name in enumerate(("alpha_R", "t")):
        row(name, f"{inside[:, i].mean():.2f}", "at least .90")
        row("  median value, width", listed(np.median([values[:, i], widths[:, i]], axis=1), 2),
            f"{truth[i]:.3f}")  # fmt: skip


# --- the pentapeptide ---------------------------------------------------------------------------


def pentapeptide(args):
    from encoder import load
    from propagator import free_energy_rmse
    from propagator import sample as synthetic

    from lss_base.resampling import bootstrap_timescales
    from mdn import Propagator

    features = load(args.data / "pentapeptide", sidechains=False)
    lag = PENTAPEPTIDE_LAG
    _, full = fitted(features, 0, lag=lag, modes=3)
    states = full.transform(features)
    low, high = bootstrap_timescales(states, lag)
    heading("Pentapeptide, pieces that start evenly over 60 clusters, lag .5 ns")
    row("all data: t, ns", listed(full.timescales_ / 10, 1))
    row("  16th to 84th percentile", f"{listed(low / 10, 1)} to {listed(high / 10, 1)}")
    for n, length in ((1000, 50), (250, 200)):
        print(f" {n:,} pieces of {length / 10:g} ns")
        for seed in args.seeds:
            pieces = even_starts(features, states, n, length, seed)
            _, plain = fitted(pieces, seed, lag=lag, modes=3)
            _, model = fitted(pieces, seed, "auto", lag=lag, modes=3)
            row(f"seed {seed}: t, ns", listed(model.timescales_ / 10, 1), "within all data's",
                f"{listed(plain.timescales_ / 10, 1)} without")  # fmt: skip
            psi, everything = model.transform(pieces), model.transform(features)
            mdn = Propagator.from_preset("recommended", 3, lag_time=lag, seed=seed, verbose=False)
            mdn.fit(psi)
            ours = free_energy_rmse(synthetic(mdn, psi, 1000, 100, seed), everything)
            drawn = [model.transform(anywhere(features, n, length, 10 + k)) for k in range(3)]
            floor = np.mean([free_energy_rmse(d, everything) for d in drawn], axis=0)
            ratio = np.mean(ours) / np.mean(floor)
            row("  F of the simulator, kT rms", listed(ours, 3), "", listed(floor, 3))
            row("  over that of an equilibrium sample", f"{ratio:.2f}", "at most 1.3")


# --- chains, equilibrium, cost ------------------------------------------------------------------


def chain(args):
    """400 walkers that all start in the first of four states."""
    from lss_base.weights import bootstrap_weights

    exact = -1 / np.log(np.sort(np.linalg.eigvals(CHAIN).real)[2:0:-1])
    heading("Four-state chain, 400 walkers from state 0, lag 5 steps")
    row("exact t, steps", listed(exact))
    for length in (200, 40):
        for seed in args.seeds:
            states, data = walks(np.random.default_rng(seed), 400, length)
            counts = np.zeros((4, 4))
            np.add.at(counts, (states[:, :-LAG].ravel(), states[:, LAG:].ravel()), 1)
            counted = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
            counted = -LAG / np.log(np.sort(np.linalg.eigvals(counted).real)[2:0:-1])
            _, plain = fitted(data, seed)
            _, model = fitted(data, seed, "auto")
            weights, psi = model.weights_, model.transform(data)
            method = "rite" if weights else None
            weights = weights or [np.ones(length)] * 400
            samples = bootstrap_weights(psi, LAG, weights, method, SAMPLES, seed)
            times = [timescales(psi, w, LAG)[0] for w in samples]
            low, high = np.nanpercentile(times, [2.5, 97.5])
            row(f"{length} steps, seed {seed}: t", listed(model.timescales_),
                f"{exact[0]:.0f} in {low:.0f} to {high:.0f}",
                f"{listed(counted)} counted; {listed(plain.timescales_)} plain")  # fmt: skip


def equilibrium(args):
    """Pieces from random places of all data."""
    from lss_base.resampling import bootstrap_timescales

    data = Alanine(args.data / "adp")
    repeats, none, changes = args.repeats or 100, 0, []
    for repeat in range(repeats):
        pieces, _ = data.pieces(400, 50, repeat, alpha_starts=None)
        _, model = fitted(pieces, repeat, "auto")
        none += model.weights_ is None
        if repeat < repeats // 10:
            _, plain = fitted(pieces, repeat)
            _, forced = fitted(pieces, repeat, "rite")
            low, high = bootstrap_timescales(plain.transform(pieces), LAG)
            change = forced.timescales_[0] - plain.timescales_[0]
            changes.append(abs(change) / ((high - low) / 2)[0])
    heading(f"Alanine dipeptide, 400 pieces of 50 ps in equilibrium, {repeats} repetitions")
    row("auto weights none", f"{none} of {repeats}", "95 %")
    row("forced weights change t 1 by, in errors", listed(changes, 2), "below 1")


def cost(args):
    """CPU s of a fit with and without weights; what compiles is seen in a fit of 20 updates."""
    from encoder import load

    alanine = Alanine(args.data / "adp")
    features = load(args.data / "pentapeptide", sidechains=False)
    psi = fitted(features, 0, modes=3)[1].transform(features)
    heading("CPU s of a fit")
    for name, pieces, modes in (
        ("alanine dipeptide, 2,000 x 20", alanine.pieces(2000, 20, 0)[0], 2),
        ("pentapeptide, 1,000 x 50", even_starts(features, psi, 1000, 50, 0), 3),
    ):
        fitted(pieces, 0, modes=modes, n_updates=20)  # what a process does once
        apart, _ = fitted(pieces, 0, modes=modes, n_updates=20)
        plain = np.median([fitted(pieces, s, modes=modes)[0] for s in args.seeds])
        found = [fitted(pieces, s, "rite", modes=modes) for s in args.seeds]
        seconds, one = np.median([f[0] for f in found]), found[0][1]
        row(f"{name}: without, with", f"{plain:.1f}, {seconds:.1f}", f"{apart:.1f} in 20 updates")
        row(f"  ratio; {one.n_steps_} updates in all", f"{seconds / plain:.2f}", "1.5")
        row("  ratio, without the fit of 20", f"{(seconds - apart) / (plain - apart):.2f}", "1.5")


PARTS = {
    "alanine": alanine,
    "coverage": coverage,
    "pentapeptide": pentapeptide,
    "chain": chain,
    "equilibrium": equilibrium,
    "cost": cost,
}


if __name__ == "__main__":
    main()
