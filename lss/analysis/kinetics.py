"""Time-correlation functions and implied timescales, from lagged sums kept in blocks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lss.analysis.blocks import BlockSums, Estimate, jackknife
from lss.analysis.weighing import total
from lss_base.kinetics import implied_timescales as implied_timescale

#: Autocorrelations below this are left out of the exponential fit.
FIT_FLOOR = 0.1


def add_lagged_sums(
    sums: BlockSums, key: str, psi: Sequence[np.ndarray], lags: Sequence[int]
) -> None:
    """Add the sums from which autocorrelations at several lags follow.

    Pairs of frames never span two trajectories; a pair belongs to the block of its
    earlier frame, and has the weight of that frame.

    Parameters
    ----------
    sums : BlockSums
        Gets ``key``, shape (blocks, lags, 4, m): the number of pairs and the sums of
        (x0 + x1) / 2, (x0^2 + x1^2) / 2 and x0 x1.
    psi : list of np.ndarray, shape (n_i, m)
        Latent trajectories.
    lags : sequence of int
        Lag times in frames.
    """
    for segment in sums.segments:
        x = np.asarray(psi[segment.trajectory], dtype=np.float64)
        rows = []
        for lag in lags:
            stop = max(segment.start, min(segment.stop, len(x) - lag))
            early, late = x[segment.start : stop], x[segment.start + lag : stop + lag]
            rows.append(
                lagged_sums(early, late, sums.weights(segment.trajectory, segment.start, stop))
            )
        sums.add(key, segment.block, np.stack(rows, axis=-3))


def lagged_sums(early: np.ndarray, late: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """The four sums over pairs, shape (4, m), or (k, 4, m) under k sets of weights."""
    if weights is None:
        mean = (early.sum(axis=0) + late.sum(axis=0)) / 2
        square = (_dot(early, early) + _dot(late, late)) / 2
        return np.stack([np.full(mean.shape, len(early)), mean, square, _dot(early, late)])
    each = (np.ones_like(early), (early + late) / 2, (early**2 + late**2) / 2, early * late)
    return total(np.stack(each).transpose(0, 2, 1), weights)


def _dot(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->j", x, y)


def autocorrelation(lagged: np.ndarray) -> np.ndarray:
    """Time-reversal symmetric autocorrelation from the sums of :func:`add_lagged_sums`.

    C(t) = (<x0 x1> - mu^2) / (<x^2> - mu^2), mean and variance over both ends of the
    pairs (the reversible estimator).

    Parameters
    ----------
    lagged : np.ndarray, shape (..., 4, m)
        The sums.

    Returns
    -------
    np.ndarray, shape (..., m)
        nan where there are no pairs or the coordinate does not move.
    """
    n, mean, square, product = np.moveaxis(lagged, -2, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean, square, product = mean / n, square / n, product / n
        variance = square - mean**2
        return np.where(variance > 0, (product - mean**2) / variance, np.nan)


def fit_exponential(times: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Time constants of the least-squares fits of exp(-t / T) to autocorrelations.

    Only the times before the correlation first falls under :data:`FIT_FLOOR` count, so
    that the noise of the tail does not.

    Parameters
    ----------
    times : np.ndarray, shape (lags,)
        Increasing times.
    correlation : np.ndarray, shape (lags, m)
        C_i(t).

    Returns
    -------
    np.ndarray, shape (m,)
        T_i in the unit of ``times``; nan where C is under the floor from the start.
    """
    return np.array([_fit_one(times, column) for column in correlation.T])


def _fit_one(times: np.ndarray, correlation: np.ndarray) -> float:
    from scipy.optimize import minimize_scalar

    below = ~(correlation > FIT_FLOOR)
    n = int(below.argmax()) if below.any() else len(times)
    if n == 0:
        return float("nan")
    t, c = times[:n], correlation[:n]
    guess = np.log(implied_timescale(np.minimum(c[0], 1 - 1e-12), t[0]))
    found = minimize_scalar(
        lambda log_t: np.sum((c - np.exp(-t / np.exp(log_t))) ** 2),
        bounds=(guess - 3, guess + 3),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return float(np.exp(found.x))


def timescales(sums: BlockSums, key: str, lag_ps: float) -> Estimate:
    """Implied timescales t_i = -tau / ln lambda_i at the first lag of the lagged sums.

    Parameters
    ----------
    sums : BlockSums
        Holds ``key`` from :func:`add_lagged_sums`.
    lag_ps : float
        The first lag, **ps**.

    Returns
    -------
    Estimate, shape (m,)
        In **ps**.
    """
    return jackknife(lambda s: implied_timescale(autocorrelation(s[key][0]), lag_ps), sums)


def correlation_lags(timescale: float, longest: int, n_lags: int = 20) -> np.ndarray:
    """Whole numbers of lags, closely spaced first, at which to compute C(t).

    Parameters
    ----------
    timescale : float
        The slowest timescale, in lags: the numbers go on to three times it.
    longest : int
        The largest number that makes sense, say half the longest trajectory, in lags.
    n_lags : int
        How many numbers at most.

    Returns
    -------
    np.ndarray of int
        Always begins with 1; increasing, without repeats.
    """
    wanted = 3 * timescale if np.isfinite(timescale) else 10
    last = int(np.clip(wanted, min(10, longest), max(longest, 1)))
    return np.unique(np.geomspace(1, max(last, 1), n_lags).round().astype(int))
