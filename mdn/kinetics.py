"""Time-lagged correlations and implied timescales of trajectories, with jackknife errors."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

_BLOCKS = 20


class Moments(NamedTuple):
    """Symmetrised sums over the pairs of each of B blocks, for coordinates of dimension m."""

    count: np.ndarray
    """(B,), twice the pairs."""
    total: np.ndarray
    """(B, m)"""
    instant: np.ndarray
    """(B, m, m)"""
    lagged: np.ndarray
    """(B, m, m)"""

    def sums(self):
        """Over all blocks, one set of sums; and over all but one, B sets."""
        all_of = [field.sum(axis=0) for field in self]
        all_but = [total - field for total, field in zip(all_of, self, strict=True)]
        return all_of, list(zip(*all_but, strict=True))


def moments(trajectories, lag):
    """Moments of some 20 blocks: whole trajectories or parts of them.

    Parameters
    ----------
    trajectories : list of np.ndarray, shape (n_i, m)
    lag : int, frames

    Returns
    -------
    Moments or None
        None where no trajectory is longer than the lag. Pairs belong to the block of their
        first frame.
    """
    trajectories = [t for t in trajectories if len(t) > lag]
    if not trajectories:
        return None
    pieces = max(1, -(-_BLOCKS // len(trajectories)))
    blocks = []
    for trajectory in trajectories:
        ends = np.linspace(0, len(trajectory) - lag, pieces + 1).astype(int)
        for first, last in pairwise(ends):
            if last > first:
                x = np.asarray(trajectory[first:last], np.float64)
                y = np.asarray(trajectory[first + lag : last + lag], np.float64)
                blocks.append((2 * len(x), (x + y).sum(0), x.T @ x + y.T @ y, x.T @ y + y.T @ x))
    # More trajectories than blocks: deal them out.
    groups = min(len(blocks), _BLOCKS)
    return Moments(
        *(np.array([sum(f[i::groups]) for i in range(groups)]) for f in zip(*blocks, strict=True))
    )


def covariances(sums):
    """Mean-free instantaneous and lagged covariance, (m, m) each, of one set of sums."""
    count, total, instant, lagged = sums
    mean = total / count
    return instant / count - np.outer(mean, mean), lagged / count - np.outer(mean, mean)


def slow_modes(sums):
    """Eigenvalues, largest first, and eigenvectors of the lagged against the instant covariance.

    Parameters
    ----------
    sums : tuple
        One set of sums of `Moments.sums`.

    Returns
    -------
    eigenvalues : np.ndarray, shape (m,)
    vectors : np.ndarray, shape (m, m)
        In columns; of unit variance, or zero for a coordinate that does not vary.
    """
    instant, lagged = covariances(sums)
    variance = np.diag(instant)
    # Less than this fraction of the mean square is rounding; what it belongs to takes no part.
    varies = variance > 1e-12 * np.diag(sums[2]) / sums[0]
    scale = np.sqrt(np.where(varies, variance, np.inf))
    variance, axes = np.linalg.eigh(instant / np.outer(scale, scale))
    whiten = axes / np.sqrt(np.maximum(variance, 1e-12)) / scale[:, None]
    values, vectors = np.linalg.eigh(whiten.T @ lagged @ whiten)
    return values[::-1], (whiten @ vectors)[:, ::-1]


def mode_correlations(sums, vectors):
    """Autocorrelation at the lag of the sums, (k,), along vectors (m, k); nan without variance."""
    instant, lagged = (
        np.einsum("ij,ik,kj->j", vectors, matrix, vectors) for matrix in covariances(sums)
    )
    return lagged / np.where(instant > 0, instant, np.nan)


def timescales(eigenvalues, lag):
    """-lag / ln(eigenvalue), frames; nan where the eigenvalue is not between 0 and 1."""
    values = np.asarray(eigenvalues, float)
    inside = (values > 0) & (values < 1)
    return np.where(inside, -lag / np.log(np.where(inside, values, 0.5)), np.nan)


def jackknife(estimate, sums):
    """An estimate from all blocks, and its standard error from leaving out one at a time.

    Parameters
    ----------
    estimate : callable
        One set of sums -> np.ndarray.
    sums : tuple
        As of `Moments.sums`.

    Returns
    -------
    value, error : np.ndarray
        The error is nan with a single block.
    """
    all_of, all_but = sums
    value = estimate(all_of)
    if len(all_but) < 2:
        return value, np.full_like(value, np.nan)
    parts = np.array([estimate(part) for part in all_but])
    return value, np.sqrt((len(parts) - 1) * np.var(parts, axis=0))
