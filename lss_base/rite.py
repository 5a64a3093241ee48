"""RiteWeight: weights of pairs of frames by iteration over random cells of psi."""

from __future__ import annotations

import numpy as np

# Cells of one iteration, iterations, and how many of the last ones are averaged. With 16 cells 60
# iterations come as near to the end as 200 with 8 do.
_CELLS, _ITERATIONS, _AVERAGED = 16, 60, 30
# Share of the way to its stationary weight that a cell goes in one of those that are averaged.
_MIXING = 0.5


def rite_weights(
    starts: np.ndarray, ends: np.ndarray, seed: int = 0, weights: np.ndarray | None = None
) -> np.ndarray:
    """Weights of pairs by randomised iteration (RiteWeight).

    Kania, Webber, Simpson, Aristoff & Zuckerman, PNAS 123, e2529246123 (2026), arXiv:2401.05597:
    in each iteration the pairs are sorted into new random cells, and those that start in a cell are
    scaled to its weight in the stationary distribution of the weighted transition matrix. Since no
    cell stays, no discretisation remains.

    Parameters
    ----------
    starts, ends : np.ndarray, shape=(n_pairs, m)
        Of psi; columns of equal importance.
    seed : int
    weights : np.ndarray, shape=(n_pairs,), optional
        From which the iteration begins; default equal ones. Those that are 0 stay 0.

    Returns
    -------
    np.ndarray, shape=(n_pairs,)
        Not negative, mean 1; averages of the last 30 of 60 iterations.
    """
    cells = random_cells(starts, ends, _ITERATIONS, seed)
    weights = np.ones(len(starts)) if weights is None else weights
    found = iterated(weights, cells, _ITERATIONS - _AVERAGED)
    return found / found.mean()


def random_cells(starts, ends, n_partitions, seed):
    """Yield n_partitions times, with new random cells, what `iterated` wants of the pairs.

    That is _CELLS * (cell of the start) + (cell of the end) of each pair, (n_pairs,) uint8.
    """
    rng = np.random.default_rng(seed)
    n = len(starts)
    points = np.concatenate([starts, ends]).astype(np.float32)
    for _ in range(n_partitions):
        cells = _nearest(points, points[rng.choice(n, min(_CELLS, n), replace=False)])
        yield (_CELLS * cells[:n] + cells[n:]).astype(np.uint8)


def iterated(weights, partitions, n_first):
    """Iterate from weights of pairs, (n_pairs,), once for each partition of `random_cells`.

    Returns the sum of the weights of all iterations after the first `n_first`.
    """
    weights, total = weights / weights.sum(), np.zeros(len(weights))
    for iteration, cells in enumerate(partitions):
        counts = np.bincount(cells, weights, minlength=_CELLS**2).reshape(_CELLS, _CELLS)
        before = counts.sum(axis=1)
        ratio = np.divide(stationary(counts), before, out=np.zeros(_CELLS), where=before > 0)
        if iteration >= n_first:
            ratio = 1 - _MIXING + _MIXING * ratio
        weights = weights * np.repeat(ratio, _CELLS)[cells]
        weights /= weights.sum()
        if iteration >= n_first:
            total += weights
    return total


def _nearest(points, centres):
    """Number of the nearest centre of each point."""
    # Centres in rows: numpy looks along the first axis several times as fast.
    return np.argmin((centres**2).sum(axis=1)[:, None] - 2 * centres @ points.T, axis=0)


def stationary(counts):
    """Return the stationary distribution of the transition matrix of a matrix of counts.

    Cells that are entered and never left, or left and never entered, would take all weight or
    none: they keep their share of the counts, and transitions to them are not counted.

    Parameters
    ----------
    counts : np.ndarray, shape=(n, n)

    Returns
    -------
    np.ndarray, shape=(n,), sum 1
    """
    result = counts.sum(axis=1) / counts.sum()
    inside = largest_connected(counts)
    part = counts[np.ix_(inside, inside)]
    matrix = part / part.sum(axis=1, keepdims=True)
    # pi T = pi with sum 1: each column of T - 1 follows from the others, and one gives its place.
    system = matrix.T - np.eye(len(matrix))
    system[-1] = 1
    solution = np.maximum(np.linalg.solve(system, np.eye(len(matrix))[-1]), 0)
    result[inside] = solution * (result[inside].sum() / solution.sum())
    return result


def largest_connected(counts):
    """Return the cells of the strongly connected set with the most counts, in increasing order."""
    reached = (counts > 0) | np.eye(len(counts), dtype=bool)
    for _ in range(len(counts).bit_length()):  # steps 1, 2, 4 and so on
        reached = reached @ reached
    both = reached & reached.T
    return np.flatnonzero(both[(both @ counts.sum(axis=1)).argmax()])
