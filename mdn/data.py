"""Trajectories of psi and the pairs one lag time apart within them."""

import logging

import numpy as np

logger = logging.getLogger(__name__)


def is_list(X):
    """Whether X is a list of trajectories (arrays); a list of rows of numbers is one trajectory."""
    return isinstance(X, (list, tuple)) and all(
        hasattr(part, "shape") or np.ndim(part) > 1 for part in X
    )


def as_trajectories(X, input_dim, name="X"):
    """Check the input and bring it to one form.

    Parameters
    ----------
    X : array-like, shape (n, m), or list of such
        One trajectory or several. One-dimensional arrays are taken as (n, 1) where m is 1.
    input_dim : int
        The m that is wanted.
    name : str
        What the argument is called in an error.

    Returns
    -------
    list of np.ndarray, shape (n_i, m), float32
        At least one; copied only where another type has to be.

    Raises
    ------
    ValueError
        For no data, another shape, or values that are not finite.
    """
    several = is_list(X)
    trajectories = []
    for i, part in enumerate(X if several else [X]):
        label = f"{name}[{i}]" if several else name
        try:
            if np.iscomplexobj(part):
                raise TypeError("real ones are wanted, these are complex")
            array = np.asarray(part, np.float32)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{label} must be an array of numbers: {error}") from error
        if array.ndim == 1 and input_dim == 1:
            array = array[:, None]
        if array.ndim != 2 or array.shape[1] != input_dim:
            raise ValueError(
                f"{label} must have the shape (n_frames, {input_dim}) as input_dim says, "
                f"got {array.shape}"
            )
        finite = np.isfinite(array).all(axis=1)
        if not finite.all():
            raise ValueError(f"{label} must be finite; it is not in frame {np.argmin(finite)}")
        trajectories.append(array)
    if not sum(map(len, trajectories)):
        raise ValueError(f"{name} holds no frames")
    return trajectories


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
        raise ValueError(
            f"lag_time is {lag_time} frames, but the longest trajectory of {name} has "
            f"{max(lengths)}; take a shorter lag or longer trajectories"
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


def hold_out(trajectories, fraction, lag_time, seed):
    """Set a part of the data aside for validation.

    Whole trajectories, drawn at random, where the fraction amounts to one; else the last part of
    every trajectory. No pair spans the two sets.

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
    count = round(fraction * len(trajectories))
    if 1 <= count < len(trajectories):
        order = np.random.default_rng(seed).permutation(len(trajectories))
        held = set(order[:count].tolist())
        training = [t for i, t in enumerate(trajectories) if i not in held]
        validation = [t for i, t in enumerate(trajectories) if i in held]
    else:
        cuts = [len(t) - round(fraction * len(t)) for t in trajectories]
        training = [t[:cut] for t, cut in zip(trajectories, cuts, strict=True)]
        validation = [t[cut:] for t, cut in zip(trajectories, cuts, strict=True)]
    for part, purpose, more in ((training, "training", "less"), (validation, "validation", "more")):
        longest = max(map(len, part))
        if longest <= lag_time:
            raise ValueError(
                f"validation_split = {fraction} leaves {longest} frames at most in one piece for "
                f"{purpose}, no more than lag_time = {lag_time}; hold out {more}, or give "
                "validation data as y"
            )
    return training, validation
