"""Small systems with a known answer."""

import numpy as np
import pytest

from tests.systems import telegraph


@pytest.fixture(scope="session")
def two_state():
    """Two noisy observables of a two-state chain: eigenvalue .96 per frame, 3 trajectories."""
    rng = np.random.default_rng(7)
    trajectories = []
    for n in (6000, 4000, 5000):
        state = telegraph(rng, n, 0.02)
        noise = 0.3 * rng.standard_normal((n, 2))
        trajectories.append((np.stack([state, -2 * state], axis=1) + noise).astype(np.float32))
    return trajectories


@pytest.fixture(scope="session")
def two_processes():
    """Two independent chains, eigenvalues .99 and .9 per frame, each seen with small noise.

    Returns the features (x, y) of 4 trajectories and the state of the slow chain.
    """
    rng = np.random.default_rng(11)
    features, slow = [], []
    for _ in range(4):
        n = 8000
        a, b = telegraph(rng, n, 0.005), telegraph(rng, n, 0.05)
        noise = 0.2 * rng.standard_normal((n, 2))
        features.append((np.stack([a + b, a - b], axis=1) + noise).astype(np.float32))
        slow.append(a)
    return features, slow


@pytest.fixture
def quick():
    """Settings of a fit that takes a second or two."""
    return {
        "n_components": 1,
        "standardize": True,
        "activation": "gelu",
        "hidden_size": 16,
        "batch_normalization": True,
        "batch_size": 500,
        "learning_rate": 0.01,
        "schedule": "cosine",
        "n_epochs": 4,
        "verbose": False,
        "seed": 3,
    }
