"""Trajectory files hold coordinates, times and topology; mdtraj and h5py read them back."""

import json
import struct

import h5py
import mdtraj
import numpy as np
import pytest

from lss.examples import example
from lss.writers import AKMA_PS, DCD_SPACING_OFFSET, FORMATS

SPACING_PS = 20_000.0
TOLERANCE_NM = {"xtc": 0.0005001, "dcd": 1e-6, "h5": 0}


@pytest.fixture(scope="module")
def topology():
    return mdtraj.load_topology(str(example("wlall").top))


@pytest.fixture(params=FORMATS)
def written(request, tmp_path, topology, rng):
    """A file written in blocks of 3 and 4 frames: its path, coordinates and times."""
    xyz = rng.normal(size=(7, topology.n_atoms, 3)).astype(np.float32)
    time = SPACING_PS * np.arange(7)
    path = tmp_path / f"traj.{request.param}"
    with FORMATS[request.param](path, topology, SPACING_PS) as write:
        write(xyz[:3], time[:3])
        write(xyz[3:], time[3:])
    return path, xyz, time


def test_coordinates_come_back(written, topology):
    path, xyz, _ = written
    if path.suffix == ".h5":
        with h5py.File(path) as file:
            read = file["coordinates"][:]
    else:
        read = mdtraj.load(str(path), top=topology).xyz
    np.testing.assert_allclose(read, xyz, rtol=0, atol=TOLERANCE_NM[path.suffix[1:]])


def test_every_frame_has_its_time(written):
    path, _, time = written
    if path.suffix == ".xtc":
        read = mdtraj.formats.XTCTrajectoryFile(str(path)).read()[1]
    elif path.suffix == ".h5":
        read = h5py.File(path)["time"][:]
    else:  # a DCD file states the first step, the steps between frames and the length of a step
        header = path.read_bytes()
        first, interval = struct.unpack_from("<2i", header, 12)
        delta = struct.unpack_from("<f", header, DCD_SPACING_OFFSET)[0] * AKMA_PS
        read = (first + interval * np.arange(len(time))) * delta
    np.testing.assert_allclose(read, time, rtol=1e-6)


def test_hdf5_follows_the_layout_of_mdtraj(written, topology):
    path, xyz, time = written
    if path.suffix != ".h5":
        pytest.skip("about HDF5")
    with h5py.File(path) as file:
        assert file.attrs["conventions"] == b"Pande"
        assert file["coordinates"].attrs["units"] == b"nanometers"
        stored = json.loads(file["topology"][0])
    atoms = [a["name"] for chain in stored["chains"] for r in chain["residues"] for a in r["atoms"]]
    assert atoms == [atom.name for atom in topology.atoms]
    assert len(stored["bonds"]) == topology.n_bonds
    pytest.importorskip("tables", reason="mdtraj reads HDF5 with PyTables")
    read = mdtraj.load_hdf5(str(path))
    np.testing.assert_array_equal(read.xyz, xyz)
    np.testing.assert_array_equal(read.time, time)
    assert read.topology == topology
