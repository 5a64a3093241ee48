"""What is uncertain in a Markov model, row by row: Hinrichs & Pande in closed form.

The row i of the transition matrix is known from n_i counts: its posterior is a Dirichlet
distribution with the covariance (diag p_i - p_i p_i') / (n_i + 1). To first order a quantity with
the derivatives s_ij by the elements has the variance sum_i q_i / (n_i + 1), with q_i = s_i' (diag
p_i - p_i p_i') s_i: the part of row i, which more transitions from there would reduce.
N. Hinrichs and V. Pande, J. Chem. Phys. 126, 244101 (2007).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lss.adaptive.markov import slow_processes

#: What a user may ask about.
TARGETS = ("timescales", "populations", "F")


def rows_of_timescales(matrix: Any, stationary: np.ndarray, n_processes: int) -> np.ndarray:
    """The parts q_i of the variance of the logarithms of the slowest timescales, summed.

    Parameters
    ----------
    matrix : scipy.sparse array, shape (n, n)
        Reversible transition matrix.
    stationary : np.ndarray, shape (n,)
        Its stationary distribution.
    n_processes : int
        Slowest processes to count; those whose eigenvalue is not above 0 have no timescale.

    Returns
    -------
    np.ndarray, shape (n,)
    """
    values, vectors = slow_processes(matrix, stationary, n_processes)
    resolved = (values > 0) & (values < 1)
    values, vectors = values[resolved], vectors[:, resolved]
    # d lambda / d T_ij = left_i right_j, with left = stationary * right; ln t = -ln(-ln lambda).
    spread = matrix @ vectors**2 - (matrix @ vectors) ** 2
    slope = -1 / (values * np.log(values))
    return ((stationary[:, None] * vectors * slope) ** 2 * np.maximum(spread, 0)).sum(axis=1)


def rows_of_populations(matrix: Any, stationary: np.ndarray, relative: bool = False) -> np.ndarray:
    """The parts q_i of the variance of the populations of all cells, summed.

    Parameters
    ----------
    matrix, stationary
        As of `rows_of_timescales`.
    relative : bool
        Of their logarithms instead: of free energies, **(kT)^2**.

    Returns
    -------
    np.ndarray, shape (n,)
    """
    n = len(stationary)
    dense = matrix.toarray()
    # d pi_k / d T_ij = pi_i Z_jk with the fundamental matrix Z = (1 - T + 1 pi')^-1.
    fundamental = np.linalg.inv(np.eye(n) - dense + stationary)
    if relative:
        fundamental = fundamental / stationary
    spread = dense @ fundamental**2 - (dense @ fundamental) ** 2
    return stationary**2 * np.maximum(spread, 0).sum(axis=1)


def rows_of(target, matrix, stationary, n_processes):
    """The parts q_i of the variance of a target of `TARGETS`."""
    if target == "timescales":
        return rows_of_timescales(matrix, stationary, n_processes)
    return rows_of_populations(matrix, stationary, relative=target == "F")


def decrease(rows, counts, more):
    """By how much `more` transitions from each cell would reduce the variance, shape (n,).

    Parameters
    ----------
    rows : np.ndarray, shape (n,)
        The parts q_i.
    counts : np.ndarray, shape (n,)
        Transitions seen from each cell.
    more : float
    """
    return rows * (1 / (counts + 1) - 1 / (counts + more + 1))


def variance(rows, counts):
    """The variance that the counts leave: sum of q_i / (n_i + 1)."""
    return float((rows / (counts + 1)).sum())
