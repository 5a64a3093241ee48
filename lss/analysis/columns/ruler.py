"""What the columns of time series are measured with, laid out on the training data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lss.analysis.columns.spectra import window_length
from lss.analysis.given import read_values
from lss.analysis.kinetics import autocorrelation, lagged_sums
from lss.analysis.sample import Sample
from lss.errors import InputError

#: Frames worked on at a time, and numbers of which quantiles are made.
CHUNK, QUANTILE_NUMBERS = 4096, 10_000_000
#: Bins of a marginal, and of each of them for distances between marginals. The second is odd, so
#: that a whole number never lies on an edge.
COARSE, FINE = 50, 9
#: Of so many of the coarse bins one bin of a joint map is made.
JOINT = 2
#: Quantiles of the data that are exceeded.
QUANTILES = (0.90, 0.95, 0.99)
#: Joint maps are of the pairs of so many columns at most.
PAIRED = 4
#: The range of the marginals leaves out this share of the data on each side, and then goes on by a
#: part of its width.
TAIL, MARGIN = 0.001, 0.1
#: Autocorrelations are computed at so many lags at most.
N_LAGS = 50


@dataclass(frozen=True)
class ColumnRuler:
    """What all ensembles are measured with.

    Values are measured from the mean of the data in standard deviations of the data: z.

    Parameters
    ----------
    columns : lss.series.columns.Columns
        Names and units.
    mean, sd : np.ndarray, shape (n,)
        Of the training data, in the units of the columns.
    z_range : np.ndarray, shape (2, n)
        Range of the marginals, in z.
    thresholds : np.ndarray, shape (n, quantiles)
        z of :data:`QUANTILES`, of one that is the largest value of a column the next below it; nan
        where the one before is the same.
    pairs : np.ndarray, shape (p, 2)
        Columns of the joint maps.
    lags : np.ndarray of int
        Multiples of the lag at which autocorrelations are computed; begins with 1.
    window : int
        Lags in a window of the spectra; 0 where the series are too short for one.
    """

    columns: object
    mean: np.ndarray
    sd: np.ndarray
    z_range: np.ndarray
    thresholds: np.ndarray
    pairs: np.ndarray
    lags: np.ndarray
    window: int

    def standardised(self, values: np.ndarray) -> np.ndarray:
        """Values (frames, n) in z."""
        return (values - self.mean) / self.sd

    def edges(self, column: int, n_bins: int = COARSE) -> np.ndarray:
        """Edges of bins over the range of a column, in its unit."""
        low, high = self.z_range[:, column] * self.sd[column] + self.mean[column]
        return np.linspace(low, high, n_bins + 1)


def make_column_ruler(
    samples: dict[str, Sample],
    columns,
    lags: np.ndarray,
    tick: Callable[[int], None] = lambda n: None,
) -> ColumnRuler:
    """Ranges, quantiles, pairs and windows, laid out on the training data.

    Parameters
    ----------
    samples : dict of Sample
        By name, all that are compared; the first holds the training data.
    columns : lss.series.columns.Columns
        Of the samples' coordinates.
    lags : np.ndarray of int
        Multiples of the lag at which autocorrelations are wanted.
    tick : callable
        Called with the number of frames done.

    Raises
    ------
    InputError
        When a column of the data never changes, or a value is not finite.
    """
    data = next(iter(samples.values()))
    mean, sd, slowness = _moments(data, tick)
    still = ~(sd > 1e-12 * np.abs(mean))
    if still.any():
        name = columns.names[int(still.argmax())]
        raise InputError(f"column {name} of the data never changes; leave it out")
    values, weights = _some_frames(data, tick)
    z = (values - mean) / sd
    low, high = quantiles(z, [TAIL, 1 - TAIL], weights)
    return ColumnRuler(
        columns=columns,
        mean=mean,
        sd=sd,
        z_range=_ranges(columns, z, low, high, mean, sd),
        thresholds=_thresholds(z, weights),
        pairs=_pairs(slowness),
        lags=lags,
        window=window_length(samples.values()),
    )


def even_lags(slowest: float, longest: int) -> np.ndarray:
    """Whole numbers of lags, evenly apart, up to three times the slowest, from 1 on.

    Evenly, since columns may oscillate.
    """
    wanted = 3 * slowest if np.isfinite(slowest) else 10
    last = int(np.clip(wanted, min(10, longest), max(longest, 1)))
    step = -(-last // N_LAGS)
    return np.unique(np.concatenate([[1], np.arange(step, last + 1, step)]))


def _moments(data: Sample, tick) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column, and its autocorrelation at the lag."""
    lag, weights = data.coordinate_lag, data.weights_of_coordinates
    shift, sums = None, 0.0
    for i, start, stop in chunks(data.coordinates, max(CHUNK, 4 * lag)):
        x = read_values(data.coordinates, i, start, min(stop + lag, len(data.coordinates[i])))
        # Moments about a typical value lose no digits to a large mean.
        shift = x[0] if shift is None else shift
        x = x - shift
        own = x[: stop - start]
        w = np.ones(len(own)) if weights is None else np.asarray(weights[i][start:stop])
        n_pairs = max(0, len(x) - lag)
        lagged = lagged_sums(x[:n_pairs], x[lag:], w[None, :n_pairs])[0]
        n = np.full(own.shape[1], w.sum())
        sums = sums + np.concatenate([np.stack([n, w @ own, w @ own**2]), lagged])
        tick(stop - start)
    mean = sums[1] / sums[0]
    sd = np.sqrt(np.maximum(sums[2] / sums[0] - mean**2, 0))
    return mean + shift, sd, autocorrelation(sums[3:])


def chunks(series: Sequence, size: int) -> Iterator[tuple[int, int, int]]:
    """Number, start and stop of pieces of all series, of so many frames at most."""
    for i, x in enumerate(series):
        for start in range(0, len(x), size):
            yield i, start, min(start + size, len(x))


def _some_frames(data: Sample, tick) -> tuple[np.ndarray, np.ndarray | None]:
    """All frames, or every s-th where there are very many, and their weights."""
    series, weights = data.coordinates, data.weights_of_coordinates
    first = np.cumsum([0, *map(len, series)])
    stride = max(1, int(first[-1]) * series[0].shape[1] // QUANTILE_NUMBERS)
    values, own = [], []
    for i, start, stop in chunks(series, CHUNK):
        # Every s-th of all frames end to end: of short series not always the first one.
        offset = -(first[i] + start) % stride
        values.append(read_values(series, i, start, stop)[offset::stride])
        if weights is not None:
            own.append(weights[i][start:stop][offset::stride])
        tick(stop - start)
    return np.concatenate(values), np.concatenate(own) if own else None


def quantiles(z: np.ndarray, shares, weights: np.ndarray | None = None) -> np.ndarray:
    """Quantiles of each column of z (frames, n), shape (shares, n): values that are in the data."""
    if weights is None:
        return np.quantile(z, shares, axis=0, method="inverted_cdf")
    order = np.argsort(z, axis=0)
    along = np.cumsum(weights[order], axis=0)
    wanted = np.multiply.outer(shares, along[-1])
    rank = [np.searchsorted(a, w) for a, w in zip(along.T, wanted.T, strict=True)]
    return np.take_along_axis(np.take_along_axis(z, order, 0), np.stack(rank, axis=1), 0)


def _ranges(columns, z, low, high, mean, sd) -> np.ndarray:
    """Range of each marginal: a little more than nearly all data, never more than all of it."""
    margin = MARGIN * (high - low)
    low = np.maximum(low - margin, z.min(axis=0))
    high = np.minimum(high + margin, z.max(axis=0))
    # A column that is nearly always the same has no range but that of its rare values.
    low, high = (np.where(high > low, a, b) for a, b in ((low, z.min(0)), (high, z.max(0))))
    for k in np.flatnonzero(columns.whole):
        first, last = (round(float(x[k] * sd[k] + mean[k])) for x in (low, high))
        width = -(-(last - first + 1) // COARSE)
        ends = first - 0.5 + width * np.array([0, COARSE])
        low[k], high[k] = (ends - mean[k]) / sd[k]
    return np.stack([low, high])


def _thresholds(z: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    found = quantiles(z, QUANTILES, weights).T
    below = np.where(z < z.max(axis=0), z, -np.inf).max(axis=0)
    found = np.minimum(found, below[:, None])
    again = np.concatenate([np.zeros((len(found), 1), bool), np.diff(found) <= 0], axis=1)
    return np.where(again, np.nan, found)


def _pairs(slowness: np.ndarray) -> np.ndarray:
    """All pairs of the few columns that are most like themselves one lag later."""
    slowest = np.sort(np.argsort(-np.nan_to_num(slowness, nan=-1), kind="stable")[:PAIRED])
    i, j = np.triu_indices(len(slowest), 1)
    return np.stack([slowest[i], slowest[j]], axis=1)
