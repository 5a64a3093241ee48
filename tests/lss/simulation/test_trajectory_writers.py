"""Trajectory files hold coordinates, times and topology; mdtraj and h5py read them back, always."""

import json
import struct

import h5py
import mdtraj
import numpy as np
import pytest

from lss.examples import example
from lss.simulation.hdf5_writer import HEADERS, find_layout
from lss.simulation.trajectory_writers import AKMA_PS, FORMATS

DCD_SPACING_OFFSET = 44
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
    file = FORMATS[request.param](path, topology, SPACING_PS, len(xyz))
    file.append(xyz[:3], 0)
    file.append(xyz[3:], 3)
    return path, xyz, time


def test_coordinates_come_back(written, topology):
    path, xyz, _ = written
    read = coordinates(path, topology)
    np.testing.assert_allclose(read, xyz, rtol=0, atol=TOLERANCE_NM[path.suffix[1:]])


def coordinates(path, topology):
    if path.suffix == ".h5":
        with h5py.File(path) as file:
            assert len(file["time"]) == len(file["coordinates"])
            return file["coordinates"][:]
    return mdtraj.load(str(path), top=topology).xyz


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_can_be_read_between_its_blocks_and_cut_back(kind, tmp_path, topology, rng):
    xyz = rng.normal(size=(9, topology.n_atoms, 3)).astype(np.float32)
    path = tmp_path / f"traj.{kind}"
    file, sizes = FORMATS[kind](path, topology, SPACING_PS, 9), {}
    for first in (0, 3, 6):
        file.append(xyz[first : first + 3], first)
        read = coordinates(path, topology)
        np.testing.assert_allclose(read, xyz[: first + 3], rtol=0, atol=TOLERANCE_NM[kind])
        sizes[first + 3] = path.stat().st_size
    whole = path.read_bytes()
    if kind != "h5":  # what a process leaves that is killed while it appends
        path.write_bytes(whole[:-10])
    again = FORMATS[kind](path, topology, SPACING_PS, 9)
    again.cut(6, sizes[6])
    read = coordinates(path, topology)
    np.testing.assert_allclose(read, xyz[:6], rtol=0, atol=TOLERANCE_NM[kind])
    again.append(xyz[6:], 6)
    assert path.read_bytes() == whole


def test_the_counts_of_an_hdf5_file_lie_in_its_first_page(tmp_path, topology):
    """Only then does the system replace all of them or none."""
    path = tmp_path / "traj.h5"
    file = FORMATS["h5"](path, topology, SPACING_PS, 1000)
    file.append(np.zeros((2, topology.n_atoms, 3), np.float32), 0)
    _, counts = find_layout(path, ("coordinates", "time"))
    assert len(counts) == 6
    assert max(offset for offset, _ in counts) + 8 <= HEADERS


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
    letters = [chain["chain_id"] for chain in stored["chains"]]
    assert letters == [chain.chain_id for chain in topology.chains]
    assert len(stored["bonds"]) == topology.n_bonds
    pytest.importorskip("tables", reason="mdtraj reads HDF5 with PyTables")
    read = mdtraj.load_hdf5(str(path))
    np.testing.assert_array_equal(read.xyz, xyz)
    np.testing.assert_array_equal(read.time, time)
    assert read.topology == topology
