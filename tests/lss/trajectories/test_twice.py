"""Data used twice: among the training MD, and as held-out MD."""

import os
import shutil

import mdtraj as md
import numpy as np
import pytest

from lss.errors import InputError
from lss.examples import example
from lss.run import inputs
from lss.trajectories import open_trajectories
from lss.trajectories.shapes import TOLERANCE_NM, pairs_of_same, shape_atoms, shapes

WLALL = example("wlall")


@pytest.fixture(scope="module")
def mds():
    """Two trajectories of 400 frames."""
    return [md.load(file, top=WLALL.top)[1000:1400] for file in WLALL.files[:2]]


@pytest.fixture(scope="module")
def training(mds, tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    mds[0].save(str(folder / "0.xtc"))
    mds[1].save(str(folder / "1.xtc"))
    return open_trajectories(str(folder / "*.xtc"), WLALL.top)


def test_a_file_given_twice_is_refused(training, tmp_path, monkeypatch):
    path = str(training.files[0])
    monkeypatch.chdir(training.files[0].parent)
    os.symlink(path, tmp_path / "link.xtc")
    shutil.copy(path, tmp_path / "copy.xtc")
    for other in (path, "0.xtc", "[01].xtc", tmp_path / "link.xtc"):
        with pytest.raises(InputError, match=r"\.xtc is given twice: give each trajectory once"):
            open_trajectories([path, other], WLALL.top)
    with pytest.raises(InputError, match=r"0\.xtc and .*copy\.xtc are the same: give"):
        open_trajectories([path, tmp_path / "copy.xtc"], WLALL.top)


def test_the_same_frames_in_another_file_are_refused(training, mds, tmp_path):
    path, frames = str(training.files[0]), mds[0]
    pieces = {"a.trr": frames, "b.xtc": frames[:250], "c.nc": frames[150:], "d.dcd": frames[:40]}
    for name, piece in pieces.items():
        piece.save(str(tmp_path / name))
        for both in ([path, tmp_path / name], [tmp_path / name, path]):
            with pytest.raises(InputError, match="hold the same frames: give each trajectory once"):
                open_trajectories(both, WLALL.top, "100ps")
    # One frame, from which others may have started, is no trajectory given twice.
    frames[:1].save(str(tmp_path / "one.xtc"))
    assert open_trajectories([path, tmp_path / "one.xtc"], WLALL.top).n_frames == [400, 1]


def turned(frames):
    """Other places and orientations of the same structures."""
    frames = frames[:]
    frames.unitcell_vectors = None
    return frames.center_coordinates().superpose(frames, 17)


PIECES = {
    "whole.xtc": lambda frames: frames,
    "first half.trr": lambda frames: frames[:200],
    "end.dcd": lambda frames: frames[370:],
    "every third.nc": lambda frames: frames[5::3],
    "fitted.xtc": turned,
    "fitted.dcd": turned,
    "reversed.dcd": lambda frames: frames[::-1],
    "two.dcd": lambda frames: frames[100:102],
}


@pytest.mark.parametrize("name", PIECES)
def test_held_out_md_that_is_trained_on_is_refused(name, training, mds, tmp_path):
    frames = PIECES[name](mds[1])
    frames.time = 100.0 * np.arange(len(frames))
    frames.save(str(tmp_path / name))
    with pytest.raises(InputError, match=rf"^`held_out`: .*{name} holds frames of .*1\.xtc, which"):
        inputs.open_held_out([str(tmp_path / name)], training)


def test_held_out_md_that_overlaps_is_refused(training, mds, tmp_path):
    """A tenth of its frames is in the training MD."""
    other = md.load(WLALL.files[2], top=WLALL.top)[:360]
    mixed = other.join(mds[0][200:240])
    mixed.time = 100.0 * np.arange(len(mixed))
    mixed.save(str(tmp_path / "mixed.xtc"))
    with pytest.raises(InputError, match=r"mixed\.xtc holds frames of .*0\.xtc"):
        inputs.open_held_out([str(tmp_path / "mixed.xtc")], training)
    shutil.copy(training.files[1], tmp_path / "renamed.xtc")
    with pytest.raises(InputError, match=r"renamed\.xtc is the same as .*1\.xtc"):
        inputs.open_held_out([str(tmp_path / "renamed.xtc")], training)


def test_other_md_is_held_out(training, tmp_path):
    """Also where it starts from a frame that is trained on."""
    opened = inputs.open_held_out([str(WLALL.files[3])], training)
    assert opened.n_frames == [5001]
    other = md.load(WLALL.files[3], top=WLALL.top)[:50]
    other.xyz[0] = training.read_frame(0, 123).xyz[0]
    other.save(str(tmp_path / "a.xtc"))
    assert inputs.open_held_out([str(tmp_path / "a.xtc")], training).n_frames == [50]


def test_molecules_without_a_shape_are_told_apart_by_their_files(tmp_path, rng):
    """Two atoms have one distance, which many frames share."""
    topology = md.load_topology(WLALL.top).subset([0, 1])
    paths = []
    for i in range(2):
        xyz = rng.normal(0, 0.002, (300, 2, 3)).astype(np.float32) + np.float32(
            [[0] * 3, [0.06] * 3]
        )
        frames = md.Trajectory(xyz, topology, time=10.0 * np.arange(300))
        paths.append(str(tmp_path / f"{i}.xtc"))
        frames.save(paths[-1])
    frames[0].save(str(tmp_path / "a.pdb"))
    small = open_trajectories(paths[0], str(tmp_path / "a.pdb"))
    assert inputs.open_held_out(paths[1:], small).n_frames == [300]
    with pytest.raises(InputError, match="is the same as"):
        inputs.open_held_out(paths[:1], small)


def test_chance_is_no_overlap(tmp_path):
    """Six atoms of a peptide, nearly rigid: frames of two runs are the same by chance."""
    atoms = md.load_topology(WLALL.top).select("element != H")[:6]
    frames = [md.load(WLALL.files[i], top=WLALL.top).atom_slice(atoms) for i in (0, 3)]
    for i in (0, 1):
        frames[i].save(str(tmp_path / f"{i}.xtc"))
    frames[1][100:400].save(str(tmp_path / "piece.xtc"))
    frames[0][0].save(str(tmp_path / "a.pdb"))
    first, second = (open_trajectories(tmp_path / f"{i}.xtc", tmp_path / "a.pdb") for i in (0, 1))
    one, two = (
        np.concatenate([shapes(part.xyz) for part in x.iterate(0)]) for x in (first, second)
    )
    rows, columns = pairs_of_same(one, two)
    assert len(rows) > 100
    assert (np.abs(one[rows] - two[columns]) <= TOLERANCE_NM).all()
    assert inputs.open_held_out([str(tmp_path / "1.xtc")], first).n_frames == [5001]
    with pytest.raises(InputError, match=r"piece\.xtc holds frames of .*1\.xtc"):
        inputs.open_held_out([str(tmp_path / "piece.xtc")], second)


def test_shapes_do_not_depend_on_place_and_rounding(mds):
    atoms = shape_atoms(mds[0].topology)
    assert len(set(atoms)) == 24
    one, two = shapes(mds[0].xyz[:, atoms]), shapes(turned(mds[0]).xyz[:, atoms])
    want = md.compute_distances(
        mds[0], [(a, b) for i, a in enumerate(atoms) for b in atoms[i + 1 :]], periodic=False
    )
    np.testing.assert_allclose(one, want, atol=1e-6)
    np.testing.assert_allclose(two, want, atol=1e-5)
