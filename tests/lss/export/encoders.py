"""Encoders as srv.SRV makes them, and what they give in double precision."""

import keras
import numpy as np


def network(n_features, activation, rng, batch_normalization=True):
    """An encoder of the layers that srv.SRV has, with statistics as after a training."""
    layers = [keras.layers.Normalization(mean=rng.normal(size=n_features),
                                         variance=rng.uniform(0.2, 1, n_features))]  # fmt: skip
    for _ in range(2):
        layers.append(keras.layers.Dense(8, activation=activation))
        if batch_normalization:
            layers.append(keras.layers.BatchNormalization())
    layers += [keras.layers.Dropout(0.1), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((n_features,)), *layers])
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    return keras.Model(model.inputs[0], model.outputs[0])


def double(model):
    """The same network in double precision: what rounding does not blur."""
    features = x = keras.Input(model.input_shape[1:], dtype="float64")
    for layer in model.layers[1:]:
        copy = type(layer).from_config(layer.get_config() | {"dtype": "float64"})
        x = copy(x)
        if layer.weights:
            copy.set_weights(layer.get_weights())
    return keras.Model(features, x)


def double_features(featurizer, frames):
    """The features in double precision, by formulas of the reader."""
    described = featurizer.to_dict()
    out = []
    for xyz in frames.xyz.astype(np.float64):
        row = []
        for four in described["torsions"].values():
            a, b, c, d = xyz[featurizer.atoms[list(four)]]
            m, n = np.cross(b - a, c - b), np.cross(c - b, d - c)
            size = np.linalg.norm(m) * np.linalg.norm(n)
            sine = np.linalg.norm(c - b) * np.dot(b - a, n) / size
            row += [np.dot(m, n) / size, sine]
        for two in described["distances"].values():
            a, b = xyz[featurizer.atoms[list(two)]]
            row.append(np.linalg.norm(a - b))
        out.append(row)
    return np.array(out)
