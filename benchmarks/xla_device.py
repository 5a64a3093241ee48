"""Run the programs that `xla_programs.py` wrote, with JAX, on whatever device it finds.

    python benchmarks/xla_device.py FOLDER

It needs JAX and NumPy alone. Times are wall seconds after compilation, results on the host at
their end where a user gets them there.
"""

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jax
import numpy as np
from jax._src.lib import xla_client
from jaxlib import _jax

jax.config.update("jax_enable_x64", True)
DEVICE = jax.devices()[0]


class Program:
    """A compiled program, its own arguments and what the CPU made of them."""

    def __init__(self, folder, name):
        code = (folder / f"{name}.mlir").read_text()
        self.meta = json.loads((folder / f"{name}.json").read_text())
        started = time.perf_counter()
        devices = _jax.DeviceList((DEVICE,))
        options = xla_client.CompileOptions()
        self.run = DEVICE.client.compile_and_load(code, devices, options)
        self.compilation = time.perf_counter() - started
        arrays = np.load(folder / f"{name}.npz")
        names = [f"given-{i}" for i in range(len(arrays.files))]
        self.given = [to_device(arrays[n]) for n in names if n in arrays.files]
        self.results = {n: arrays[n] for n in arrays.files if n not in names}

    def __call__(self, *args):
        out = self.run.execute_sharded(list(args))
        return [x[0] for x in out.disassemble_into_single_device_arrays()]


def to_device(x):
    return jax.device_put(np.asarray(x), DEVICE)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", help="names of parts")
    args = parser.parse_args()
    folder = args.folder
    print(f"{DEVICE.device_kind}, jax {jax.__version__}", flush=True)
    for part in (trajectories, walkers, decoding, trainings):
        if args.only and part.__name__ not in args.only:
            continue
        try:
            part(folder)
        except Exception as error:  # what follows is worth having
            print(part.__name__, "failed:", type(error).__name__, str(error)[:500], flush=True)


class Sampling:
    """`mdn.Sampler._run` for all walkers in one tile, as on an accelerator."""

    def __init__(self, folder, n):
        self.program, self.n = Program(folder, f"sampler-{n}"), n
        self.length = self.program.meta["length"]
        *self.weights, self.key = self.program.given[:-2]
        self.captured = self.program.given[-2:]

    def paths(self, n_steps, copied=True):
        state = [np.full((self.n, 3), 0.5, np.float32), np.arange(self.n, dtype=np.uint32)]
        state += [np.int64(0), np.zeros(self.n, np.int32), np.zeros(self.n, np.int32)]
        state, done = [to_device(x) for x in state], 0
        while done < n_steps:
            k = min(self.length, n_steps - done)
            head = (*self.weights, self.key, to_device(np.int32(k)))
            path, *state = self.program(*head, *state, *self.captured)
            done += k
            yield np.asarray(path)[:k] if copied else path.block_until_ready()


def trajectories(folder):
    """The paper's 100 x 10,400 steps, latent and decoded, by one thread and by eight."""
    sampling, decoder = Sampling(folder, 100), Program(folder, "decoder")
    closest = Program(folder, "closest")
    rows, noise_dim = decoder.meta["rows"], decoder.meta["noise_dim"]
    spent = dict.fromkeys(("noise", "network", "closest"), 0.0)

    def walk(walker, psi):
        """As `cwgan.Decoder`, a tile after the other."""
        for tile in range(-(-len(psi) // rows)):
            part = np.resize(psi[tile * rows : (tile + 1) * rows], (rows, psi.shape[1]))
            times = [time.perf_counter()]
            noise = drawn(walker, tile, (rows, noise_dim))
            times.append(time.perf_counter())
            coords = np.asarray(decode(decoder, part, noise))
            times.append(time.perf_counter())
            np.asarray(closest(to_device(coords), *closest.given)[0])
            times.append(time.perf_counter())
            for name, seconds in zip(spent, np.diff(times), strict=True):
                spent[name] += seconds

    for threads in (1, 1, 1, 8, 8):
        spent.update(dict.fromkeys(spent, 0.0))
        started = time.perf_counter()
        latent = np.concatenate(list(sampling.paths(10_400)))
        sampled = time.perf_counter() - started
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(walk, range(100), latent.transpose(1, 0, 2)))
        whole = time.perf_counter() - started
        parts = ", ".join(f"{name} {seconds:.2f}" for name, seconds in spent.items())
        print(f"100 x 10,400 steps, {threads} threads: latent {sampled:.2f} s, with atoms "
              f"{whole:.2f} s ({parts} s)")  # fmt: skip
    print(f"  compiled in {sampling.program.compilation:.1f} and {decoder.compilation:.1f} s")


def drawn(walker, tile, shape):
    seeds = np.random.SeedSequence(0, spawn_key=(walker, tile))
    return np.random.Generator(np.random.SFC64(seeds)).standard_normal(shape, np.float32)


def decode(decoder, psi, noise):
    n_weights = decoder.meta["n_weights"]
    weights, captured = decoder.given[:n_weights], decoder.given[n_weights:]
    return decoder(*weights, to_device(psi), to_device(noise), *captured)[0]


def walkers(folder):
    """Walker-steps per second, and how far from the CPU's paths."""
    for n in (1, 100, 10_000, 1_000_000):
        sampling = Sampling(folder, n)
        chunks = max(1, 512 // sampling.length)
        times = {True: [], False: []}
        for copied in (True, False) * 3:
            started = time.perf_counter()
            for _ in sampling.paths(chunks * sampling.length, copied):
                pass
            times[copied].append(time.perf_counter() - started)
        copied, kept = (n * chunks * sampling.length / min(t[1:]) for t in times.values())
        print(f"{n} walkers: {copied:.4g} walker-steps/s on the host, {kept:.4g} on the device; "
              f"compiled in {sampling.program.compilation:.1f} s")  # fmt: skip
        theirs = sampling.program.results.get("path")
        if theirs is not None:
            ours = next(sampling.paths(sampling.length))[:: max(1, sampling.length // 16)]
            apart = np.abs(ours - theirs).max(axis=(1, 2))
            print("  from the CPU's paths:", " ".join(f"{x:.1e}" for x in apart))
            means = [f"{x.mean():.5f} +- {x.std():.5f}" for x in (ours, theirs)]
            print("  mean and standard deviation:", means, flush=True)


def decoding(folder):
    """Frames per second, and how far from the CPU's."""
    decoder = Program(folder, "decoder")
    theirs = decoder.results["coords"]
    ours = np.asarray(decode(decoder, decoder.results["psi"], decoder.results["noise"]))
    print(f"decoder: {np.abs(ours - theirs).max():.1e} nm from the CPU's at most")
    started = time.perf_counter()
    for _ in range(200):
        np.asarray(decode(decoder, decoder.results["psi"], decoder.results["noise"]))
    print(f"  {200 * len(ours) / (time.perf_counter() - started):.4g} frames/s", flush=True)


def trainings(folder):
    """Calls of each training step, and the losses beside the CPU's."""
    for name in ("srv", "mdn", "cwgan"):
        step = Program(folder, name)
        args, updated = list(step.given), step.meta["updated"]
        losses, n_logs = [], len(step.meta["logs"])

        def call(args=args, step=step, updated=updated, n_logs=n_logs):
            # XLA may take the memory of what it updates: a variable is given but once.
            out = step(*args)
            for result, argument in updated.items():
                args[argument] = out[int(result)]
            return out[:n_logs]

        for _ in range(step.meta["calls"]):
            losses.append([float(x) for x in call()])
        losses, theirs = np.array(losses), step.results["losses"]
        started = time.perf_counter()
        for _ in range(step.meta["calls"]):
            out = call()
        np.asarray(out[0])
        seconds = (time.perf_counter() - started) / step.meta["calls"]
        print(f"{name}: {1e3 * seconds:.2f} ms a call, compiled in {step.compilation:.1f} s; CPU "
              f"{1e3 * step.meta['seconds']:.2f} ms")  # fmt: skip
        for i, log in enumerate(step.meta["logs"]):
            rows = [0, 1, len(losses) // 2, -1]
            print(f"  {log}:", losses[rows, i].tolist(), "CPU:", theirs[rows, i].tolist())
        print(flush=True)


if __name__ == "__main__":
    main()
