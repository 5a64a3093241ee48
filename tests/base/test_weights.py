"""Weights against closed forms, deeptime's estimator, and chains whose equilibrium is known."""

import numpy as np
import pytest
from deeptime.covariance import KoopmanWeightingEstimator

from lss_base import equilibrium as balance
from lss_base import rite
from lss_base import weights as reweighting

CHAIN = np.array(
    [[0.95, 0.05, 0, 0], [0.03, 0.9, 0.07, 0], [0, 0.1, 0.85, 0.05], [0, 0, 0.04, 0.96]]
)
LAG = 2


def walk(rng, starts, n_steps, chain=CHAIN):
    """State numbers of one walker for each start, shape (n_walkers, n_steps)."""
    states = np.empty((len(starts), n_steps), int)
    states[:, 0] = starts
    upper = chain.cumsum(axis=1)
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
    found = rite.rite_weights(x, y, seed)
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
        return balance.departure(firsts, lasts, n_pairs, covariance)

    assert test(np.zeros(200, int)).significant
    p_values = np.array([test(rng.choice(4, 200, p=pi)).p_value for _ in range(200)])
    # A test of level p finds something in at most a share p: three errors of a share of 200.
    for level in (0.02, 0.1, 0.3):
        assert np.mean(p_values < level) < level + 3 * np.sqrt(level * (1 - level) / 200)


def test_one_slow_mode_is_seen_beside_fast_ones(rng):
    """A shift of 3.5 standard errors in one of ten columns."""
    found = []
    for _ in range(50):
        lasts = rng.standard_normal((400, 10)) + 3.5 / 20 * np.eye(10)[0]
        found.append(balance.departure(np.zeros((400, 10)), lasts, 4000, np.eye(10)).significant)
    # P(z > 3.09) = .66 of 50: three standard errors below.
    assert np.mean(found) > 0.66 - 3 * np.sqrt(0.66 * 0.34 / 50)


def test_few_trajectories_are_no_evidence():
    few = balance.departure(np.ones((3, 2)), np.zeros((3, 2)), 30, np.eye(2))
    assert np.isnan(few.p_value) and not few.significant
    assert few.distance == pytest.approx(np.sqrt(2) * 3 / 30)


def test_a_state_that_is_never_left_does_not_take_all_weight():
    counts = np.array([[8.0, 2, 0], [2, 7, 1], [0, 0, 10]])
    assert rite.largest_connected(counts).tolist() == [0, 1]
    found = rite.stationary(counts)
    inner = np.array([[0.8, 0.2], [2 / 9, 7 / 9]])
    np.testing.assert_allclose(found, [*equilibrium(inner) * 20 / 30, 10 / 30])


def test_effective_size():
    assert reweighting.effective_size(np.array([1, 1, 0, 0])) == 2


def walks(rng, n):
    """Walks of 30 steps from state 0, as indicators, and one that is too short for a pair."""
    return [*np.eye(4)[walk(rng, np.zeros(n, int), 30)], np.eye(4)[:2]]


def populations(psi, weights):
    total = sum(w[:-LAG] @ p[:-LAG] for w, p in zip(weights, psi, strict=True))
    return total / total.sum()


@pytest.mark.parametrize(("method", "tolerance"), [("koopman", 1e-8), ("rite", 0.02)])
def test_a_sample_is_weighted_as_its_trajectories_are(rng, method, tolerance):
    psi = walks(rng, 400)
    weights, clipped = reweighting.frame_weights(psi, LAG, method)
    assert clipped == 0 and [len(w) for w in weights] == [len(p) for p in psi]
    assert not weights[-1].any()
    assert np.mean(np.concatenate([w[:-LAG] for w in weights])) == pytest.approx(1)
    ones = [np.ones(len(p)) for p in psi]
    samples = [
        reweighting.bootstrap_weights(psi, LAG, given, how, 3, seed=5)
        for given, how in ((weights, method), (ones, None))
    ]
    for found, plain in zip(*samples, strict=True):
        # Unweighted, a sample tells how often a trajectory was drawn.
        times = [int(w[0]) for w in plain]
        assert sum(times) == len(psi) and max(times) > 1
        assert all(w.any() == bool(k) for w, k in zip(found[:-1], times[:-1], strict=True))
        drawn = [p for p, k in zip(psi, times, strict=True) for _ in range(k)]
        again, _ = reweighting.frame_weights(drawn, LAG, method)
        np.testing.assert_allclose(
            populations(psi, found), populations(drawn, again), atol=tolerance
        )


def test_the_spread_of_the_samples_is_that_of_new_data(rng):
    def slowest(psi):
        return populations(psi, reweighting.frame_weights(psi, LAG, "koopman")[0])[3]

    spread = np.std([slowest(walks(rng, 200)) for _ in range(60)], ddof=1)
    found = []
    for _ in range(4):
        psi = walks(rng, 200)
        weights, _ = reweighting.frame_weights(psi, LAG, "koopman")
        samples = reweighting.bootstrap_weights(psi, LAG, weights, "koopman", 60, seed=1)
        found.append(np.std([populations(psi, w)[3] for w in samples], ddof=1))
    # 60 draws know a standard deviation to 9 %; the data from which samples are drawn differ.
    assert np.mean(found) == pytest.approx(spread, rel=0.35)


def test_pairs_that_are_left_out_decide_nothing(rng):
    psi = walks(rng, 300)
    stray = [np.full((30, 4), 5.0) for _ in range(50)]
    first = [np.ones(len(p)) for p in psi] + [np.zeros(30)] * 50
    for method, tolerance in (("koopman", 1e-8), ("rite", 0.02)):
        found, _ = reweighting.frame_weights(psi + stray, LAG, method, first=first)
        assert not any(w.any() for w in found[len(psi) :])
        wanted, _ = reweighting.frame_weights(psi, LAG, method)
        np.testing.assert_allclose(
            populations(psi, found[: len(psi)]), populations(psi, wanted), atol=tolerance
        )

    # In a sample too: what is not used is only multiplied.
    weights = [np.ones(len(p)) for p in psi + stray]
    used = [w > 0 for w in first]
    for method in ("koopman", "rite"):
        (found,) = reweighting.bootstrap_weights(psi + stray, LAG, weights, method, 1, 3, used)
        times = [w[0] for w in found[len(psi) :]]
        mean = np.mean(np.concatenate([w[:-LAG] for w in found]))
        assert mean == pytest.approx(1) and len(set(np.round(times, 8))) > 1
        assert np.std(found[0]) > 0.01 or not found[0].any()
        level = min(t for t in times if t)
        np.testing.assert_allclose(np.array(times) / level % 1, 0, atol=1e-8)
