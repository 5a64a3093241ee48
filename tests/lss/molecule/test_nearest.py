"""Lattices, images and trees of bonds against every image there is."""

import mdtraj as md
import numpy as np
import pytest
from scipy.spatial import cKDTree

from lss.molecule.cells import back, cell_vectors, molecule_bonds
from lss.molecule.nearest import CONTACT, MARGIN, approaches, reduced

CELLS = {
    "cubic": np.diag([4.5, 4.5, 4.5]),
    "octahedral": 4.5
    * np.array([[1, 0, 0], [1 / 3, 8**0.5 / 3, 0], [-1 / 3, 2**0.5 / 3, 6**0.5 / 3]]),
    "triclinic": 4.5 * np.array([[1, 0, 0], [0.3, 0.9, 0], [-0.4, 0.35, 0.95]]),
    # The lattice of the one before, by edges that are longer than they need be.
    "not reduced": 4.5 * np.array([[1, 0, 0], [1.3, 0.9, 0], [-1.1, 1.25, 0.95]]),
}


@pytest.mark.parametrize("kind", CELLS)
def test_approaches_are_those_of_all_images(kind):
    """Against every image of 9 x 9 x 9 cells."""
    rng, cell = np.random.default_rng(0), CELLS[kind]
    grid = np.stack(np.meshgrid(*[np.arange(-4, 5)] * 3), axis=-1).reshape(-1, 3) @ cell
    for _ in range(20):
        one = rng.normal(scale=0.6, size=(12, 3))
        two = rng.normal(scale=0.6, size=(9, 3)) + rng.uniform(-0.5, 0.5, 3) @ cell
        steps = two[None, None] + grid[:, None, None] - one[None, :, None]
        all_images = np.linalg.norm(steps, axis=-1).min(axis=(1, 2))
        reach = max(all_images.min(), CONTACT) + MARGIN
        found = approaches(cKDTree(one), two, reduced(cell))
        assert min(f[0] for f in found) == pytest.approx(all_images.min())
        assert len(found) == (all_images <= reach).sum()
        for distance, move, i, j in found:
            assert np.linalg.norm(two[j] + move - one[i]) == pytest.approx(distance)


@pytest.mark.parametrize("kind", CELLS)
def test_steps_over_faces_are_brought_back(kind):
    rng, cell = np.random.default_rng(1), CELLS[kind]
    short = rng.uniform(-0.3, 0.3, size=(200, 3))
    over = short + rng.integers(-2, 3, size=(200, 3)) @ cell
    vectors = np.broadcast_to(cell, (200, 3, 3))
    np.testing.assert_allclose(over + back(over, vectors), short, atol=1e-9)


def test_cell_vectors_are_those_of_mdtraj(whole):
    for cell in CELLS.values():
        frames = md.Trajectory(whole.xyz[:3], whole.topology)
        frames.unitcell_vectors = np.repeat(cell[None].astype(np.float32), 3, axis=0)
        np.testing.assert_allclose(cell_vectors(frames), frames.unitcell_vectors, atol=1e-5)
        np.testing.assert_allclose(cell_vectors(frames)[0], cell, atol=1e-5)


def test_a_tree_of_bonds_reaches_every_atom(whole):
    atoms, ordered = molecule_bonds(whole.topology, [5])
    np.testing.assert_array_equal(atoms, np.arange(94))
    assert len(ordered) == 93
    seen = {int(ordered[0, 0])}
    for parent, child in ordered:
        assert parent in seen and child not in seen
        seen.add(int(child))
