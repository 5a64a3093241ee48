"""An encoder as plain matrices: everything affine is folded into the dense layers."""

from dataclasses import dataclass

import numpy as np

from lss.errors import InputError

#: Smooth activations, as formulas of x that PLUMED's parser (Lepton) reads.
FORMULAS = {
    "linear": "x",
    "tanh": "tanh(x)",
    "gelu": "0.5*x*(1+erf(x*0.70710678118654757))",
    "sigmoid": "1/(1+exp(-x))",
    "silu": "x/(1+exp(-x))",
    "softplus": "log(1+exp(x))",
}


@dataclass(frozen=True, eq=False)
class Layer:
    """activation(kernel x + bias).

    Attributes
    ----------
    kernel : np.ndarray, shape (n_out, n_in)
        The transpose of Keras's.
    bias : np.ndarray, shape (n_out,)
    activation : str
        A key of `FORMULAS`.
    """

    kernel: np.ndarray
    bias: np.ndarray
    activation: str


def folded(encoder):
    """The layers of an encoder, standardisation and batch normalisation folded in.

    Parameters
    ----------
    encoder : keras.Model
        features (n, d) -> psi (n, m): standardisation, dense layers, batch normalisation, dropout.

    Returns
    -------
    list of Layer
        In double precision; the last one is linear and gives psi, slowest mode first.

    Raises
    ------
    InputError
        For other layers, and activations that have no smooth formula here.
    """
    layers = []
    scale, shift = np.ones(encoder.input_shape[-1]), np.zeros(encoder.input_shape[-1])
    for layer in encoder.layers:
        kind = type(layer).__name__
        if kind == "Dense":
            kernel, bias = (np.asarray(w, np.float64) for w in layer.get_weights())
            activation = known_activation(layer)
            layers.append(Layer((kernel * scale[:, None]).T, bias + shift @ kernel, activation))
            scale, shift = np.ones(len(bias)), np.zeros(len(bias))
        elif kind == "Normalization":
            mean, variance = (np.asarray(a, np.float64) for a in (layer.mean, layer.variance))
            factor = 1 / np.maximum(np.sqrt(variance.ravel()), 1e-7)
            scale, shift = scale * factor, (shift - mean.ravel()) * factor
        elif kind == "BatchNormalization":
            gamma, beta, mean, variance = (np.asarray(w, np.float64) for w in layer.get_weights())
            factor = gamma / np.sqrt(variance + layer.epsilon)
            scale, shift = scale * factor, (shift - mean) * factor + beta
        elif kind not in ("InputLayer", "Dropout"):
            raise InputError(
                f"the encoder has a layer {kind}, wanted dense layers with normalisation; export "
                "an encoder of srv.SRV"
            )
    if not layers or layers[-1].activation != "linear":
        raise InputError("the encoder does not end in a linear layer; export one of srv.SRV")
    return layers


def known_activation(layer):
    """The name of a layer's activation; InputError where it cannot be exported."""
    name = getattr(layer.activation, "__name__", str(layer.activation))
    if name not in FORMULAS:
        raise InputError(
            f"the encoder has the activation {name!r}, wanted one with a smooth formula: train "
            f"with `activation` set to one of {', '.join(n for n in FORMULAS if n != 'linear')}"
        )
    return name
