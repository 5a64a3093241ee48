"""Processes whose answers are known in closed form."""

import numpy as np
from scipy.signal import lfilter

from lss_base.moments import LaggedMoments


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


def spiral(rng, n_frames, modulus, angle):
    """A point that turns by `angle` and shrinks to `modulus` a frame, kicked to unit variance.

    The eigenvalues of its propagator are modulus exp(+- i angle), a frame.
    """
    kicks = np.sqrt(1 - modulus**2) * rng.standard_normal((n_frames, 2))
    kicks[0] /= np.sqrt(1 - modulus**2)
    z = lfilter([1], [1, -modulus * np.exp(1j * angle)], kicks @ [1, 1j])
    return np.column_stack([z.real, z.imag])


def telegraph(rng, shape, flip):
    """+1 and -1 along the first axis, flipping with probability `flip`: eigenvalue 1 - 2 flip."""
    return np.cumprod(np.where(rng.random(shape) < flip, -1.0, 1.0), axis=0)


def wandering(seed=0):
    """Four trajectories of four columns, two of them short, the last column far from zero."""
    rng = np.random.default_rng(seed)
    out = []
    for n in (700, 3, 450, 12):
        x = np.cumsum(rng.standard_normal((n, 4)), axis=0) * 0.1 + rng.standard_normal((n, 4))
        out.append(x + np.array([0, 5, -3, 1e3]))
    return out


def accumulated(series, lag, block):
    """Moments of trajectories that come in blocks of so many frames."""
    moments = LaggedMoments(lag)
    for x in series:
        moments.start()
        for first in range(0, len(x), block):
            moments.update(x[first : first + block])
    return moments
