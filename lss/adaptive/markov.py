"""A Markov model of the cells that MD visited: counts, pieces, reversible transition matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array, diags_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import eigsh, splu
from scipy.special import expit

_SMALL = 400  # cells up to which dense eigenproblems are faster than sparse ones
_ITERATIONS = 200  # of Newton's method, at most: it needs some ten
_TOLERANCE = 1e-10  # of the counts from a cell, by which they may be missed


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


def reversible_matrix(counts: Any) -> tuple[Any, np.ndarray]:
    """Transition matrix in detailed balance that most likely gave the counts, and its weights.

    Of G. Bowman et al., J. Chem. Phys. 131, 124101 (2009): x_ij = (c_ij + c_ji) / (v_i + v_j), with
    v_i = c_i / x_i. It is right wherever trajectories started, which counts made symmetric are not.
    Their fixed-point iteration needs more steps the rarer transitions are, and seems to stand still
    before it has arrived. In u = ln v the equations sum_j x_ij = x_i are c_i = sum_j (c_ij + c_ji)
    sigma(u_i - u_j), sigma the logistic function: the minimum of a convex function, for Newton.

    Parameters
    ----------
    counts : sparse array, shape (n, n)
        Of one piece.

    Returns
    -------
    matrix : scipy.sparse.csr_array, shape (n, n)
    stationary : np.ndarray, shape (n,), sum 1

    Raises
    ------
    RuntimeError
        Where it is not found, which was not seen of counts of one piece.
    """
    both = (counts + counts.T).tocoo()
    rows, columns, pairs = both.row, both.col, both.data
    total = np.asarray(counts.sum(axis=1)).ravel()
    n, u = len(total), np.zeros(len(total))
    for _ in range(_ITERATIONS):
        share = expit(u[rows] - u[columns])
        excess = np.bincount(rows, pairs * share, minlength=n) - total
        if (np.abs(excess) <= _TOLERANCE * total).all():
            break
        step = _newton_step(rows, columns, pairs * share * (1 - share), excess)
        # So much of the step that a sum of logistic losses surely decreases: F. Bach, Electron. J.
        # Statist. 4, 384 (2010).
        longest = np.abs(step[rows] - step[columns]).max()
        u -= step * (np.log1p(longest) / longest)
    else:
        raise RuntimeError(f"no reversible matrix of {n} cells was found in {_ITERATIONS} steps")
    weight = total * np.exp(u.min() - u)
    flow = pairs * share
    matrix = csr_array((flow / np.bincount(rows, flow, minlength=n)[rows], (rows, columns)), (n, n))
    return matrix, weight / weight.sum()


def _newton_step(rows, columns, slopes, excess):
    """The step by which the excess would vanish: of a Laplacian, so that one u may stay."""
    n = len(excess)
    laplacian = csr_array((-slopes, (rows, columns)), shape=(n, n))
    laplacian = laplacian + diags_array(np.bincount(rows, slopes, minlength=n))
    step = np.zeros(n)
    if n > 1:
        inner = laplacian[1:, 1:].tocsc()
        step[1:] = splu(inner, permc_spec="MMD_AT_PLUS_A").solve(excess[1:])
    return step


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
