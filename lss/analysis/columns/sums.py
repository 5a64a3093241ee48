"""Block sums of the columns of one ensemble: marginals, maps, exceedances, lagged products."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from lss.analysis.blocks import BlockSums
from lss.analysis.columns.ruler import CHUNK, COARSE, FINE, JOINT, ColumnRuler
from lss.analysis.columns.spectra import add_spectrum_sums
from lss.analysis.given import read_values
from lss.analysis.kinetics import lagged_sums
from lss.analysis.structure import moments
from lss.analysis.thermodynamics import bin_numbers, histogram, histogram_2d
from lss.analysis.weighing import products, total


def add_column_sums(
    sums: BlockSums,
    series: Sequence,
    lag: int,
    ruler: ColumnRuler,
    tick: Callable[[int], None] = lambda n: None,
) -> None:
    """Add all sums of the columns of an ensemble, in two passes.

    Pairs of frames never span two series; a pair belongs to the block of its earlier frame.

    Parameters
    ----------
    sums : BlockSums
        With blocks of frames of ``series``.
    series : list of array-likes, shape (n_i, n)
        Values in the units of the columns; read in chunks by slicing.
    lag : int
        In frames of ``series``.
    ruler : ColumnRuler
        From :func:`lss.analysis.columns.ruler.make_column_ruler`.
    tick : callable
        Called with the number of frames done.
    """
    ahead = lag * int(ruler.lags[-1])
    # Chunks overlap by the longest lag; longer ones keep the work done twice small.
    size = max(CHUNK, 4 * ahead)
    for s in sums.segments:
        for start in range(s.start, s.stop, size):
            stop = min(start + size, s.stop)
            end = min(stop + ahead, len(series[s.trajectory]))
            values = read_values(series, s.trajectory, start, end)
            weights = sums.weights(s.trajectory, start, stop)
            for key, amount in _measure(values, stop - start, lag, ruler, weights):
                sums.add(key, s.block, amount)
            tick(stop - start)
    if ruler.window:
        add_spectrum_sums(sums, series, lag, ruler.window, ruler)


def _measure(
    values: np.ndarray, n: int, lag: int, ruler: ColumnRuler, weights: np.ndarray | None
) -> Iterator[tuple[str, np.ndarray]]:
    """The sums of the first n frames of a chunk, and of pairs that begin with one of them."""
    z = ruler.standardised(values)
    own = z[:n].T
    low, high = ruler.z_range
    yield "frames", total(np.ones(n), weights)
    yield "column_moments", moments(own, weights)
    yield "column_products", products(own, own, weights)
    yield "column_histogram", histogram(own, low, high, COARSE * FINE, weights)
    beyond = [np.maximum(low[:, None] - own, 0), np.maximum(own - high[:, None], 0)]
    yield "column_excess", total(np.stack(beyond, axis=1), weights)
    bounds = ruler.columns.bounds
    outside = (values[:n] < bounds[:, 0]) | (values[:n] > bounds[:, 1])
    yield "out_of_bounds", total(outside.any(axis=1), weights)
    if len(ruler.pairs):
        cells = bin_numbers(own, low, high, COARSE // JOINT)
        x, y = ruler.pairs.T
        yield "joint_histogram", histogram_2d(cells[x], cells[y], COARSE // JOINT, weights)
    yield "above", total(own[:, None] > ruler.thresholds[:, :, None], weights)
    yield "passing", _passing(z, n, lag, ruler.thresholds, weights)
    yield "column_lagged", _lagged(z, n, lag * ruler.lags, weights)


def _lagged(z: np.ndarray, n: int, lags: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Sums of pairs at each lag, shape (lags, 4, n), as of `kinetics.add_lagged_sums`."""
    rows = []
    for lag in lags:
        pairs = max(0, min(n, len(z) - lag))
        w = None if weights is None else weights[:, :pairs]
        rows.append(lagged_sums(z[:pairs], z[lag : lag + pairs], w))
    return np.stack(rows, axis=-3)


def _passing(z: np.ndarray, n: int, lag: int, thresholds: np.ndarray, weights) -> np.ndarray:
    """Pairs one lag apart by where they begin and end, shape (n, quantiles, 2, 2); 1 is above."""
    pairs = max(0, min(n, len(z) - lag))
    above = z[: lag + pairs].T[:, None, :] > thresholds[:, :, None]
    early, late = above[..., :pairs], above[..., lag:]
    w = None if weights is None else weights[:, :pairs]
    found = [total(a & b, w) for a in (~early, early) for b in (~late, late)]
    return np.stack(found, axis=-1).reshape(*found[0].shape, 2, 2)
