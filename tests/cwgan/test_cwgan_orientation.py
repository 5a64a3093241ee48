"""The last layers of the generator against the superposition by singular values."""

import keras
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from cwgan import MolGen, decode
from cwgan.layers import frozen
from cwgan.orientation import superposed_rows
from cwgan.superpose import superpose


def turned(coords, reference):
    """What the layers make of coordinates (n_frames, n_atoms, 3)."""
    rows = keras.Input((3, coords.shape[1]))
    model = keras.Model(rows, superposed_rows(rows, reference, frozen))
    centred = coords - coords.mean(1, keepdims=True)
    return np.swapaxes(model(np.swapaxes(centred, 1, 2).astype(np.float32)).numpy(), 1, 2)


def rmsd(coords, reference):
    return np.sqrt(((coords - (reference - reference.mean(0))) ** 2).sum(2).mean(1))


def chains(n_frames, n_atoms, seed=0):
    """Random walks in every orientation, **nm**."""
    rng = np.random.default_rng(seed)
    return 0.38 * rng.normal(size=(n_frames, n_atoms, 3)).cumsum(1) / 3**0.5


def test_agrees_with_the_singular_value_decomposition():
    rng = np.random.default_rng(1)
    reference = chains(1, 20)[0]
    near = reference + rng.normal(0, 0.1, (500, 20, 3))
    turns = Rotation.random(500, random_state=2).as_matrix()
    near = np.einsum("nij,naj->nai", turns, near)
    assert np.abs(turned(near, reference) - superpose(near, reference)).max() < 1e-6


def test_is_the_best_rotation_of_unfolded_chains_and_of_mirror_images():
    """Where two rotations are nearly as good, structures may differ, but not how good they are."""
    coords = np.concatenate([chains(2000, 20, seed=3), chains(500, 20, seed=4) * [1, 1, -1]])
    reference = chains(1, 20, seed=5)[0]
    found, best = turned(coords, reference), superpose(coords, reference).astype(float)
    assert np.abs(rmsd(found, reference) - rmsd(best, reference)).max() < 1e-6
    assert np.median(np.abs(found - best).max((1, 2))) < 1e-6
    # A rotation, not a mixture of two: no distance changes.
    steps = [np.linalg.norm(np.diff(x, axis=1), axis=-1) for x in (found, coords)]
    assert np.abs(steps[0] - steps[1]).max() < 2e-6


@pytest.mark.parametrize("n_atoms", [1, 2, 6])
def test_a_reference_on_a_line_turns_and_never_bends(n_atoms):
    coords, line = chains(50, n_atoms, seed=6), np.outer(np.arange(n_atoms), [0.1, 0.0, 0.0])
    found = turned(coords, line)
    steps = [np.linalg.norm(np.diff(x, axis=1), axis=-1) for x in (found, coords)]
    assert np.isfinite(found).all() and np.allclose(*steps, atol=2e-6)
    assert rmsd(found, line) == pytest.approx(rmsd(superpose(coords, line), line), abs=1e-5)


def test_structures_are_drawn_superposed_on_a_reference_however_y_is_turned(molecule):
    psi, coords, bonds = (part[:200] for part in molecule)
    turns = Rotation.random(200, random_state=7).as_matrix()
    loose, reference = np.einsum("nij,naj->nai", turns, coords) + 1.0, coords[5] + 2.0
    settings = {"bonds": bonds, "n_updates": 3, "hidden_size": 16, "verbose": False}
    settings |= {"consistency": 0.0, "reference": reference}
    model = MolGen.from_preset("recommended", 1, 5, **settings).fit(psi, loose)
    made = decode(model.generator, psi, 0)
    assert np.abs(superpose(made, reference) - made).max() < 1e-6
    with pytest.raises(ValueError, match=r"reference is an array of shape \(4, 3\), wanted finite"):
        model.set_params(reference=reference[:4]).fit(psi, coords)


def test_without_a_reference_structures_are_turned_as_y_is(fitted, molecule):
    psi, coords, _ = molecule
    made, mean = decode(fitted.generator, psi, 0), coords.mean(0)
    assert rmsd(made, mean).mean() < rmsd(superpose(made, mean), mean).mean() + 1e-3
