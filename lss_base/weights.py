"""Trajectories that did not start in equilibrium: how far they are from it, and weights for them.

A pair of frames one lag apart has the weight of its first frame. The weights are such that the ends
of the pairs are distributed as their starts are: averages over weighted pairs are averages in
equilibrium, whatever the starts were, as long as every state is both entered and left.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

#: Directions of a covariance under this fraction of the largest are not resolved.
_RANK_TOLERANCE = 1e-6
#: A test at this level calls one equilibrium data set in a hundred out of equilibrium.
_LEVEL = 0.01
#: Cells of one iteration of RiteWeight, iterations, and how many of the last ones are averaged.
_CELLS, _ITERATIONS, _AVERAGED = 8, 200, 100
#: Share of the way to its stationary weight that a cell goes in one iteration of RiteWeight.
_MIXING = 0.5


@dataclass(frozen=True)
class Departure:
    """How far trajectories are from equilibrium.

    Attributes
    ----------
    distance : float
        Norm of the shift of the mean of psi over one lag time, in standard deviations of psi.
    error : float
        What that norm would be in equilibrium, by the spread of the shifts over the trajectories.
    p_value : float
        Of Hotelling's test that the shift is zero.
    n_trajectories : int

    `error` and `p_value` are NaN where the trajectories are too few to tell.
    """

    distance: float
    error: float
    p_value: float
    n_trajectories: int

    @property
    def significant(self):
        """Whether the trajectories can be told from trajectories in equilibrium."""
        return bool(self.p_value < _LEVEL)


def departure(firsts, lasts, n_pairs, covariance):
    """Compare the frames from which pairs start with those where they end, one lag later.

    In equilibrium both have the same mean. All frames of a trajectory but its first and last
    `lag_time` ones are on both sides, so that the shift of the mean is the sum over trajectories
    of the last ones less the first ones. These differences are independent of one another.

    Parameters
    ----------
    firsts, lasts : np.ndarray, shape=(n_trajectories, m)
        Sums of psi over the first and the last `lag_time` frames of each trajectory with pairs.
    n_pairs : int
        Of all trajectories.
    covariance : np.ndarray, shape=(m, m)
        Of psi over all frames.

    Returns
    -------
    Departure
    """
    n, m = np.shape(firsts)
    values, vectors = np.linalg.eigh(covariance)
    kept = values > _RANK_TOLERANCE * values[-1]
    whiten = vectors[:, kept] / np.sqrt(values[kept])
    shifts = (np.asarray(lasts, np.float64) - firsts) @ whiten
    distance = float(np.linalg.norm(shifts.sum(axis=0))) / n_pairs
    m = shifts.shape[1]
    if n < m + 2:
        return Departure(distance, np.nan, np.nan, n)
    mean = shifts.mean(axis=0)
    spread = np.atleast_2d(np.cov(shifts.T))
    error = float(np.sqrt(n * np.trace(spread))) / n_pairs
    # Hotelling's T^2 with m and n - m degrees of freedom.
    t_squared = n * mean @ np.linalg.pinv(spread, hermitian=True) @ mean
    p_value = stats.f.sf(t_squared * (n - m) / (m * (n - 1)), m, n - m)
    return Departure(distance, error, float(p_value), n)


def koopman_vector(mean_0, mean_t, c_00, c_0t):
    """Weights of Koopman reweighting as an affine function of the outputs f of a network.

    Wu et al., J. Chem. Phys. 146, 154104 (2017), algorithm 1: the weight is the left eigenvector of
    the Koopman operator, in the span of f and the constant, at the eigenvalue 1.

    Parameters
    ----------
    mean_0, mean_t : np.ndarray, shape=(m,)
        Of f at the starts and at the ends of the pairs.
    c_00, c_0t : np.ndarray, shape=(m, m)
        Mean-free covariances of f at the starts, and of starts with ends.

    Returns
    -------
    vector : np.ndarray, shape=(m,)
        The weight of a frame is 1 + (f - mean_0) vector: 1 on average over the starts. It may be
        negative where the data do not determine it.
    """
    values, vectors = np.linalg.eigh(c_00)
    kept = values > _RANK_TOLERANCE * values[-1]
    whiten = vectors[:, kept] / np.sqrt(values[kept])
    # With f whitened and mean-free the operator is [[K, 0], [shift, 1]]: its left eigenvector
    # (u, 1) at 1 obeys u K + shift = u.
    operator = whiten.T @ c_0t @ whiten
    shift = (mean_t - mean_0) @ whiten
    return whiten @ np.linalg.solve(np.eye(len(shift)) - operator.T, shift)


def effective_size(weights):
    """Return how many equal weights tell as much: (sum w)^2 / sum w^2 (Kish)."""
    weights = np.asarray(weights, np.float64)
    return float(weights.sum() ** 2 / (weights**2).sum())


def rite_weights(starts, ends, seed=0):
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

    Returns
    -------
    np.ndarray, shape=(n_pairs,)
        Not negative, mean 1; averages of the last 100 of 200 iterations.
    """
    rng = np.random.default_rng(seed)
    n = len(starts)
    points = np.concatenate([starts, ends]).astype(np.float32)
    weights, total = np.full(n, 1 / n), np.zeros(n)
    for iteration in range(_ITERATIONS):
        cells = _nearest(points, points[rng.choice(n, min(_CELLS, n), replace=False)])
        counts = np.bincount(_CELLS * cells[:n] + cells[n:], weights, minlength=_CELLS**2)
        counts = counts.reshape(_CELLS, _CELLS)
        before = counts.sum(axis=1)
        ratio = np.divide(stationary(counts), before, out=np.zeros(_CELLS), where=before > 0)
        weights *= 1 - _MIXING + _MIXING * ratio[cells[:n]]
        weights /= weights.sum()
        if iteration >= _ITERATIONS - _AVERAGED:
            total += weights
    return total / total.mean()


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
