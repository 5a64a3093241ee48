"""The generator's last layers: each structure turned onto the reference, stock Keras only.

The rotation of least squares after B. K. P. Horn (J. Opt. Soc. Am. A 4 (1987) 629): its unit
quaternion is the eigenvector of the largest eigenvalue of a symmetric 4 x 4 matrix. Repeated
squaring finds it: no decomposition, and the same operations on every device.

`cwgan.superpose` does the same to arrays, by singular values, exactly. A generator needs it in
layers, since gradients pass through it and a saved one has stock layers only.
"""

import keras
import numpy as np
from keras import ops

CUBES = 5  # times that the matrix is squared thrice, then scaled: its power 2^15
# With 2^12, one frame of an unfolded chain in 10,000 is .004 nm from where it belongs.


def superposed_rows(rows, reference, frozen):
    """Centred structures, each turned onto the reference by the rotation of least squares.

    Parameters
    ----------
    rows : keras tensor (n, 3, n_atoms), **nm**
        Centred.
    reference : ndarray (n_atoms, 3), **nm**
    frozen : callable
        Makes a Dense layer of fixed weights (kernel, bias, name=...).

    Returns
    -------
    keras tensor (n, 3, n_atoms), **nm**
        What `cwgan.superpose.superpose` makes of them, within rounding in single precision; a
        rotation always, and nearly the best where two are nearly as good.
    """
    reference = reference - reference.mean(0)
    scale = max(float((reference**2).sum()), 1e-12)
    x = frozen(reference / scale, None, name="covariance")(rows)
    x = keras.layers.Flatten(name="covariances")(x)
    x = frozen(_horn_form(), None, name="quaternion_form")(x)
    x = keras.layers.UnitNormalization(name="quaternion_unit")(x)
    # Eigenvalues from -.87 to .87, the largest at least .5: moved up, it leads in magnitude too.
    x = keras.layers.Rescaling(0.5, (np.eye(4) / 2).reshape(-1).tolist(), name="quaternion_up")(x)
    x = keras.layers.Reshape((4, 4), name="quaternion_matrix")(x)
    for _ in range(CUBES):
        for _ in range(3):
            x = product(x, x)
        x = ops.divide(x, ops.expand_dims(ops.trace(x, axis1=1, axis2=2), (1, 2)))
    # This is q q^T, but where two rotations are nearly as good. Its longest column, normalised, is
    # a unit quaternion in any case.
    longest = ops.one_hot(ops.argmax(ops.diagonal(x, axis1=1, axis2=2), axis=1), 4)
    q = ops.sum(ops.multiply(x, ops.expand_dims(longest, 1)), axis=2)
    q = keras.layers.UnitNormalization(name="quaternion")(q)
    x = ops.multiply(ops.expand_dims(q, 2), ops.expand_dims(q, 1))
    x = keras.layers.Flatten(name="quaternion_products")(x)
    x = frozen(_rotation_form(), None, name="rotation_entries")(x)
    return product(keras.layers.Reshape((3, 3), name="rotation")(x), rows)


def product(a, b):
    """Products of matrices (n, i, j, ...) and (n, j, k, ...), entry by entry behind.

    A batched `matmul` of such small matrices takes 25 times as long.
    """
    return ops.sum(ops.multiply(ops.expand_dims(a, 3), ops.expand_dims(b, 1)), axis=2)


def _horn_form():
    """From the nine covariances (coordinate, reference) to the 4 x 4 matrix, (9, 16)."""
    form = np.zeros((3, 3, 4, 4))
    for a, b, c in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        form[a, a] = np.diag([1.0, *(1.0 if k == a else -1.0 for k in range(3))])
        form[b, c, [0, a + 1], [a + 1, 0]] = 1.0
        form[c, b, [0, a + 1], [a + 1, 0]] = -1.0
        form[[a, b], [b, a], a + 1, b + 1] = form[[a, b], [b, a], b + 1, a + 1] = 1.0
    return form.reshape(9, 16)


def _rotation_form():
    """From the products of the components of a unit quaternion to its rotation, (16, 9)."""
    form = np.zeros((4, 4, 3, 3))
    for a, b, c in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        form[0, 0, a, a] = form[a + 1, a + 1, a, a] = 1.0
        form[b + 1, b + 1, a, a] = form[c + 1, c + 1, a, a] = -1.0
        form[a + 1, b + 1, [a, b], [b, a]] = 2.0
        form[0, a + 1, c, b], form[0, a + 1, b, c] = 2.0, -2.0
    return form.reshape(16, 9)
