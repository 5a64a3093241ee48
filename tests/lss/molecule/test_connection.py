"""Bonds completed by a structure: what readers join, miss and do not know."""

import mdtraj as md
import numpy as np
import pytest

from lss.errors import InputError
from lss.examples import example
from lss.molecule.connection import completed
from lss.molecule.selection import select
from lss.trajectories.trajectory_set import TrajectorySet

WLALL = md.load(example("wlall").top)
SKEWED = np.array([[3.1, 0, 0], [0.9, 2.9, 0], [-0.7, 0.8, 2.7]])
BACKBONE = [("N", "CA"), ("CA", "C"), ("C", "O")]
ALA = [*BACKBONE, ("CA", "CB"), ("N", "H"), ("CA", "HA")]
CYS = [*ALA, ("CB", "SG")]
ASP = [*ALA, ("CB", "CG"), ("CG", "OD1")]
LYS = [*ALA, ("CB", "CG"), ("CG", "CD"), ("CD", "CE"), ("CE", "NZ")]
SEP = [*ALA, ("CB", "OG"), ("OG", "P"), ("P", "O1P"), ("P", "O2P"), ("P", "O3P")]


def _pairs(topology):
    return {tuple(sorted((a.index, b.index))) for a, b in topology.bonds}


def _bare(topology, name=None):
    """The same atoms without bonds, all residues called `name`."""
    out = md.Topology()
    for chain in topology.chains:
        new = out.add_chain(chain.chain_id)
        for residue in chain.residues:
            r = out.add_residue(name or residue.name, new, residue.resSeq)
            for atom in residue.atoms:
                out.add_atom(atom.name, atom.element, r)
    return out


def _wrapped(xyz, cell):
    fractions = (xyz + np.array([0.3, 1.1, 0.2])) @ np.linalg.inv(cell)
    return (fractions - np.floor(fractions)) @ cell


def _chain(*residues, start=1, letter="A"):
    names = [(name, start + k, letter, bonds) for k, (name, bonds) in enumerate(residues)]
    return names, [((k, "C"), (k + 1, "N")) for k in range(len(residues) - 1)]


TRUE = _pairs(completed(WLALL.topology, WLALL.xyz[0]))


def test_the_pentapeptide_keeps_its_bonds():
    got = completed(WLALL.topology, WLALL.xyz[0])
    # The reader bonds H2 of the last residue to its N; it is the hydrogen of the carboxyl group.
    assert len(_pairs(WLALL.topology) - TRUE) == len(TRUE - _pairs(WLALL.topology)) == 1
    assert [str(a) for a in got.atoms] == [str(a) for a in WLALL.topology.atoms]
    assert got.n_residues == 5 and got.chain(0).chain_id == WLALL.topology.chain(0).chain_id


@pytest.mark.parametrize("name", [None, "UNL", "NLE"])
@pytest.mark.parametrize("cell", [None, SKEWED, np.diag([3.2, 3.0, 2.8])], ids=["", "skew", "box"])
def test_missing_bonds_are_those_of_the_molecule(md_frames, name, cell):
    bare = _bare(WLALL.topology, name)
    for xyz in md_frames.xyz[::40].astype(float):
        structure = xyz if cell is None else _wrapped(xyz, cell)
        assert _pairs(completed(bare, structure, cell)) == TRUE


def test_no_bond_over_the_end_of_a_chain(tmp_path):
    two = _bare(WLALL.topology.join(WLALL.topology))
    one_chain = md.Topology()
    chain = one_chain.add_chain()
    for residue in two.residues:
        new = one_chain.add_residue(residue.name, chain, residue.resSeq)
        for atom in residue.atoms:
            one_chain.add_atom(atom.name, atom.element, new)
    xyz = np.concatenate([WLALL.xyz[0], WLALL.xyz[0] + [0.5, 1.2, 0]])
    md.Trajectory(xyz, one_chain).save_gro(str(tmp_path / "two.gro"))
    read = md.load(str(tmp_path / "two.gro"))
    got = completed(read.topology, read.xyz[0])
    assert _pairs(got) == TRUE | {(i + 94, j + 94) for i, j in TRUE}
    assert got.n_chains == 1 and len(got.find_molecules()) == 2


def test_a_gap_is_one_whatever_the_numbers():
    kept = [a.index for a in WLALL.topology.atoms if a.residue.index != 2]
    topology = WLALL.topology.subset(kept)
    for number, residue in enumerate(topology.residues):
        residue.resSeq = number
    topology = _bare(topology)
    topology.create_standard_bonds()
    got = completed(topology, WLALL.xyz[0][kept])
    assert len(got.find_molecules()) == 2


@pytest.mark.parametrize("cell", [None, SKEWED])
def test_rings_close(molecule_of, cell):
    residues, links = _chain(
        ("CYS", CYS), ("LYS", LYS), ("ALA", ALA), ("SEP", SEP), ("CYS", CYS), ("ASP", ASP)
    )
    links += [((0, "SG"), (4, "SG")), ((1, "NZ"), (5, "CG")), ((5, "C"), (0, "N"))]
    topology, xyz, want = molecule_of(residues, links)
    structure = xyz if cell is None else _wrapped(xyz, cell)
    assert _pairs(completed(topology, structure, cell)) == want
    topology.create_standard_bonds()
    assert _pairs(completed(topology, structure, cell)) == want


def test_nucleotides_are_joined(molecule_of):
    sugar = [("O5'", "C5'"), ("C5'", "C4'"), ("C4'", "C3'"), ("C3'", "O3'"), ("C4'", "O4'")]
    sugar += [("O4'", "C1'"), ("C1'", "C2'"), ("C2'", "C3'"), ("C1'", "N1"), ("N1", "C2")]
    phosphate = [("P", "O5'"), ("P", "OP1"), ("P", "OP2"), *sugar]
    residues = [("DT", 1, "A", sugar), ("5MC", 2, "A", phosphate), ("DT", 3, "A", phosphate)]
    links = [((0, "O3'"), (1, "P")), ((1, "O3'"), (2, "P"))]
    topology, xyz, want = molecule_of(residues, links)
    topology.create_standard_bonds()
    assert _pairs(completed(topology, xyz)) == want


def test_water_ions_and_contacts_are_not_bonded():
    topology = _bare(WLALL.topology)
    topology.create_standard_bonds()
    chain = topology.add_chain()
    where = WLALL.xyz[0, [0, 5, 9]].astype(float)
    for k, (name, atom, element) in enumerate(
        [("HOH", "O", "O"), ("ZN", "ZN", "Zn"), ("CL", "CL", "Cl")]
    ):
        residue = topology.add_residue(name, chain, k)
        topology.add_atom(atom, md.element.get_by_symbol(element), residue)
    # As close as a covalent bond: a bad structure, no bond.
    got = completed(topology, np.concatenate([WLALL.xyz[0], where + np.array([0.1, 0.08, 0])]))
    assert _pairs(got) == TRUE


def test_a_clash_of_side_chains_is_no_bond():
    """Two copies so near that carbons of one are 0.16 nm from carbons of the other."""
    two = _bare(WLALL.topology.join(WLALL.topology))
    two.create_standard_bonds()
    xyz = WLALL.xyz[0].astype(float)
    side = WLALL.topology.select("name CD1 and resid 4")[0]
    other = xyz @ np.diag([-1, -1, 1.0])
    other += xyz[side] + [0.09, 0.09, 0.09] - other[side]
    got = _pairs(completed(two, np.concatenate([xyz, other])))
    between = {(i, j) for i, j in got if (i < 94) != (j < 94)}
    assert not {(i, j) for i, j in between if two.atom(i).element.symbol == "C"}


def test_a_ca_trace_in_a_cell():
    trace = md.load(example("trpcage").top)
    cell = np.diag([2.0, 2.1, 2.2])
    got = completed(trace.topology, _wrapped(trace.xyz[0].astype(float), cell), cell)
    assert _pairs(got) == {(i, i + 1) for i in range(19)}
    far = trace.xyz[0] + np.repeat([[0, 0, 0], [0, 0, 0.6]], 10, axis=0)
    assert _pairs(completed(trace.topology, far)) == {(i, i + 1) for i in range(19)} - {(9, 10)}


def _sites(names, element):
    topology = md.Topology()
    chain = topology.add_chain()
    for k, (residue, atoms) in enumerate(names):
        new = topology.add_residue(residue, chain, k)
        for atom in atoms:
            topology.add_atom(atom, element, new)
    return topology


def test_sites_of_chains_are_joined_and_those_of_fluids_are_not():
    virtual = md.element.virtual
    angle = 0.6 * np.arange(20)
    helix = np.stack([0.5 * np.cos(angle), 0.5 * np.sin(angle), 0.2 * angle], axis=1)
    chain = completed(_sites([("POL", ["B"])] * 20, virtual), helix)
    assert _pairs(chain) == {(i, i + 1) for i in range(19)}
    lattice = 0.4 * np.stack(np.meshgrid(*[range(4)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    fluid = completed(_sites([("LJ", ["X"])] * 64, virtual), lattice)
    assert _pairs(fluid) == set()


def test_sites_of_martini_are_no_boron_and_sulphur():
    angle = np.arange(8)
    main = np.stack([0.4 * np.cos(angle), 0.4 * np.sin(angle), 0.1 * angle], axis=1)
    xyz = np.stack([main, main * [1.6, 1.6, 1]], axis=1).reshape(-1, 3)
    got = completed(_sites([("LEU", ["BB", "SC1"])] * 8, md.element.boron), xyz)
    want = {(2 * i, 2 * i + 1) for i in range(8)} | {(2 * i, 2 * i + 2) for i in range(7)}
    assert _pairs(got) == want


def test_a_structure_broken_without_its_cell_is_refused():
    xyz = WLALL.xyz[0].copy()
    xyz[40:] += 3.0
    with pytest.raises(InputError, match=r"are 5\.\d nm apart: the molecule is broken over a"):
        completed(WLALL.topology, xyz)
    assert _pairs(completed(WLALL.topology, xyz, np.eye(3) * 3.0)) == TRUE
    with pytest.raises(InputError, match="its topology 94 atoms"):
        completed(WLALL.topology, xyz[:5])


@pytest.mark.parametrize("cell_in_pdb", [True, False])
def test_a_topology_file_wrapped_into_the_cell(md_frames, tmp_path, cell_in_pdb):
    """Its bonds are completed over the faces of the cell, whether or not it tells that cell."""
    edge = 3.0
    wrapped = md.Trajectory(np.mod(md_frames.xyz[:10] + 1.3, edge), md_frames.topology)
    if not cell_in_pdb:
        wrapped[0].save_pdb(str(tmp_path / "a.pdb"))
    wrapped.unitcell_lengths = np.full((10, 3), edge)
    wrapped.unitcell_angles = np.full((10, 3), 90.0)
    if cell_in_pdb:
        wrapped[0].save_pdb(str(tmp_path / "a.pdb"))
    wrapped.save_dcd(str(tmp_path / "a.dcd"))
    found = TrajectorySet.open(str(tmp_path / "a.dcd"), str(tmp_path / "a.pdb"), 100.0)
    assert _pairs(found.topology) == TRUE
    lengths = md.compute_distances(found.reference, sorted(TRUE), periodic=False)
    assert lengths.max() < 0.17


def test_elements_that_a_reader_guesses_wrongly():
    """Without a column of elements HG is taken for mercury, CA for calcium, ND for neodymium."""
    misread = {"HG": "Hg", "HE1": "He", "CA": "Ca", "CD1": "Cd", "CE2": "Ce", "NE1": "Ne"}
    topology = WLALL.topology.copy()
    elements = [a.element for a in WLALL.topology.atoms]
    for atom in topology.atoms:
        if atom.name in misread:
            atom.element = md.element.get_by_symbol(misread[atom.name])
    heavy = WLALL.topology.select("element != H")
    np.testing.assert_array_equal(select(topology, "heavy"), heavy)
    got = completed(_bare(topology, "UNL"), WLALL.xyz[0])
    assert _pairs(got) == TRUE
    assert [a.element for a in got.atoms] == elements
    zinc = md.Topology()
    ion = zinc.add_residue("ZN", zinc.add_chain())
    zinc.add_atom("ZN", md.element.zinc, ion)
    assert completed(zinc, np.zeros((1, 3))).atom(0).element is md.element.zinc
