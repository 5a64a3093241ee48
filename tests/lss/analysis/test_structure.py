"""Geometry against mdtraj, structure sums against plain numpy."""

from itertools import pairwise

import mdtraj
import numpy as np
import pytest

from lss.analysis import geometry
from lss.analysis.blocks import BlockSums, assign_blocks
from lss.analysis.measures import describe
from lss.analysis.quantities import mean_sd
from lss.analysis.structure import CHUNK, add_structure_sums, frames_last, make_ruler
from lss.examples import example


@pytest.fixture(scope="module")
def peptide():
    """Real frames of all heavy atoms of the pentapeptide."""
    data = example("wlall")
    full = mdtraj.load(str(data.files[0]), top=str(data.top))[:300]
    return full.atom_slice(full.topology.select("element != H"))


@pytest.fixture(scope="module")
def measures(peptide):
    return describe(peptide.topology, peptide.xyz[0])


@pytest.fixture(scope="module")
def ruler(peptide, measures):
    return make_ruler([peptide.xyz], 5, measures, peptide.xyz[0])


def structure_sums(coordinates, ruler, basins=None, n_blocks=5):
    sums = BlockSums(assign_blocks([len(x) for x in coordinates], n_blocks))
    add_structure_sums(sums, coordinates, ruler, basins)
    return sums


def weighted_rg(trajectory):
    """About the centre of mass (mdtraj's compute_rg takes the centre of geometry)."""
    masses = np.array([a.element.mass for a in trajectory.topology.atoms])
    centre = mdtraj.compute_center_of_mass(trajectory)[:, None]
    squares = ((trajectory.xyz - centre) ** 2).sum(axis=2)
    return np.sqrt(squares @ masses / masses.sum())


def test_distances_angles_torsions_agree_with_mdtraj(peptide, measures):
    xyz = frames_last(peptide.xyz)
    theirs = mdtraj.compute_distances(peptide, measures.pairs, periodic=False)
    np.testing.assert_allclose(geometry.distances(xyz, measures.pairs).T, theirs, atol=1e-5)
    theirs = mdtraj.compute_angles(peptide, measures.angles, periodic=False)
    np.testing.assert_allclose(geometry.angles(xyz, measures.angles).T, theirs, atol=1e-3)
    ours = geometry.torsions(xyz, measures.torsions).T
    theirs = mdtraj.compute_dihedrals(peptide, measures.torsions, periodic=False)
    assert np.exp(1j * ours) == pytest.approx(np.exp(1j * theirs), abs=1e-4)


def test_rg_and_rmsd_agree_with_mdtraj(peptide, measures):
    xyz = frames_last(peptide.xyz)
    assert geometry.radius_of_gyration(xyz, np.ones(44)) == pytest.approx(
        mdtraj.compute_rg(peptide), abs=1e-5
    )
    assert geometry.radius_of_gyration(xyz, measures.masses) == pytest.approx(
        weighted_rg(peptide), abs=1e-5
    )
    assert geometry.rmsd(xyz, peptide.xyz[7]) == pytest.approx(
        mdtraj.rmsd(peptide, peptide, 7), abs=1e-4
    )


def test_rmsd_knows_mirror_images_and_flat_molecules(peptide):
    mirrored = frames_last(peptide.xyz[:1] * [1, 1, -1])
    assert geometry.rmsd(mirrored, peptide.xyz[0])[0] > 0.05
    flat = np.random.default_rng(0).random((5, 3)) * [1, 1, 0]
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])
    assert geometry.rmsd(frames_last((flat @ turn)[None]), flat) == pytest.approx(0, abs=1e-4)


def test_the_right_centres_and_torsions_are_measured(peptide, measures):
    # WLALL: five chiral CA, and CG of three leucines, whose CD1 and CD2 do not change places.
    centres = [peptide.topology.atom(int(c[0])).name for c in measures.centres]
    assert sorted(centres) == ["CA"] * 5 + ["CG"] * 3
    assert len(measures.ramachandran) == 3
    assert len(measures.omegas) == 4
    assert len(measures.ca_bonds) == 4 and len(measures.pairs) == 10
    assert sum(name.startswith("phi") for name in measures.torsion_names) == 4


def test_real_md_has_no_faults_and_its_mirror_image_all(peptide, ruler):
    sums = structure_sums([peptide.xyz], ruler).total()
    assert sums["inverted"].sum() == 0 and sums["cis"].sum() == 0 and sums["clashes"] == 0
    mirrored = structure_sums([peptide.xyz * np.float32([1, 1, -1])], ruler).total()
    assert (mirrored["inverted"] == len(peptide)).all()


def test_clashes_are_counted_once_a_frame(peptide, ruler):
    xyz = peptide.xyz.copy()
    first, last = ruler.measures.contacts[0]
    xyz[:40, last] = xyz[:40, first] + 0.05
    assert structure_sums([xyz], ruler).total()["clashes"] >= 40
    assert structure_sums([xyz[40:]], ruler).total()["clashes"] == 0


def test_moments_are_those_of_numpy(peptide, measures, ruler):
    sums = structure_sums([peptide.xyz], ruler).total()
    rg = weighted_rg(peptide)
    bonds = mdtraj.compute_distances(peptide, measures.ca_bonds, periodic=False)
    assert mean_sd(sums["rg"], sums) == pytest.approx((rg.mean(), rg.std()), rel=1e-4)
    assert mean_sd(sums["ca_bonds"], sums) == pytest.approx((bonds.mean(), bonds.std()), rel=1e-3)
    assert sums["pair_histogram"].sum(axis=1) == pytest.approx(len(peptide))
    assert sums["pair_histogram"][:, [0, -1]].sum() == 0


def test_basins_split_the_moments(peptide, ruler):
    where = np.arange(len(peptide)) % 3
    sums = structure_sums([peptide.xyz], ruler, [where]).total()
    assert sums["basin_frames"].tolist() == [100, 100, 100]
    assert sums["basin_moments"][:, 0, 0].sum() == pytest.approx(sums["rg"][0])
    rmsd = geometry.rmsd(frames_last(peptide.xyz), ruler.reference)
    assert sums["basin_moments"][1, 1, 0] == pytest.approx(rmsd[1::3].sum(), rel=1e-5)


def test_chunks_blocks_and_trajectories_do_not_matter(peptide, ruler):
    # Longer than a chunk, and its length no multiple of one.
    long = np.concatenate([peptide.xyz] * (CHUNK // 300 + 2))[: CHUNK + 1001]
    whole = structure_sums([long], ruler).total()
    parts = structure_sums(np.array_split(long, 7), ruler, n_blocks=3).total()
    for key, values in whole.items():
        assert parts[key] == pytest.approx(values, rel=1e-9), key


def test_a_ca_only_chain_is_bonded_along_the_sequence():
    data = example("trpcage")
    structure = mdtraj.load(str(data.top))
    found = describe(structure.topology, structure.xyz[0])
    assert found.bonds.tolist() == [[i, i + 1] for i in range(19)]
    assert len(found.angles) == 18 and len(found.torsions) == 17 and len(found.pairs) == 190
    assert not len(found.centres) and not len(found.omegas)
    assert found.clash_nm == pytest.approx(0.3)


def test_ions_and_gaps_are_not_taken_for_a_chain():
    topology = mdtraj.Topology()
    chain = topology.add_chain()
    for name, number in (("ALA", 1), ("ALA", 2), ("ALA", 5), ("ALA", 6), ("CA", 7)):
        residue = topology.add_residue(name, chain, resSeq=number)
        topology.add_atom("CA", mdtraj.element.calcium, residue)
    found = describe(topology, np.arange(15).reshape(5, 3))
    assert found.ca_bonds.tolist() == [[0, 1], [2, 3]]
    assert found.pairs.max() == 3


def test_a_molecule_without_alpha_carbons_is_measured_by_its_heavy_atoms():
    topology = mdtraj.Topology()
    residue = topology.add_residue("BUT", topology.add_chain())
    atoms = [topology.add_atom(f"C{i}", mdtraj.element.carbon, residue) for i in range(4)]
    for a, b in pairwise(atoms):
        topology.add_bond(a, b)
    found = describe(topology, np.eye(4, 3))
    assert found.site_kind == "heavy atom"
    assert found.torsions.tolist() == [[0, 1, 2, 3]]
    assert len(found.pairs) == 6 and not len(found.ca_bonds)
