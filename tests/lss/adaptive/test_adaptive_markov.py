"""Counts, pieces, the reversible matrix and its uncertainty, against second implementations."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from lss.adaptive import markov
from lss.adaptive.markov import (
    reversible_matrix,
    separate_pieces,
    slow_processes,
    transition_counts,
)
from lss.adaptive.uncertainty import decrease, rows_of, rows_of_timescales, variance


@pytest.fixture(scope="module")
def chain():
    """A reversible matrix of six states, (T, pi)."""
    rng = np.random.default_rng(3)
    flow = rng.uniform(0.2, 1, (6, 6))
    flow[:3, 3:] *= 0.05
    flow = flow + flow.T + 6 * np.diag(rng.uniform(0.5, 1, 6))
    return flow / flow.sum(axis=1, keepdims=True), flow.sum(axis=1) / flow.sum()


def walk(matrix, start, n, rng):
    sums, path = np.cumsum(matrix, axis=1), [start]
    for number in rng.random(n):
        path.append(int(np.searchsorted(sums[path[-1]], number)))
    return np.minimum(path, len(matrix) - 1)


def test_pairs_are_counted_within_trajectories():
    counts = transition_counts([np.array([0, 1, 2, 1, 0]), np.array([2, 2, 0])], 2, 3)
    wanted = np.array([[0, 0, 1], [0, 1, 0], [2, 0, 0]]) / 2
    assert np.array_equal(counts.toarray(), wanted)


def test_what_was_not_both_entered_and_left_is_a_piece_of_its_own():
    counts = np.zeros((6, 6))
    counts[:2, :2] = 5
    counts[1, 2] = 1  # 2 was entered and not left
    counts[3, 0] = 1  # 3 was left and not entered
    counts[4, 4] = 2
    pieces = separate_pieces(csr_array(counts))
    assert pieces[0] == pieces[1] == 0
    assert len(set(pieces[:5])) == 4 and (pieces[2:5] > 0).all()
    assert pieces[5] == -1


def test_the_reversible_matrix_is_that_of_deeptime(chain, rng):
    from deeptime.markov.msm import MaximumLikelihoodMSM

    # Off equilibrium: all pieces start in one state.
    paths = [walk(chain[0], 5, 20, rng) for _ in range(60)]
    counts = transition_counts(paths, 1, 6)
    matrix, stationary = reversible_matrix(counts)
    other = MaximumLikelihoodMSM(reversible=True).fit_fetch(counts.toarray())
    assert matrix.toarray() == pytest.approx(other.transition_matrix, abs=1e-5)
    assert stationary == pytest.approx(other.stationary_distribution, abs=1e-5)
    assert stationary @ matrix == pytest.approx(stationary, abs=1e-7)


def test_a_barrier_does_not_stop_the_search_for_the_reversible_matrix(monkeypatch):
    # In a chain each matrix is reversible: the most likely one is that of the counts, row by row.
    n, rng = 30, np.random.default_rng(4)
    up = rng.integers(1, 200, n - 1) * np.where(np.arange(n - 1) < n // 2, 1, 400)
    counts = np.diag(up, 1) + np.diag(rng.integers(1, 200, n - 1), -1) + 1000 * np.eye(n)
    matrix, stationary = reversible_matrix(csr_array(counts))
    wanted = counts / counts.sum(axis=1, keepdims=True)
    weights = np.cumprod([1, *(np.diag(wanted, 1) / np.diag(wanted, -1))])
    assert matrix.toarray() == pytest.approx(wanted, abs=1e-8)
    assert np.log(stationary) == pytest.approx(np.log(weights / weights.sum()), abs=1e-6)
    monkeypatch.setattr(markov, "_ITERATIONS", 2)
    with pytest.raises(RuntimeError, match="no reversible matrix of 30 cells was found in 2 steps"):
        reversible_matrix(csr_array(counts))


def test_slow_processes_are_eigenvectors_dense_or_sparse(chain, monkeypatch):
    matrix, stationary = csr_array(chain[0]), chain[1]
    values, vectors = slow_processes(matrix, stationary, 3)
    wanted = np.sort(np.linalg.eigvals(chain[0]).real)[::-1][1:4]
    assert values == pytest.approx(wanted)
    assert matrix @ vectors == pytest.approx(vectors * values)
    assert stationary @ vectors**2 == pytest.approx(np.ones(3))
    n = 500
    steps = np.diag(np.full(n - 1, 0.25), 1)
    steps = steps + steps.T
    ring = csr_array(steps + np.diag(1 - steps.sum(axis=1)))
    found, _ = slow_processes(ring, np.full(n, 1 / n), 2)
    # A walk between reflecting ends: 1 - (1 - cos(pi k / n)) / 2.
    assert found == pytest.approx(1 - (1 - np.cos(np.pi * np.arange(1, 3) / n)) / 2, abs=1e-9)


def quantities(matrices):
    """ln t of the two slowest processes, populations and their logarithms, a row a matrix."""
    values = np.sort(np.linalg.eigvals(matrices).real, axis=1)[:, ::-1][:, 1:3]
    n = matrices.shape[1]
    system = np.concatenate(
        [np.swapaxes(matrices, 1, 2) - np.eye(n), np.ones((len(matrices), 1, n))], axis=1
    )
    populations = np.linalg.pinv(system)[:, :, -1]
    return {
        "timescales": np.log(-1 / np.log(values)),
        "populations": populations,
        "F": np.log(populations),
    }


@pytest.mark.parametrize("target", ["timescales", "populations", "F"])
def test_the_variance_is_that_of_the_dirichlet_posterior(chain, target):
    rng, n_samples = np.random.default_rng(1), 4000
    counts = rng.integers(3000, 20_000, 6)
    parameters = counts[:, None] * chain[0]
    draws = np.stack([rng.dirichlet(row, n_samples) for row in parameters])
    sampled = quantities(np.swapaxes(draws, 0, 1))[target].var(axis=0).sum()
    rows = rows_of(target, csr_array(chain[0]), chain[1], 2)
    # A sampled variance has the relative error sqrt(2 / n); four of them.
    assert variance(rows, counts) == pytest.approx(sampled, rel=4 * np.sqrt(2 / n_samples))


def test_each_row_has_its_part(chain):
    """With one row uncertain the variance is that row's, and more counts there reduce it."""
    rng = np.random.default_rng(2)
    rows = rows_of_timescales(csr_array(chain[0]), chain[1], 1)
    for i in range(6):
        draws = np.repeat(chain[0][None], 3000, axis=0)
        draws[:, i] = rng.dirichlet(5000 * chain[0][i], 3000)
        sampled = quantities(draws)["timescales"][:, 0].var()
        assert rows[i] / 5001 == pytest.approx(sampled, rel=4 * np.sqrt(2 / 3000))
    counts = np.full(6, 5000.0)
    more = counts + 700 * (np.arange(6) == 2)
    gain = variance(rows, counts) - variance(rows, more)
    assert decrease(rows, counts, 700)[2] == pytest.approx(gain)
