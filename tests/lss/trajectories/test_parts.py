"""Parts of one run: recognised, joined over the seam, and told apart from other runs."""

import h5py
import mdtraj as md
import numpy as np
import pytest

from lss.examples import example
from lss.features.featurizer import Featurizer, featurize
from lss.storage import processes
from lss.trajectories import open_trajectories
from lss.trajectories.seams import names_continue

WLALL = example("wlall")
STEP = 100.0


@pytest.fixture(scope="module")
def run():
    """60 frames, 100 ps apart, of one trajectory, and as many of another."""
    return [md.load(file, top=WLALL.top)[:60] for file in WLALL.files[:2]]


def write(folder, **pieces):
    """Write pieces of trajectories under their names ("_" for "."); the names in this order."""
    paths = []
    for name, frames in pieces.items():
        paths.append(str(folder / name.replace("__", ".")))
        frames.save(paths[-1])
    return paths


def coordinates(opened, i=0, chunk=7):
    return np.concatenate([part.xyz for part in opened.iterate(i, chunk)])


def shifted(frames, ps):
    frames = frames[:]
    frames.time = frames.time + ps
    return frames


def reset(frames):
    return shifted(frames, -frames.time[0])


CUTS = {
    "the next frame": (30, 30, lambda frames: frames),
    "a shared frame": (30, 29, lambda frames: frames),
    "a shared frame, times begin anew": (30, 29, reset),
    "an overlap": (40, 25, lambda frames: frames),
}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("kind", ["xtc", "trr"])
@pytest.mark.parametrize("order", [1, -1])
def test_parts_are_seen_and_joined(cut, kind, order, run, tmp_path, caplog):
    end, start, change = CUTS[cut]
    first, second = run[0][:end], change(run[0][start:])
    pieces = {"first__xtc": first, f"second__{kind}": second}
    paths = write(tmp_path, **pieces)[::order]
    apart = open_trajectories(paths, WLALL.top)
    assert sorted(apart.n_frames) == sorted([end, 60 - start])
    assert "give `join` to join them" in caplog.text
    assert "look like parts of one run" in apart.notes[0] and "are not joined" in apart.notes[0]
    joined = open_trajectories(paths, WLALL.top, join=True)
    assert joined.n_frames == [60] and joined.notes == []
    assert [part.source.name for part in joined.parts[0]] == ["first.xtc", f"second.{kind}"]
    for chunk in (1, 7, 1000):
        np.testing.assert_allclose(coordinates(joined, chunk=chunk), run[0].xyz, atol=6e-4)
    times = np.concatenate([part.time for part in joined.iterate(0, 7)])
    np.testing.assert_array_equal(times, STEP * np.arange(60))
    for j in (0, end - 1, end, 59):
        np.testing.assert_allclose(joined.read_frame(0, j).xyz[0], run[0].xyz[j], atol=6e-4)


def test_frames_after_a_restart_replace_those_before_it(run, tmp_path):
    """A run that ended after its last checkpoint goes over the same time again, otherwise."""
    again = run[1][:60]
    again.time = run[0].time
    pieces = {"md__part0001__xtc": run[0][:40], "md__part0002__xtc": again[35:]}
    joined = open_trajectories(write(tmp_path, **pieces), WLALL.top, join=True)
    want = np.concatenate([run[0].xyz[:35], again.xyz[35:]])
    np.testing.assert_array_equal(coordinates(joined), want)


def test_files_without_times_are_joined_by_their_frames(run, tmp_path):
    pieces = {"c__dcd": run[0][39:], "a__dcd": run[0][:21], "b__dcd": run[0][20:40]}
    paths = write(tmp_path, **pieces, other__dcd=run[1])
    joined = open_trajectories(paths, WLALL.top, "100ps", join=True)
    assert joined.n_frames == [60, 60]
    np.testing.assert_allclose(coordinates(joined, 0), run[0].xyz, atol=1e-6)
    np.testing.assert_allclose(coordinates(joined, 1), run[1].xyz, atol=1e-6)
    assert [path.name for path in joined.files] == ["a.dcd", "other.dcd"]


def test_pairs_of_frames_run_over_the_seam(run, tmp_path):
    paths = write(tmp_path, a1__xtc=run[0][:30], a2__xtc=run[0][30:])
    joined = open_trajectories(paths, WLALL.top, join=True)
    featurizer = Featurizer(joined.topology, ["torsions"])
    want = featurizer.compute(run[0])

    for scheduler in (None, processes.LOCAL):
        path = featurize(joined, featurizer, tmp_path / "f.h5", False, scheduler)
        with h5py.File(path) as file:
            assert list(file) == ["000000"]
            np.testing.assert_array_equal(file["000000"], want)
            assert list(file.attrs["sources"]) == [" + ".join(paths)]
    assert [entry["n_frames"] for entry in joined.fingerprints()[:2]] == [30, 30]


def test_two_runs_in_parts_are_kept_apart(run, tmp_path):
    """By their times, any part could follow any other: frames and names decide."""
    pieces = {}
    for i in (0, 1):
        pieces |= {f"part1_run{i}__xtc": run[i][:20], f"part2_run{i}__xtc": run[i][20:]}
    joined = open_trajectories(
        write(tmp_path, **dict(sorted(pieces.items()))), WLALL.top, join=True
    )
    assert joined.n_frames == [60, 60]
    for i in (0, 1):
        np.testing.assert_array_equal(coordinates(joined, i), run[i].xyz)


def test_what_cannot_be_told_is_not_joined(run, tmp_path, caplog):
    pieces = {"mon__xtc": run[0][:20], "tue__xtc": run[1][:20], "wed__xtc": run[0][20:]}
    joined = open_trajectories(write(tmp_path, **pieces), WLALL.top, join=True)
    assert joined.n_frames == [20, 20, 40]
    assert "what continues what cannot be told" in caplog.text


def test_a_missing_part_is_said(run, tmp_path, caplog):
    pieces = {"p1__xtc": run[0][:20], "p2__xtc": run[0][20:30], "p4__xtc": run[0][45:]}
    joined = open_trajectories(write(tmp_path, **pieces), WLALL.top, join=True)
    assert joined.n_frames == [30, 15]
    assert "p4.xtc begins 1.6 ns after the last frame of" in caplog.text
    assert "a part is missing" in caplog.text


def test_independent_runs_are_no_parts(run, tmp_path, caplog):
    """Nor are runs that start from one structure, or at a time within another one."""
    start = run[0][0]
    same_start = [start.join(frames[1:40]) for frames in run]
    pieces = {
        "r1__xtc": same_start[0],
        "r2__xtc": same_start[1],
        "late__xtc": shifted(run[1], -1000.0)[41:],
    }
    opened = open_trajectories(write(tmp_path, **pieces), WLALL.top)
    assert opened.notes == [] and not caplog.text
    opened = open_trajectories(list(WLALL.files), WLALL.top, join=True)
    assert opened.n_frames == [5001] * 4
    assert "nothing was joined" in caplog.text


def test_rigid_molecules_are_alike_in_every_run(tmp_path, caplog, rng):
    """Three atoms that keep their distances: neither the same data nor parts of one run."""
    topology = md.load_topology(WLALL.top).subset([0, 1, 2])
    triangle = np.float32([[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0]])
    paths = []
    for i in range(2):
        turns = np.linalg.qr(rng.normal(size=(50, 3, 3)))[0].astype(np.float32)
        frames = md.Trajectory(triangle @ turns, topology, time=STEP * np.arange(50))
        paths += write(tmp_path, **{f"w{i}__xtc": frames})
    frames[0].save(str(tmp_path / "w.pdb"))
    assert open_trajectories(paths, tmp_path / "w.pdb").n_frames == [50, 50]
    assert "parts of one run" not in caplog.text


@pytest.mark.parametrize(
    ("one", "two", "continues"),
    [
        ("md.part0001.xtc", "md.part0002.xtc", True),
        ("md.part0009.xtc", "md.part0010.xtc", True),
        ("md.part0002.xtc", "md.part0001.xtc", False),
        ("md.xtc", "md.part0002.xtc", True),
        ("md.xtc", "md_cont.dcd", True),
        ("traj_1.xtc", "traj_2.xtc", True),
        ("traj_1.xtc", "traj_3.xtc", False),
        ("traj1.xtc", "traj10.xtc", False),
        ("run1/part1.xtc", "run2/part2.xtc", False),
        ("run1/md.xtc", "run2/md.xtc", True),
        ("a.xtc", "b.xtc", False),
    ],
)
def test_names_that_continue(one, two, continues):
    assert names_continue(one, two) == continues
