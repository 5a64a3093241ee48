"""What lies about the axis of a torsion: as the density of torsions sees it, and as drawn.

The same operations work on the frames of a training and on the positions inside a generator that
draws one torsion after another, so that both see the same.
"""

import numpy as np
from keras import ops

#: Shells about the first atom of the axis: distances that they are centred at, and widths, **nm**.
SHELLS, WIDTH = (0.25, 0.4, 0.55, 0.75), 0.12
#: Numbers that say of each shell how much is there, how far along the axis, and in which direction.
SIZE = 6 * len(SHELLS)
_TINY = 1e-6  # nm^2


def axes_of(origin, axis, third):
    """Orthonormal axes of frames of three points, as `cwgan.placement.local_axes` has them.

    Parameters
    ----------
    origin, axis, third : tensors (n, 3, k), **nm**

    Returns
    -------
    tuple of three tensors (n, 3, k)
    """
    first = _unit(ops.subtract(origin, axis))
    last = _unit(ops.cross(first, ops.subtract(axis, third), axis=1))
    return first, ops.cross(last, first, axis=1), last


def surroundings(points, origin, axes, counted):
    """Atoms about the axes of frames, shell by shell.

    Parameters
    ----------
    points : tensor (n, 3, k, n_seen), **nm**
        The atoms that each frame sees.
    origin : tensor (n, 3, k), **nm**
        Of the frames.
    axes : tuple of three tensors (n, 3, k)
        As of `axes_of`; the first is the axis of the torsion.
    counted : ndarray (k, n_seen)
        1 where an atom counts, else 0.

    Returns
    -------
    tensor (n, k, SIZE)
        For each shell sums over the atoms, each by its weight there: of 1, of the cosine from the
        axis, and of cosine and sine of once and twice the angle about it.
    """
    away = ops.subtract(points, ops.expand_dims(origin, 3))
    x, y, z = (ops.sum(ops.multiply(away, ops.expand_dims(e, 3)), axis=1) for e in axes)
    flat = ops.sqrt(y * y + z * z + _TINY)
    distance = ops.sqrt(flat * flat + x * x)
    cosine, sine, aside = y / flat, z / flat, flat / distance
    kinds = [ops.ones_like(x), x / distance, aside * cosine, aside * sine]
    kinds += [aside * (cosine * cosine - sine * sine), 2 * aside * cosine * sine]
    shells = np.array(SHELLS, np.float32)[:, None]
    near = ops.exp(ops.negative(ops.square((ops.expand_dims(distance, 2) - shells) / WIDTH)))
    near = ops.multiply(near, np.asarray(counted, np.float32)[:, None])
    found = ops.multiply(ops.expand_dims(near, 3), ops.expand_dims(ops.stack(kinds, axis=2), 2))
    return ops.reshape(ops.sum(found, axis=4), (-1, len(counted), SIZE))


def _unit(v):
    return ops.divide(v, ops.sqrt(ops.sum(ops.square(v), axis=1, keepdims=True) + 1e-12))
