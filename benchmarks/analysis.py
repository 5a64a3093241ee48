"""Are the error bars honest, and how fast is the analysis?

python benchmarks/analysis.py                      both parts (about 45 CPU s)
python benchmarks/analysis.py --part coverage      95 % intervals on processes with known answers
python benchmarks/analysis.py --part speed         MD and LSS of a million frames each, with report
"""

from __future__ import annotations

import argparse
import math
import resource
import tempfile
import time
from functools import partial

import numpy as np

LAG = 10
RATES = (0.004, 0.008)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--part", choices=("coverage", "speed", "both"), default="both")
    parser.add_argument("--repetitions", type=int, default=1000)
    parser.add_argument("--frames", type=int, default=1_000_000, help="of each ensemble")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.part in ("coverage", "both"):
        coverage(args.repetitions, args.seed)
    if args.part in ("speed", "both"):
        speed(args.frames, args.seed)


def coverage(repetitions: int, seed: int) -> None:
    """Share of repetitions whose 95 % interval holds the true value."""
    print(f"95 % intervals, {repetitions} repetitions (target 90 to 98 %)")
    print(f"{'process and statistic':44s} {'trajectories':>12s} {'coverage %':>11s} target")
    rng = np.random.default_rng(seed)
    for n_trajectories, n_frames in ((1, 50_000), (20, 2_500)):
        hits: dict[str, list[bool]] = {}
        for _ in range(repetitions):
            for name, estimate, truth in [
                *gaussian_statistics(rng, n_trajectories, n_frames),
                *two_state_statistics(rng, n_trajectories, n_frames),
            ]:
                low, high = estimate.interval(0.95)
                hits.setdefault(name, []).append(bool(low <= truth <= high))
        for name, inside in hits.items():
            share = 100 * np.mean(inside)
            verdict = "met" if 90 <= share <= 98 else "MISSED"
            print(f"{name:44s} {n_trajectories:12d} {share:11.1f} {verdict}")


def gaussian_statistics(rng, n_trajectories: int, n_frames: int):
    """Free energy and timescale of AR(1) processes, one and the difference of two."""
    from lss.analysis.blocks import BlockSums, assign_blocks, jackknife
    from lss.analysis.kinetics import add_lagged_sums, autocorrelation, implied_timescale
    from lss.analysis.thermodynamics import histogram, populations

    phi, low, high = 0.95, np.array([-2.0]), np.array([2.0])
    ensembles = []
    for _ in range(2):
        psi = autoregressive(rng, n_trajectories, n_frames, phi)[..., None]
        sums = BlockSums(assign_blocks([n_frames] * n_trajectories))
        for s in sums.segments:
            x = psi[s.trajectory][s.start : s.stop]
            sums.add("histogram", s.block, histogram(x.T, low, high, 20)[0])
            sums.add("mean", s.block, [x.sum(), len(x), (x**2).sum()])
        add_lagged_sums(sums, "lagged", list(psi), [LAG])
        ensembles.append(sums)
    share = (math.erf(0.2 / math.sqrt(2)) - 0) / 2
    tail = (math.erf(2 / math.sqrt(2)) - math.erf(1.8 / math.sqrt(2))) / 2
    timescale = lambda s: implied_timescale(autocorrelation(s["lagged"][0]), LAG)[0]  # noqa: E731
    energy = lambda s, k: -np.log(populations(s["histogram"])[k])  # noqa: E731
    one, two = ensembles
    yield "AR(1): mean", jackknife(lambda s: s["mean"][0] / s["mean"][1], one), 0.0
    yield "AR(1): standard deviation", jackknife(standard_deviation, one), 1.0
    yield "AR(1): F at the minimum", jackknife(partial(energy, k=11), one), -math.log(share)
    yield "AR(1): F at 2 sigma", jackknife(partial(energy, k=20), one), -math.log(tail)
    yield "AR(1): implied timescale", jackknife(timescale, one), -1 / math.log(phi)
    yield (
        "AR(1): ln t, difference of two",
        jackknife(lambda s, r: np.log(timescale(s) / timescale(r)), one, two),
        0.0,
    )


def standard_deviation(s) -> float:
    """From the sums of values, their number, and their squares."""
    total, n, squares = s["mean"]
    return np.sqrt(squares / n - (total / n) ** 2)


def two_state_statistics(rng, n_trajectories: int, n_frames: int):
    """Population, passage times and timescale of a two-state Markov chain."""
    from lss.analysis.blocks import BlockSums, assign_blocks, jackknife
    from lss.analysis.kinetics import add_lagged_sums, timescales
    from lss.analysis.transitions import (
        Cores,
        add_staying_sums,
        add_transition_sums,
        passage_times_ps,
        probabilities,
    )

    a, b = RATES
    psi = two_state(rng, n_trajectories, n_frames)[..., None]
    sums = BlockSums(assign_blocks([n_frames] * n_trajectories))
    for s in sums.segments:
        x = psi[s.trajectory][s.start : s.stop]
        sums.add("high", s.block, [x.sum(), len(x)])
    cores = Cores(0.25, 0.75)
    add_transition_sums(sums, "transitions", [cores.label(x) for x in psi], 1)
    add_lagged_sums(sums, "lagged", list(psi), [LAG])
    yield (
        "two states: population",
        jackknife(lambda s: s["high"][0] / s["high"][1], sums),
        a / (a + b),
    )
    add_staying_sums(sums, "staying", list(psi), [LAG], Cores(0.25, 0.75))
    after = jackknife(lambda s: probabilities(s["staying"])[0, 0, 1], sums)
    yield "two states: P(A to B) after the lag", after, a / (a + b) * (1 - (1 - a - b) ** LAG)
    passage = jackknife(lambda s: passage_times_ps(s["transitions"], 1.0), sums)
    yield "two states: passage time A to B", passage[0], 1 / a
    yield "two states: passage time B to A", passage[1], 1 / b
    yield "two states: timescale", timescales(sums, "lagged", LAG)[0], -1 / math.log(1 - a - b)


def autoregressive(rng, n_trajectories: int, n_frames: int, phi: float) -> np.ndarray:
    """Stationary AR(1) processes of variance 1, shape (trajectories, frames)."""
    from scipy.signal import lfilter

    noise = rng.standard_normal((n_trajectories, n_frames))
    noise[:, 1:] *= math.sqrt(1 - phi**2)
    return lfilter([1], [1, -phi], noise, axis=1)


def two_state(rng, n_trajectories: int, n_frames: int) -> np.ndarray:
    """Stationary two-state Markov chains, shape (trajectories, frames), 0 or 1."""
    a, b = RATES
    state = np.empty((n_trajectories, n_frames))
    for row in state:
        k, now = 0, float(rng.random() < a / (a + b))
        while k < n_frames:
            stay = rng.geometric(b if now else a)
            row[k : k + stay] = now
            k, now = k + stay, 1 - now
    return state


def speed(n_frames: int, seed: int) -> None:
    """CPU time and memory of comparison and report for two ensembles of 20-atom chains."""
    import mdtraj

    from lss.analysis.sample import Sample
    from lss.report import write_report
    from lss.report.validation import compare

    rng = np.random.default_rng(seed)
    lag, n_lss = 100, 100
    start = time.process_time()
    md, md_xyz = chain(rng, 1, n_frames, 0.9999)
    lss, lss_xyz = chain(rng, n_lss, n_frames // n_lss, 0.9999**lag)
    reference = mdtraj.Trajectory(md_xyz[0, 0], ca_topology(20))
    made, before = time.process_time(), peak_gb()
    given = Sample(list(md), list(md_xyz), lag), Sample(lss, lss_xyz)
    comparison = compare(*given, lag_ps=20_000.0, reference=reference)
    compared = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        write_report(folder, comparison)
    end = time.process_time()
    print(f"\n2 x {n_frames} frames, 20 atoms, 3 modes (data made in {made - start:.1f} CPU s)")
    print(f"{'':20s} {'measured':>10s} {'target':>8s}")
    print(f"{'compare, CPU s':20s} {compared - made:10.1f} {'':>8s}")
    print(f"{'report, CPU s':20s} {end - compared:10.1f} {'':>8s}")
    print(f"{'together, CPU s':20s} {end - made:10.1f} {'<= 90':>8s}")
    print(f"{'peak memory, GB':20s} {peak_gb():10.2f} {'<= 3':>8s}  (data alone {before:.2f})")


def chain(rng, n_trajectories: int, n_frames: int, phi: float):
    """psi and coordinates of random chains whose end-to-end size follows psi_1."""
    psi = np.stack(
        [autoregressive(rng, n_trajectories, n_frames, p) for p in (phi, phi**10, phi**20)], axis=-1
    ).astype(np.float32)
    template = 0.38 * np.arange(20, dtype=np.float32)[:, None] * np.array([1, 0, 0], np.float32)
    xyz = np.empty((n_trajectories, n_frames, 20, 3), np.float32)
    for k in range(n_trajectories):
        xyz[k] = rng.standard_normal(xyz[k].shape, dtype=np.float32) * np.float32(0.05) + template
        xyz[k] *= (1 + 0.1 * np.tanh(psi[k, :, 0]))[:, None, None]
    return psi, xyz


def ca_topology(n_residues: int):
    """A chain of alpha carbons."""
    import mdtraj

    topology = mdtraj.Topology()
    molecule = topology.add_chain()
    for _ in range(n_residues):
        topology.add_atom("CA", mdtraj.element.carbon, topology.add_residue("ALA", molecule))
    return topology


def peak_gb() -> float:
    """Largest resident memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    main()
