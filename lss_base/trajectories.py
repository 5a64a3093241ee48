"""The one gatekeeper of arrays: one trajectory or many, their shape, type and values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from lss_base.estimators import refusal

#: One trajectory, an array whose rows are frames, or several.
Series: TypeAlias = ArrayLike | Sequence[ArrayLike]


def is_list(value, width):
    """Whether a value is a list of trajectories, and not one array or the frames of one.

    Parameters
    ----------
    value : array-like or list of array-likes
    width : int or tuple of int
        Shape of one frame.
    """
    if not isinstance(value, (list, tuple)):
        return False
    frame = _frame(width)
    shapes = [_shape(part) for part in value]
    if any(len(shape) > len(frame) for shape in shapes):
        return True
    if shapes and all(shape == frame for shape in shapes):
        return False
    return all(hasattr(part, "shape") for part in value)


def as_parts(name: str, value: Series, width: int | tuple[int, ...]) -> list[np.ndarray]:
    """Check one trajectory or a list of them; return arrays in memory.

    Parameters
    ----------
    name : str
        What the argument is called in an error.
    value : array-like, shape (n, ...) with frames of `width`, or list of such
        Where a frame is one number, (n,) will do.
    width : int or tuple of int
        Shape of one frame.

    Returns
    -------
    list of np.ndarray, shape (n_i, ...), float32
        Views of `value` where its type is right: not to be written to.

    Raises
    ------
    ValueError
        For no frames at all, another shape, and values that are not finite real numbers.
    """
    parts = []
    for label, part in labelled(name, value, width):
        try:
            if np.iscomplexobj(part):
                raise TypeError("complex numbers")
            array = np.asarray(part, np.float32)
        except (TypeError, ValueError) as error:
            raise _no_numbers(label, error) from error
        array = _as_frames(label, array, _frame(width))
        check_finite(label, array)
        parts.append(array)
    if not sum(map(len, parts)):
        raise refusal(name, "without frames", "at least one frame", f"give data as `{name}`")
    return parts


def as_sources(name, value, width):
    """Check one trajectory or a list of them, but do not load or convert what is read by slicing.

    Parameters
    ----------
    name, value, width
        As in `as_parts`; an array may also be an h5py.Dataset.

    Returns
    -------
    sources : list
        Each with `shape` (n_i, ...), `dtype` and slices. Their values are not looked at.
    names : list of str
        What to call each in an error.

    Raises
    ------
    ValueError
        For an empty list, another shape, and what holds no real numbers.
    """
    sources, names = [], []
    for label, source in labelled(name, value, width):
        if not all(hasattr(source, needed) for needed in ("shape", "dtype", "__getitem__")):
            try:
                source = np.asarray(source)
            except ValueError as error:
                raise _no_numbers(label, error) from error
        if getattr(source.dtype, "kind", "f") not in "fiub":
            raise _no_numbers(label, source.dtype)
        sources.append(_as_frames(label, source, _frame(width)))
        names.append(label)
    if not sources:
        raise refusal(name, "an empty list", "at least one trajectory", f"give data as `{name}`")
    return sources, names


def as_weights(name, weights, trajectories):
    """Check weights of the frames of trajectories.

    Parameters
    ----------
    name : str
        What the argument is called in an error.
    weights : list of array-likes, shape (n_i,), or one for one trajectory
    trajectories : list of array-likes, shape (n_i, ...)

    Returns
    -------
    list of np.ndarray, shape (n_i,), float64

    Raises
    ------
    ValueError
        For other shapes, weights that are negative or not finite, and where none is above 0.
    """
    given = weights if isinstance(weights, (list, tuple)) else [weights]
    if len(given) != len(trajectories):
        wanted = f"{len(trajectories)}, one for each trajectory"
        raise refusal(name, f"a list of {len(given)} arrays", wanted, "give as many")
    numbered = enumerate(zip(given, trajectories, strict=True))
    given = [weights_of_one(f"{name}[{i}]", w, len(frames)) for i, (w, frames) in numbered]
    if not any(array.any() for array in given):
        raise refusal(name, "0 for every frame", "some above 0", "look at how they were made")
    return given


def weights_of_one(name, weights, n_frames):
    """Weights of the frames of one trajectory, (n_frames,) float64; ValueError for any others."""
    array = np.asarray(weights, np.float64)
    if array.shape != (n_frames,) or not (np.isfinite(array) & (array >= 0)).all():
        raise refusal(
            name,
            f"of shape {array.shape}",
            f"({n_frames},), finite numbers of at least 0",
            "give one number for each frame",
        )
    return array


def labelled(name, value, width):
    """Pairs (name for an error, trajectory) of one trajectory or a list of them."""
    if is_list(value, width):
        return [(f"{name}[{i}]", part) for i, part in enumerate(value)]
    return [(name, value)]


def joined(parts):
    """The frames of all parts, end to end; one part is not copied."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def check_finite(name, frames, first=0):
    """Refuse values that are not finite, and say where the first one is.

    Parameters
    ----------
    name : str
    frames : np.ndarray, shape (n, ...)
    first : int
        Number of the first of these frames.

    Raises
    ------
    ValueError
    """
    finite = np.isfinite(frames)
    if not finite.all():
        frame, *place = np.argwhere(~finite)[0]
        where = f"column {', '.join(map(str, place))} of frame {first + frame}"
        raise refusal(
            name,
            f"{frames[(frame, *place)]} in {where}",
            "finite numbers",
            "leave such frames or columns out",
        )


def hold_out(lengths, fraction, seed, gap=0):
    """Set a part of the data aside for validation.

    Whole trajectories, drawn at random, where the fraction amounts to one; else the last part of
    every trajectory, behind a gap: random frames would leak, since the neighbour of a frame that
    is held out would be trained on.

    Parameters
    ----------
    lengths : list of int
        Frames of each trajectory.
    fraction : float
        0 < fraction < 1.
    seed : int
    gap : int
        Frames that neither part has, between the two parts of one trajectory.

    Returns
    -------
    kept, held : list of tuple
        (trajectory, first, last) of each piece, in order.
    """
    count = round(fraction * len(lengths))
    if 1 <= count < len(lengths):
        order = np.random.default_rng(seed).permutation(len(lengths))
        out = set(order[:count].tolist())
        whole = [(i, 0, n) for i, n in enumerate(lengths)]
        return [p for p in whole if p[0] not in out], [p for p in whole if p[0] in out]
    cuts = [n - round(fraction * n) for n in lengths]
    kept = [(i, 0, max(cut - gap, 0)) for i, cut in enumerate(cuts)]
    return kept, [(i, cut, n) for i, (cut, n) in enumerate(zip(cuts, lengths, strict=True))]


def _frame(width):
    return (width,) if np.isscalar(width) else tuple(width)


def _shape(part):
    """Shape, without loading what is on disk; () for what is no array."""
    try:
        return tuple(part.shape) if hasattr(part, "shape") else np.shape(part)
    except ValueError:
        return ()


def _as_frames(name, array, frame):
    """The array if it holds such frames; flat ones of one number each get their axis."""
    shape = tuple(array.shape)
    if frame == (1,) and len(shape) == 1 and isinstance(array, np.ndarray):
        return array[:, None]
    if shape[1:] != frame or not shape:
        wanted = ", ".join(["n_frames", *map(str, frame)])
        raise refusal(
            name, f"an array of shape {shape}", f"shape ({wanted})", "put frames into rows"
        )
    return array


def _no_numbers(name, what):
    return refusal(name, f"no array of numbers ({what})", "real numbers", "look at what it holds")


def stride_within(n_frames, lag_time, most):
    """Smallest divisor s of the lag of which every s-th frame is no more than `most`.

    Pairs one lag apart remain among them. The lag itself where no divisor will do.
    """
    divisors = (s for s in range(1, lag_time) if lag_time % s == 0)
    return next((s for s in divisors if n_frames <= s * most), lag_time)
