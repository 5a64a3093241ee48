"""Decay and period of the propagator on psi, of processes that do not obey detailed balance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lss.analysis.blocks import BlockSums, jackknife
from lss.analysis.sample import Sample
from lss.analysis.weighing import products

#: Standard errors that the imaginary part of an eigenvalue must have to be one.
TURNING = 3


def add_cross_sums(sums: BlockSums, psi: Sequence, lag: int) -> None:
    """Add the products of 1 and psi with themselves and with those one lag later.

    Parameters
    ----------
    sums : BlockSums
        Gets ``cross_lagged``, shape (blocks, 2, m + 1, m + 1): sums over pairs of frames of
        (1, psi_0) (1, psi_0)' and of (1, psi_0) (1, psi_t)'.
    psi : list of array-likes, shape (n_i, m)
        Latent trajectories.
    lag : int
        In frames.
    """
    for s in sums.segments:
        x = np.asarray(psi[s.trajectory][s.start : s.stop + lag], dtype=np.float64)
        x = np.concatenate([np.ones((len(x), 1)), x], axis=1).T
        n = max(0, min(s.stop - s.start, x.shape[1] - lag))
        early, late = x[:, :n], x[:, lag : lag + n]
        weights = sums.weights(s.trajectory, s.start, s.start + n)
        found = [products(early, y, weights) for y in (early, late)]
        sums.add("cross_lagged", s.block, np.stack(found, axis=-3))


def propagator_eigenvalues(cross: np.ndarray) -> np.ndarray:
    """Eigenvalues of the regression of psi one lag later on psi, largest modulus first.

    Of a conjugate pair only the one with positive imaginary part, so that there are m or fewer.

    Parameters
    ----------
    cross : np.ndarray, shape (2, m + 1, m + 1)
        From :func:`add_cross_sums`.

    Returns
    -------
    np.ndarray, shape (k,), complex
    """
    n = cross[0, 0, 0]
    instant, lagged = (c[1:, 1:] - np.outer(c[1:, 0], c[0, 1:]) / n for c in cross)
    values = np.linalg.eigvals(np.linalg.lstsq(instant, lagged, rcond=None)[0])
    values = values[values.imag >= 0].astype(complex)
    return values[np.argsort(-np.abs(values), kind="stable")]


def resolved_eigenvalues(data: Sample) -> np.ndarray:
    """Eigenvalues of the training data; complex only where that is more than chance.

    Two real modes that are nearly as slow as one another are a pair by chance half of the time,
    whose period is as large as it is meaningless: one whose imaginary part is less than
    :data:`TURNING` standard errors is taken as real.
    """
    sums = data.new_sums()
    add_cross_sums(sums, data.psi, data.lag)
    values = propagator_eigenvalues(sums.total()["cross_lagged"])
    for k, value in enumerate(values):
        part = jackknife(
            lambda s, value=value: nearest(propagator_eigenvalues(s["cross_lagged"]), value).imag,
            sums,
        )
        if not value.imag > TURNING * part.standard_error:
            values[k] = abs(value) if value.imag > 0 else value
    return values


def nearest(values: np.ndarray, target: complex) -> complex:
    """The eigenvalue of an ensemble that is nearest to one of the data."""
    return values[np.argmin(np.abs(values - target))] if len(values) else complex(np.nan)


def decay(value: complex, lag: float) -> float:
    """Time in which a mode decays to 1/e, in the unit of the lag; nan where it does not."""
    size = abs(value)
    return float(-lag / np.log(size)) if 0 < size < 1 else float("nan")


def period(value: complex, lag: float) -> float:
    """Time of one turn of a complex mode, in the unit of the lag; nan of a mode that does not turn.

    One turn takes two lags or more: faster ones look slower, as spokes do in a film.
    """
    return float(2 * np.pi * lag / abs(np.angle(value))) if value.imag != 0 else float("nan")
