"""What every source of trajectories obeys: files of each format, mdtraj and MDAnalysis."""

import h5py
import mdtraj as md
import numpy as np
import pytest

from lss.errors import InputError
from lss.examples import example
from lss.features.featurizer import Featurizer, featurize
from lss.run import inputs
from lss.storage import processes
from lss.trajectories import open_trajectories

WLALL = example("wlall")
LENGTHS = (120, 90)
SOURCES = ("xtc", "trr", "nc", "dcd", "mdtraj", "universe", "universe of a dcd", "atom group")
TIMELESS = ("dcd", "universe of a dcd")


@pytest.fixture(scope="module")
def frames():
    """Frames as an XTC file holds them: rounded to 0.001 nm, 100 ps apart."""
    return [md.load(WLALL.files[i], top=WLALL.top)[:n] for i, n in enumerate(LENGTHS)]


@pytest.fixture(scope="module")
def folder(frames, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
    for kind in ("xtc", "trr", "nc", "dcd"):
        for i, piece in enumerate(frames):
            piece.save(str(folder / f"{i}.{kind}"))
    return folder


def universe(path):
    """A Universe of a file, with the bonds that its names tell."""
    mda = pytest.importorskip("MDAnalysis")
    return mda.Universe(WLALL.top, str(path))


@pytest.fixture(params=SOURCES)
def given(request, folder, frames):
    """Arguments of `open_trajectories` for the same trajectories from one source."""
    kind, numbers = request.param, range(len(LENGTHS))
    dt = "100ps" if kind in TIMELESS else None
    if kind == "mdtraj":
        return [frames[i] for i in numbers], None, dt
    if kind == "universe of a dcd":
        return [universe(folder / f"{i}.dcd") for i in numbers], None, dt
    if kind == "universe":
        return [universe(folder / f"{i}.xtc") for i in numbers], None, dt
    if kind == "atom group":
        return [universe(folder / f"{i}.xtc").select_atoms("protein") for i in numbers], None, dt
    return [folder / f"{i}.{kind}" for i in numbers], WLALL.top, dt


def test_frames_and_times(given, frames):
    opened = open_trajectories(*given)
    assert opened.n_frames == list(LENGTHS)
    assert opened.spacing_ps == 100.0
    names = [(a.name, a.residue.name, a.residue.resSeq) for a in opened.topology.atoms]
    assert names == [(a.name, a.residue.name, a.residue.resSeq) for a in frames[0].topology.atoms]
    for i, want in enumerate(frames):
        for chunk in (1, 50, 1000):
            parts = list(opened.iterate(i, chunk))
            xyz = np.concatenate([part.xyz for part in parts])
            np.testing.assert_allclose(xyz, want.xyz, rtol=0, atol=2e-6)
            times = np.concatenate([part.time for part in parts])
            np.testing.assert_array_equal(times, 100.0 * np.arange(len(want)))
        some = np.array([3, 4, 50, 93])
        xyz = np.concatenate([part.xyz for part in opened.iterate(i, 50, some)])
        np.testing.assert_allclose(xyz, want.xyz[:, some], rtol=0, atol=2e-6)
        frame = opened.read_frame(i, 77)
        np.testing.assert_allclose(frame.xyz, want.xyz[77:78], rtol=0, atol=2e-6)
        assert frame.time[0] == 7700.0
    # Two that are read at the same time do not disturb each other.
    for one, two in zip(opened.iterate(0, 30), opened.iterate(0, 30), strict=True):
        np.testing.assert_array_equal(one.xyz, two.xyz)


def test_features(given, frames, tmp_path):
    opened = open_trajectories(*given)
    # What is in memory stays in this process.
    scheduler = processes.LOCAL if opened.in_memory else None
    specs = ["torsions", "ca-distances"]
    featurizer = Featurizer(opened.topology, specs)
    plain = Featurizer(frames[0].topology, specs)
    assert featurizer.names == plain.names
    with h5py.File(featurize(opened, featurizer, tmp_path / "f.h5", False, scheduler)) as file:
        assert len(file) == 2
        for values, want in zip(file.values(), frames, strict=True):
            np.testing.assert_allclose(values, plain.compute(want), rtol=0, atol=1e-4)


def test_what_is_refused(given):
    sources, top, dt = given
    for broken, message in (
        (([], top, dt), "no trajectory was given"),
        (([*sources, 3], top, dt), "trajectory 3 is a int, wanted a file name"),
        (([*sources, sources[0]], top, dt), "give each trajectory once"),
        ((sources, WLALL.top.replace("wlall", "none"), dt), "there is no such file"),
        ((sources, top, "70ps"), "100 ps apart but `dt` says 70 ps"),
    ):
        if "70ps" in broken and dt is not None:
            continue  # nothing contradicts it
        with pytest.raises(InputError, match=message):
            open_trajectories(*broken)
    opened = open_trajectories(*given)
    with pytest.raises(InputError, match="no frame 90"):
        opened.read_frame(1, 90)
    # As held-out MD of itself.
    if top is not None:
        with pytest.raises(InputError, match="which is trained on"):
            inputs.open_held_out([str(sources[1])], opened)


def test_fingerprints_tell_changes(given, frames):
    first = open_trajectories(*given).fingerprints()
    assert [p["n_frames"] for p in first if p["kind"] == "trajectory"] == list(LENGTHS)
    assert first == open_trajectories(*given).fingerprints()
    other = frames[0][:]
    other.xyz[5, 7] += 0.01
    changed = open_trajectories([other, frames[1]]).fingerprints()
    same = open_trajectories([frames[0], frames[1]]).fingerprints()
    assert changed[0]["sha256"] != same[0]["sha256"] and changed[1] == same[1]


def test_one_source_and_several_together(folder, frames):
    """Files and trajectories of both packages in one set, and one that is in no list."""
    mixed = [folder / "0.xtc", frames[1]]
    assert open_trajectories(mixed, WLALL.top).n_frames == list(LENGTHS)
    assert open_trajectories(frames[1]).n_frames == [90]
    assert open_trajectories(universe(folder / "1.xtc")).n_frames == [90]
    # The same data from two sources are the same data.
    for twice in ([folder / "0.xtc", frames[0]], [frames[0], universe(folder / "0.xtc")]):
        with pytest.raises(InputError, match="hold the same frames"):
            open_trajectories(twice, WLALL.top)
    with pytest.raises(InputError, match="has 40 atoms, the first trajectory has 94"):
        open_trajectories([frames[0], frames[1].atom_slice(range(40))])


def test_times_that_only_count_frames_in_memory(folder, frames):
    counted = md.Trajectory(frames[0].xyz, frames[0].topology)
    for source, message in ((counted, "only count"), (universe(folder / "0.dcd"), "does not tell")):
        with pytest.raises(InputError, match=message):
            open_trajectories(source)
        assert open_trajectories(source, dt="100ps").spacing_ps == 100.0
    parts = [frames[0][:40], frames[0][40:]]
    assert open_trajectories(parts, join=True).n_frames == [120]


def test_the_files_of_a_universe_are_trajectories(folder, frames, tmp_path):
    """Unless it was told that they are continuous; two runs are not one."""
    mda = pytest.importorskip("MDAnalysis")
    frames[0][:70].save(str(tmp_path / "a.xtc"))
    frames[0][60:].save(str(tmp_path / "b.xtc"))
    files = [str(tmp_path / name) for name in ("a.xtc", "b.xtc")]
    two = mda.Universe(WLALL.top, [str(folder / "0.xtc"), str(folder / "1.xtc")])
    two.trajectory[150]
    opened = open_trajectories(two)
    assert opened.n_frames == list(LENGTHS)
    for i, want in enumerate(frames):
        xyz = np.concatenate([part.xyz for part in opened.iterate(i, 50)])
        np.testing.assert_allclose(xyz, want.xyz, rtol=0, atol=2e-6)
    assert two.trajectory.frame == 150
    for source, join in (
        (mda.Universe(WLALL.top, files, continuous=True), False),
        (mda.Universe(WLALL.top, files), True),
    ):
        opened = open_trajectories(source, join=join)
        assert opened.n_frames == [120]
        xyz = np.concatenate([part.xyz for part in opened.iterate(0, 50)])
        np.testing.assert_allclose(xyz, frames[0].xyz, rtol=0, atol=2e-6)


def test_an_atom_group_without_the_rest(folder, frames):
    """A selection has its own numbering; the position of the reader stays as it was."""
    source = universe(folder / "0.xtc")
    source.trajectory[13]
    opened = open_trajectories(source.select_atoms("resid 2:4"))
    chosen = frames[0].topology.select("residue 2 to 4")
    xyz = opened.read_frame(0, 60).xyz[0]
    np.testing.assert_allclose(xyz, frames[0].xyz[60, chosen], rtol=0, atol=2e-6)
    assert source.trajectory.frame == 13
    with pytest.raises(InputError, match="has no atoms"):
        open_trajectories(source.select_atoms("resname XXX"))
    mda = pytest.importorskip("MDAnalysis")
    with pytest.raises(InputError, match="has no trajectory"):
        open_trajectories(mda.Universe.empty(3))
    wanted = frames[0].topology.subset(chosen)
    assert opened.topology.n_bonds == wanted.n_bonds
    assert [a.element for a in opened.topology.atoms] == [a.element for a in wanted.atoms]
