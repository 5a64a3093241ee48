"""What a command line names is opened, chosen and refused before anything is trained."""

import h5py
import mdtraj as md
import pytest

from lss.box import load_box
from lss.errors import InputError
from lss.examples import example
from lss.features.featurizer import Featurizer
from lss.molecule.selection import select
from lss.run import inputs
from lss.run.projection import project
from lss.simulator import LatentSpaceSimulator
from lss.trajectories.trajectory_set import TrajectorySet


def molecule(*residues):
    """A topology of one chain from (residue name, atoms as (name, element))."""
    found = md.Topology()
    chain = found.add_chain()
    for name, atoms in residues:
        residue = found.add_residue(name, chain)
        for atom, symbol in atoms:
            found.add_atom(atom, md.element.get_by_symbol(symbol), residue)
    return found


ALANINE = ("ALA", [("N", "N"), ("CA", "C"), ("CB", "C"), ("C", "C"), ("O", "O")])
ACE = ("ACE", [("CH3", "C"), ("C", "C"), ("O", "O")])
NME = ("NME", [("N", "N"), ("C", "C")])
WATER = ("HOH", [("O", "O"), ("H1", "H"), ("H2", "H")])


@pytest.mark.parametrize(
    ("residues", "selection", "n_atoms"),
    [
        ([ALANINE] * 4, "name CA", 4),
        ([("ALA", [("CA", "C")])] * 4, "name CA", 4),
        ([ACE, ALANINE, NME], "heavy", 10),  # one alpha carbon is no trace
        ([ALANINE] * 3, "heavy", 15),
        ([ACE, ALANINE, NME, WATER, WATER], "heavy and not water", 10),
        ([*[ALANINE] * 4, ("CA", [("CA", "Ca")])], "name CA and not resname 'CA'", 4),
        # The element that GRO files lead to.
        ([*[ALANINE] * 4, ("CA", [("CA", "C")])], "name CA and not resname 'CA'", 4),
    ],
)
def test_atoms_decoded_by_default(residues, selection, n_atoms):
    topology = molecule(*residues)
    assert inputs.default_atoms(topology) == selection
    assert (
        len(select(topology, selection))
        == n_atoms
        == len(inputs.decoded_atoms(topology, selection))
    )


def test_atoms_without_a_shape_are_refused():
    topology = molecule(ACE, ALANINE, NME)
    with pytest.raises(InputError, match="`atoms` is 'name CA', which selects CA of ALA 1 alone"):
        inputs.decoded_atoms(topology, "name CA")
    with pytest.raises(InputError, match="at least 3 atoms"):
        inputs.decoded_atoms(topology, "name CA CB")


def test_a_mistake_in_held_out_md_names_its_flag(small_md, tmp_path):
    training = TrajectorySet.open(small_md[0], small_md[1])
    with pytest.raises(InputError, match=r"^`held_out`: no trajectory file matches 'nothing.xtc'"):
        inputs.open_held_out(["nothing.xtc"], training)
    frames = md.load(example("wlall").files[0], top=small_md[1])[:20:2]
    frames.save(str(tmp_path / "other.xtc"))
    with pytest.raises(InputError, match="200 ps apart but the training MD says 100 ps: give"):
        inputs.open_held_out(str(tmp_path / "other.xtc"), training)


def test_the_argument_of_a_lag_is_named(small_md):
    training = TrajectorySet.open(small_md[0], small_md[1])
    for lag_ps in (250.0, 1e6):
        with pytest.raises(InputError, match=r"^`lags` "):
            inputs.check_lag(lag_ps, training, "lags")


def test_held_out_md_is_found_by_names_that_no_pdb_file_can_hold(trained, small_md, tmp_path):
    box = load_box(trained.box)
    data = TrajectorySet.open(small_md[0].replace("*", "2"), small_md[1])
    for residue in data.topology.residues:
        residue.name = {"ALA": "ALAD", "TRP": "HSD"}.get(residue.name, residue.name)
    specs = box.meta["features"]["specs"]
    box.meta["features"] = Featurizer(data.topology, specs).to_dict()
    decoded = data.topology.subset(select(data.topology, "backbone"))
    with h5py.File(tmp_path / "coords.h5", "w") as file:
        found = project(LatentSpaceSimulator(box), data, decoded, file)
        assert found.psi[0].shape == (600, 2) and found.lag == 5
        assert found.coordinates[0].shape == (600, decoded.n_atoms, 3)
