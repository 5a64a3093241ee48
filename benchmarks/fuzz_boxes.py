"""Boxes, their archives and networks as kinds of input of `fuzz.py`; see `fuzz_kinds.py`."""

import json
import shutil
import zipfile

import mdtraj
import numpy as np
from fuzz_kinds import damaged

from lss.errors import InputError
from lss.examples import example
from lss.features.featurizer import Featurizer


def box(folder):
    """A box of tiny networks, and the archive of it."""
    import keras

    from lss import box as boxes

    data = example("wlall")
    topology = mdtraj.load_topology(str(data.top))
    reference = mdtraj.load(str(data.files[0]), top=topology)[0]
    atoms = topology.select("name CA")
    featurizer = Featurizer(topology, ["ca-distances"])
    n, k = len(featurizer.names), len(atoms)
    from mdn.head import build_network

    psi, noise = keras.Input((2,), name="psi"), keras.Input((4,), name="noise")
    joined = keras.layers.Concatenate()([psi, noise])
    made = keras.layers.Reshape((k, 3))(keras.layers.Dense(3 * k)(joined))
    networks = {
        "srv": keras.Sequential([keras.Input((n,)), keras.layers.Dense(2)]),
        "mdn": build_network([0, 0], [1, 1], [0.5, 0.5], [0.2, 0.2], 3),
        "cwgan": keras.Model([psi, noise], made),
    }
    meta = {
        "format": 1, "lag_time_ps": 100.0, "frame_spacing_ps": 100.0, "n_features": n,
        "features": featurizer.to_dict(), "n_modes": 2, "psi_low": [0.0, 0.0],
        "psi_high": [1.0, 1.0], "start_psi": [[0.5, 0.5], [0.4, 0.6]], "eigenvalues": [0.9, 0.8],
    }  # fmt: skip
    made = boxes.Box(meta, reference.atom_slice(atoms), **networks)
    boxes.save_box(made, folder / "box")
    boxes.save_box(made, folder / "box.lss")
    return folder / "box"


def use(path):
    """Open a box and use it; whether that gives finite numbers."""
    from lss.simulator import LatentSpaceSimulator

    simulator = LatentSpaceSimulator.load(path)
    psi = simulator.propagate(simulator.starts(2, 0), 3, 0)
    frames = simulator.decode(psi[0], 0)
    data = example("wlall")
    encoded = simulator.encode(mdtraj.load(str(data.files[0]), top=str(data.top))[:2])
    return all(np.isfinite(x).all() for x in (psi, frames.xyz, encoded))


def other(rng):
    """A value that does not belong."""
    values = (None, True, -1, 0, 1e308, 10**30, "", "x", "0.5", [], {}, [[]], [None], [[1, 2], [3]],
              float("nan"), float("inf"), [float("nan")] * 2, [1e30, 1e30], ["a", "b"], 2.5,
              "\ud800", {"a": {"b": []}}, [0.5, 0.5], [1.0, 0.0], 3)  # fmt: skip
    return values[rng.integers(len(values))]


def mutated(data, rng):
    """A JSON structure with some place replaced, left out or doubled."""
    data = json.loads(json.dumps(data))
    for _ in range(rng.integers(1, 3)):
        place = data
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = keys[rng.integers(len(keys))]
            inner = place[key]
            if isinstance(inner, (dict, list)) and inner and rng.random() < 0.5:
                place = inner
                continue
            if rng.random() < 0.2:
                del place[key]
            else:
                place[key] = other(rng)
            break
    return data


def metadata(folder):
    """lss.json with other values; the networks are those of the box."""
    from lss import box as boxes

    path = box(folder)
    known = {name: boxes.load_network(path / f"{name}.keras") for name in boxes.NETWORKS}
    boxes.load_network = lambda file: known[file.stem]
    meta = json.loads((path / "lss.json").read_text())

    def make(rng):
        text = json.dumps(mutated(meta, rng))
        (path / "lss.json").write_text(
            text if rng.random() < 0.9 else text[: rng.integers(len(text))]
        )
        return path

    return make, use


def archive(folder):
    """Archives that were damaged, or hold more or other files than they should."""
    path = box(folder).with_suffix(".lss")
    whole, case = path.read_bytes(), folder / "case.lss"

    def make(rng):
        if rng.random() < 0.7:
            case.write_bytes(damaged(whole, rng))
            return case
        shutil.copy(path, case)
        name = rng.choice(["../x", "/x", "x.py", "lss.json", "srv.keras", "a/../../x", "x y", "é"])
        with zipfile.ZipFile(case, "a") as file:
            file.writestr(str(name), bytes(rng.integers(0, 256, 50, dtype=np.uint8)))
        return case

    return make, use


def network(folder):
    """A .keras file: damaged bytes, and bytes or settings damaged within a sound archive."""
    from lss import box as boxes

    path = box(folder) / "mdn.keras"
    whole, case = path.read_bytes(), folder / "case.keras"
    with zipfile.ZipFile(path) as file:
        entries = {name: file.read(name) for name in file.namelist()}
    config = json.loads(entries["config.json"])
    point = np.full((1, 2), 0.5, np.float32)
    truth = {k: np.asarray(v) for k, v in boxes.load_network(path)(point).items()}

    def make(rng):
        if rng.random() < 0.3:
            case.write_bytes(damaged(whole, rng))
            return case
        changed = dict(entries)
        if rng.random() < 0.5:
            changed["config.json"] = json.dumps(mutated(config, rng)).encode()
        else:
            changed["model.weights.h5"] = damaged(entries["model.weights.h5"], rng)
        with zipfile.ZipFile(case, "w") as file:
            for name, data in changed.items():
                file.writestr(name, data)
        return case

    def read(file):
        found = boxes.load_network(file)
        if found.input_shape != (None, 2):
            raise InputError("refused by lss.box.check")
        outputs = found(point)
        if outputs.keys() != truth.keys():
            return False
        return all(np.array_equal(np.asarray(outputs[k]), truth[k]) for k in truth)

    return make, read


KINDS = {"lss.json": metadata, "lss": archive, "keras": network}
