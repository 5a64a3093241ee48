"""Sums over pairs of frames one lag apart, in float64, and the covariances that follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_BLOCKS = 20


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

    def __init__(self, lag_time: int, shift: np.ndarray | None = None):
        self.lag_time = lag_time
        self.shift = None if shift is None else np.asarray(shift, np.float64)
        self.n_pairs = 0
        self._sums = None
        self._tail = self._tail_weights = None

    def start(self) -> None:
        """Begin a new trajectory: no pair reaches back across this point."""
        self._tail = self._tail_weights = None

    def update(self, block: np.ndarray, weights: np.ndarray | None = None) -> None:
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
            raise ValueError(
                "other is of another lag_time or shift, wanted the same; give both at the start"
            )
        return self.combined([self, other], [1, 1])

    @classmethod
    def combined(cls, parts: Sequence[LaggedMoments], weights: ArrayLike) -> LaggedMoments:
        """Return the weighted sum of moments with a common shift, as the bootstrap needs it."""
        total = cls(parts[0].lag_time, parts[0].shift)
        chosen = [(p, w) for p, w in zip(parts, weights, strict=True) if w and p.n_pairs]
        total.n_pairs = sum(w * p.n_pairs for p, w in chosen)
        for part, weight in chosen:
            scaled = tuple(weight * s for s in part._sums)
            total._sums = scaled if total._sums is None else _added(total._sums, scaled)
        return total

    def covariances(self, reversible: bool = True) -> Covariances:
        """Return the mean-free covariances of all pairs so far.

        Reversible: mean and covariances of the data joined with its time reversal, C0 = (C00 +
        C11) / 2 and C1 = (C01 + C10) / 2.
        """
        if not self.n_pairs:
            raise ValueError(
                f"lag_time is {self.lag_time} frames, wanted less than the length of a trajectory; "
                "give a shorter lag or longer trajectories"
            )
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


class BlockMoments(NamedTuple):
    """Symmetrised sums over the pairs of each of B blocks, for coordinates of dimension m."""

    count: np.ndarray
    """(B,), twice the pairs, or their weights."""
    total: np.ndarray
    """(B, m)"""
    instant: np.ndarray
    """(B, m, m)"""
    lagged: np.ndarray
    """(B, m, m)"""

    def sums(self):
        """Over all blocks, one set of sums; and over all but one, B sets."""
        all_of = [field.sum(axis=0) for field in self]
        all_but = [total - field for total, field in zip(all_of, self, strict=True)]
        return all_of, list(zip(*all_but, strict=True))


def block_moments(trajectories, lag, weights=None):
    """Moments of some 20 blocks: whole trajectories or parts of them.

    Parameters
    ----------
    trajectories : list of np.ndarray, shape (n_i, m)
    lag : int, frames
    weights : list of np.ndarray, shape (n_i,), optional
        Of the frames; a pair has that of its first frame.

    Returns
    -------
    BlockMoments or None
        None where no trajectory is longer than the lag. Pairs belong to the block of their
        first frame.
    """
    weights = [None] * len(trajectories) if weights is None else weights
    pairs = [(t, w) for t, w in zip(trajectories, weights, strict=True) if len(t) > lag]
    if not pairs:
        return None
    blocks = []
    for i, first, last in pair_blocks([len(t) for t, _ in pairs], lag):
        trajectory, weight = pairs[i]
        x = np.asarray(trajectory[first:last], np.float64)
        y = np.asarray(trajectory[first + lag : last + lag], np.float64)
        u, v, n = x, y, len(x)
        if weight is not None:
            w = np.asarray(weight[first:last], np.float64)
            u, v, n = w[:, None] * x, w[:, None] * y, w.sum()
        blocks.append((2 * n, (u + v).sum(0), x.T @ u + y.T @ v, u.T @ y + y.T @ u))
    return BlockMoments(*map(dealt, zip(*blocks, strict=True)))


def pair_blocks(lengths, lag):
    """Stretches (trajectory, first, last) of the frames that begin pairs: whole ones, or some 20.

    Parameters
    ----------
    lengths : list of int
        Frames of each trajectory, more than the lag.
    lag : int, frames
    """
    pieces = max(1, -(-_BLOCKS // len(lengths)))
    return [
        (i, first, last)
        for i, n in enumerate(lengths)
        for first, last in pairwise(np.linspace(0, n - lag, pieces + 1).astype(int))
        if last > first
    ]


def dealt(stretches):
    """Sums over some 20 blocks, to which more stretches than that are dealt out in turn."""
    groups = min(len(stretches), _BLOCKS)
    return np.array([sum(stretches[i::groups]) for i in range(groups)])


def mean_free(sums):
    """Mean-free instantaneous and lagged covariance, (m, m) each, of one set of sums."""
    count, total, instant, lagged = sums
    mean = total / count
    return instant / count - np.outer(mean, mean), lagged / count - np.outer(mean, mean)
