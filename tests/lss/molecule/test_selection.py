"""Selections, bonds, and the same atoms in another topology."""

import mdtraj as md
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lss.errors import InputError
from lss.examples import example
from lss.molecule.atoms import describe_atom, identities, match, match_names
from lss.molecule.bonds import bonds
from lss.molecule.selection import select

WLALL = md.load(example("wlall").top)
TRPCAGE = md.load(example("trpcage").top)


def test_backbone_of_the_pentapeptide():
    atoms = select(WLALL.topology, "backbone")
    assert len(atoms) == 20
    names = [WLALL.topology.atom(i).name for i in atoms]
    assert sorted(names) == sorted(["N", "CA", "C", "O"] * 5)
    assert len(select(TRPCAGE.topology, "backbone")) == 20


def test_backbone_with_the_names_of_other_force_fields():
    topology = WLALL.topology.copy()
    for residue in topology.residues:
        residue.name = "X" + residue.name[:2]  # no name of an amino acid
    last = topology.residue(4)
    next(a for a in last.atoms if a.name == "O").name = "OT1"
    np.testing.assert_array_equal(select(topology, "backbone"), select(WLALL.topology, "backbone"))


def test_selections():
    top = WLALL.topology
    assert len(select(top, "all")) == 94
    assert len(select(top, "heavy")) == 44
    assert len(select(top, " name CA ")) == 5
    np.testing.assert_array_equal(
        select(top, "heavy and resid 0 to 1"),
        [a.index for r in range(2) for a in top.residue(r).atoms if a.element.symbol != "H"],
    )
    assert len(select(top, "not heavy")) == 50


def test_heavy_and_all_leave_out_water_and_ions_unless_named(caplog):
    caplog.set_level("INFO")
    top = WLALL.topology.copy()
    chain = top.add_chain()
    for name, atoms in (
        ("HOH", "OHH"),
        ("SOL", "OHH"),
        ("NA", ["NA"]),
        ("CL", ["CL"]),
        ("CA", ["CA"]),
    ):
        residue = top.add_residue(name, chain)
        for k, atom in enumerate(atoms):
            symbol = atom if len(atoms) == 3 else "C"  # readers of GRO files take any ion for that
            top.add_atom(
                atom if len(atoms) == 1 else f"{atom}{k}", md.element.get_by_symbol(symbol), residue
            )
    for text, n in {
        "heavy": 44,
        "all": 94,
        "everything": 94,
        "not heavy": 50,
        "heavy and name CA": 5,
        "heavy and not water": 44,
        "heavy and resname CL CA": 2,
        "all and resname == 'NA'": 1,
        "heavy or resname NA": 45,
        "heavy or name NA CL": 46,
        "heavy or water": 44 + 6,
        "all or resname HOH": 94 + 3 + 3,
        "water": 6,
        "name CA": 6,
    }.items():
        assert len(select(top, text)) == n, text
    assert "2 of water, 1 of NA, 1 of CL, 1 of CA" in caplog.text
    assert "'(heavy) or water or resname NA or resname CL or resname CA'" in caplog.text
    with pytest.raises(InputError, match=r"nothing but water and ions, .* like 'resname CL'"):
        select(top, f"all and index {top.n_atoms - 2}")
    water = top.subset(select(top, "water"))
    assert len(select(water, "all")) == 6


def test_heavy_without_elements():
    topology = WLALL.topology.copy()
    for atom in topology.atoms:
        atom.element = md.element.virtual
    np.testing.assert_array_equal(select(topology, "heavy"), select(WLALL.topology, "heavy"))


@pytest.mark.parametrize("text", ["name ZZ", "resid 77", "water", "name CA and name CB"])
def test_a_selection_that_matches_nothing(text):
    with pytest.raises(InputError, match=r"matches none of the 94 atoms .* try 'name CA'"):
        select(WLALL.topology, text)


@pytest.mark.parametrize(
    "text", ["nonsense foo", "name CA and", "((name CA)", "import os", "1 +", "name CA;"]
)
def test_a_selection_that_cannot_be_understood(text):
    with pytest.raises(InputError, match="cannot understand the selection") as caught:
        select(WLALL.topology, text)
    assert "\n" not in str(caught.value)


def test_a_selection_that_lacks_its_value():
    with pytest.raises(InputError, match="lacks what to compare with"):
        select(WLALL.topology, "name")


def test_an_empty_selection():
    with pytest.raises(InputError, match="empty"):
        select(WLALL.topology, "  ")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=20) | st.text("namecarsidx0123456789 ()'\"<>=", max_size=20))
def test_any_text_selects_or_is_an_input_error(text):
    try:
        atoms = select(TRPCAGE.topology, text)
    except InputError:
        return
    assert len(atoms) and atoms.max() < 20


def _connected(pairs, n):
    reached = {0}
    while True:
        more = {int(b) for a, b in pairs if a in reached} | {
            int(a) for a, b in pairs if b in reached
        }
        if more <= reached:
            return len(reached) == n
        reached |= more


@pytest.mark.parametrize(
    ("selection", "n_bonds"),
    # 44 heavy atoms with the two rings of one tryptophan: 43 bonds of a tree and two more.
    [("backbone", 19), ("heavy", 45), ("name CA", 4), ("all", 95), ("name N or name C", 9)],
)
def test_bonds_of_the_pentapeptide(selection, n_bonds):
    atoms = select(WLALL.topology, selection)
    pairs = bonds(WLALL.topology, WLALL.xyz[0], atoms)
    assert pairs.shape == (n_bonds, 2)
    assert (pairs[:, 0] < pairs[:, 1]).all()
    assert [tuple(p) for p in pairs.tolist()] == sorted({tuple(p) for p in pairs.tolist()})
    assert _connected(pairs, len(atoms))


def test_covalent_bonds_are_short():
    pairs = bonds(WLALL.topology, WLALL.xyz[0], select(WLALL.topology, "all"))
    xyz = WLALL.xyz[0]
    assert np.linalg.norm(xyz[pairs[:, 0]] - xyz[pairs[:, 1]], axis=1).max() < 0.17


def test_a_ca_trace_is_joined_in_order(caplog):
    pairs = bonds(TRPCAGE.topology, TRPCAGE.xyz[0], np.arange(20))
    np.testing.assert_array_equal(pairs, [(i, i + 1) for i in range(19)])
    assert not caplog.records


def test_a_gap_in_the_chain_is_told(caplog):
    atoms = np.r_[0:5, 9:20]
    pairs = bonds(TRPCAGE.topology, TRPCAGE.xyz[0], atoms)
    np.testing.assert_array_equal(pairs, [(i, i + 1) for i in range(15)])
    assert "GLN5 and GLY10" in caplog.text


def test_numbers_that_jump_are_no_gap(caplog):
    topology = TRPCAGE.topology.copy()
    for residue in list(topology.residues)[9:]:
        residue.resSeq += 40
    pairs = bonds(topology, TRPCAGE.xyz[0], np.arange(20))
    np.testing.assert_array_equal(pairs, [(i, i + 1) for i in range(19)])
    assert not caplog.records


def test_a_chain_that_starts_again_is_not_joined():
    two = md.Topology()
    chain = two.add_chain()
    for residue in [*TRPCAGE.topology.residues, *TRPCAGE.topology.residues]:
        new = two.add_residue(residue.name, chain, residue.resSeq)
        two.add_atom("CA", md.element.carbon, new)
    xyz = np.concatenate([TRPCAGE.xyz[0], TRPCAGE.xyz[0] + 5])
    assert [19, 20] not in bonds(two, xyz, np.arange(40)).tolist()


def test_chains_are_not_joined():
    two = TRPCAGE.topology.join(TRPCAGE.topology)
    pairs = bonds(two, np.concatenate([TRPCAGE.xyz[0], TRPCAGE.xyz[0] + 5]), np.arange(40))
    assert len(pairs) == 38
    assert [19, 20] not in pairs.tolist()


def test_missing_bonds_are_guessed_and_told(caplog):
    bare = md.Topology()
    chain = bare.add_chain()
    for residue in WLALL.topology.residues:
        new = bare.add_residue(residue.name, chain, residue.resSeq)
        for atom in residue.atoms:
            bare.add_atom(atom.name, atom.element, new)
    atoms = select(WLALL.topology, "heavy")
    want = bonds(WLALL.topology, WLALL.xyz[0], atoms)
    got = bonds(bare, WLALL.xyz[0], atoms)
    np.testing.assert_array_equal(got, want)
    assert "guessed from distances" in caplog.text


def test_a_reference_of_another_molecule():
    with pytest.raises(InputError, match="94 atoms"):
        bonds(WLALL.topology, TRPCAGE.xyz[0], np.arange(5))


def test_single_atoms_have_no_bonds():
    assert bonds(WLALL.topology, WLALL.xyz[0], [3]).shape == (0, 2)


def test_match_survives_a_pdb_file(tmp_path):
    atoms = select(WLALL.topology, "heavy")
    WLALL.atom_slice(atoms).save_pdb(str(tmp_path / "box.pdb"))
    box = md.load_topology(str(tmp_path / "box.pdb"))
    np.testing.assert_array_equal(match(WLALL.topology, box), atoms)


def test_match_finds_reordered_atoms():
    order = np.random.default_rng(0).permutation(94)
    order = np.concatenate(
        [[i for i in order if i in {a.index for a in r.atoms}] for r in WLALL.topology.residues]
    ).astype(int)
    shuffled = md.Topology()
    chain = shuffled.add_chain("A")
    residues = {}
    for i in order:
        atom = WLALL.topology.atom(int(i))
        residue = atom.residue
        if residue.index not in residues:
            residues[residue.index] = shuffled.add_residue(residue.name, chain, residue.resSeq)
        shuffled.add_atom(atom.name, atom.element, residues[residue.index])
    found = match(shuffled, WLALL.topology)
    np.testing.assert_array_equal(order[found], np.arange(94))


def test_match_ignores_solvent():
    topology = WLALL.topology.copy()
    water = topology.add_residue("HOH", topology.add_chain(), 1)
    topology.add_atom("O", md.element.oxygen, water)
    np.testing.assert_array_equal(match(topology, WLALL.topology), np.arange(94))


def test_match_names_the_first_difference():
    box = WLALL.topology.subset(select(WLALL.topology, "name CA"))
    with pytest.raises(
        InputError, match=r"atom 1 of the simulator is CA of TRP 1, residue 1 is ASP"
    ):
        match(TRPCAGE.topology, box)
    with pytest.raises(InputError, match="there is no residue 1 there"):
        match(WLALL.topology.subset(range(60, 94)), box)
    with pytest.raises(InputError, match="TRP 1 has no atom CA"):
        match(WLALL.topology.subset([0, 1, 2]), box)


def test_match_and_several_copies():
    two = md.Topology()
    for letter in ("A", "B"):
        chain = two.add_chain(letter)
        for residue in TRPCAGE.topology.residues:
            new = two.add_residue(residue.name, chain, residue.resSeq)
            two.add_atom("CA", md.element.carbon, new)
    np.testing.assert_array_equal(match(two, two), np.arange(40))
    np.testing.assert_array_equal(match(two, TRPCAGE.topology), np.arange(20))
    names = identities(two, range(20, 40))
    np.testing.assert_array_equal(match_names(two, names), np.arange(20, 40))
    assert describe_atom(two.atom(20)) == "CA of ASP 1 chain B"
    for chain in two.chains:
        chain.chain_id = None
    with pytest.raises(InputError, match="such atoms in the given topology is 2"):
        match(two, TRPCAGE.topology)
    assert describe_atom(two.atom(20)) == "CA of ASP 1 chain 2"
