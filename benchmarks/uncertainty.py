"""Do the error bars of a simulator hold the truth? With replicas, and without.

    python benchmarks/uncertainty.py chain        [--repetitions 60]   against the exact answer
    python benchmarks/uncertainty.py pentapeptide --data DIR/pentapeptide
    python benchmarks/uncertainty.py trpcage      --data DIR/trpcage

chain: propagators of the four-well chain, each of 20 trajectories of 20,000 steps, on its exact
eigenfunctions. pentapeptide, trpcage: an encoder of all data, propagators of disjoint quarters of
them, each against the mean of the other three, whose own spread is part of the error. The figure is
the share of the 95 % intervals that hold what they should: of the sampling alone (block errors of
100 synthetic trajectories), and of sampling and data together (8 replicas).
"""

import argparse
from pathlib import Path

import numpy as np
from scipy.stats import t as student
from table import cpu_seconds, heading, row

REPLICAS, WALKERS, STEPS = 8, 100, 2000


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("part", choices=("chain", "pentapeptide", "trpcage"))
    parser.add_argument("--data", type=Path, help="folder of the trajectories")
    parser.add_argument("--repetitions", type=int, default=60, help="chains, or splits by four")
    parser.add_argument("--updates", type=int, default=10_000, help="length of a training")
    args = parser.parse_args()
    if args.part == "chain":
        return chain(args)
    if args.data is None:
        parser.error(f"{args.part} needs --data")
    return quarters(args)


def estimates(psi, lag, seed, updates, border):
    """Logarithms of timescales (frames) and of the odds of two states, of a simulator of `psi`.

    Returns
    -------
    value, sampling, data : np.ndarray, shape (m + 1,)
        With the standard errors of sampling and of data.
    """
    from mdn import Propagator, train_replicas
    from mdn.sampler import Sampler

    propagator = Propagator.from_preset(
        "recommended", psi[0].shape[1], lag_time=lag, seed=seed, n_updates=updates, verbose=False
    ).fit(psi)
    replicas = train_replicas(propagator, psi, REPLICAS, seed)
    frames = np.concatenate(psi)
    starts = frames[np.random.default_rng(seed).integers(len(frames), size=WALKERS)]
    sampler = propagator.sampler()
    value, sampling = figures(walk(sampler, starts, seed), border, errors=True)
    spread = []
    shared = Sampler(replicas[0].model, propagator.low_, propagator.high_, sampler.outside)
    for replica in replicas:
        shared.model.set_weights(replica.model.get_weights())
        some = np.resize(replica.starts, starts.shape)
        spread.append(figures(walk(shared, some, seed), border)[0])
    to_frames = np.append(np.full(psi[0].shape[1], np.log(lag)), 0)
    return value + to_frames, sampling, np.std(spread, axis=0, ddof=1)


def walk(sampler, starts, seed):
    path = np.concatenate(list(sampler.chunks(starts, STEPS, seed)))
    return list(path.transpose(1, 0, 2))


def figures(psi, border, lag=1, errors=False):
    """Log timescales in units of the lag, log odds of psi_1 above the border; and block errors."""
    from lss_base.kinetics import implied_timescales, slow_modes
    from lss_base.moments import block_moments

    all_of, all_but = block_moments(psi, lag).sums()
    above = np.array([np.mean(x[:, 0] > border) for x in psi])
    value = np.append(_logs(implied_timescales(slow_modes(all_of)[0], 1)), _odds(above.mean()))
    if not errors:
        return value, None
    n = len(all_but)
    times = [_logs(implied_timescales(slow_modes(part)[0], 1)) for part in all_but]
    odds = [_odds(np.delete(above, np.s_[i::n]).mean()) for i in range(n)]
    left_out = np.column_stack([times, odds])
    return value, np.sqrt((n - 1) * np.var(left_out, axis=0))


def _logs(x):
    return np.log(np.where(x > 0, x, np.nan))


def _odds(share):
    return np.log(share / (1 - share))


def chain(args):
    from lss import four_well

    lag = 100
    _, times, functions = four_well.spectrum(3, lag)
    stationary = four_well.stationary()
    border = float(functions[np.argmin(np.abs(four_well.CENTERS)), 0])
    share = stationary[functions[:, 0] > border].sum()
    truth = np.append(np.log(times), _odds(share))
    rng, found = np.random.default_rng(0), []

    def run():
        for repetition in range(args.repetitions):
            psi = []
            for _ in range(20):
                bins = four_well.chain(20_000, seed=int(rng.integers(2**31))).astype(int)
                psi.append(functions[bins].astype(np.float32))
            found.append(estimates(psi, lag, repetition, args.updates, border))

    seconds, _ = cpu_seconds(run)
    heading(f"four-well chain, {args.repetitions} repetitions, {seconds:.0f} CPU s")
    report(np.array(found), truth[None].repeat(len(found), axis=0), 0.0)


def quarters(args):
    psi, lag = modes(args)
    rng, found, wanted, error = np.random.default_rng(0), [], [], []
    border = float(np.mean([np.percentile(np.concatenate(psi)[:, 0], q) for q in (5, 95)]))

    def run():
        for repetition in range(args.repetitions):
            dealt = np.array_split(rng.permutation(len(psi)), 4)
            own = [[psi[i] for i in part] for part in dealt]
            each = [estimates(x, lag, repetition, args.updates, border) for x in own]
            values = np.array([value for value, _, _ in each])
            for i, part in enumerate(each):
                others = np.delete(values, i, axis=0)
                found.append(part)
                wanted.append(others.mean(axis=0))
                error.append(np.array([data for _, _, data in each])[np.arange(4) != i])

    seconds, _ = cpu_seconds(run)
    heading(f"{args.part}, {args.repetitions} splits by four, {seconds:.0f} CPU s")
    # The mean of the other three is as uncertain as they are.
    report(np.array(found), np.array(wanted), np.sqrt((np.array(error) ** 2).mean(axis=1) / 3))


def modes(args):
    """psi of all trajectories, and the lag, frames; four long ones are cut by twelve."""
    from lss.features.featurizer import Featurizer, default_features
    from lss.trajectories.trajectory_set import TrajectorySet
    from srv import SRV

    lag, dt, top = {
        "pentapeptide": (5, None, "pentapeptide-impl-solv.pdb"),
        "trpcage": (100, 200.0, "trpcage_ca.pdb"),
    }[args.part]
    files = sorted(map(str, args.data.glob("*.xtc")))
    data = TrajectorySet.open(files, str(args.data / top), dt)
    features = Featurizer(data.topology, default_features(data.topology)).transform(data)
    n_modes = 3 if args.part == "pentapeptide" else 1
    srv = SRV.from_preset(
        "recommended", features[0].shape[1], n_components=n_modes, lag_time=lag, verbose=False
    ).fit(features)
    psi = [np.asarray(x, np.float32) for x in srv.transform(features)]
    if len(psi) < 8:
        psi = [part for x in psi for part in np.array_split(x, 12)]
    return psi, lag


def report(found, wanted, error_of_wanted):
    """Share of the intervals that hold what they should, for each figure."""
    value, sampling, data = found[:, 0], found[:, 1], found[:, 2]
    names = [f"t_{i + 1}" for i in range(value.shape[1] - 1)] + ["F difference"]
    both = np.hypot(np.hypot(sampling, data), error_of_wanted)
    for name, errors, target in (
        ("sampling alone", np.hypot(sampling, error_of_wanted * 0), ""),
        ("sampling and data", both, ".85 to .99"),
    ):
        half = student.ppf(0.975, REPLICAS - 1) * errors
        inside = np.abs(value - wanted) <= half
        for i, figure in enumerate(names):
            row(f"{figure}: 95 % interval holds it, {name}", f"{inside[:, i].mean():.2f}", target)
        row(f"all, {name}", f"{inside.mean():.2f}", target)
    row("median data error over sampling error", f"{np.median(data / sampling):.1f}")
    row("mean error of the values, sd", "/".join(f"{x:.2f}" for x in (value - wanted).std(axis=0)))
    row("median error bar", "/".join(f"{x:.2f}" for x in np.median(both, axis=0)))


if __name__ == "__main__":
    main()
