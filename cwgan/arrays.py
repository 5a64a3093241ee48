"""The one place where arrays from users are checked."""

import numpy as np
from sklearn.exceptions import NotFittedError as _NotFittedError


class NotFittedError(_NotFittedError, RuntimeError):
    """Raised when a result of training is asked for before there was any."""


def as_frames(name, value, width):
    """Check an array of shape (n_frames, width), or join a list of such arrays.

    Parameters
    ----------
    name : str
        Argument's name, for the error.
    value : array-like or list of array-likes
    width : int or tuple of int
        Wanted shape of one frame.

    Returns
    -------
    ndarray (n_frames, *width), float32
        Never a view that shares memory with a float64 input; not to be written to.

    Raises
    ------
    ValueError
        On a wrong shape, on no frames and on values that are not finite.
    """
    width = (width,) if np.isscalar(width) else tuple(width)
    if isinstance(value, (list, tuple)) and all(np.ndim(part) == 1 + len(width) for part in value):
        parts = [as_frames(f"{name}[{i}]", part, width) for i, part in enumerate(value)]
        if parts:
            return np.concatenate(parts)
    array = np.asarray(value, np.float32)
    if array.ndim != 1 + len(width) or array.shape[1:] != width:
        wanted = ", ".join(map(str, width))
        raise ValueError(f"{name}: got shape {array.shape}, wanted (n_frames, {wanted})")
    if len(array) == 0:
        raise ValueError(f"{name}: got no frames, wanted at least one")
    if not np.isfinite(array).all():
        bad = np.flatnonzero(~np.isfinite(array.reshape(len(array), -1)).all(1))
        raise ValueError(
            f"{name}: {len(bad)} frames hold values that are not finite, the first is {bad[0]}; "
            "leave these frames out"
        )
    return array
