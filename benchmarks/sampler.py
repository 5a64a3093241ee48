"""Does the sampler run at the speed of the hardware, and for as long as one likes?

    python benchmarks/sampler.py                       rates, bound, plain loop
    python benchmarks/sampler.py --files               latents and decoded atoms, to files
    python benchmarks/sampler.py --memory              the same, ten times as long: is memory flat?
    python benchmarks/sampler.py --endurance 1e9       memory over as many walker-steps

Times are CPU seconds of this process, on one thread. `--memory` writes about 3 GB of files.
"""

import argparse
import multiprocessing
import resource
import tempfile
from pathlib import Path

import numpy as np
from table import cpu_seconds, heading, listed, row
from workload import propagator, simulator


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--endurance", type=float, metavar="N", help="run N walker-steps instead")
    parser.add_argument("--files", action="store_true", help="100 walkers, written to files")
    parser.add_argument("--memory", action="store_true", help="peak memory at two lengths")
    parser.add_argument("--steps", type=float, default=10_400, help="of each walker, with --files")
    args = parser.parse_args()
    if args.endurance:
        endurance(int(args.endurance))
    elif args.files:
        to_files(100, int(args.steps))
    elif args.memory:
        memory(100, int(args.steps))
    else:
        speed()


def sgemm_rate():
    """FLOP per CPU second of 1,000 x 1,000 products."""
    import tensorflow as tf

    a = tf.random.stateless_normal((1000, 1000), (0, 1))
    tf.linalg.matmul(a, a)
    return 20 * 2e9 / cpu_seconds(lambda: [tf.linalg.matmul(a, a) for _ in range(20)])[0]


def plain_loop(network, steps=200):
    """Walker-steps a CPU second of one Keras call and one TFP sample a step, one walker."""
    from mdn.head import distribution

    psi = np.full((1, 3), 0.5, np.float32)
    distribution(network(psi)).sample(seed=(0, 0))

    def loop(psi):
        for i in range(steps):
            psi = np.clip(distribution(network(psi)).sample(seed=(0, i)), 0, 1)

    return steps / cpu_seconds(lambda: loop(psi))[0]


def speed():
    from mdn.sampler import Sampler

    network = propagator()
    flop = 2 * (3 * 100 + 100 * 100 + 100 * 24 * 7)
    rates = {}
    for walkers, steps in ((1, 200_000), (10, 80_000), (100, 20_000), (1000, 2_000)):
        sampler = Sampler(network)
        start = np.random.default_rng(0).uniform(0.3, 0.7, (walkers, 3))

        def run(sampler=sampler, start=start, steps=steps):
            for _ in sampler.chunks(start, steps, 0):
                pass

        compiling, _ = cpu_seconds(run)
        # The machine's own rate drifts: both are measured in turn, and medians taken.
        pairs = [(walkers * steps / cpu_seconds(run)[0], sgemm_rate()) for _ in range(7)]
        rate, sgemm = np.median(pairs, axis=0)
        rates[walkers] = rate, sgemm, compiling - walkers * steps / rate, sampler.outside_fraction
    plain = plain_loop(network)
    heading(f"Sampling, m = 3, C = 24, 2 x 100: thousand walker-steps per CPU s, {flop} FLOP each")
    for walkers, (rate, sgemm, compiling, outside) in rates.items():
        target = {1: ">= 250", 100: ">= 1100", 1000: ">= 1100"}.get(walkers, "")
        row(f"{walkers} walkers ({100 * outside:.2f} % redrawn)", f"{rate / 1e3:.0f}", target)
        bound = sgemm / flop
        row("  of the bound of sgemm", f"{rate / bound:.2f}", ">= .60" * (walkers >= 100),
            f"{sgemm / 1e9:.0f} GFLOP/s, {bound / 1e3:.0f} k")  # fmt: skip
        row("  compilation, CPU s", f"{compiling:.1f}")
    row("plain loop, one walker, steps per CPU s", f"{plain:.0f}")
    row("  ratio at 100 and 1000 walkers", listed([rates[n][0] / plain for n in (100, 1000)]),
        ">= 5000")  # fmt: skip


def to_files(walkers, steps):
    """Propagate, decode and write; the second of two runs each, when all is compiled."""
    ours = simulator()
    targets = {"latents only": "", "h5": "<= 6", "xtc": "<= 8", "dcd": ""}
    heading(f"{walkers} x {steps} steps, 20 CA atoms, with files: CPU s after compilation")
    times = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, target in targets.items():
            options = {"latent_only": True} if name == "latents only" else {"file_format": name}

            def run(options=options):
                ours.simulate(folder, steps, walkers, force=True, progress=False, **options)

            first, _ = cpu_seconds(run)
            times[name], _ = cpu_seconds(run)
            row(name, f"{times[name]:.2f}", target, f"first run {first:.2f}")
    plain = plain_loop(ours.box.mdn)
    ratios = [walkers * steps / times[name] / plain for name in ("h5", "xtc")]
    row("ratio to the plain loop, h5 and xtc", listed(ratios), ">= 500", f"{plain:.0f} steps/s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row("peak memory, MB", f"{peak:.0f}")


def memory(walkers, steps):
    """Peak memory at a length and at ten times it, each in a process of its own."""
    context = multiprocessing.get_context("spawn")
    heading(f"{walkers} x {steps} and x {10 * steps} steps, decoded to files: peak memory, MB")
    with tempfile.TemporaryDirectory() as folder:
        # Networks are made once: a process that trains one has seen more memory than sampling.
        jobs = [(None, 0)] + [(kind, n * steps) for kind in ("h5", "xtc") for n in (1, 10)]
        with context.Pool(1, maxtasksperchild=1) as pool:
            found = [pool.apply(peak_mb, (folder, walkers, *job)) for job in jobs][1:]
    for kind, pair in (("h5", found[:2]), ("xtc", found[2:])):
        (_, short), (before, long) = pair
        row(kind, f"{short:.0f}/{long:.0f}", "", f"networks loaded: {before:.0f}")
        row("  ratio", f"{long / short:.2f}", "<= 1.10")


def peak_mb(folder, walkers, kind, steps):
    """Largest resident memory of this process before and after a simulation, MB."""
    ours = simulator(Path(folder))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if kind:
        to = Path(folder) / "out"
        ours.simulate(to, steps, walkers, force=True, progress=False, file_format=kind)
    return before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def endurance(walker_steps):
    from mdn.sampler import Sampler

    walkers = 1000
    steps = walker_steps // walkers
    start = np.random.default_rng(0).uniform(0.3, 0.7, (walkers, 3))
    heading(f"{walkers} walkers x {steps} steps")
    memory, seen, done = [], 0, 0

    def run():
        nonlocal seen, done
        for chunk in Sampler(propagator()).chunks(start, steps, 0):
            done += len(chunk)
            seen += int(np.isfinite(chunk).all(axis=2).sum())
            if len(memory) * steps < 10 * done:
                memory.append(resident_mb())

    seconds, _ = cpu_seconds(run)
    row("finite walker-steps", f"{seen:.4e}", f"{walkers * steps:.4e}")
    row("million walker-steps per CPU s", f"{seen / seconds / 1e6:.2f}", ">= 1.1")
    row("resident memory, MB, first and last tenth", f"{memory[0]:.0f}/{memory[-1]:.0f}", "flat")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row("peak memory, MB", f"{peak:.0f}")


def resident_mb():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    main()
