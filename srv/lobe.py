"""The network: features to raw outputs, and outputs to eigenfunctions, in stock Keras layers."""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

_SMALLEST_SD = 1e-12


@dataclass(frozen=True)
class Network:
    """A trainable lobe and the arguments that it was built with, but for statistics and seed."""

    lobe: keras.Model
    architecture: dict


def build_lobe(
    input_size,
    n_outputs,
    *,
    depth,
    width,
    activation,
    batch_normalization=False,
    dropout_rate=0.0,
    l2_regularization=0.0,
    mean=None,
    sd=None,
    seed=0,
):
    """Build the trainable network, features (n, input_size) -> outputs (n, n_outputs).

    [Normalization] - Dense(activation) - [BatchNormalization - Dense(activation) - Dropout] x
    (depth - 1) - Dense(linear), the layers of the package `hde`.

    Parameters
    ----------
    mean, sd : np.ndarray, shape=(input_size,), optional
        Where given, the first layer standardises the features with them; a feature with sd 0
        is centred only.
    seed : int
        Seeds the initial weights and the dropout.
    """
    rng = np.random.default_rng(seed)

    def dense(units, layer_activation=None):
        return keras.layers.Dense(
            units,
            activation=layer_activation,
            kernel_initializer=keras.initializers.GlorotUniform(seed=_draw(rng)),
            kernel_regularizer=keras.regularizers.L2(l2_regularization)
            if l2_regularization
            else None,
        )

    features = x = keras.Input((input_size,), name="features")
    if mean is not None:
        x = standardisation(mean, sd)(x)
    for i in range(depth):
        if i and batch_normalization:
            # Replicas of a tf.distribute strategy share the statistics of the whole batch.
            x = keras.layers.BatchNormalization(synchronized=_n_replicas() > 1)(x)
        x = dense(width, activation)(x)
        if i and dropout_rate:
            x = keras.layers.Dropout(dropout_rate, seed=_draw(rng))(x)
    return keras.Model(features, dense(n_outputs)(x), name="lobe")


def standardisation(mean, sd):
    """Return a Normalization layer that centres and scales each feature."""
    mean, sd = np.asarray(mean, np.float64), np.asarray(sd, np.float64)
    sd = np.where(sd > _SMALLEST_SD, sd, 1.0)
    return keras.layers.Normalization(mean=mean, variance=sd**2)


def project(lobe, mean, vectors):
    """Return a new model psi(x) = (f(x) - mean) vectors, with f the outputs of `lobe`.

    The projection is folded into the last Dense layer, whose kernel becomes W V and whose bias
    (b - mu) V.  The weights are copies: training `lobe` further does not change the result.

    Parameters
    ----------
    lobe : keras.Model
        Ends in a linear Dense layer.
    mean : np.ndarray, shape=(n_outputs,)
    vectors : np.ndarray, shape=(n_outputs, m)

    Returns
    -------
    keras.Model
        Uncompiled, input "features", output "psi".
    """
    kernel, bias = (np.asarray(w, np.float64) for w in lobe.layers[-1].get_weights())
    # A clone made layer by layer keeps Keras's own records (seeds, regularisers) out of the copy.
    features = x = keras.Input(lobe.input_shape[1:], name="features")
    for layer in lobe.layers[1:-1]:
        copy = type(layer).from_config(layer.get_config())
        x = copy(x)
        if layer.weights:
            copy.set_weights(layer.get_weights())
    last = keras.layers.Dense(vectors.shape[1], name="psi")
    model = keras.Model(features, last(x), name="srv")
    last.set_weights([kernel @ vectors, (bias - mean) @ vectors])
    return model


def _n_replicas():
    return tf.distribute.get_strategy().num_replicas_in_sync


def _draw(rng):
    return int(rng.integers(2**31))
