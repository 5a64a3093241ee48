"""Block standard errors: additive sums kept per block, and the jackknife over the blocks.

Everything the report states about an ensemble is a function of sums over its frames
(histogram counts, moments, lagged products, numbers of crossings). Keeping these sums
apart for each of a few blocks makes the analysis stream (memory does not grow with the
number of frames) and gives every statistic, however nonlinear, the same honest error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from lss.errors import InputError
from lss_base import resampling

#: Blocks behind every error bar, as in the paper ("five contiguous blocks").
N_BLOCKS = 5


@dataclass(frozen=True)
class Estimate:
    """A value with its block standard error.

    Parameters
    ----------
    value : np.ndarray
        The statistic on all frames, any shape.
    standard_error : np.ndarray
        Its standard error, same shape; nan where it cannot be told.
    dof : np.ndarray
        Degrees of freedom of the error, same shape (blocks - 1 for one ensemble).
    bias : np.ndarray
        What of the value is due to the finite number of frames, same shape: near zero for
        means, and most of a divergence between ensembles that are nearly equal.
    """

    value: np.ndarray
    standard_error: np.ndarray
    dof: np.ndarray
    bias: np.ndarray

    def interval(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper end of the confidence interval (Student's t)."""
        from scipy.stats import t

        half = t.ppf(0.5 + level / 2, self.dof) * self.standard_error
        return self.value - half, self.value + half

    def __getitem__(self, index) -> Estimate:
        """The estimate of one element, or of some."""
        fields = (self.value, self.standard_error, self.dof, self.bias)
        return Estimate(*(field[index] for field in fields))


class Segment(NamedTuple):
    """Frames start to stop (not included) of one trajectory, all in one block."""

    trajectory: int
    start: int
    stop: int
    block: int


def assign_blocks(lengths: Sequence[int], n_blocks: int = N_BLOCKS) -> list[Segment]:
    """Cut an ensemble of trajectories into blocks of about equal size.

    With at least as many trajectories as blocks, a block is a group of whole
    trajectories (dealt out longest first, each to the smallest group). With fewer, the
    trajectories are laid end to end and cut into contiguous blocks.

    Parameters
    ----------
    lengths : sequence of int
        Frames of each trajectory.
    n_blocks : int
        Number of blocks, at least 2.

    Returns
    -------
    list of Segment
        In the order of trajectories and frames; together they hold every frame once.

    Raises
    ------
    InputError
        When there are fewer frames than blocks.
    """
    total = int(sum(lengths))
    if n_blocks < 2:
        raise InputError(f"n_blocks is {n_blocks}; an error bar needs at least 2 blocks")
    if total < n_blocks:
        raise InputError(
            f"{total} frames cannot be cut into {n_blocks} blocks; give more frames to analyse"
        )
    filled = sum(n > 0 for n in lengths)
    if filled >= n_blocks:
        return _deal(lengths, n_blocks)
    return _cut(lengths, np.linspace(0, total, n_blocks + 1).round().astype(int))


def _deal(lengths: Sequence[int], n_blocks: int) -> list[Segment]:
    load = np.zeros(n_blocks, dtype=int)
    block = np.empty(len(lengths), dtype=int)
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        block[i] = load.argmin()
        load[block[i]] += lengths[i]
    return [Segment(i, 0, int(n), int(block[i])) for i, n in enumerate(lengths) if n > 0]


def _cut(lengths: Sequence[int], edges: np.ndarray) -> list[Segment]:
    segments = []
    first = 0
    for i, n in enumerate(lengths):
        for b, (low, high) in enumerate(pairwise(edges)):
            start, stop = max(low - first, 0), min(high - first, n)
            if stop > start:
                segments.append(Segment(i, int(start), int(stop), b))
        first += n
    return segments


class BlockSums:
    """Additive sums of one ensemble, with one row for each block.

    Parameters
    ----------
    segments : list of Segment
        The blocks, from :func:`assign_blocks`.
    """

    def __init__(self, segments: list[Segment]) -> None:
        self.segments = segments
        n_blocks = 1 + max(s.block for s in segments)
        self.sizes = np.zeros(n_blocks)
        for s in segments:
            self.sizes[s.block] += s.stop - s.start
        self.sums: dict[str, np.ndarray] = {}

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return len(self.sizes)

    def weights(self, trajectory: int, start: int, stop: int) -> None:
        """Weights of some frames of a trajectory: none, all count alike."""
        return None

    def add(self, key: str, block: int, amount: np.ndarray | float) -> None:
        """Add an array to the row of one block of the sum called ``key``."""
        amount = np.asarray(amount, dtype=np.float64)
        if key not in self.sums:
            self.sums[key] = np.zeros((self.n_blocks, *amount.shape))
        self.sums[key][block] += amount

    def total(self) -> dict[str, np.ndarray]:
        """The sums over all blocks."""
        return {key: rows.sum(axis=0) for key, rows in self.sums.items()}

    def without(self, block: int) -> dict[str, np.ndarray]:
        """The sums over all blocks but one."""
        return {key: rows.sum(axis=0) - rows[block] for key, rows in self.sums.items()}


Statistic = Callable[..., np.ndarray | float]


def jackknife(statistic: Statistic, *ensembles: BlockSums) -> Estimate:
    """Value and standard error of a function of the sums of independent ensembles.

    Each block of each ensemble is left out in turn (delete-m_j jackknife for blocks of
    unequal size: Busing, Meijer and van der Leeden, Stat. Comput. 9 (1999) 3-8, eq. 8).
    For the mean over equal blocks this is the usual standard error of the block means.
    The variances of several ensembles add up, with Welch's degrees of freedom.

    Parameters
    ----------
    statistic : callable
        Takes one dict of sums (as :meth:`BlockSums.total`) for each ensemble and returns a
        number or an array.
    *ensembles : BlockSums
        The ensembles, statistically independent of one another.
    """
    totals = [e.total() for e in ensembles]
    value = np.asarray(statistic(*totals), dtype=np.float64)
    variance, spread, bias = (np.zeros_like(value) for _ in range(3))
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        for k, ensemble in enumerate(ensembles):
            left_out = np.stack(
                [
                    statistic(*totals[:k], ensemble.without(b), *totals[k + 1 :])
                    for b in range(ensemble.n_blocks)
                ]
            )
            centre, part = resampling.jackknife(value, left_out, ensemble.sizes)
            bias += value - centre
            variance += part
            spread += part**2 / (ensemble.n_blocks - 1)
        least = min(e.n_blocks for e in ensembles) - 1
        dof = np.where(spread > 0, variance**2 / spread, least)
    error = np.sqrt(variance)
    return Estimate(value, np.where(np.isfinite(error), error, np.nan), dof, bias)
