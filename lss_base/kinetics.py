"""Slow modes of time series: whitening, the reversible eigenproblem, implied timescales."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lss_base.moments import mean_free

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

#: float32 time series carry relative noise of 1e-7, which is a variance of 1e-14.
RANK_TOLERANCE = 1e-10
# Less variance than this fraction of the squared mean is rounding.
_CONSTANT = 1e-12


class DegenerateOutputsError(ValueError):
    """Time series hold fewer independent functions of the data than modes wanted."""


def whitening(covariance, mean, tolerance=RANK_TOLERANCE):
    """Whiten a covariance in the directions that it resolves.

    Parameters
    ----------
    covariance : np.ndarray, shape (m, m)
    mean : np.ndarray, shape (m,)
        A coordinate whose variance is rounding beside its squared mean takes no part.
    tolerance : float
        Directions of the correlation matrix under this fraction of its largest eigenvalue are not
        resolved.

    Returns
    -------
    np.ndarray, shape (m, rank)
        W with W^T C W = 1.
    """
    variance = np.diag(covariance)
    live = variance > _CONSTANT * (mean**2 + 1e-12)
    scale = np.where(live, 1 / np.sqrt(np.where(live, variance, 1)), 0)
    values, vectors = np.linalg.eigh(scale[:, None] * covariance * scale)
    kept = values > tolerance * max(values[-1], 0)
    return scale[:, None] * vectors[:, kept] / np.sqrt(values[kept])


def modes_of(basis, coupling, n_modes=None):
    """Solve the eigenproblem of a lagged covariance in a whitened basis.

    Parameters
    ----------
    basis : np.ndarray, shape (m, rank)
        As of `whitening`.
    coupling : np.ndarray, shape (rank, rank)
        ``basis.T @ C(tau) @ basis``, symmetric but for rounding: its lower triangle is used.
    n_modes : int, optional
        How many are wanted; all where not given.

    Returns
    -------
    eigenvalues : np.ndarray, shape (n_modes,), descending
    vectors : np.ndarray, shape (m, n_modes)
        In columns, of unit variance: solutions of C(tau) v = lambda C(0) v.
    """
    values, vectors = np.linalg.eigh(coupling)
    if n_modes is None:
        return values[::-1], basis @ vectors[:, ::-1]
    chosen = np.arange(len(values))[::-1][:n_modes]
    return values[chosen], basis @ vectors[:, chosen]


def resolved_eigenvalues(covariances):
    """All eigenvalues of C(tau) v = lambda C(0) v in the directions resolved, descending.

    Parameters
    ----------
    covariances : lss_base.moments.Covariances
        Reversible.

    Returns
    -------
    np.ndarray, shape (rank,)
    """
    basis = whitening(covariances.c_00, covariances.mean_0)
    coupling = basis.T @ covariances.c_0t @ basis
    return np.linalg.eigvalsh((coupling + coupling.T) / 2)[::-1]


def moduli(covariances):
    """Moduli of all eigenvalues of C(0)^-1 C(tau), which rotate in pairs, descending.

    Parameters
    ----------
    covariances : lss_base.moments.Covariances
        Not reversible; in the directions resolved.

    Returns
    -------
    np.ndarray, shape (rank,)
    """
    basis = whitening(covariances.c_00, covariances.mean_0)
    return np.sort(np.abs(np.linalg.eigvals(basis.T @ covariances.c_0t @ basis)))[::-1]


def slow_modes(sums):
    """Eigenvalues, largest first, and eigenvectors of the lagged against the instant covariance.

    As many as there are coordinates, whatever their rank, so that resamples can be compared.

    Parameters
    ----------
    sums : tuple
        One set of sums of `lss_base.moments.BlockMoments.sums`.

    Returns
    -------
    eigenvalues : np.ndarray, shape (m,)
    vectors : np.ndarray, shape (m, m)
        In columns; of unit variance, or zero for a coordinate that does not vary.
    """
    instant, lagged = mean_free(sums)
    variance = np.diag(instant)
    varies = variance > _CONSTANT * np.diag(sums[2]) / sums[0]
    scale = np.sqrt(np.where(varies, variance, np.inf))
    variance, axes = np.linalg.eigh(instant / np.outer(scale, scale))
    basis = axes / np.sqrt(np.maximum(variance, 1e-12)) / scale[:, None]
    values, vectors = np.linalg.eigh(basis.T @ lagged @ basis)
    return values[::-1], (basis @ vectors)[:, ::-1]


def mode_correlations(sums, vectors):
    """Autocorrelation at the lag of the sums, (k,), along vectors (m, k); nan without variance."""
    instant, lagged = (
        np.einsum("ij,ik,kj->j", vectors, matrix, vectors) for matrix in mean_free(sums)
    )
    return lagged / np.where(instant > 0, instant, np.nan)


def implied_timescales(eigenvalues: ArrayLike, lag: float | np.ndarray) -> np.ndarray:
    """t = -lag / ln(eigenvalue); nan where the eigenvalue is not between 0 and 1.

    Parameters
    ----------
    eigenvalues : array-like, any shape
        Eigenvalues or autocorrelations at the lag.
    lag : float or np.ndarray
        In any unit of time; t comes in the same unit.

    Returns
    -------
    np.ndarray
    """
    eigenvalues = np.asarray(eigenvalues, float)
    valid = (eigenvalues > 0) & (eigenvalues < 1)
    return np.where(valid, -lag / np.log(np.where(valid, eigenvalues, 0.5)), np.nan)
