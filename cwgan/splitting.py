"""Which frames training sees, and which it is judged by."""

import numpy as np

from lss_base.estimators import refusal
from lss_base.trajectories import hold_out

MAX_HELD_OUT = 4000  # frames for evaluation
MIN_HELD_OUT = 50


def held_out(fraction, lengths, seed):
    """Rows to train on, rows to judge by, and two sets of rows whose distance is the floor.

    Parameters
    ----------
    fraction : float or None
        As `validation_split` of `MolGen`.
    lengths : list of int
        Frames of each trajectory.
    seed : int

    Returns
    -------
    kept, held : ndarray of int
    pair : tuple of ndarray of int

    Raises
    ------
    ValueError
        Where a part would have no frames.
    """
    n = sum(lengths)
    if fraction:
        kept, held = (_rows(p, lengths) for p in hold_out(lengths, fraction, seed))
        if not (len(kept) and len(held)):
            raise refusal(
                "validation_split",
                f"{fraction} of {n} frames",
                "one that leaves frames to train on and to judge by",
                "take another, or None",
            )
        held = held[evenly(len(held), MAX_HELD_OUT)]
        return kept, held, (held, kept[evenly(len(kept), len(held))])
    n_held = min(MAX_HELD_OUT, n // 10)
    order = np.random.default_rng(seed).permutation(n)
    if n_held < MIN_HELD_OUT:
        # Too few to spare: judged on the training frames, against halves of them.
        half = max(1, n // 2)
        return order, order, (order[:half], order[-half:])
    return np.sort(order[n_held:]), order[:n_held], (order[:n_held], order[n_held : 2 * n_held])


def _rows(pieces, lengths):
    """Rows of pieces (trajectory, first, last) of trajectories that lie end to end."""
    starts = np.cumsum([0, *lengths])
    return np.concatenate([np.arange(starts[i] + a, starts[i] + b) for i, a, b in pieces])


def evenly(n_frames, n_most):
    """Rows of at most `n_most` frames, at equal distances."""
    return np.unique(np.linspace(0, n_frames - 1, min(n_frames, n_most)).astype(int))
