"""Trajectories of psi and the pairs one lag time apart within them."""

import logging

import numpy as np

from lss_base.estimators import refusal
from lss_base.trajectories import hold_out as held_out_pieces

logger = logging.getLogger(__name__)


def pair_starts(trajectories, lag_time, name="X"):
    """First frames of all pairs one lag apart, none across two trajectories.

    Parameters
    ----------
    trajectories : list of np.ndarray
    lag_time : int, frames
    name : str
        What the data are called in an error.

    Returns
    -------
    np.ndarray, shape (n_pairs,), int32
        Indices into the concatenated trajectories; the second frame is `lag_time` further on.

    Raises
    ------
    ValueError
        If no trajectory is longer than the lag.
    """
    lengths = [len(t) for t in trajectories]
    short = sum(n <= lag_time for n in lengths)
    if short == len(lengths):
        raise refusal(
            "lag_time",
            f"{lag_time} frames",
            f"less than {max(lengths)}, the frames of the longest trajectory in {name}",
            "take a shorter lag or longer trajectories",
        )
    if short:
        logger.warning(
            "%d of %d trajectories are no longer than the lag of %d frames and give no pairs",
            short,
            len(lengths),
            lag_time,
        )
    offsets = np.cumsum([0, *lengths[:-1]])
    starts = [
        np.arange(o, o + max(n - lag_time, 0), dtype=np.int32)
        for o, n in zip(offsets, lengths, strict=True)
    ]
    return np.concatenate(starts)


def pairs(trajectories, lag_time, name="X"):
    """All pairs one lag apart.

    Parameters
    ----------
    trajectories, lag_time, name
        As in `pair_starts`.

    Returns
    -------
    x, y : np.ndarray, shape (n_pairs, m), float32
    """
    starts = pair_starts(trajectories, lag_time, name)
    return take(trajectories, starts), take(trajectories, starts + lag_time)


def take(trajectories, rows):
    """Frames of the concatenated trajectories, which are not concatenated for it.

    Parameters
    ----------
    trajectories : list of np.ndarray, shape (n_i, m)
    rows : np.ndarray, shape (k,), int

    Returns
    -------
    np.ndarray, shape (k, m)
    """
    first = np.cumsum([0, *map(len, trajectories)])[:-1]
    order = np.argsort(rows)
    parts = np.split(order, np.searchsorted(rows[order], first[1:]))
    found = np.empty((len(rows), *trajectories[0].shape[1:]), trajectories[0].dtype)
    for part, trajectory, start in zip(parts, trajectories, first, strict=True):
        found[part] = trajectory[rows[part] - start]
    return found


def starting_frames(trajectories, n, seed, weights=None):
    """Frames drawn at random, for walkers to start from.

    Parameters
    ----------
    trajectories : list of np.ndarray, shape (n_i, m)
    n : int
    seed : int
    weights : list of np.ndarray, shape (n_i,), optional
        Of the frames; equal where not given.

    Returns
    -------
    np.ndarray, shape (n, m)
    """
    rng = np.random.default_rng(seed)
    if weights is None:
        return take(trajectories, rng.integers(sum(map(len, trajectories)), size=n))
    along = np.cumsum(np.concatenate(weights))
    return take(trajectories, np.searchsorted(along, rng.random(n) * along[-1], side="right"))


def hold_out(trajectories, fraction, lag_time, seed):
    """Set a part of the data aside for validation; see `lss_base.trajectories.hold_out`.

    The gap between the two parts of one trajectory is one lag. No pair spans the two sets.

    Parameters
    ----------
    trajectories : list of np.ndarray
    fraction : float
        0 <= fraction < 1.
    lag_time : int, frames
    seed : int

    Returns
    -------
    training, validation : list of np.ndarray
        `validation` is empty where `fraction` is 0.

    Raises
    ------
    ValueError
        If either part is too short for a single pair.
    """
    if not fraction:
        return trajectories, []
    pieces = held_out_pieces([len(t) for t in trajectories], fraction, seed, gap=lag_time)
    training, validation = (
        [trajectories[i][first:last] for i, first, last in part] for part in pieces
    )
    for part, purpose, more in ((training, "training", "less"), (validation, "validation", "more")):
        longest = max(map(len, part))
        if longest <= lag_time:
            raise refusal(
                "validation_split",
                f"{fraction}, which leaves {longest} frames at most in one piece for {purpose}",
                f"pieces longer than lag_time={lag_time}",
                f"hold out {more}, or give validation data as y",
            )
    return training, validation
