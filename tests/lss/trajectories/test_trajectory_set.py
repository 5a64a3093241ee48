"""Trajectory files: found, counted, timed, read in chunks."""

import json
from types import SimpleNamespace

import mdtraj as md
import numpy as np
import pytest

from lss.errors import InputError
from lss.examples import example
from lss.features.featurizer import Featurizer
from lss.molecule.selection import select
from lss.run import run_files
from lss.trajectories import formats
from lss.trajectories.trajectory_set import TrajectorySet

WLALL, TRPCAGE = example("wlall"), example("trpcage")


@pytest.mark.parametrize("kind", ["xtc", "trr", "nc", "h5"])
def test_formats_with_times(kind, folder, whole):
    data = TrajectorySet.open([str(folder / f"a.{kind}")], WLALL.top)
    assert data.spacing_ps == 100.0
    assert data.n_frames == [37]
    _check_frames(data, whole)


@pytest.mark.parametrize("kind", ["dcd", "xyz", "pdb", "gro", "lammpstrj", "mdcrd"])
def test_formats_without_times_demand_dt(kind, folder, whole):
    path = str(folder / f"a.{kind}")
    with pytest.raises(InputError, match="`dt`"):
        TrajectorySet.open([path], WLALL.top)
    data = TrajectorySet.open([path], WLALL.top, 100.0)
    assert data.spacing_ps == 100.0
    _check_frames(data, whole)


def _check_frames(data, whole):
    """Chunks, whole file and single frames agree with mdtraj, to the digits the format keeps."""
    for chunk in (1, 10, 37, 1000):
        parts = list(data.iterate(0, chunk))
        assert max(len(p) for p in parts) <= chunk
        np.testing.assert_allclose(np.concatenate([p.xyz for p in parts]), whole.xyz, atol=6e-4)
        times = np.concatenate([p.time for p in parts])
        np.testing.assert_array_equal(times, 100.0 * np.arange(37))
    some = np.array([3, 4, 50, 93])
    parts = [p.xyz for p in data.iterate(0, 10, some)]
    np.testing.assert_allclose(np.concatenate(parts), whole.xyz[:, some], atol=6e-4)
    np.testing.assert_allclose(data.read_frame(0, 36).xyz, whole.xyz[36:], atol=6e-4)
    assert data.read_frame(0, 36).time[0] == 3600.0


@pytest.mark.parametrize("kind", ["h5", "pdb", "gro"])
def test_own_topology_needs_no_top(kind, folder, whole):
    data = TrajectorySet.open(str(folder / f"a.{kind}"), dt_ps=100.0)
    assert data.topology.n_atoms == 94
    assert data.top is None
    names = [a.name for a in data.topology.atoms]
    assert names == [a.name for a in whole.topology.atoms]
    np.testing.assert_allclose(data.reference.xyz, whole.xyz[:1], atol=6e-4)


def test_hdf5_topology_is_complete(folder, whole):
    assert formats.hdf5_topology(folder / "a.h5") == whole.topology


def test_real_files_are_what_mdtraj_reads():
    data = TrajectorySet.open(WLALL.files[1], WLALL.top)
    whole = md.load(WLALL.files[1], top=WLALL.top)
    assert data.n_frames == [5001]
    parts = list(data.iterate(0, 1234))
    np.testing.assert_array_equal(np.concatenate([p.xyz for p in parts]), whole.xyz)
    np.testing.assert_array_equal(np.concatenate([p.time for p in parts]), whole.time)


def test_frame_counting_times_give_way_to_dt(caplog):
    with caplog.at_level("INFO", logger="lss"):
        data = TrajectorySet.open(TRPCAGE.files, TRPCAGE.top, 200.0)
    assert data.spacing_ps == 200.0
    assert "count frames" in caplog.text
    with pytest.raises(InputError, match=r"its times only count frames .* give `dt`"):
        TrajectorySet.open(TRPCAGE.files, TRPCAGE.top)
    assert TrajectorySet.open(TRPCAGE.files, TRPCAGE.top, "file").spacing_ps == 1.0


def test_dt_contradicts_the_file(folder):
    with pytest.raises(InputError, match="100 ps apart but `dt` says 200 ps"):
        TrajectorySet.open([str(folder / "a.xtc")], WLALL.top, 200.0)
    assert TrajectorySet.open([str(folder / "a.xtc")], WLALL.top, 100.0).spacing_ps == 100.0
    for dt in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="`dt`"):
            TrajectorySet.open([str(folder / "a.xtc")], WLALL.top, dt)


def test_natural_order(folder, whole, tmp_path):
    for i in (1, 2, 10):
        with formats.ascii_path(tmp_path / f"run {i} ä.xtc") as name:
            whole[3 * i : 4 * i + 1].save(name)
    data = TrajectorySet.open([str(tmp_path / "*.xtc")], WLALL.top)
    assert data.n_frames == [2, 3, 7]
    assert [p.name for p in data.files] == ["run 1 ä.xtc", "run 2 ä.xtc", "run 10 ä.xtc"]


@pytest.mark.parametrize("kind", ["xtc", "trr", "nc", "dcd", "h5", "xyz", "pdb"])
def test_names_that_are_not_ascii(kind, folder, whole, tmp_path):
    path = tmp_path / f"Größe 1 µs.{kind}"
    path.write_bytes((folder / f"a.{kind}").read_bytes())
    _check_frames(TrajectorySet.open([str(path)], WLALL.top, 100.0), whole)


def test_a_name_with_brackets_is_a_file(whole, tmp_path):
    path = tmp_path / "a[1].xtc"
    whole.save(str(path))
    assert TrajectorySet.open(str(path), WLALL.top).files == [path]


def test_one_frame(whole, folder, tmp_path):
    whole[:1].save(str(tmp_path / "one.xtc"))
    one = str(tmp_path / "one.xtc")
    with pytest.raises(InputError, match="`dt`"):
        TrajectorySet.open(one, WLALL.top)
    assert TrajectorySet.open(one, WLALL.top, 100.0).n_frames == [1]
    both = TrajectorySet.open([one, str(folder / "a.xtc")], WLALL.top)
    assert both.spacing_ps == 100.0
    assert both.n_frames == [1, 37]


def test_irregular_and_different_spacings(whole, folder, tmp_path):
    whole[[0, 1, 2, 4, 5]].save(str(tmp_path / "gap.xtc"))
    with pytest.raises(InputError, match=r"gap\.xtc: frames are not equally spaced: frame 2"):
        TrajectorySet.open(str(tmp_path / "gap.xtc"), WLALL.top)
    whole[::2].save(str(tmp_path / "wide.xtc"))
    with pytest.raises(InputError, match="one frame spacing"):
        TrajectorySet.open([str(folder / "a.xtc"), str(tmp_path / "wide.xtc")], WLALL.top)


def test_few_atoms_are_stored_uncompressed(whole, tmp_path):
    few = whole.atom_slice(range(5))
    few.save(str(tmp_path / "few.xtc"))
    few[0].save(str(tmp_path / "few.pdb"))
    data = TrajectorySet.open([str(tmp_path / "few.xtc")], str(tmp_path / "few.pdb"))
    parts = list(data.iterate(0, 10))
    np.testing.assert_array_equal(np.concatenate([p.xyz for p in parts]), few.xyz)


def test_molecules_are_made_whole(whole, tmp_path):
    """Shift the molecule over the faces of its 4 nm cell and wrap every atom back into it."""
    wrapped = whole[:]
    wrapped.xyz = np.mod(wrapped.xyz + np.float32([1.9, 2.6, 1.2]), 4.0)
    wrapped.save(str(tmp_path / "wrapped.xtc"))
    data = TrajectorySet.open([str(tmp_path / "wrapped.xtc")], WLALL.top)
    pairs = np.array([(i, j) for i in range(94) for j in range(i)])
    want = md.compute_distances(whole, pairs, periodic=False)
    assert np.abs(md.compute_distances(wrapped, pairs, periodic=False) - want).max() > 2
    parts = list(data.iterate(0, 10))
    got = np.concatenate([md.compute_distances(p, pairs, periodic=False) for p in parts])
    # Rounded to .001 nm in the file, in each coordinate of both atoms.
    np.testing.assert_allclose(got, want, atol=2e-3)
    # The same from a part of the atoms, which alone are not bonded to one another.
    few = np.array([3, 27, 90])
    parts = np.concatenate([p.xyz for p in data.iterate(0, 10, few)])
    want = np.linalg.norm(whole.xyz[:, 3] - whole.xyz[:, 90], axis=-1)
    np.testing.assert_allclose(np.linalg.norm(parts[:, 0] - parts[:, 2], axis=-1), want, atol=2e-3)
    frame = data.read_frame(0, 5)
    np.testing.assert_allclose(frame.xyz[0], np.concatenate([p.xyz for p in data.iterate(0)])[5])


def test_the_decoder_reads_the_coordinates_of_the_features(whole, tmp_path):
    """Two molecules in a 4 nm cell, the second beyond a face of it."""
    both = whole.stack(whole)
    both.xyz -= both.xyz.mean(axis=1, keepdims=True) - 2
    specs = ["distances:name CA"]
    run = SimpleNamespace(
        path=tmp_path, settings=lambda stage: {"features": specs}, report=lambda stage: {}
    )
    found = []
    for shift in (0.9, 4.9):
        both.xyz[:, 94:, 0] = both.xyz[:, :94, 0] + np.float32(shift)
        both.save(str(tmp_path / "both.xtc"))
        both[0].save(str(tmp_path / "both.pdb"))
        data = TrajectorySet.open([str(tmp_path / "both.xtc")], str(tmp_path / "both.pdb"))
        atoms = select(data.topology, "name CA")
        run_files.write_coordinates(run, data, atoms)
        featurizer = Featurizer(data.topology, specs)
        with run_files.open_coordinates(run) as (coordinates,):
            decoded = coordinates[:]
        pairs = np.searchsorted(atoms, featurizer._distances)
        lengths = np.linalg.norm(decoded[:, pairs[:, 0]] - decoded[:, pairs[:, 1]], axis=-1)
        parts = data.iterate(0, 10, featurizer.atoms)
        features = [featurizer.compute(part, selected=True) for part in parts]
        np.testing.assert_allclose(lengths, np.concatenate(features), atol=1e-5)
        found.append(lengths)
    np.testing.assert_allclose(*found, atol=2e-3)


def test_zero_and_missing_cells_are_no_cells(whole, tmp_path):
    bare = whole[:]
    bare.unitcell_vectors = None
    bare.save(str(tmp_path / "bare.xtc"))
    parts = list(TrajectorySet.open([str(tmp_path / "bare.xtc")], WLALL.top).iterate(0, 10))
    np.testing.assert_array_equal(np.concatenate([p.xyz for p in parts]), whole.xyz)


def test_fingerprints(folder, tmp_path):
    copy = tmp_path / "b.xtc"
    content = bytearray((folder / "a.xtc").read_bytes())
    copy.write_bytes(content)
    first = TrajectorySet.open([str(folder / "a.xtc")], WLALL.top).fingerprints()
    same = TrajectorySet.open([str(copy)], WLALL.top).fingerprints()
    assert [p["kind"] for p in first] == ["trajectory", "topology"]
    assert first[0]["sha256"] == same[0]["sha256"]
    assert first[0]["n_frames"] == 37 and first[0]["bytes"] == len(content)
    content[5000] ^= 1
    copy.write_bytes(content)
    changed = TrajectorySet.open([str(copy)], WLALL.top).fingerprints()
    assert changed[0]["sha256"] != first[0]["sha256"]
    assert json.dumps(first)
