"""The networks of a propagator: made, copied and trained as its settings say."""

import logging
import math

import keras
import numpy as np

from mdn.head import build_network, distribution
from mdn.marginal import marginal_mixture
from mdn.settings import training_bounds
from mdn.training import UPDATES_PER_EPOCH, Trainer, run_fit

logger = logging.getLogger(__name__)

ARCHITECTURE = (
    "input_dim",
    "n_components",
    "hidden_layer_depth",
    "hidden_size",
    "activation",
    "n_models",
)
"""Settings that decide the shape of the networks."""


def build(settings, frames, seed):
    """`n_models` fresh networks that begin with the distribution of the frames.

    Parameters
    ----------
    settings : mdn.Propagator
    frames : np.ndarray, shape (n, m), float32, units of psi
    seed : int

    Returns
    -------
    list of keras.Model
    """
    low, high = training_bounds(settings.bounds, frames)
    mean = frames.mean(axis=0, dtype=np.float64)
    # A column at a time: the deviations of all frames in float64 would be twice the data.
    std = np.array([column.std(dtype=np.float64) for column in frames.T])
    std = np.maximum(std, 1e-6 * (high - low))
    seeds = np.random.SeedSequence(seed).generate_state(settings.n_models)
    hidden = (settings.hidden_size,) * settings.hidden_layer_depth
    return [
        build_network(
            low,
            high,
            mean,
            std,
            settings.n_components,
            hidden,
            settings.activation,
            start=marginal_mixture(frames, settings.n_components, int(seed)),
            seed=int(seed),
            name=f"mdn_{i}",
        )
        for i, seed in enumerate(seeds)
    ]


def architecture(settings):
    """What must stay the same for a training to go on."""
    return tuple(getattr(settings, name) for name in ARCHITECTURE)


def warn_beyond(frames, low, high):
    """Say where new data lie outside the range of the first fit, which is kept."""
    slack = 1e-6 * (high - low)  # data are float32
    beyond = (frames < low - slack) | (frames > high + slack)
    if beyond.any():
        text = "%.2g of the new data lie outside the range of the first fit, which is kept"
        logger.warning(text, beyond.any(axis=1).mean())


def copy(network):
    """A network with the same weights that shares nothing."""
    new = keras.Model.from_config(network.get_config())
    new.set_weights(network.get_weights())
    return new


def predict(network, frames, batch_size):
    """Outputs for frames (n, m), a dict of arrays; n may be 0, where Keras's own predict fails."""
    if len(frames):
        return network.predict(frames, batch_size=batch_size, verbose=0)
    return {name: np.asarray(value) for name, value in network(frames).items()}


def mean_log_likelihood(network, first, second, batch_size):
    """Of pairs (n, m) of frames one lag apart, nats a pair."""
    total = 0.0
    for i in range(0, len(first), batch_size):
        mixture = distribution(network(first[i : i + batch_size]))
        log_prob = np.asarray(mixture.log_prob(second[i : i + batch_size]))
        total += float(np.sum(log_prob, dtype=np.float64))
    return total / len(first)


def budget(settings, n_pairs):
    """Epochs of a training, and updates in each."""
    if settings.n_updates is None:
        return settings.n_epochs, math.ceil(n_pairs / settings.batch_size)
    updates = min(UPDATES_PER_EPOCH, settings.n_updates)
    return math.ceil(settings.n_updates / updates), updates


def train(network, settings, frames, starts, validation, seed):
    """Train one network in place.

    Parameters
    ----------
    network : keras.Model
    settings : mdn.Propagator
    frames : np.ndarray, shape (n, m), float32, units of psi
    starts : np.ndarray, shape (n_pairs,), int32
        First frames of the pairs.
    validation : tuple of np.ndarray or None
        Pairs (x, y).
    seed : sequence of int

    Returns
    -------
    dict of list of float
        The history of Keras.

    Raises
    ------
    lss_base.estimators.DivergedError
        If the likelihood diverged.
    """
    epochs, updates = budget(settings, len(starts))
    callbacks = list(settings.callbacks or [])
    if settings.early_stopping is not None:
        callbacks.append(
            keras.callbacks.EarlyStopping(
                "val_loss", patience=settings.early_stopping, restore_best_weights=True
            )
        )
    trainer = Trainer(
        network,
        frames,
        starts,
        settings.lag_time,
        settings.batch_size,
        int(np.random.SeedSequence(seed).generate_state(1)[0]),
        settings.time_reversed,
    )
    return run_fit(trainer, epochs, updates, settings, validation, callbacks)
