"""The kinds of input of `fuzz.py`: how a case is made, and how it is read.

Each kind is a function of a scratch folder that returns `make` (random generator -> case) and
`read` (case -> whether what came of it is what was meant; None where nothing can be said).
"""

import h5py
import mdtraj
import numpy as np

from lss.examples import example
from lss.features.featurizer import Featurizer, split_specs
from lss.trajectories.trajectory_set import TrajectorySet
from lss.units import parse_time

WORDS = (
    *("1", "0", "-3", "1e3", "1e400", "nan", "inf", ".5", "5.", "١٢", "½", "0x10", "1_0", "1,5"),
    *("fs", "ps", "ns", "us", "µs", "μs", "ms", "s", "NS", "frames", "", " ", "\t", "\n", "\0"),
    *("torsions", "ca-distances", "phi", "chi1", "distances:", "name CA", "CB", "and", "or", "not"),
    *(
        "(",
        ")",
        "[",
        "]",
        "'",
        '"',
        ",",
        ":",
        "index",
        "resid 0 to 3",
        "==",
        "%",
        "é",
        "日本",
        "🧬",
    ),
    *("__import__('os')", "mass > 1", "water", "protein", "none", "all", "backbone", "to", "-"),
)
UNITS = {"fs": 1e-3, "ps": 1.0, "ns": 1e3, "us": 1e6, "µs": 1e6, "μs": 1e6, "ms": 1e9, "s": 1e12}
FRAMES = 20


def sentence(rng, longest=6):
    return "".join(rng.choice(WORDS, rng.integers(1, longest)))


def units(folder):
    def read(text):
        value = parse_time(text)
        for unit in sorted(UNITS, key=len, reverse=True):
            if text.strip().lower().endswith(unit):
                number = float(text.strip()[: -len(unit)])
                return bool(np.isclose(value, number * UNITS[unit]) and 0 < value < np.inf)
        return False

    def make(rng):
        if rng.random() < 0.5:
            return sentence(rng)
        value = rng.choice(["1", "20", "0.5", "1e3", "+7", "3.", "0", "-1", "1e-30", "1e308"])
        return value + rng.choice(["", " ", "  "]) + rng.choice([*UNITS, "NS", "Ps", "m", "min"])

    return make, read


def specs(folder):
    topology = mdtraj.load_topology(str(example("wlall").top))
    frames = mdtraj.load(str(example("wlall").files[0]), top=topology)[:3]

    def make(rng):
        return ",".join(sentence(rng, 4) for _ in range(rng.integers(1, 4)))

    def read(text):
        featurizer = Featurizer(topology, split_specs(text))
        values = featurizer.compute(frames)
        return bool(
            np.isfinite(values).all()
            and values.shape == (3, len(featurizer.names))
            and len(featurizer)
        )

    return make, read


def damaged(content, rng):
    """Bytes with flipped bits, zeros, a piece cut out or doubled, or the end cut off."""
    content = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        where, length = rng.integers(len(content)), int(2 ** rng.uniform(0, 12))
        match rng.integers(6):
            case 0 | 1:
                content[where] ^= 1 << rng.integers(8)
            case 2:
                content[where : where + length] = bytes(len(content[where : where + length]))
            case 3:
                del content[where : where + length]
            case 4:
                content[where:where] = content[where : where + length]
            case 5:
                del content[max(1, where) :]
        content = content or bytearray(b"\0")
    return bytes(content)


def trajectory(kind):
    def prepare(folder):
        data = example("wlall")
        whole = mdtraj.load(str(data.files[0]), top=str(data.top))[:FRAMES]
        path = folder / f"whole.{kind}"
        if kind == "h5":
            with h5py.File(path, "w") as file:
                file["coordinates"], file["time"] = whole.xyz, whole.time
        else:
            whole.save(str(path))
        content = path.read_bytes()
        truth = np.concatenate([p.xyz for p in read_all(path, data.top)])

        def make(rng):
            case = folder / f"case.{kind}"
            case.write_bytes(damaged(content, rng))
            return case

        def read(case):
            found = np.concatenate([p.xyz for p in read_all(case, data.top)])
            if not np.isfinite(found).all():
                raise ValueError("coordinates that are not finite were passed on")
            # Whole frames may be missing at the end, or come twice: any file may be so.
            return bool(found.shape == truth.shape and np.array_equal(found, truth))

        return make, read

    return prepare


def read_all(path, top):
    dt_ps = 100.0 if path.suffix == ".dcd" else None
    return list(TrajectorySet.open([str(path)], str(top), dt_ps).iterate(0, 7))


def content(folder):
    """Files that are whole but lie: their coordinates, times, atoms and names."""
    data = example("wlall")
    whole = mdtraj.load(str(data.files[0]), top=str(data.top))[:FRAMES]
    times = np.arange(FRAMES) * 100.0

    def make(rng):
        xyz, time, atoms = whole.xyz.copy(), times.copy(), np.arange(whole.n_atoms)
        frame, atom = rng.integers(1, FRAMES - 1), rng.integers(whole.n_atoms)
        fault = rng.choice(["nan", "inf", "zeros", "order", "spacing", "twice", "empty", "atoms",
                            "fewer", "none"])  # fmt: skip
        if fault in ("nan", "inf"):
            xyz[frame, atom, rng.integers(3)] = float(fault) * rng.choice([-1, 1])
        elif fault == "zeros":
            xyz[frame] = 0
        elif fault == "order":
            time[[frame, frame - 1]] = time[[frame - 1, frame]]
        elif fault == "spacing":
            time[frame:] += rng.choice([-50.0, 37.0, 1e4])
        elif fault == "twice":
            time[frame] = time[frame - 1]
        elif fault == "empty":
            xyz, time = xyz[:0], time[:0]
        elif fault == "atoms":
            xyz[frame, atom] = xyz[frame, (atom + 1) % len(atoms)]
        elif fault == "fewer":
            xyz = np.delete(xyz, atom, axis=1)
        name = rng.choice(["a.h5", "with spaces.h5", "日本 é.h5", "[a]*?.h5", "-x.h5", "'\".h5"])
        path = folder / str(name)
        with h5py.File(path, "w") as file:
            file["coordinates"], file["time"] = xyz, time
        return fault, path, xyz

    def read(case):
        fault, path, xyz = case
        found = np.concatenate([p.xyz for p in read_all(path, data.top)])
        if fault == "atoms":  # two atoms at one place: their torsions are not defined
            topology = mdtraj.load_topology(str(data.top))
            parts = read_all(path, data.top)
            values = [Featurizer(topology, ["torsions"]).compute(part) for part in parts]
            return bool(np.isfinite(np.concatenate(values)).all())
        return fault == "none" and bool(np.array_equal(found, xyz))

    return make, read


KINDS = {
    "units": units,
    "features": specs,
    **{kind: trajectory(kind) for kind in ("xtc", "trr", "dcd", "nc", "h5")},
    "content": content,
}
