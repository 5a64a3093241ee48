"""The one place where arrays from users are checked."""

import numpy as np
from sklearn.exceptions import NotFittedError as _NotFittedError


class NotFittedError(_NotFittedError, RuntimeError):
    """Raised when a result of training is asked for before there was any."""


def as_frames(name, value, width):
    """Check an array of shape (n_frames, width), or join a list of such arrays.

    Parameters
    ----------
    name, value, width
        As in `as_parts`.

    Returns
    -------
    ndarray (n_frames, *width), float32
        May share memory with `value`: not to be written to.

    Raises
    ------
    ValueError
        On a wrong shape, on no frames and on values that are not finite real numbers.
    """
    return joined(as_parts(name, value, width))


def joined(parts):
    """The frames of all parts, end to end; one part is not copied."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def as_parts(name, value, width):
    """Check an array of shape (n_frames, width) or a list of such arrays; return them as a list.

    Parameters
    ----------
    name : str
        Argument's name, for the error.
    value : array-like or list of array-likes
    width : int or tuple of int
        Wanted shape of one frame.

    Returns
    -------
    list of ndarray (n_i, *width), float32
    """
    width = (width,) if np.isscalar(width) else tuple(width)
    try:
        several = isinstance(value, (list, tuple)) and len(value) > 0
        several = several and all(np.ndim(part) == 1 + len(width) for part in value)
        if not several:
            if np.iscomplexobj(value):
                raise TypeError("real ones are wanted, these are complex")
            array = np.asarray(value, np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: wanted an array of numbers: {error}") from error
    if several:
        return [as_frames(f"{name}[{i}]", part, width) for i, part in enumerate(value)]
    if array.ndim != 1 + len(width) or array.shape[1:] != width:
        wanted = ", ".join(map(str, width))
        hint = "; reshape it with [:, None]" if array.ndim == 1 and width == (1,) else ""
        raise ValueError(f"{name}: got shape {array.shape}, wanted (n_frames, {wanted}){hint}")
    if len(array) == 0:
        raise ValueError(f"{name}: got no frames, wanted at least one")
    if not np.isfinite(array).all():
        bad = np.flatnonzero(~np.isfinite(array.reshape(len(array), -1)).all(1))
        raise ValueError(
            f"{name}: {len(bad)} frames hold values that are not finite, the first is {bad[0]}; "
            "leave these frames out"
        )
    return [array]
