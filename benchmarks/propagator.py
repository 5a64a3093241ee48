"""Is the propagator at the floor of its data? (Its speed: sampler.py)

    python benchmarks/propagator.py fourwell [--components 8 24]      against the exact chain
    python benchmarks/propagator.py pentapeptide --data DIR/pentapeptide
    python benchmarks/propagator.py trpcage      --data DIR/trpcage

Each figure stands beside its target and, where there is one, the floor: what the data themselves
give. Times are CPU seconds of this process, on one thread.
"""

import argparse
from pathlib import Path

import numpy as np
from table import cpu_seconds, heading, listed, row


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("part", nargs="?", default="fourwell", choices=sorted(PARTS))
    parser.add_argument("--data", type=Path, help="folder of the trajectories")
    parser.add_argument("--components", type=int, nargs="+", default=[8, 24])
    parser.add_argument("--updates", type=int, help="length of a training, if not the default")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    args = parser.parse_args()
    if args.part in ("pentapeptide", "trpcage") and args.data is None:
        parser.error(f"{args.part} needs --data")
    PARTS[args.part](args)


def fit(dim, lag, psi, seed, args, **settings):
    from mdn import Propagator

    if args.updates:
        settings["n_updates"] = args.updates
    propagator = Propagator.from_preset(
        "recommended", dim, lag_time=lag, seed=seed, verbose=False, **settings
    )
    seconds, _ = cpu_seconds(lambda: propagator.fit(psi))
    return propagator, seconds


# --- the four-well chain ------------------------------------------------------------------------

TVD_TARGETS = {8: "<= .0200", 24: "<= .0155"}


def fourwell(args):
    from lss import four_well
    from reproduction.binned import binned_matrix, matrix_figures, row_distance
    from reproduction.four_well_reference import chain_reference, positions

    lag, n_steps = 100, 5_000_000
    reference = chain_reference(lag)
    bins = four_well.chain(n_steps, seed=0).astype(int)
    psi = positions(bins, seed=1).astype(np.float32)[:, None]
    counts = np.bincount(bins[:-lag] * 100 + bins[lag:], minlength=10_000).reshape(100, 100)
    own = np.bincount(bins, minlength=100) / n_steps
    data = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    data_times, data_stationary = matrix_figures(data, lag)
    exact_times = four_well.spectrum()[1]

    def row_tvd(matrix):
        return row_distance(matrix, reference.matrix, reference.weight)

    heading(f"Four-well chain, {n_steps:.0e} steps, lag {lag}; exact t = {listed(exact_times)}")
    args.updates = args.updates or 40_000
    for components in args.components:
        for seed in args.seeds:
            model, seconds = fit(1, lag, psi, seed, args, n_components=components, bounds=(-1, 1))
            matrix = binned_matrix(
                model.model, reference.starts, reference.start_weights, reference.edges
            )
            times, stationary = matrix_figures(matrix, lag)
            print(f" C = {components}, seed {seed}, {seconds:.1f} CPU s")
            row("weighted row TVD", f"{row_tvd(matrix):.4f}",
                TVD_TARGETS.get(components, ""), f"{row_tvd(data):.4f}")  # fmt: skip
            row("stationary TVD against its own data", f"{np.abs(stationary - own).sum() / 2:.4f}",
                "<= .02", f"{np.abs(data_stationary - own).sum() / 2:.4f}")  # fmt: skip
            row("t, steps", listed(times), "within 10/5/5 % of exact", listed(data_times))
            row("t against the exact, %", listed(100 * (times / exact_times - 1), 1), "",
                listed(100 * (data_times / exact_times - 1), 1))  # fmt: skip
            report = model.diagnose(psi)
            print(f"  diagnosis: {report['warnings'] or 'no warning'}")


# --- molecules ----------------------------------------------------------------------------------


def sample(propagator, psi, n_steps, n_walkers, seed):
    frames = np.concatenate(psi)
    start = frames[np.random.default_rng(seed).integers(len(frames), size=n_walkers)]
    return list(propagator.propagate(start, n_steps, seed).transpose(1, 0, 2))


def free_energy_rmse(ours, data, bins=50):
    """kT a mode, weighted by population, over bins that both visit."""
    result = []
    for a, b in zip(np.concatenate(ours).T, np.concatenate(data).T, strict=True):
        edges = np.linspace(b.min(), np.nextafter(b.max(), np.inf), bins + 1)
        p, q = (np.histogram(v, edges)[0] / len(v) for v in (a, b))
        both = (p > 0) & (q > 0)
        squares = np.log(p[both] / q[both]) ** 2
        result.append(np.sqrt(np.average(squares, weights=q[both])))
    return result


def slow_times(paths, lag):
    """Timescales, frames, and jackknife errors, of the lagged covariance of all coordinates."""
    from lss_base.kinetics import implied_timescales, slow_modes
    from lss_base.moments import block_moments
    from lss_base.resampling import jackknife_error

    def estimate(sums):
        return implied_timescales(slow_modes(sums)[0], lag)

    return jackknife_error(estimate, block_moments(paths, lag).sums())


def modes(features, lag, n_modes):
    from srv import SRV

    encoder = SRV.from_preset(
        "recommended", features[0].shape[1], n_components=n_modes, lag_time=lag, verbose=False
    )
    return encoder.fit(features).transform(features)


def read(args, pattern, top, specs, dt_ps=None):
    from lss.features.featurizer import Featurizer
    from lss.trajectories.trajectory_set import TrajectorySet

    trajectories = TrajectorySet.open([str(args.data / pattern)], str(args.data / top), dt_ps)
    featurizer = Featurizer(trajectories.topology, specs)
    parts = []
    for i in range(len(trajectories.files)):
        parts.append(np.concatenate([featurizer.compute(t) for t in trajectories.iterate(i)]))
    return trajectories, parts


def pentapeptide(args):
    lag, ns = 5, 0.1
    _, features = read(
        args, "*-impl-solv.xtc", "pentapeptide-impl-solv.pdb", ["backbone-torsions", "ca-distances"]
    )
    psi = modes(features, lag, 3)
    held = psi[16:]
    times, errors = slow_times(psi, lag)
    heading("Pentapeptide, 3 SRV modes, lag 0.5 ns")
    for seed in args.seeds:
        model, seconds = fit(3, lag, psi, seed, args)
        paths = sample(model, psi, 5000, 200, seed)
        ours, our_errors = slow_times(paths, 1)
        print(f" seed {seed}")
        row("fit, CPU s", f"{seconds:.1f}", "<= 30")
        row("F RMSE, kT a mode", listed(free_energy_rmse(paths, psi), 3), "<= .04", "0")
        row("t, ns", listed(ours * lag * ns, 2), "t2 10 %, t3 15 %", listed(times * ns, 2))
        row("  +-", listed(our_errors * lag * ns, 2), "", listed(errors * ns, 2))
        part, _ = fit(3, lag, psi[:16], seed, args)
        # The data's range as unit of psi, so that figures of different modes compare.
        unit = np.log(part.high_ - part.low_).sum()
        row("held-out NLL, in units of the range", f"{-part.score(held) - unit:.3f}", "",
            f"{-part.score(psi[:16]) - unit:.3f} trained on")  # fmt: skip
        report = model.diagnose(psi)
        print(f"  diagnosis: {report['warnings'] or 'no warning'}")


def hysteresis(path, low, high):
    """Last core visited, 0 below `low` and 1 above `high`, at each frame; and crossings."""
    core = np.where(path < low, 0, np.where(path > high, 1, -1))
    visited = np.flatnonzero(core >= 0)
    last = core[
        visited[np.clip(np.searchsorted(visited, np.arange(len(path)), "right") - 1, 0, None)]
    ]
    return last, np.sum(last[1:] != last[:-1])


def trpcage(args):
    lag = 100
    _, features = read(args, "trpcage-go-main-00.xtc", "trpcage_ca.pdb", ["ca-distances"], 200.0)
    psi = modes(features, lag, 3)
    slow = np.concatenate(psi)[:, 0]
    # Two cores along the slowest mode, at a quarter and three quarters of the way between states.
    a, b = np.percentile(slow, [10, 90])
    low, high = a + 0.25 * (b - a), a + 0.75 * (b - a)
    n_frames = len(slow)
    state, _ = hysteresis(slow, low, high)
    # Both are looked at once a lag: the count depends on the interval.
    crossings = np.mean([hysteresis(slow[i::lag], low, high)[1] for i in range(lag)])
    times, errors = slow_times(psi, lag)
    heading("Trp-cage, file 00, 3 SRV modes, lag 100")
    for seed in args.seeds:
        model, seconds = fit(3, lag, psi, seed, args)
        paths = sample(model, psi, n_frames // lag, 400, seed)
        states = [hysteresis(p[:, 0], low, high) for p in paths]
        ours, our_errors = slow_times(paths, 1)
        print(f" seed {seed}, {seconds:.1f} CPU s")
        row("fraction in the upper state", f"{np.mean([s[0] for s in states]):.3f}", "within .02",
            f"{state.mean():.3f}")  # fmt: skip
        row("transitions a trajectory of that length", f"{np.mean([s[1] for s in states]):.1f}",
            "within 10 %", f"{crossings:.1f}")  # fmt: skip
        row("t, frames", listed(ours * lag), "t1 within 10 %", listed(times))
        row("  +-", listed(our_errors * lag), "", listed(errors))
        report = model.diagnose(psi)
        print(f"  diagnosis: {report['warnings'] or 'no warning'}")


PARTS = {
    "fourwell": fourwell,
    "pentapeptide": pentapeptide,
    "trpcage": trpcage,
}

if __name__ == "__main__":
    main()
