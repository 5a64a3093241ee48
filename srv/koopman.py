"""The eigenproblem that turns outputs into slow modes, reversible or not, and its scores.

Chen, Sidky & Ferguson, J. Chem. Phys. 150, 214114 (2019), eqs. 4-8 (reversible); Wu & Noe, J.
Nonlinear Sci. 30, 23 (2020) (non-reversible).
"""

import numpy as np

from lss_base import kinetics
from lss_base.kinetics import DegenerateOutputsError
from lss_base.moments import LaggedMoments

__all__ = [
    "LaggedMoments",
    "reversible_modes",
    "singular_modes",
    "vamp2",
    "whitening",
]

# Correlation with a deflated mode that an eigenfunction may keep.
_DEFLATION_TOLERANCE = 1e-3


def whitening(covariance, mean, n_wanted):
    """Return W, (m, rank), with W^T C W = 1, and no unresolved direction.

    Raises
    ------
    DegenerateOutputsError
        Where fewer than `n_wanted` independent directions are resolved.
    """
    basis = kinetics.whitening(covariance, mean)
    if basis.shape[1] < n_wanted:
        raise DegenerateOutputsError(
            f"n_components is {n_wanted}, wanted at most {basis.shape[1]}, the independent "
            f"functions of the data that the {len(mean)} outputs of the network hold; ask for "
            "fewer, or give features that tell more than that many states apart"
        )
    return basis


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
                f"n_components is {n_modes}, wanted at most {basis.shape[1]}, the independent "
                "outputs that are orthogonal to the deflated modes; ask for fewer or deflate less"
            )
    coupling = basis.T @ own.c_0t @ basis
    values, vectors = kinetics.modes_of(basis, (coupling + coupling.T) / 2)
    return values[:n_modes], vectors[:, :n_modes]


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


def rayleigh(covariances):
    """Sum of the eigenvalues of reversible covariances, 1 for the constant included.

    The generalised matrix Rayleigh quotient: R. McGibbon and V. Pande, J. Chem. Phys. 142, 124105
    (2015).
    """
    side = whitening(covariances.c_00, covariances.mean_0, 0)
    return 1.0 + float(np.trace(side.T @ covariances.c_0t @ side))
