"""A simulator composed of estimators: the lines of the tutorial, and what does not fit together."""

import copy
import inspect
import re
from contextlib import chdir
from pathlib import Path

import h5py
import mdtraj
import numpy as np
import pytest

import lss
from cwgan import MolGen, decode
from lss.__main__ import describe
from lss.errors import InputError
from lss.examples import example
from lss.simulation import simulate
from mdn import Propagator
from srv import SRV

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
CELL = re.compile(r"```\{code-cell\} python\n(?::tags:[^\n]*\n)?(.*?)```", re.DOTALL)
# Bonds of a peptide, nm (R. A. Engh, R. Huber, Acta Cryst. A47 (1991) 392).
LENGTHS = {("N", "CA"): 0.1458, ("CA", "C"): 0.1525, ("C", "O"): 0.1231, ("C", "N"): 0.1329}
BUDGETS = (
    ("lag_time=20).fit(x)", "lag_time=20, min_steps=60, max_steps=60).fit(x)"),
    ("n_updates=3000", "n_updates=60"),
    ("n_updates=2000", "n_updates=20"),
)


def cells():
    """The code of the section "In a notebook", cell by cell."""
    section = TUTORIAL.read_text(encoding="utf-8").split("## In a notebook\n")[1].split("\n## ")[0]
    return CELL.findall(section)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """The names after the cells of the tutorial up to that of the report, with small budgets."""
    train, use, judge = cells()
    assert "lss.validate(simulator, md" in judge
    for usual, small in BUDGETS:
        assert train.count(usual) == 1
        train = train.replace(usual, small)
    names = {}
    with chdir(tmp_path_factory.mktemp("notebook")):
        exec(train, names)
        exec(use, names)
        names["folder"] = Path.cwd()
    return names


@pytest.fixture
def compose(notebook):
    """Composes what the tutorial does, but for what is given."""

    def composed(**changed):
        names = ("srv", "propagator", "molgen")
        three = [changed.pop(name, notebook[name]) for name in names]
        usual = {
            "topology": notebook["reference"],
            "features": notebook["features"],
            "lag_time": "2ns",
            "frame_spacing": 100.0,
            "start_psi": notebook["psi"],
        }
        return lss.LatentSpaceSimulator.from_estimators(*three, **usual | changed)

    return composed


def test_the_notebook_of_the_tutorial_writes_trajectories(notebook):
    simulator, md = notebook["simulator"], notebook["md"]
    assert simulator.lag_time_ps == 2000.0 and simulator.n_modes == 2
    written = mdtraj.load(
        str(notebook["folder"] / "synthetic" / "traj-0003.xtc"),
        top=str(notebook["folder"] / "synthetic" / "topology.pdb"),
    )
    assert written.n_frames == 251 and written.n_atoms == 20
    np.testing.assert_allclose(np.diff(written.time), 2000.0)
    first = md.read_frame(2, 0)
    np.testing.assert_allclose(
        simulator.encode(first), notebook["psi"][2][:1], rtol=1e-3, atol=2e-3
    )


def test_a_saved_simulator_is_the_same(notebook):
    simulator = notebook["simulator"]
    loaded = lss.LatentSpaceSimulator.load(notebook["folder"] / "peptide.lss")
    frames = notebook["md"].read_frame(0, 17)
    np.testing.assert_array_equal(loaded.encode(frames), simulator.encode(frames))
    start = simulator.starts(3, seed=5)
    np.testing.assert_array_equal(loaded.starts(3, seed=5), start)
    psi = simulator.propagate(start, 20, seed=5)
    np.testing.assert_array_equal(loaded.propagate(start, 20, seed=5), psi)
    np.testing.assert_array_equal(
        loaded.coordinates(psi[1], seed=5), simulator.coordinates(psi[1], seed=5)
    )
    # PDB files hold positions to 0.001 angstrom.
    np.testing.assert_allclose(loaded.box.reference.xyz, notebook["reference"].xyz, atol=6e-5)


def test_start_states_are_frames_of_the_training_data(notebook):
    known = {tuple(row) for part in notebook["psi"] for row in part}
    assert {tuple(row) for row in notebook["simulator"].starts(50, seed=1)} <= known


def test_it_describes_itself(notebook):
    said = describe(notebook["simulator"].box)
    assert "20 decoded atoms of 5 residues" in said and "backbone-torsions" in said
    assert "trained on      not recorded" in said and "tensorflow" in said


def test_features_in_memory_are_those_of_the_file(notebook, tmp_path):
    md = notebook["md"]
    path = lss.featurize(md, notebook["features"], tmp_path / "features.h5", progress=False)
    with h5py.File(path) as file:
        for data, x in zip(file.values(), notebook["x"], strict=True):
            np.testing.assert_array_equal(data[:], x)
    with pytest.raises(InputError, match=r"`trajectories` is a list, wanted a TrajectorySet"):
        notebook["features"].transform(["a.xtc"])


def test_structures_are_superposed_on_one_of_them():
    """mdtraj's own superposition gives the same distance to the reference."""
    data = example("wlall")
    md = lss.open_trajectories(data.files[1], data.top)
    (ours,), reference, bonds = lss.superposed(md, "backbone")
    backbone = mdtraj.load(str(md.files[0]), top=str(md.top), atom_indices=backbone_atoms(md))
    distance = np.sqrt(((ours - reference.xyz[0]) ** 2).sum(axis=2).mean(axis=1))
    np.testing.assert_allclose(distance, mdtraj.rmsd(backbone, reference), atol=1e-4)
    names = [a.name for a in reference.topology.atoms]
    lengths = {frozenset(pair): [] for pair in LENGTHS}
    for i, j in bonds:
        length = np.linalg.norm(ours[:, i] - ours[:, j], axis=1).mean()
        lengths[frozenset((names[i], names[j]))].append(length)
    for pair, expected in LENGTHS.items():
        found = lengths[frozenset(pair)]
        assert len(found) == (4 if pair == ("C", "N") else 5)
        # The force field has its own; at the charged ends they differ by 0.005 nm.
        np.testing.assert_allclose(found, expected, atol=0.006)


def backbone_atoms(md):
    names = {"N", "CA", "C", "O"}
    return [a.index for a in md.topology.atoms if a.name in names and a.residue.is_protein]


def test_features_of_ones_own_are_passed_by_the_encoder(compose, notebook, tmp_path):
    simulator = compose(features=None)
    simulator.save(tmp_path / "box")
    for one in (simulator, lss.LatentSpaceSimulator.load(tmp_path / "box")):
        with pytest.raises(InputError, match="features of its user's own"):
            one.encode(notebook["md"].read_frame(0, 0))
        psi = one.encode(notebook["x"][0][:5])
        np.testing.assert_allclose(psi, notebook["psi"][0][:5], rtol=1e-4, atol=1e-4)
    assert "encode takes features" in describe(simulator.box)


def test_a_topology_alone_is_given_a_structure(compose, notebook):
    simulator = compose(topology=notebook["reference"].topology)
    assert simulator.box.reference.n_frames == 1
    # Drawn once: what a simulator draws again for its contacts is no candidate.
    drawn = decode(simulator.box.cwgan, simulator.box.meta["start_psi"], seed=0)
    distances = ((drawn - simulator.box.reference.xyz) ** 2).sum((1, 2))
    assert distances.min() < 1e-5  # to rounding


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"srv": SRV(35, 2, 20)}, "`srv` is a SRV without `encoder`, wanted a fitted srv.SRV"),
        ({"propagator": Propagator(2, lag_time=20)}, "`propagator` .* without `model`"),
        ({"molgen": MolGen(2, 60)}, "`molgen` .* without `generator`"),
        ({"srv": "run/box"}, "`srv` is a str"),
        ({"lag_time": 20}, "`lag_time` 20 ps is not a whole number of frames of 100 ps"),
        ({"lag_time": "20"}, "no unit"),
        ({"lag_time": None}, "`lag_time` is a NoneType, wanted a time"),
        ({"lag_time": "1 ns"}, "10 frames of 100 ps, wanted 2 ns, the 20 frames of `srv`"),
        ({"frame_spacing": "200ps"}, "10 frames of 200 ps, wanted 4 ns"),
        ({"features": ["torsions"]}, "`features` is a list, wanted the lss.Featurizer"),
        ({"start_psi": np.zeros((5, 3))}, r"`start_psi` has shape \(5, 3\), wanted \(n, 2\)"),
        ({"start_psi": []}, "`start_psi` has shape"),
        ({"start_psi": [[0.0, np.nan]]}, "NaN"),
        ({"start_psi": "psi.h5"}, "`start_psi` has shape"),
        ({"topology": "a.pdb"}, "`topology` is a str, wanted an mdtraj.Trajectory of one frame"),
    ],
)
def test_what_does_not_fit_is_named(compose, changed, said):
    with pytest.raises(InputError, match=said):
        compose(**changed)


def test_estimators_of_different_modes_lags_or_atoms_are_refused(compose, notebook):
    md, reference = notebook["md"], notebook["reference"]
    fewer = lss.Featurizer(md.topology, ["ca-distances"])
    with pytest.raises(InputError, match="`features` has 10 features, wanted 34"):
        compose(features=fewer)
    with pytest.raises(InputError, match="Trajectory of 2 frames, wanted"):
        compose(topology=mdtraj.join([reference, reference]))
    with pytest.raises(InputError, match=r"draws frames of shape \(20, 3\), wanted \(19, 3\)"):
        compose(topology=reference.atom_slice(range(19)))
    for name, argument, said in (
        ("propagator", "lag_time", "`lag_time` of `propagator` is 1 frames, wanted 20"),
        ("propagator", "input_dim", "`input_dim` of `propagator` is 1, wanted 2"),
        ("molgen", "latent_dim", "`latent_dim` of `molgen` is 1, wanted 2"),
    ):
        other = copy.copy(notebook[name])
        setattr(other, argument, 1)
        with pytest.raises(InputError, match=said):
            compose(**{name: other})


def test_help_shows_the_options_of_a_simulation(notebook):
    options = list(inspect.signature(notebook["simulator"].simulate).parameters)
    assert options == list(inspect.signature(simulate.simulate).parameters)[1:]
    assert {"start", "file_format", "latent_only", "resume", "scheduler"} <= set(options)
    assert "start : array_like" in inspect.getdoc(lss.LatentSpaceSimulator.simulate)


def test_times_are_text_or_picoseconds(small_md):
    pattern, top = small_md
    for dt in ("100ps", 100, 0.1e3, None):
        assert lss.open_trajectories(pattern, top, dt).spacing_ps == pytest.approx(100.0)
    for dt in ("100", True, -1.0, np.inf, [100.0]):
        with pytest.raises(InputError, match="`dt`"):
            lss.open_trajectories(pattern, top, dt)
