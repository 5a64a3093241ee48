"""Processes whose answers are known in closed form."""

import numpy as np


def autoregressive(rng, shape, correlation):
    """AR(1) of unit variance along the first axis: x' ~ N(a x, 1 - a^2), eigenvalue a a frame.

    Parameters
    ----------
    rng : np.random.Generator
    shape : tuple of int, (n_frames, ...)
    correlation : float or array
        a, for all of a frame or each part of it.
    """
    x = rng.standard_normal(shape)
    innovation = np.sqrt(1 - np.square(correlation))
    for t in range(1, len(x)):
        x[t] = correlation * x[t - 1] + innovation * x[t]
    return x


def telegraph(rng, shape, flip):
    """+1 and -1 along the first axis, flipping with probability `flip`: eigenvalue 1 - 2 flip."""
    return np.cumprod(np.where(rng.random(shape) < flip, -1.0, 1.0), axis=0)
