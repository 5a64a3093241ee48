"""The compiled programs of the sampler, the decoder and the three trainings, to be run elsewhere.

    python benchmarks/xla_programs.py FOLDER

TensorFlow lowers each program to StableHLO, which any XLA runs. `xla_device.py` does so with JAX,
on a machine that has no TensorFlow, and compares with what is written here: the numbers that the
CPU made of the same inputs. Sampler and decoder are lowered for a GPU (which fails where an
operation has no kernel there), the trainings, whose variables XLA updates in place, for the CPU.
"""

import argparse
import contextlib
import json
import re
import time
from pathlib import Path
from unittest import mock

import numpy as np
import tensorflow as tf
from functional import functional
from workload import ATOMS, MODES, alpha_carbon_bonds, decoder, propagator

from lss_base.precision import full_precision

WALKERS = (1, 100, 10_000, 1_000_000)
STEPS = {"srv": 200, "mdn": 20, "cwgan": 10}  # calls of a training step that are compared
FEATURES, FRAMES = 210, 20_000


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    psi, features, coords = workload()
    with full_precision():
        sampling(folder)
        decoding(folder, psi, coords)
        for name, trainer, data in trainings(psi, features, coords):
            training(folder, name, trainer, data)


def workload():
    """Three slow modes, features and a chain of atoms that follow them."""
    rng = np.random.default_rng(0)
    psi = np.zeros((FRAMES, MODES))
    memory, kick = np.array([0.999, 0.99, 0.95]), rng.standard_normal((FRAMES, MODES))
    for i in range(1, FRAMES):
        psi[i] = memory * psi[i - 1] + np.sqrt(1 - memory**2) * kick[i]
    features = np.tanh(psi @ rng.standard_normal((MODES, FEATURES)))
    features += 0.3 * rng.standard_normal(features.shape)
    turns = np.cumsum(0.3 * np.tanh(psi @ rng.standard_normal((MODES, ATOMS - 1))), axis=1)
    steps = 0.38 * np.stack([np.cos(turns), np.sin(turns), 0 * turns], axis=-1)
    coords = np.cumsum(np.concatenate([np.zeros((FRAMES, 1, 3)), steps], axis=1), axis=1)
    coords += 0.01 * rng.standard_normal(coords.shape)
    return [x.astype(np.float32) for x in (psi, features, coords)]


def write(folder, name, program, args, platform, **meta):
    """One program: what it is, and what it is given after the caller's own arguments."""
    ir = program.experimental_get_compiler_ir(*args)
    platform = {} if platform is None else {"platform_name": platform}
    code = ir(stage="stablehlo", **platform)
    # A copy is no operation of StableHLO, and means nothing here.
    code = re.sub(r"mhlo.copy (\S+) : (tensor<\S+>)", r"stablehlo.reshape \1 : (\2) -> \2", code)
    (folder / f"{name}.mlir").write_text(code)
    (folder / f"{name}.json").write_text(json.dumps(meta))
    return ir(stage="hlo", **platform)


def sampling(folder):
    from mdn import philox
    from mdn.pieces import chunk_steps
    from mdn.sampler import Sampler
    from mdn.step import initial_state

    network = propagator()
    for walkers in WALKERS:
        sampler = Sampler(network)
        length = chunk_steps(walkers, 10_400)
        free, weights = functional(network, sampler.loop(length, walkers).python_function)
        start = np.full((walkers, MODES), 0.5, np.float32)
        args = weights, philox.key_of(0), tf.constant(length), *initial_state(start)
        name = f"sampler-{walkers}"
        write(folder, name, free, args, "GPU", walkers=walkers, length=length)
        captured = free.get_concrete_function(*args).captured_inputs
        given = [*weights, philox.key_of(0), *captured]
        results = {}
        if walkers <= 10_000:
            path = np.concatenate(list(sampler.chunks(start, length, 0)))
            results = {"path": path[:: max(1, length // 16)]}
        save(folder, name, given, results)


def decoding(folder, psi, coords):
    from cwgan import Contacts
    from cwgan.decoder import TILE, decode, tile_noise

    generator = decoder(psi, coords)
    free, weights = functional(generator, lambda x, z: generator([x, z], training=False))
    noise_dim = generator.get_layer("noise").output.shape[1]
    noise = tile_noise(0, 0, 0, TILE, noise_dim)
    args = weights, tf.constant(psi[:TILE]), tf.constant(noise)
    meta = {"rows": TILE, "noise_dim": noise_dim, "n_weights": len(weights)}
    write(folder, "decoder", free, args, "GPU", **meta)
    captured = free.get_concrete_function(*args).captured_inputs
    results = {"psi": psi[:TILE], "noise": noise, "coords": decode(generator, psi[:TILE], 0)}
    save(folder, "decoder", [*weights, *captured], results)
    contacts = Contacts(0.3, ATOMS, alpha_carbon_bonds())
    closest = tf.function(contacts._closest[TILE].python_function, jit_compile=True)
    args = (tf.constant(results["coords"]),)
    write(folder, "closest", closest, args, "GPU")
    save(folder, "closest", closest.get_concrete_function(*args).captured_inputs, {})


def fits(psi, features, coords):
    """The three trainings, each a function of its number of updates."""
    from cwgan import MolGen
    from mdn import Propagator
    from srv import SRV

    def srv(n):
        chosen = {"n_components": MODES, "lag_time": 10, "weights": None}
        SRV.from_preset("recommended", FEATURES, **chosen, **settings(n)).fit([features])

    def mdn(n):
        Propagator.from_preset("recommended", MODES, lag_time=10, **settings(n)).fit([psi])

    def cwgan(n):
        chosen = {"bonds": alpha_carbon_bonds()}
        MolGen.from_preset("recommended", MODES, ATOMS, **chosen, **settings(n)).fit(psi, coords)

    return {"srv": srv, "mdn": mdn, "cwgan": cwgan}


def settings(n_updates):
    return {"seed": 0, "verbose": False, **({} if n_updates is None else {"n_updates": n_updates})}


def trainings(psi, features, coords):
    """The models that Keras fits, and the first thing that each is fed."""
    from cwgan.training import AdversarialModel
    from mdn.training import Trainer
    from srv.training import Trainer as SRVTrainer

    kinds = {"srv": SRVTrainer, "mdn": Trainer, "cwgan": AdversarialModel}
    with mock.patch("cwgan.fitting.settle"):
        for name, fit in fits(psi, features, coords).items():
            yield name, *caught(kinds[name], lambda fit=fit: fit(None))


class Caught(Exception):
    """Training is about to start."""


def caught(kind, fit):
    found = []

    def stop(self, data, *args, **options):
        first = data[:1] if isinstance(data, np.ndarray) else next(iter(data))
        found.extend([self, first])
        raise Caught

    with mock.patch.object(kind, "fit", stop), contextlib.suppress(Caught):
        fit()
    return found


def training(folder, name, trainer, data):
    """The compiled step of a training, and the losses of the CPU over some calls of it."""
    step = tf.function(trainer.train_step, jit_compile=True)
    data = tf.nest.map_structure(tf.constant, data)
    fed = tf.nest.flatten(data)
    concrete = step.get_concrete_function(data)
    variables = {v.handle.ref(): v for v in concrete.graph.variables}
    given = [variables.get(x.ref(), x).numpy() for x in concrete.captured_inputs]
    hlo = write(folder, name, step, (data,), None)
    pairs = re.findall(r"\{(\d+)\}: \((\d+), \{\}", hlo.split("\n", 1)[0])
    updated = {int(out): int(arg) for out, arg in pairs}
    losses, calls = [], STEPS[name]
    for _ in range(calls):
        logs = step(data)
        losses.append([float(x) for x in tf.nest.flatten(logs)])
    started = time.perf_counter()
    for _ in range(calls):
        logs = step(data)
    float(tf.nest.flatten(logs)[0])
    seconds = (time.perf_counter() - started) / calls
    meta = {"updated": updated, "logs": sorted(logs), "calls": calls, "seconds": seconds}
    (folder / f"{name}.json").write_text(json.dumps(meta))
    save(folder, name, [*(x.numpy() for x in fed), *given], {"losses": np.array(losses)})


def save(folder, name, given, results):
    arrays = {f"given-{i}": np.asarray(x) for i, x in enumerate(given)}
    np.savez_compressed(folder / f"{name}.npz", **arrays, **results)


if __name__ == "__main__":
    main()
