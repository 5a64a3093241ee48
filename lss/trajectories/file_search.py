"""Files named by the user: found, checked for being readable, identified by fingerprints."""

import glob
import hashlib
import os
import re
from pathlib import Path

import mdtraj as md
import numpy as np

from lss.errors import InputError
from lss.trajectories import formats
from lss.trajectories.in_memory import InMemory
from lss.trajectories.of_mdanalysis import is_universe, of_universe

#: Fingerprints read at most this many blocks of this many bytes, spread over the file.
_HASH_BLOCKS, _HASH_BYTES = 64, 65536


def find_files(patterns):
    """Turn file names and globs into a list of existing files.

    Trajectories of mdtraj and MDAnalysis among them are kept.

    Raises
    ------
    InputError
        If a pattern matches nothing, or names a folder or a file of no known format.
    """
    several = isinstance(patterns, (list, tuple, set))
    patterns = list(patterns) if several else [patterns]
    if not patterns:
        raise InputError("no trajectory was given: give one in `traj`")
    files = []
    for number, pattern in enumerate(patterns, start=1):
        loaded = _loaded(pattern, f"trajectory {number}")
        if loaded:
            files += loaded
            continue
        if not isinstance(pattern, (str, os.PathLike)):
            raise InputError(
                f"trajectory {number} is a {type(pattern).__name__}, wanted a file name, an "
                "mdtraj.Trajectory or an MDAnalysis.Universe"
            )
        found = matching(pattern)
        if not found:
            raise InputError(f"no trajectory file matches {str(pattern)!r}: check the path")
        files += found
    for path in files:
        if isinstance(path, InMemory):
            continue
        _check_readable(path)
        if formats.suffix(path) not in formats.SUPPORTED:
            raise InputError(
                f"{path}: trajectories of the type {formats.suffix(path) or '(none)'} cannot be "
                f"read: convert it to one of {', '.join(sorted(formats.SUPPORTED))}"
            )
    return files


def _loaded(given, name):
    """What a user gave as trajectories in memory; empty where it is something else."""
    if isinstance(given, InMemory):
        return [given]
    if isinstance(given, md.Trajectory):
        return [InMemory(given, f"{name} (mdtraj.Trajectory)")]
    return of_universe(given, name) if is_universe(given) else []


def matching(pattern):
    """The files of a name or a glob, in natural order; none where there is none."""
    pattern = os.path.expanduser(str(pattern))
    # A name with brackets that exists is that file, not a pattern.
    found = [pattern] if os.path.exists(pattern) else glob.glob(pattern, recursive=True)
    return [Path(name) for name in sorted(found, key=natural)]


def natural(name):
    """Key by which names are sorted as people do: 2 before 10."""
    parts = re.split(r"(\d+)", str(name))
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in parts]


def _check_readable(path):
    if not path.exists():
        raise InputError(f"{path}: there is no such file: check the path")
    if not path.is_file():
        raise InputError(f"{path} is not a file: name the files in it, like '{path}/*.xtc'")
    if not os.access(path, os.R_OK):
        raise InputError(f"{path}: permission to read it is denied")


def read_topology(path):
    """Read a topology file of any format that mdtraj knows.

    Raises
    ------
    InputError
        If the file is missing, unreadable, of an unknown type, or without atoms.
    """
    path = Path(path).expanduser()
    _check_readable(path)
    if formats.suffix(path) in formats.HDF5:
        topology = formats.hdf5_topology(path)
    else:
        with formats.reading(path, "read a topology from"):
            topology = md.load_topology(str(path))
    if topology is None or topology.n_atoms == 0:
        raise InputError(f"{path}: no atoms in it: give a topology file like a PDB in `top`")
    return topology


def digest(path):
    """Return the size of a file and a hash of up to 64 blocks of it; see ``fingerprints``."""
    if isinstance(path, InMemory):
        return path.digest()
    size = path.stat().st_size
    hashed = hashlib.sha256(str(size).encode())
    with formats.reading(path), open(path, "rb") as file:
        if size <= _HASH_BLOCKS * _HASH_BYTES:
            hashed.update(file.read())
        else:
            for start in np.linspace(0, size - _HASH_BYTES, _HASH_BLOCKS).astype(np.int64):
                file.seek(int(start))
                hashed.update(file.read(_HASH_BYTES))
    return {"bytes": size, "sha256": hashed.hexdigest()}
