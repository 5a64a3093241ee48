"""The one topology of a set of trajectory files, and that each file is of that molecule."""

from pathlib import Path

from lss.errors import InputError
from lss.molecule.atoms import check_same
from lss.trajectories import file_scan, formats
from lss.trajectories.file_search import read_topology
from lss.trajectories.in_memory import InMemory


def open_topology(files, top):
    """Read the topology: `top`, or what the first trajectory brings; (Path or None, topology)."""
    if top is not None:
        return Path(top).expanduser(), read_topology(top)
    if isinstance(files[0], InMemory):
        return None, files[0].topology
    without = [
        path
        for path in files
        if not isinstance(path, InMemory) and formats.suffix(path) not in formats.WITH_TOPOLOGY
    ]
    if without:
        raise InputError(
            f"{without[0]}: the file does not say which atoms it holds: give a topology in `top`"
        )
    return None, read_topology(files[0])


def scan_of(path, topology, top):
    """Count one file and check that its atoms are those of the topology."""
    scan = file_scan.scan(path, topology)
    if scan.n_frames == 0:
        raise InputError(f"{path}: it holds no frames: leave it out")
    if scan.n_atoms != topology.n_atoms:
        source = top if top is not None else "the first trajectory"
        raise InputError(
            f"{path} has {scan.n_atoms} atoms, {source} has {topology.n_atoms}: give trajectories "
            "of one molecule, and its topology in `top`"
        )
    own = _own_topology(path)
    if own is not None:
        check_same(own, topology, str(path), str(top or "the first trajectory"))
    return scan


def _own_topology(path):
    """The topology that a trajectory brings, or None."""
    if isinstance(path, InMemory):
        return path.topology
    kind = formats.suffix(path)
    if kind in formats.HDF5:  # which may have been written without
        return formats.hdf5_topology(path)
    return read_topology(path) if kind in formats.WITH_TOPOLOGY else None
