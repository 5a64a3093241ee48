"""Crossings between two cores on one coordinate: counts, rates, passage times, paths.

A crossing counts only from core to core: the state of a frame is the core visited last
(milestoning), so that recrossings of a barrier top are not taken for events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lss.analysis.blocks import BlockSums
from lss.analysis.weighing import counts

#: Share of the distance between the two state centres that a core reaches inwards.
CORE_REACH = 0.25


@dataclass(frozen=True)
class Cores:
    """Two cores on a coordinate: A is everything up to ``low``, B everything from ``high``."""

    low: float
    high: float
    coordinate: int = 0

    def label(self, psi: np.ndarray) -> np.ndarray:
        """0 in core A, 1 in core B, -1 between; psi of shape (..., m)."""
        x = psi[..., self.coordinate]
        return np.where(x <= self.low, 0, np.where(x >= self.high, 1, -1)).astype(np.int8)


def find_cores(values: np.ndarray, coordinate: int = 0) -> Cores:
    """Cores around the centres of the two groups that split a coordinate best.

    The split makes the variance within the two groups least (Otsu, IEEE Trans. Syst. Man
    Cybern. 9 (1979) 62-66); each core begins a quarter of the way from its group's mean to
    the other's and has no outer end. For a slowest eigenfunction, which is flat inside each
    of two metastable states, the group means are the values in the states.

    Parameters
    ----------
    values : np.ndarray, shape (n,)
        The coordinate of all frames.
    coordinate : int
        Its number in psi, stored in the result.
    """
    x = np.sort(np.asarray(values, dtype=np.float64))
    n = np.arange(1, len(x))
    below = np.cumsum(x)[:-1]
    mean_low, mean_high = below / n, (x.sum() - below) / (len(x) - n)
    best = int(np.argmax(n * (len(x) - n) * (mean_high - mean_low) ** 2))
    reach = CORE_REACH * (mean_high[best] - mean_low[best])
    return Cores(float(mean_low[best] + reach), float(mean_high[best] - reach), coordinate)


def last_core(labels: np.ndarray) -> np.ndarray:
    """The core visited last, frame by frame; -1 before the first visit.

    Parameters
    ----------
    labels : np.ndarray, shape (n, ...)
        Core labels along time (0, 1, or -1 between).
    """
    frame = np.arange(len(labels)).reshape((-1,) + (1,) * (labels.ndim - 1))
    last = np.maximum.accumulate(np.where(labels >= 0, frame, -1), axis=0)
    return np.where(last < 0, -1, np.take_along_axis(labels, last.clip(0), axis=0))


def add_transition_sums(sums: BlockSums, key: str, labels: Sequence[np.ndarray], lag: int) -> None:
    """Count core-to-core crossings in trajectories looked at once every lag.

    A trajectory with frames closer than the lag is taken as ``lag`` interleaved
    trajectories, and the counts are averaged over them, so that MD and synthetic
    trajectories are counted with the same time resolution.

    Parameters
    ----------
    sums : BlockSums
        Gets ``key``, shape (blocks, 2, 2): element [i, j] is the number of steps of one lag
        that begin with i as the core visited last and end with j.
    labels : list of np.ndarray, shape (n_i,)
        Of each frame, as of :meth:`Cores.label`.
    lag : int
        Frames in one lag.
    """
    states = [_interleaved_states(x, lag) for x in labels]
    for segment in sums.segments:
        state = states[segment.trajectory]
        stop = max(segment.start, min(segment.stop, len(state) - lag))
        early = state[segment.start : stop]
        late = state[segment.start + lag : stop + lag]
        pair = 2 * early.astype(np.int64) + late
        weights = sums.weights(segment.trajectory, segment.start, stop)
        found = _counts_of(pair, early >= 0, 4, weights)
        sums.add(key, segment.block, found.reshape(*found.shape[:-1], 2, 2) / lag)


def _counts_of(pairs: np.ndarray, known: np.ndarray, size: int, weights) -> np.ndarray:
    """Counts of the pairs of states of which the first is known."""
    return counts(pairs[known], size, None if weights is None else weights[:, known])


def _interleaved_states(labels: np.ndarray, lag: int) -> np.ndarray:
    """Core visited last in the trajectory of every lag-th frame through each frame."""
    padded = np.full(-(-len(labels) // lag) * lag, -1, dtype=np.int8)
    padded[: len(labels)] = labels
    return last_core(padded.reshape(-1, lag)).ravel()[: len(labels)]


def add_staying_sums(
    sums: BlockSums,
    key: str,
    psi: Sequence[np.ndarray],
    lags: Sequence[int],
    cores: Cores,
) -> None:
    """Count where the frames of each core are some lags later (Chapman-Kolmogorov test).

    Parameters
    ----------
    sums : BlockSums
        Gets ``key``, shape (blocks, lags, 2, 3): element [k, i, j] is the number of frames
        in core i that are ``lags[k]`` frames later in core j (2: in neither).
    """
    labels = [cores.label(np.asarray(x)) for x in psi]
    for segment in sums.segments:
        label = labels[segment.trajectory]
        rows = []
        for lag in lags:
            stop = max(segment.start, min(segment.stop, len(label) - lag))
            early = label[segment.start : stop]
            late = label[segment.start + lag : stop + lag] % 3
            pair = 3 * early.astype(np.int64) + late
            weights = sums.weights(segment.trajectory, segment.start, stop)
            found = _counts_of(pair, early >= 0, 6, weights)
            rows.append(found.reshape(*found.shape[:-1], 2, 3))
        sums.add(key, segment.block, np.stack(rows, axis=-3))


def probabilities(staying: np.ndarray) -> np.ndarray:
    """Conditional probabilities from the counts of :func:`add_staying_sums`; nan if none."""
    total = staying.sum(axis=-1, keepdims=True)
    return np.where(total > 0, staying / np.where(total > 0, total, 1), np.nan)


def rates_per_ps(counts: np.ndarray, lag_ps: float) -> np.ndarray:
    """Rates A to B and B to A: crossings over the time spent with the start as last core.

    Parameters
    ----------
    counts : np.ndarray, shape (2, 2)
        From :func:`add_transition_sums`.
    lag_ps : float
        The lag, **ps**.

    Returns
    -------
    np.ndarray, shape (2,)
        In **1/ps**; nan where the core was never visited.
    """
    time = counts.sum(axis=1) * lag_ps
    crossings = np.array([counts[0, 1], counts[1, 0]])
    return np.where(time > 0, crossings / np.where(time > 0, time, 1), np.nan)


def passage_times_ps(counts: np.ndarray, lag_ps: float) -> np.ndarray:
    """Mean first-passage times A to B and B to A, the inverse rates, in **ps**.

    nan where no crossing was seen.
    """
    rate = rates_per_ps(counts, lag_ps)
    return np.where(rate > 0, 1 / np.where(rate > 0, rate, 1), np.nan)


def transition_paths(psi: np.ndarray, cores: Cores) -> np.ndarray:
    """The stretches of one trajectory between leaving a core and reaching the other.

    Parameters
    ----------
    psi : np.ndarray, shape (n, m)
        One latent trajectory.

    Returns
    -------
    np.ndarray, shape (paths, 3), int
        Last frame in the core left, first frame in the core reached, and the direction
        (0: A to B, 1: B to A).
    """
    labels = cores.label(np.asarray(psi))
    visits = np.flatnonzero(labels >= 0)
    before, after = visits[:-1], visits[1:]
    crossing = labels[before] != labels[after]
    before, after = before[crossing], after[crossing]
    return np.stack([before, after, labels[before]], axis=1).astype(np.int64)
