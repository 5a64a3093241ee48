"""Weights against closed forms, deeptime's estimator, and chains whose equilibrium is known."""

import numpy as np
import pytest
from deeptime.covariance import KoopmanWeightingEstimator
from scipy import stats

from lss_base import weights as reweighting

CHAIN = np.array(
    [[0.95, 0.05, 0, 0], [0.03, 0.9, 0.07, 0], [0, 0.1, 0.85, 0.05], [0, 0, 0.04, 0.96]]
)
LAG = 2


def walk(rng, starts, n_steps):
    """State numbers of one walker for each start, shape (n_walkers, n_steps)."""
    states = np.empty((len(starts), n_steps), int)
    states[:, 0] = starts
    upper = CHAIN.cumsum(axis=1)
    for t in range(1, n_steps):
        draws = rng.random(len(starts))[:, None]
        states[:, t] = (draws > upper[states[:, t - 1]]).sum(axis=1)
    return states


def equilibrium(matrix):
    values, vectors = np.linalg.eig(matrix.T)
    found = vectors[:, np.argmax(values.real)].real
    return found / found.sum()


def pairs(states):
    """Indicator functions of the states at the starts and at the ends of all pairs."""
    return np.eye(4)[states[:, :-LAG].ravel()], np.eye(4)[states[:, LAG:].ravel()]


def koopman(x, y):
    mean_0, mean_t = x.mean(axis=0), y.mean(axis=0)
    c_00 = (x - mean_0).T @ (x - mean_0) / len(x)
    c_0t = (x - mean_0).T @ (y - mean_t) / len(x)
    return 1 + (x - mean_0) @ reweighting.koopman_vector(mean_0, mean_t, c_00, c_0t)


@pytest.fixture
def biased(rng):
    """600 walks of 30 steps that all start in state 0."""
    return walk(rng, np.zeros(600, int), 30)


def test_on_indicators_the_weights_are_exact(biased):
    # There the operator is the matrix of counts, whose equilibrium is known in closed form.
    x, y = pairs(biased)
    counts = x.T @ y
    wanted = equilibrium(counts / counts.sum(axis=1, keepdims=True)) / x.mean(axis=0)
    np.testing.assert_allclose(koopman(x, y), x @ wanted, rtol=1e-8)


def test_the_weights_are_those_of_deeptime(biased, rng):
    # Functions of the state that leave noise, which indicators do not.
    features = [np.eye(4)[s] @ rng.normal(size=(4, 3)) for s in biased]
    theirs = KoopmanWeightingEstimator(lagtime=LAG, epsilon=1e-12).fit(features).fetch_model()
    x = np.concatenate([f[:-LAG] for f in features])
    y = np.concatenate([f[LAG:] for f in features])
    ours, wanted = koopman(x, y), theirs.weights(x)
    np.testing.assert_allclose(ours / ours.mean(), wanted / wanted.mean(), rtol=1e-5)


@pytest.mark.parametrize("seed", [0, 1])
def test_random_cells_give_the_equilibrium_too(biased, seed):
    x, y = pairs(biased)
    counts = x.T @ y
    wanted = equilibrium(counts / counts.sum(axis=1, keepdims=True))
    found = reweighting.rite_weights(x, y, seed)
    assert found.min() >= 0 and np.isclose(found.mean(), 1)
    # Cells never split a state, so that what is left is the error of the iteration.
    np.testing.assert_allclose(x.T @ found / len(x), wanted, atol=0.01)


def test_a_departure_is_seen_and_an_equilibrium_is_not(rng):
    pi = equilibrium(CHAIN)

    def test(starts):
        psi = np.stack([np.eye(4)[s][:, :3] for s in walk(rng, starts, 12)])
        firsts, lasts = psi[:, :LAG].sum(axis=1), psi[:, -LAG:].sum(axis=1)
        covariance = np.cov(psi.reshape(-1, 3).T)
        n_pairs = psi.shape[0] * (psi.shape[1] - LAG)
        return reweighting.departure(firsts, lasts, n_pairs, covariance)

    assert test(np.zeros(200, int)).significant
    p_values = [test(rng.choice(4, 200, p=pi)).p_value for _ in range(200)]
    # Uniform in equilibrium: Kolmogorov and Smirnov at the level of one in a thousand.
    assert stats.kstest(p_values, "uniform").pvalue > 1e-3


def test_few_trajectories_are_no_evidence():
    few = reweighting.departure(np.ones((3, 2)), np.zeros((3, 2)), 30, np.eye(2))
    assert np.isnan(few.p_value) and not few.significant
    assert few.distance == pytest.approx(np.sqrt(2) * 3 / 30)


def test_a_state_that_is_never_left_does_not_take_all_weight():
    counts = np.array([[8.0, 2, 0], [2, 7, 1], [0, 0, 10]])
    assert reweighting.largest_connected(counts).tolist() == [0, 1]
    found = reweighting.stationary(counts)
    inner = np.array([[0.8, 0.2], [2 / 9, 7 / 9]])
    np.testing.assert_allclose(found, [*equilibrium(inner) * 20 / 30, 10 / 30])


def test_effective_size():
    assert reweighting.effective_size(np.array([1, 1, 0, 0])) == 2
