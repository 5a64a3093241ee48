"""RiteWeight: weights of pairs of frames by iteration over random cells of psi."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

# Cells of one iteration, iterations, and how many of the last ones are averaged.
_CELLS, _ITERATIONS, _AVERAGED = 8, 200, 100
# Share of the way to its stationary weight that a cell goes in one iteration.
_MIXING = 0.5


def rite_weights(starts, ends, seed=0, weights=None):
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
        Not negative, mean 1; averages of the last 100 of 200 iterations.
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
        weights = weights * np.repeat(1 - _MIXING + _MIXING * ratio, _CELLS)[cells]
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
    share = counts.sum(axis=1) / counts.sum()
    inside = largest_connected(counts)
    part = counts[np.ix_(inside, inside)]
    matrix = part / part.sum(axis=1, keepdims=True)
    # pi (T - 1) = 0 with sum 1, by least squares.
    system = np.vstack([matrix.T - np.eye(len(matrix)), np.ones(len(matrix))])
    solution = np.linalg.lstsq(system, np.append(np.zeros(len(matrix)), 1.0), rcond=None)[0]
    result = share.copy()
    solution = np.maximum(solution, 0)
    result[inside] = solution / solution.sum() * share[inside].sum()
    return result


def largest_connected(counts):
    """Return the cells of the strongly connected set with the most counts, in increasing order."""
    n, labels = connected_components(coo_array(counts), directed=True, connection="strong")
    weight = np.bincount(labels, weights=counts.sum(axis=1), minlength=n)
    return np.flatnonzero(labels == weight.argmax())
