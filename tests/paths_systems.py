"""Propagators whose density is known: networks of one Gaussian."""

import keras
from keras import layers


def normal_network(slope, sd):
    """psi -> N(slope psi, sd^2), as a network of the shape of a propagator's."""
    return gaussian_network(lambda x: slope * x, sd)


def gaussian_network(mean, sd):
    """psi (n, 1) -> N(mean(psi), sd^2)."""
    psi = keras.Input((1,), name="psi")
    zero = layers.Rescaling(0.0)(psi)
    loc = layers.Reshape((1, 1))(mean(psi))
    scale = layers.Reshape((1, 1))(layers.Rescaling(0.0, offset=float(sd))(psi))
    return keras.Model(psi, {"logits": zero, "loc": loc, "scale": scale})
