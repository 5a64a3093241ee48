"""Covariances in float64, streaming, and the eigenproblem that turns outputs into slow modes.

Chen, Sidky & Ferguson, J. Chem. Phys. 150, 214114 (2019), eqs. 4-8 (reversible); Wu & Noe, J.
Nonlinear Sci. 30, 23 (2020) (non-reversible).
"""

import logging
from dataclasses import dataclass

import numpy as np

from srv.errors import DegenerateOutputsError

logger = logging.getLogger(__name__)

# Directions of the correlation matrix under this fraction of the largest are not resolved: float32
# outputs carry relative noise of 1e-7, which is a variance of 1e-14.
_RANK_TOLERANCE = 1e-10
# A variance under this fraction of the squared mean is rounding, not signal.
_CONSTANT_TOLERANCE = 1e-12
# Correlation with a deflated mode that an eigenfunction may keep.
_DEFLATION_TOLERANCE = 1e-3


class LaggedMoments:
    """Sums over pairs one lag apart, accumulated block by block in float64.

    Parameters
    ----------
    lag_time : int
        In frames.
    shift : np.ndarray, shape=(m,), optional
        Subtracted before summing, against cancellation; default the mean of the first block.
        Moments are added (`+`) only where the shifts are the same.
    """

    def __init__(self, lag_time, shift=None):
        self.lag_time = lag_time
        self.shift = None if shift is None else np.asarray(shift, np.float64)
        self.n_pairs = 0
        self._sums = None
        self._tail = self._tail_weights = None

    def start(self):
        """Begin a new trajectory: no pair reaches back across this point."""
        self._tail = self._tail_weights = None

    def update(self, block, weights=None):
        """Add the next block of frames, (n, m), of the current trajectory.

        `weights`, (n,), are those of the pairs that start at these frames: all blocks have them,
        or none.
        """
        block = np.asarray(block, np.float64)
        if self.shift is None:
            self.shift = block.mean(axis=0)
        block = block - self.shift
        if self._tail is not None:
            block = np.concatenate([self._tail, block])
        lag = self.lag_time
        x, y = block[: max(len(block) - lag, 0)], block[lag:]
        self._tail = block[-lag:]
        if weights is not None:
            if self._tail_weights is not None:
                weights = np.concatenate([self._tail_weights, weights])
            self._tail_weights, weights = weights[-lag:], weights[: len(x), None]
        if not len(x):
            return
        if weights is None:
            self.n_pairs += len(x)
            sums = (x.sum(axis=0), y.sum(axis=0), x.T @ x, x.T @ y, y.T @ y)
        else:
            self.n_pairs += float(weights.sum())
            wx, wy = weights * x, weights * y
            sums = (wx.sum(axis=0), wy.sum(axis=0), wx.T @ x, wx.T @ y, wy.T @ y)
        self._sums = sums if self._sums is None else _added(self._sums, sums)

    def __add__(self, other):
        """Return the moments of both sets of pairs."""
        if self.lag_time != other.lag_time or not np.array_equal(self.shift, other.shift):
            raise ValueError("LaggedMoments: only moments of the same lag_time and shift add up.")
        return self.combined([self, other], [1, 1])

    @classmethod
    def combined(cls, parts, weights):
        """Return the weighted sum of moments with a common shift, as the bootstrap needs it."""
        total = cls(parts[0].lag_time, parts[0].shift)
        chosen = [(p, w) for p, w in zip(parts, weights, strict=True) if w and p.n_pairs]
        total.n_pairs = sum(w * p.n_pairs for p, w in chosen)
        for part, weight in chosen:
            scaled = tuple(weight * s for s in part._sums)
            total._sums = scaled if total._sums is None else _added(total._sums, scaled)
        return total

    def covariances(self, reversible=True):
        """Return the mean-free covariances of all pairs so far.

        Reversible: mean and covariances of the data joined with its time reversal, C0 = (C00 +
        C11) / 2 and C1 = (C01 + C10) / 2.
        """
        if not self.n_pairs:
            raise ValueError("No pair of frames one lag apart: use longer trajectories.")
        x, y, xx, xy, yy = (s / self.n_pairs for s in self._sums)
        if reversible:
            mean = (x + y) / 2
            outer = np.outer(mean, mean)
            c_00, c_0t = (xx + yy) / 2 - outer, (xy + xy.T) / 2 - outer
            return Covariances(self.shift + mean, self.shift + mean, c_00, c_0t, c_00)
        return Covariances(
            self.shift + x,
            self.shift + y,
            xx - np.outer(x, x),
            xy - np.outer(x, y),
            yy - np.outer(y, y),
        )


def _added(a, b):
    return tuple(p + q for p, q in zip(a, b, strict=True))


@dataclass(frozen=True)
class Covariances:
    """Means, shape (m,), and covariances, shape (m, m), of frames at t and at t + lag."""

    mean_0: np.ndarray
    mean_t: np.ndarray
    c_00: np.ndarray
    c_0t: np.ndarray
    c_tt: np.ndarray

    def part(self, size):
        """Return the covariances of the first `size` columns."""
        cut = slice(size)
        return Covariances(
            self.mean_0[cut],
            self.mean_t[cut],
            self.c_00[cut, cut],
            self.c_0t[cut, cut],
            self.c_tt[cut, cut],
        )

    def crossed(self, size):
        """Return those between the first `size` columns at t and the other columns at t + lag."""
        first, rest = slice(size), slice(size, None)
        return Covariances(
            self.mean_0[first],
            self.mean_t[rest],
            self.c_00[first, first],
            self.c_0t[first, rest],
            self.c_tt[rest, rest],
        )


def whitening(covariance, mean, n_wanted):
    """Return W, (m, rank), with W^T C W = 1, and no unresolved direction.

    Raises
    ------
    DegenerateOutputsError
        Where fewer than `n_wanted` independent directions are resolved.
    """
    variance = np.diag(covariance)
    live = variance > _CONSTANT_TOLERANCE * (mean**2 + 1e-12)
    scale = np.where(live, 1 / np.sqrt(np.where(live, variance, 1)), 0)
    values, vectors = np.linalg.eigh(scale[:, None] * covariance * scale)
    kept = values > _RANK_TOLERANCE * max(values[-1], 0)
    if kept.sum() < n_wanted:
        raise DegenerateOutputsError(
            f"The {len(mean)} outputs of the network hold only {kept.sum()} independent functions "
            f"of the data, wanted {n_wanted}. Ask for fewer n_components, or give features that "
            "tell more than that many states apart."
        )
    return scale[:, None] * vectors[:, kept] / np.sqrt(values[kept])


def reversible_modes(covariances, n_modes, n_known=0):
    """Solve C1 v = lambda C0 v for the slowest modes.

    Parameters
    ----------
    covariances : Covariances
        Reversible; the last `n_known` columns are known modes, to which the modes found are
        orthogonal: <psi z> = 0 within 1e-3, at the same time and one lag apart.
    n_modes : int

    Returns
    -------
    eigenvalues : np.ndarray, shape=(n_modes,), descending
    vectors : np.ndarray, shape=(m, n_modes)
        psi = (f - mean) vectors has unit variance under the equilibrium density.

    Raises
    ------
    DegenerateOutputsError
    """
    size = len(covariances.mean_0) - n_known
    own = covariances.part(size)
    basis = whitening(own.c_00, own.mean_0, n_modes)
    if n_known:
        sd = np.sqrt(np.maximum(np.diag(covariances.c_00)[size:], 1e-300))
        overlap = np.hstack([c[:size, size:] / sd for c in (covariances.c_00, covariances.c_0t)])
        left, values, _ = np.linalg.svd(basis.T @ overlap)
        n_bound = int((values > _DEFLATION_TOLERANCE).sum())
        basis = basis @ left[:, n_bound:]
        if basis.shape[1] < n_modes:
            raise DegenerateOutputsError(
                f"Only {basis.shape[1]} independent outputs are orthogonal to the deflated modes, "
                f"wanted {n_modes}. Ask for fewer n_components or deflate less."
            )
    coupling = basis.T @ own.c_0t @ basis
    values, vectors = np.linalg.eigh((coupling + coupling.T) / 2)
    return values[::-1][:n_modes], (basis @ vectors[:, ::-1])[:, :n_modes]


def resolved_eigenvalues(covariances):
    """Return all eigenvalues of C1 v = lambda C0 v in the directions resolved, descending."""
    basis = whitening(covariances.c_00, covariances.mean_0, 0)
    coupling = basis.T @ covariances.c_0t @ basis
    return np.linalg.eigvalsh((coupling + coupling.T) / 2)[::-1]


def singular_modes(covariances, n_modes):
    """Return singular values and left and right vectors of C00^-1/2 C01 C11^-1/2."""
    left = whitening(covariances.c_00, covariances.mean_0, n_modes)
    right = whitening(covariances.c_tt, covariances.mean_t, n_modes)
    u, values, vh = np.linalg.svd(left.T @ covariances.c_0t @ right)
    return values[:n_modes], left @ u[:, :n_modes], right @ vh[:n_modes].T


def vamp2(covariances, n_modes=None):
    """VAMP-2 score of the space of the first `n_modes` columns, 1 for the constant included.

    Equal to deeptime's `vamp_score` with r=2 for non-reversible covariances.
    """
    part = covariances if n_modes is None else covariances.part(n_modes)
    left = whitening(part.c_00, part.mean_0, 0)
    right = whitening(part.c_tt, part.mean_t, 0)
    return 1.0 + float(np.sum((left.T @ part.c_0t @ right) ** 2))


def implied_timescales(eigenvalues, lag_time):
    """Return -lag_time / ln(eigenvalue), in units of the lag; NaN and a warning outside (0, 1)."""
    eigenvalues = np.asarray(eigenvalues, float)
    valid = (eigenvalues > 0) & (eigenvalues < 1)
    if not valid.all():
        logger.warning(
            "Eigenvalues %s are not between 0 and 1 and have no timescale (NaN): a process that "
            "has decayed at the lag, or too little data. Shorten the lag or ask for fewer modes.",
            eigenvalues[~valid].tolist(),
        )
    return -lag_time / np.log(np.where(valid, eigenvalues, np.nan))
