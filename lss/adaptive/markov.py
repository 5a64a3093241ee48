"""A Markov model of the cells that MD visited: counts, pieces, reversible transition matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array, diags_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import eigsh

_SMALL = 400  # cells up to which dense eigenproblems are faster than sparse ones
_ITERATIONS = 3_000  # of the fixed point, at most


def transition_counts(cells, lag, n_cells):
    """Count transitions one lag apart, within trajectories only.

    Parameters
    ----------
    cells : list of np.ndarray of int, each shape (n_frames,)
        Cell of each frame.
    lag : int
        In frames.
    n_cells : int

    Returns
    -------
    scipy.sparse.csr_array, shape (n_cells, n_cells)
        Pairs of frames divided by the lag: pairs that overlap tell one transition, not `lag` of
        them.
    """
    starts = np.concatenate([c[:-lag] for c in cells])
    ends = np.concatenate([c[lag:] for c in cells])
    values = np.full(len(starts), 1 / lag)
    found = coo_array((values, (starts, ends)), shape=(n_cells, n_cells)).tocsr()
    found.sum_duplicates()
    return found


def separate_pieces(counts):
    """Sets of cells that the MD both went to and came back from.

    Parameters
    ----------
    counts : sparse array, shape (n_cells, n_cells)

    Returns
    -------
    np.ndarray of int, shape (n_cells,)
        Number of the piece of each cell, 0 for that with the most counts; -1 for a cell that is in
        no pair of frames.
    """
    n, labels = connected_components(counts, directed=True, connection="strong")
    weight = counts.sum(axis=1)
    visited = weight + counts.sum(axis=0) > 0
    totals = np.bincount(labels, weight + 1e-9 * visited, minlength=n)
    rank = np.empty(n, int)
    rank[np.argsort(-totals, kind="stable")] = np.arange(n)
    return np.where(visited, rank[labels], -1)


def reversible_matrix(
    counts: Any, start: np.ndarray | None = None, tolerance: float = 1e-7
) -> tuple[Any, np.ndarray]:
    """Transition matrix in detailed balance that most likely gave the counts, and its weights.

    The fixed point x_ij = (c_ij + c_ji) / (c_i / x_i + c_j / x_j) of G. Bowman et al., J. Chem.
    Phys. 131, 124101 (2009). It is right wherever trajectories started, which counts made
    symmetric are not.

    Parameters
    ----------
    counts : sparse array, shape (n, n)
        Of one piece.
    start : np.ndarray, shape (n,), optional
        Weights from which the iteration begins, such as those for fewer counts; all above 0.
    tolerance : float
        The iteration ends when no weight changes by more than this fraction.

    Returns
    -------
    matrix : scipy.sparse.csr_array, shape (n, n)
    stationary : np.ndarray, shape (n,), sum 1
    """
    both = (counts + counts.T).tocoo()
    rows, columns, pairs = both.row, both.col, both.data
    total = np.asarray(counts.sum(axis=1)).ravel()
    n = len(total)
    weight = np.bincount(rows, pairs, minlength=n) if start is None else start
    for _ in range(_ITERATIONS):
        rate = total / weight
        flow = pairs / (rate[rows] + rate[columns])
        before, weight = weight, np.bincount(rows, flow, minlength=n)
        weight /= weight.sum()
        if np.abs(weight / before - 1).max() < tolerance:
            break
    flow = flow / np.bincount(rows, flow, minlength=n)[rows]
    return csr_array((flow, (rows, columns)), shape=(n, n)), weight


def slow_processes(matrix, stationary, n_processes):
    """Eigenvalues below 1, largest first, and right eigenvectors of a reversible matrix.

    Parameters
    ----------
    matrix : scipy.sparse array, shape (n, n)
    stationary : np.ndarray, shape (n,)
    n_processes : int
        At most n - 1 are returned.

    Returns
    -------
    eigenvalues : np.ndarray, shape (k,)
    vectors : np.ndarray, shape (n, k)
        Of unit variance in the stationary distribution.
    """
    n = len(stationary)
    k = min(n_processes, n - 1)
    root = np.sqrt(stationary)
    symmetric = diags_array(root) @ matrix @ diags_array(1 / root)
    symmetric = (symmetric + symmetric.T) / 2
    if n <= max(_SMALL, 3 * k + 3):
        values, vectors = np.linalg.eigh(symmetric.toarray())
    else:
        values, vectors = eigsh(symmetric, k + 1, which="LA", v0=root)
        order = np.argsort(values)
        values, vectors = values[order], vectors[:, order]
    chosen = slice(-2, -2 - k, -1)
    return values[chosen], vectors[:, chosen] / root[:, None]
