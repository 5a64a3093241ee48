"""Sums over weighted frames, and their errors, which hold what the weights are uncertain by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lss.analysis.blocks import BlockSums, Segment
from lss_base.weights import weights_of_samples


class WeightedSums(BlockSums):
    """Additive sums of an ensemble of weighted frames, with each block left out in turn.

    Weights depend on all trajectories. So one sum is kept for all blocks, and one for each block
    that is left out, in which the others are weighted anew; what is added has these as its first
    axis.

    Parameters
    ----------
    segments : list of Segment
        The blocks.
    weights : list of np.ndarray, shape (blocks + 1, n_i)
        Of the frames of each trajectory: with each block left out, and last with none.
    """

    def __init__(self, segments: list[Segment], weights: Sequence[np.ndarray]) -> None:
        super().__init__(segments)
        self._weights = weights

    def weights(self, trajectory: int, start: int, stop: int) -> np.ndarray:
        """Weights of some frames of a trajectory, shape (blocks + 1, stop - start)."""
        return self._weights[trajectory][:, start:stop]

    def add(self, key: str, block: int, amount: np.ndarray) -> None:
        """Add amounts, shape (blocks + 1, ...), to the sums called ``key``."""
        amount = np.asarray(amount, dtype=np.float64)
        self.sums[key] = self.sums[key] + amount if key in self.sums else amount

    def total(self) -> dict[str, np.ndarray]:
        """The sums over all blocks."""
        return {key: rows[-1] for key, rows in self.sums.items()}

    def without(self, block: int) -> dict[str, np.ndarray]:
        """The sums over all blocks but one."""
        return {key: rows[block] for key, rows in self.sums.items()}


def left_out_weights(
    psi: Sequence[np.ndarray],
    lag: int,
    weights: Sequence[np.ndarray],
    method: str | None,
    segments: list[Segment],
) -> list[np.ndarray]:
    """Weights of all frames with each block left out, and last with none.

    Parameters
    ----------
    psi : list of np.ndarray, shape (n_i, m)
        Latent trajectories.
    lag : int
        In frames.
    weights : list of np.ndarray, shape (n_i,)
        Of all frames.
    method : {"rite", "koopman"} or None
        By which the weights were found, and are found anew; None where they were given.
    segments : list of Segment
        The blocks.

    Returns
    -------
    list of np.ndarray, shape (blocks + 1, n_i), float32
        0 in the last ``lag`` frames of a trajectory, where weights were found for pairs.
    """
    blocks = np.array([s.block for s in segments])
    found = [np.zeros((blocks.max() + 2, len(w)), np.float32) for w in weights]
    for rows, w in zip(found, weights, strict=True):
        rows[-1] = w
    parts = [np.asarray(psi[s.trajectory][s.start : s.stop]) for s in segments]
    own = [weights[s.trajectory][s.start : s.stop] for s in segments]
    samples = blocks != np.arange(blocks.max() + 1)[:, None]
    each = weights_of_samples(parts, lag, own, method, samples.astype(int))
    for block, sample in enumerate(each):
        for s, w in zip(segments, sample, strict=True):
            found[s.trajectory][block, s.start : s.stop] = w
    if method is not None:
        for rows in found:
            rows[:, -lag:] = 0  # no pair starts there: what they have is a guess
    return found


def total(rows: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Sums over frames, the last axis; under k sets of weights (k, n) they have k rows first."""
    if weights is None:
        return rows.sum(axis=-1)
    return np.tensordot(weights, rows, axes=(1, -1))


def products(x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Sums of x_i y_j over frames, the last axis of both; under k sets of weights k of them."""
    if weights is None:
        return x @ y.T
    return np.stack([(x * w) @ y.T for w in weights])


def counts(numbers: np.ndarray, size: int, weights: np.ndarray | None = None) -> np.ndarray:
    """How often each whole number below ``size`` occurs, (size,).

    Parameters
    ----------
    numbers : np.ndarray, shape (n,) or (rows, n)
        One number for each frame, or one in each row.
    size : int
    weights : np.ndarray, shape (k, n), optional
        Of the frames: then the result is (k, size).
    """
    if weights is None:
        return np.bincount(numbers.ravel(), minlength=size)
    flat, shape = numbers.ravel(), numbers.shape
    return np.stack(
        [np.bincount(flat, np.broadcast_to(w, shape).ravel(), minlength=size) for w in weights]
    )
