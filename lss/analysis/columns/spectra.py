"""Power spectra of columns looked at once every lag, by windows (Welch)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lss.analysis.blocks import BlockSums
from lss.analysis.given import read_values
from lss.analysis.sample import Sample
from lss.analysis.weighing import total

if TYPE_CHECKING:
    from lss.analysis.columns.ruler import ColumnRuler

#: Longest and shortest window, in lags.
LONGEST, SHORTEST = 512, 16
#: Windows that the data should fill, so that a spectrum is more than noise.
WINDOWS = 16
#: The first frequency compared, in units of 1 / window: the taper mixes lower ones with the mean.
FIRST = 2
#: Frequencies are compared in so many bands at most, each as wide in the logarithm as the others.
BANDS = 20


def window_length(samples: Iterable[Sample]) -> int:
    """The longest power of two for which there are windows enough in all samples, in lags.

    At least half of the frames of each sample must lie in series that hold a window, and these must
    be long enough for :data:`WINDOWS` of them end to end.

    Returns
    -------
    int
        0 where the series are too short for any.
    """
    window = LONGEST
    while window >= SHORTEST:
        if all(_enough(sample, window) for sample in samples):
            return window
        window //= 2
    return 0


def _enough(sample: Sample, window: int) -> bool:
    if sample.coordinates is None:
        return True
    lengths = np.array([len(x) for x in sample.coordinates])
    frames = window * (sample.lag // sample.stride)
    inside = lengths[lengths >= frames].sum()
    return inside >= lengths.sum() / 2 and inside >= WINDOWS * frames


def add_spectrum_sums(
    sums: BlockSums, series: Sequence, lag: int, window: int, ruler: ColumnRuler
) -> None:
    """Add the power of each column at each frequency, summed over windows.

    Windows overlap by half. A series with frames closer than the lag is taken as ``lag``
    interleaved series, so that data and synthetic series are looked at with the same resolution.
    A window belongs to the block of its first frame and has the weight of that frame.

    Parameters
    ----------
    sums : BlockSums
        Gets ``spectrum``, shape (blocks, window / 2 + 1, n), and ``spectrum_windows``.
    series : list of array-likes, shape (n_i, n)
        Values; read one window at a time.
    lag : int
        In frames of ``series``.
    window : int
        In lags.
    ruler : ColumnRuler
        Of the columns.
    """
    taper = np.hanning(window + 1)[:-1]
    taper = taper / np.sqrt((taper**2).sum())
    n = series[0].shape[1]
    for s in sums.segments:
        sums.add("spectrum", s.block, _none(sums, s, (window // 2 + 1, n)))
        sums.add("spectrum_windows", s.block, _none(sums, s, ()))
        # The last window of a trajectory may reach into the next block, as pairs of frames do.
        end = min(s.stop, len(series[s.trajectory]) - window * lag + 1)
        for start in range(s.start, end, max(1, window * lag // 2)):
            x = read_values(series, s.trajectory, start, start + window * lag)
            x = ruler.standardised(x).reshape(window, lag, n)
            x = (x - x.mean(axis=0)) * taper[:, None, None]
            power = np.abs(np.fft.rfft(x, axis=0)) ** 2
            weights = sums.weights(s.trajectory, start, start + 1)
            sums.add("spectrum", s.block, total(power.mean(axis=1)[..., None], weights))
            sums.add("spectrum_windows", s.block, total(np.ones(1), weights))


def _none(sums: BlockSums, segment, shape: tuple) -> np.ndarray:
    """Nothing, in the shape of an amount: a block without a window has a row as well."""
    return total(np.zeros((*shape, 0)), sums.weights(segment.trajectory, 0, 0))


def power(s: dict[str, np.ndarray]) -> np.ndarray:
    """Power of each column at each frequency, (window / 2 + 1, n): their mean over all is 1.

    Mean over the frequencies of both signs, where the variance of the column is that of the data.
    """
    n = s["spectrum_windows"]
    return s["spectrum"] / n if n > 0 else np.full_like(s["spectrum"], np.nan)


def frequencies(window: int) -> np.ndarray:
    """Frequencies of :func:`power`, in cycles a lag."""
    return np.arange(window // 2 + 1) / window


def bands(window: int) -> np.ndarray:
    """First bin of each band of frequencies, and at last one bin after all."""
    last = window // 2 + 1
    return np.unique(np.geomspace(FIRST, last, BANDS + 1).round().astype(int))


def in_bands(values: np.ndarray) -> np.ndarray:
    """Mean over each band of the frequencies, the first axis."""
    first = bands(2 * (len(values) - 1))
    return np.add.reduceat(values[: first[-1]], first[:-1], axis=0) / np.diff(first)[:, None]


def log_spectral_distance_dB(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Root mean square over the bands of the ratio of two powers, in decibels.

    Parameters
    ----------
    a, b : np.ndarray, shape (window / 2 + 1, n)
        As of :func:`power`.

    Returns
    -------
    np.ndarray, shape (n,)
        nan where a band of one of them holds nothing.
    """
    a, b = in_bands(a), in_bands(b)
    with np.errstate(divide="ignore", invalid="ignore"):
        decibels = np.where((a > 0) & (b > 0), 10 * np.log10(a / b), np.nan)
    return np.sqrt((decibels**2).mean(axis=0))
