"""The mixture density network and its likelihood.

p(psi_{t+tau} | psi_t) = sum_c alpha_c(psi_t) N(psi_{t+tau}; mu_c(psi_t), diag sigma_c(psi_t)^2),
equation (5) of H. Sidky, W. Chen, A. L. Ferguson, Chem. Sci. 11 (2020) 9459.

A network is a Keras model of stock layers only, psi (n, m) -> a dict of `logits` (n, C),
`loc` (n, C, m) and `scale` (n, C, m), all in the units of psi.
"""

import keras
import numpy as np
from keras import layers

SCALE_FLOOR = 1e-4
"""Smallest standard deviation of a component, as a fraction of the training range."""

OUTPUTS = ("logits", "loc", "scale")


def build_network(
    low,
    high,
    mean,
    std,
    n_components,
    hidden=(100, 100),
    activation="relu",
    *,
    start=None,
    seed=0,
    name="mdn",
):
    """An untrained mixture density network.

    Input standardisation and output scaling are inside: means are a sigmoid on the training
    range, standard deviations a softplus with a floor in units of that range.

    Parameters
    ----------
    low, high : array-like, shape (m,), units of psi
        The training range, to which the means are confined.
    mean, std : array-like, shape (m,), units of psi
        Standardisation of the input.
    n_components : int
        Mixture components C.
    hidden : sequence of int
        Widths of the hidden layers.
    activation : str
        Activation of the hidden layers, by its Keras name.
    start : tuple of array-like, optional
        Weights (C,), means and standard deviations (C, m) of the mixture that the network is to
        begin with, nearly, everywhere; see `marginal.marginal_mixture`.
    seed : int
        Seed of the initial weights.
    name : str
        Name of the model; those that go into one mixture need different ones.

    Returns
    -------
    keras.Model
        Input named `psi` (n, m); outputs as in the module docstring.
    """
    low, high, mean, std = (np.asarray(a, np.float64) for a in (low, high, mean, std))
    m = len(low)
    seeds = iter(np.random.SeedSequence(seed).generate_state(len(hidden) + 3).tolist())

    def dense(width, layer, activation=None):
        kernel = keras.initializers.GlorotUniform(seed=next(seeds))
        return layers.Dense(width, activation=activation, kernel_initializer=kernel, name=layer)

    psi = keras.Input((m,), name="psi")
    h = layers.Normalization(mean=mean.tolist(), variance=(std**2).tolist(), name="standard")(psi)
    for i, width in enumerate(hidden):
        h = dense(width, f"hidden_{i}", activation)(h)
    logits = dense(n_components, "logits")(h)
    loc = dense(n_components * m, "loc_unit", "sigmoid")(h)
    loc = layers.Reshape((n_components, m), name="loc_components")(loc)
    loc = layers.Rescaling((high - low).tolist(), offset=low.tolist(), name="loc")(loc)
    scale = dense(n_components * m, "scale_unit", "softplus")(h)
    scale = layers.Reshape((n_components, m), name="scale_components")(scale)
    floor = (SCALE_FLOOR * (high - low)).tolist()
    scale = layers.Rescaling((high - low).tolist(), offset=floor, name="scale")(scale)
    network = keras.Model(psi, dict(zip(OUTPUTS, (logits, loc, scale), strict=True)), name=name)
    if start is not None:
        _begin_with(network, low, high, *start)
    return network


def _begin_with(network, low, high, weights, means, deviations):
    """Set the output biases to a mixture, and let the input change little of it at first."""
    unit = np.clip((np.asarray(means) - low) / (high - low), SCALE_FLOOR, 1 - SCALE_FLOOR)
    excess = np.maximum(np.asarray(deviations) / (high - low) - SCALE_FLOOR, 0.1 * SCALE_FLOOR)
    biases = {
        "logits": np.log(weights),
        "loc_unit": np.log(unit / (1 - unit)),
        "scale_unit": excess + np.log(-np.expm1(-excess)),  # the inverse of softplus
    }
    for name, bias in biases.items():
        layer = network.get_layer(name)
        kernel, _ = layer.get_weights()
        layer.set_weights([0.1 * kernel, bias.ravel()])


def mix(networks):
    """One network whose density is the equally weighted mean of several.

    Parameters
    ----------
    networks : sequence of keras.Model
        Networks as of `build_network`, of one input dimension and of different names. They
        are shared, not copied.

    Returns
    -------
    keras.Model
        With the components of all of them, in order.
    """
    if len(networks) == 1:
        return networks[0]
    psi = keras.Input(networks[0].input_shape[1:], name="psi")
    outputs = [network(psi) for network in networks]
    # A log-softmax makes the weights of each member sum to one, so that members weigh the same.
    normalise = layers.Activation("log_softmax", name="member_weights")
    parts = {
        "logits": [normalise(o["logits"]) for o in outputs],
        "loc": [o["loc"] for o in outputs],
        "scale": [o["scale"] for o in outputs],
    }
    mixed = {name: layers.Concatenate(axis=1, name=name)(parts[name]) for name in OUTPUTS}
    return keras.Model(psi, mixed, name="mdn")


def training_range(network):
    """The range to which a network's means are confined, read from its layers.

    Parameters
    ----------
    network : keras.Model
        A network of `build_network` or `mix`, fresh or loaded from a file.

    Returns
    -------
    low, high : np.ndarray, shape (m,), float64, units of psi

    Raises
    ------
    ValueError
        If the network has no rescaling layer named `loc`.
    """
    ranges = []
    for layer in network._flatten_layers(include_self=False):
        if isinstance(layer, layers.Rescaling) and layer.name == "loc":
            offset, scale = np.asarray(layer.offset, float), np.asarray(layer.scale, float)
            ranges.append((offset, offset + scale))
    if not ranges:
        raise ValueError(
            "the model has no Rescaling layer named 'loc' to read the training range from; "
            "give low and high"
        )
    lows, highs = zip(*ranges, strict=True)
    return np.min(lows, axis=0), np.max(highs, axis=0)


def distribution(outputs):
    """The mixture as a TensorFlow Probability distribution: the likelihood that is trained.

    Parameters
    ----------
    outputs : dict of tensors
        What the network makes of psi_t.

    Returns
    -------
    tfp.distributions.MixtureSameFamily
        Of MultivariateNormalDiag; batch shape (n,), event shape (m,), units of psi.
    """
    import tensorflow_probability as tfp

    tfd = tfp.distributions
    return tfd.MixtureSameFamily(
        tfd.Categorical(logits=outputs["logits"]),
        # Independent Normal would round more: it takes the difference of x / scale and loc / scale.
        tfd.MultivariateNormalDiag(outputs["loc"], outputs["scale"]),
    )


def forget_graphs():
    """Empty the cache of TFP's bijectors, which keeps each graph that made a `distribution`."""
    import tensorflow_probability as tfp

    # TFP 0.25 has no public way to do this.
    tfp.bijectors.Bijector._cache.storage.clear()
