"""The package on a GPU beside the CPU: sampler, decoder, trainings, the paper's run, the demo.

    python benchmarks/gpu.py            on a machine with a GPU that TensorFlow sees
    python benchmarks/gpu.py --cpu      the same on the CPU alone, for the other column

Times are wall-clock seconds after compilation. Where TensorFlow has no GPU, `xla_programs.py` and
`xla_device.py` run the compiled programs on one that JAX sees.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import tensorflow as tf
from table import heading, row
from workload import MODES, simulator

WALKERS = {1: 8192, 100: 10_400, 10_000: 512, 1_000_000: 64}  # steps of each
PAPER = 100, 10_400  # trajectories and steps
TRAINING = {"srv": 500, "mdn": 2000, "cwgan": 500}  # updates


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cpu", action="store_true", help="the CPU alone")
    args = parser.parse_args()
    if args.cpu:
        tf.config.set_visible_devices([], "GPU")
    cards = tf.config.list_logical_devices("GPU")
    if not cards and not args.cpu:
        print("TensorFlow sees no GPU: nothing was measured. --cpu measures the CPU.")
        return
    if cards:
        card = tf.config.experimental.get_device_details(tf.config.list_physical_devices("GPU")[0])
        name = card.get("device_name", "a GPU")
    else:
        name = f"{tf.config.threading.get_intra_op_parallelism_threads() or 'all'} CPU threads"
    heading(name)
    ours = simulator()
    sampling(ours)
    paper(ours)
    trainings()
    demo()


def seconds(function):
    """Wall-clock seconds of the quicker of two calls, after one that compiles."""
    function()
    times = []
    for _ in range(2):
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return min(times)


def sampling(ours):
    from mdn.sampler import Sampler

    for walkers, steps in WALKERS.items():
        if walkers > 10_000 and not tf.config.list_logical_devices("GPU"):
            steps = 8
        sampler = Sampler(ours.box.mdn)
        start = np.full((walkers, MODES), 0.5, np.float32)

        def run(sampler=sampler, start=start, steps=steps):
            for _ in sampler.chunks(start, steps, 0):
                pass

        row(f"{walkers} walkers, steps per s", f"{walkers * steps / seconds(run):.4g}")
    psi = np.full((40_960, MODES), 0.5, np.float32)
    took = seconds(lambda: ours.coordinates(psi, 0))
    row("decoder, 20 atoms, frames per s", f"{len(psi) / took:.4g}")


def paper(ours):
    n, steps = PAPER
    start = np.full((n, MODES), 0.5, np.float32)

    def run():
        for walker, psi in enumerate(ours.propagate(start, steps, 0)):
            ours.coordinates(psi, 0, walker=walker)

    row(f"{n} x {steps} steps, decoded, s", f"{seconds(run):.2f}", "<= 2")


def trainings():
    """Seconds of so many updates more, after as many that compiled."""
    from xla_programs import fits, workload

    data = workload()
    for name, updates in TRAINING.items():
        fit = fits(*data)[name]
        times = []
        for n in (updates, 2 * updates):
            started = time.perf_counter()
            fit(n)
            times.append(time.perf_counter() - started)
        row(f"{name}, ms an update", f"{1e3 * (times[1] - times[0]) / updates:.2f}")


def demo():
    hidden = None
    if not tf.config.list_logical_devices("GPU"):
        hidden = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "scripts/run_lss.py", "--example", "trpcage", "--lag", "20ns"]
        started = time.perf_counter()
        subprocess.run(
            [*command, "--out", folder, "--force"], check=True, capture_output=True, env=hidden
        )
        row("the demo, s", f"{time.perf_counter() - started:.0f}")


if __name__ == "__main__":
    main()
