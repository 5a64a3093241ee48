"""Pieces of heads: quantities and directions about their means; stock Keras only."""

import keras
import numpy as np

MATRIX_LIMIT = 60_000  # entries
HELD = 8e-4  # nm: the digits of an XTC file make constrained lengths fluctuate by .0005 to .0006


def picked(rows, atoms, frozen, name=None):
    """The columns `atoms` of rows (n, k, n_rows).

    By a matrix, whose gradient is fast on the CPU, where that is small.
    """
    n_rows = rows.shape[2]
    if n_rows * len(atoms) > MATRIX_LIMIT:
        return keras.ops.take(rows, atoms.tolist(), axis=2)
    return frozen(np.eye(n_rows)[:, atoms], None, name=name)(rows)


def unit_vectors(x, mean, dense, name):
    """Unit vectors (n, k, d): a Dense output about their means (k, d), normalised."""
    x = dense(mean.size, name=f"{name}_raw")(x)
    x = keras.layers.Rescaling(1.0, mean.reshape(-1).tolist(), name=f"{name}_shifted")(x)
    x = keras.layers.Reshape(mean.shape, name=f"{name}_vectors")(x)
    return keras.layers.UnitNormalization(axis=-1, name=f"{name}_unit")(x)


def lengths_about(x, lengths, dense, name):
    """Bond lengths (n, ...) like those of data (n_frames, ...), **nm**, by a Dense output.

    A bond that a constraint holds has the same length always, but for the digits of a file.
    """
    spread = lengths.std(0, dtype=float)
    return scaled(x, lengths.mean(0, dtype=float), spread * (spread > HELD), dense, name)


def scaled(x, mean, spread, dense, name):
    """Quantities (n, *mean.shape): mean plus standard deviation times a Dense output."""
    spread = np.asarray(spread, float)
    x = dense(mean.size, name=f"{name}_raw")(x)
    x = keras.layers.Rescaling(
        spread.reshape(-1).tolist(), np.asarray(mean, float).reshape(-1).tolist(), name=name
    )(x)
    return keras.layers.Reshape(mean.shape, name=f"{name}_shape")(x)


def at_rest(x):
    """What makes layers of as many outputs as asked that are 0 for every x: all at its mean."""

    def dense(units, name):
        return frozen(np.zeros((x.shape[1], units)), None, name=name)

    return dense


def frozen(kernel, bias, name):
    """Dense layer with fixed weights; they are saved like any others."""
    layer = keras.layers.Dense(
        kernel.shape[1], use_bias=bias is not None, trainable=False, name=name
    )
    layer.build((None, kernel.shape[0]))
    layer.set_weights([kernel] if bias is None else [kernel, bias])
    return layer
