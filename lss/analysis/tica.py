"""Time-lagged independent component analysis of pair distances, streaming.

Perez-Hernandez et al., J. Chem. Phys. 139 (2013) 015102: the generalised eigenproblem
C(tau) v = lambda C(0) v with covariances symmetrised in time (the reversible estimator).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lss.errors import InputError
from lss_base.kinetics import modes_of, whitening

#: Eigenvalues of the whitened covariance under this share of the largest are dropped.
EPSILON = 1e-6


@dataclass(frozen=True)
class TICA:
    """Leading coordinates of an ensemble.

    Parameters
    ----------
    mean : np.ndarray, shape (features,)
        Mean of the features.
    vectors : np.ndarray, shape (features, components)
        Projection; each coordinate has mean 0 and variance 1 over the fitted pairs.
    eigenvalues : np.ndarray, shape (components,)
        Autocorrelations of the coordinates at the lag, largest first.
    """

    mean: np.ndarray
    vectors: np.ndarray
    eigenvalues: np.ndarray

    def project(self, features: np.ndarray) -> np.ndarray:
        """Coordinates (components, frames) of features (features, frames)."""
        vectors = self.vectors.T.astype(features.dtype)
        return vectors @ features - (self.vectors.T @ self.mean).astype(features.dtype)[:, None]


class Covariances:
    """Running sums for TICA over chunks of pairs of frames one lag apart."""

    def __init__(self) -> None:
        self.n = 0
        self.shift = self.total = self.instant = self.lagged = None

    def add(self, early: np.ndarray, late: np.ndarray, weights: np.ndarray | None = None) -> None:
        """Add pairs, both of shape (features, pairs), and their weights, (pairs,)."""
        if early.shape[1] == 0:
            return
        if self.shift is None:
            size = len(early)
            # Moments about a typical frame lose no digits to a large mean.
            self.shift = early.mean(axis=1)[:, None]
            self.total = np.zeros(size)
            self.instant = np.zeros((size, size))
            self.lagged = np.zeros((size, size))
        a, b = early - self.shift, late - self.shift
        if weights is None:
            self.n += a.shape[1]
            own, other = a, b
        else:
            self.n += float(weights.sum())
            own, other = a * weights, b * weights
        self.total += own.sum(axis=1, dtype=np.float64) + other.sum(axis=1, dtype=np.float64)
        self.instant += own @ a.T + other @ b.T
        product = own @ b.T
        self.lagged += product + product.T

    def solve(self, n_components: int = 2) -> TICA:
        """Solve the eigenproblem.

        Raises
        ------
        InputError
            When fewer pairs than two were added.
        """
        if self.n < 2:
            raise InputError("TICA needs trajectories longer than the lag; choose a shorter lag")
        mean = self.total / (2 * self.n)
        outer = np.outer(mean, mean)
        c0 = self.instant / (2 * self.n) - outer
        ct = self.lagged / (2 * self.n) - outer
        basis = whitening(c0, mean, EPSILON)
        eigenvalues, vectors = modes_of(basis, basis.T @ ct @ basis, n_components)
        return TICA(mean=mean + self.shift[:, 0], vectors=vectors, eigenvalues=eigenvalues)
