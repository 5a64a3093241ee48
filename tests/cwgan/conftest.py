"""A small flexible molecule with a slow coordinate, drawn from known distributions."""

import numpy as np
import pytest

BONDS = [(0, 1), (1, 2), (2, 3), (1, 4)]


def chains(n_frames, seed=0):
    """Butane-like chains with a branch; psi is the sign of the torsion, with noise.

    Returns
    -------
    psi : ndarray (n_frames, 1)
    coords : ndarray (n_frames, 5, 3), **nm**
    """
    rng = np.random.default_rng(seed)
    state = rng.choice([-1.0, 1.0], n_frames)
    torsion = state * rng.normal(1.2, 0.15, n_frames)
    bond = rng.normal(0.15, 0.003, (n_frames, 4))
    zero = np.zeros(n_frames)
    cosine, sine = -np.cos(1.9), np.sin(1.9)
    second = np.stack([bond[:, 1], zero, zero], 1)
    first = bond[:, :1] * np.array([-cosine, sine, 0.0])
    turn = np.stack([zero + cosine, sine * np.cos(torsion), sine * np.sin(torsion)], 1)
    third = second + bond[:, 2:3] * turn
    branch = bond[:, 3:] * np.array([-0.34, -0.47, 0.81])
    coords = np.stack([first, 0 * first, second, third, branch], 1)
    psi = (state + rng.normal(0, 0.1, n_frames))[:, None]
    return psi.astype(np.float32), coords.astype(np.float32)


@pytest.fixture(scope="session")
def molecule():
    """psi (4000, 1), superposed coordinates (4000, 5, 3) and bonds."""
    from cwgan.superpose import mean_structure, superpose

    psi, coords = chains(4000)
    return psi, superpose(coords, mean_structure(coords)), BONDS


@pytest.fixture(scope="session")
def fitted(molecule):
    """A recommended MolGen after a short training."""
    from cwgan import MolGen

    psi, coords, bonds = molecule
    model = MolGen.from_preset(
        "recommended", 1, 5, bonds=bonds, n_updates=500, hidden_size=64, seed=3, verbose=False
    )
    return model.fit(psi, coords)
