"""Correlations of time series of slow modes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lss_base.estimators import refusal

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from lss_base.trajectories import Series


def empirical_correlation(x: ArrayLike, y: ArrayLike) -> np.ndarray:
    """Pearson correlation of the columns of x with those of y.

    Parameters
    ----------
    x, y : array_like, shape (n_frames,) or (n_frames, m)

    Returns
    -------
    np.ndarray, shape (m,)
        NaN where a column is constant.
    """
    x, y = centred(x), centred(y)
    with np.errstate(invalid="ignore"):
        return (x * y).mean(0) / np.sqrt((x**2).mean(0) * (y**2).mean(0))


def empirical_gram_schmidt(x: ArrayLike, y: ArrayLike) -> np.ndarray:
    """Coefficients <x y> / <y y> of the projection of the columns of x on those of y.

    Parameters
    ----------
    x, y : array_like, shape (n_frames,) or (n_frames, m)

    Returns
    -------
    np.ndarray, shape (m,)
    """
    x, y = columns(x), columns(y)
    return (x * y).mean(0) / (y * y).mean(0)


def generate_its(data: Series, lags: Sequence[int]) -> np.ndarray:
    """Implied timescales t = -lag / ln|C(lag)| of every column, for each lag.

    Parameters
    ----------
    data : array_like or list of array_like, shape (n_frames, m)
        Time series of modes; no pair of frames spans two of them.
    lags : sequence of int
        Lag times in frames.

    Returns
    -------
    np.ndarray, shape (n_lags, m)
        In frames; NaN for a constant column.

    Raises
    ------
    ValueError
        Where a lag is not a whole number of at least 1, or no time series is longer than it.
    """
    series = [columns(x) for x in (data if isinstance(data, (list, tuple)) else [data])]
    longest = max(map(len, series), default=0)
    timescales = []
    for lag in lags:
        if lag not in range(1, longest):
            raise refusal(
                "lags",
                f"{lag} frames",
                f"whole numbers from 1 to {longest - 1}",
                f"take shorter ones, since the longest series in data has {longest} frames",
            )
        lag = int(lag)
        pairs = [(x[:-lag], x[lag:]) for x in series if len(x) > lag]
        before, after = (np.concatenate(part) for part in zip(*pairs, strict=True))
        with np.errstate(divide="ignore"):
            timescales.append(-lag / np.log(np.abs(empirical_correlation(before, after))))
    return np.array(timescales)


def columns(x):
    """As float64 of shape (n_frames, m)."""
    x = np.asarray(x, np.float64)
    return x[:, None] if x.ndim == 1 else x


def centred(x):
    x = columns(x)
    return x - x.mean(0)
