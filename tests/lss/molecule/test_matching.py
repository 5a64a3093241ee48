"""The same atoms in topologies that other programs wrote."""

import mdtraj as md
import numpy as np
import pytest

from lss.errors import InputError
from lss.examples import example
from lss.molecule.atoms import check_same, identities, match, match_names

WLALL = md.load(example("wlall").top).topology


def _changed(topology, number=0, residues=None, atoms=None, letter="A"):
    """The same atoms with shifted numbers and other names."""
    out = md.Topology()
    chain = out.add_chain(letter)
    for residue in topology.residues:
        name = (residues or {}).get(residue.name, residue.name)
        new = out.add_residue(name, chain, residue.resSeq + number)
        # A methyl has three hydrogens HB in any program.
        names = {} if residue.name == "ALA" else atoms or {}
        for atom in residue.atoms:
            out.add_atom(names.get(atom.name, atom.name), atom.element, new)
    return out


def _peptide(names, atoms="N CA C O", start=1, letter="A"):
    topology = md.Topology()
    chain = topology.add_chain(letter)
    for k, name in enumerate(names.split()):
        residue = topology.add_residue(name, chain, start + k)
        for atom in atoms.split():
            topology.add_atom(atom, md.element.get_by_symbol(atom[0]), residue)
    return topology


@pytest.mark.parametrize("shift", [-1, 0, 7, 1000])
@pytest.mark.parametrize("letter", ["", "X", None])
def test_shifted_numbers(shift, letter):
    there = _changed(WLALL, shift, letter=letter)
    np.testing.assert_array_equal(match(there, WLALL), np.arange(94))
    some = [a.index for a in WLALL.atoms if a.residue.index in (1, 2, 4)]
    np.testing.assert_array_equal(match_names(there, identities(WLALL, some)), some)


def test_names_of_residues():
    one = _peptide("ACE HIS CYS ASP GLU LYS LEU NME")
    for names in (
        "ACE HIE CYX ASP GLU LYS LEU NMA",
        "ACE HSD CYM ASH GLH LYN LEU NAC",
        "ACE NHIP CYS2 ASP GLU LYS CLEU NME",
    ):
        np.testing.assert_array_equal(match(_peptide(names, start=0), one), np.arange(32))
        check_same(_peptide(names), one, "a", "b")


@pytest.mark.parametrize(
    "names",
    [
        {"H": "HN", "H2": "HT2", "H3": "HT3", "OXT": "OT2", "O": "OT1"},
        {"HB2": "HB1", "HB3": "HB2"},
        {"HB2": "2HB", "HB3": "1HB", "HD11": "1HD1", "HD12": "2HD1"},
        {"HB3": "HB1"},
    ],
)
@pytest.mark.parametrize("shift", [0, -1])
def test_names_of_hydrogens_and_ends(names, shift):
    found = match(_changed(WLALL, shift, atoms=names), WLALL)
    assert len(set(found.tolist())) == 94
    heavy = [a.index for a in WLALL.atoms if a.element.symbol != "H"]
    np.testing.assert_array_equal(found[heavy], heavy)
    parents = {tuple(sorted((a.index, b.index))) for a, b in WLALL.bonds}
    for i, j in parents:  # a hydrogen stays at its atom, whichever of two it is
        assert {WLALL.atom(int(found[i])).name[:2], WLALL.atom(int(found[j])).name[:2]} == {
            WLALL.atom(i).name[:2],
            WLALL.atom(j).name[:2],
        }


def test_chains_numbered_throughout():
    """Two chains numbered from 1 each are one chain numbered from 0 in a prmtop."""
    box = _peptide("ALA SER LEU GLY").join(_peptide("TRP SER LEU", letter="B"))
    there = _peptide("ALA SER LEU GLY TRP SER LEU", start=0, letter="")
    np.testing.assert_array_equal(match(there, box), np.arange(28))
    np.testing.assert_array_equal(match(box, there), np.arange(28))
    twice = _peptide("ALA SER LEU").join(_peptide("ALA SER LEU", letter="B"))
    once = _peptide("ALA SER LEU ALA SER LEU", start=0)
    np.testing.assert_array_equal(match(once, twice), np.arange(24))


def test_what_could_be_several_is_refused():
    box = _peptide("ALA ALA ALA", start=11)
    with pytest.raises(InputError, match=r"could begin at ALA 1, ALA 2, ALA 3 there"):
        match(_peptide("ALA ALA ALA ALA ALA"), box)


def test_the_first_difference_is_told():
    there = _changed(WLALL, -1)
    there.residue(3).name = "ILE"
    with pytest.raises(InputError, match=r"the residue in the place of LEU 4 is ILE 3 there"):
        match(there, WLALL)
    few = _changed(WLALL, atoms={"H": "HN"})
    few.residue(3).name = "VAL"
    with pytest.raises(InputError, match=r"not the given one: the residue in the place of LEU 4"):
        match(few, WLALL)
    few = _changed(WLALL, -1)
    few = few.subset([a.index for a in few.atoms if not (a.residue.index == 3 and a.name == "CG")])
    with pytest.raises(InputError, match=r"LEU 4 is LEU 3 there, which has no atom CG"):
        match(few, WLALL)
    with pytest.raises(InputError, match=r"atom 1 is N of TRP 1 in a but N of ALA 1 in b"):
        check_same(_peptide("TRP ALA"), _peptide("ALA ALA"), "a", "b")


def test_a_ligand_keeps_atoms_of_like_names_apart():
    ligand = _peptide("UNL", "H H1 O O1 OT1 C1")
    np.testing.assert_array_equal(match(_peptide("UNL", "H H1 O O1 OT1 C1", 5), ligand), range(6))
