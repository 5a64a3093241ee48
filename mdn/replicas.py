"""Replicas of a propagator: what it might have become with other trajectories of the same system.

A replica is trained on a bootstrap sample of the trajectories. How far replicas differ is what the
propagator does not know, since it was learned from few events; its own long trajectories, of which
there may be as many as one likes, do not tell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras
import numpy as np
import tensorflow as tf

from lss_base.estimators import check_count, check_seed, settled
from lss_base.resampling import units
from lss_base.trajectories import Series, as_parts, as_weights
from lss_base.weights import weights_of_samples
from mdn import members
from mdn.data import pair_starts, starting_frames
from mdn.training import UPDATES_PER_EPOCH, Trainer, run_fit

if TYPE_CHECKING:
    from mdn.estimator import Propagator

STARTS = 200
"""Start states of a replica."""


@dataclass(frozen=True)
class Replica:
    """A network trained on a bootstrap sample.

    Parameters
    ----------
    model : keras.Model
        As `Propagator.model`.
    starts : np.ndarray, shape (200, m), units of psi
        Frames of the sample, for walkers to start from.
    """

    model: keras.Model
    starts: np.ndarray


def train_replicas(
    propagator: Propagator,
    X: Series,
    n: int = 8,
    seed: int = 0,
    *,
    n_updates: int | None = None,
    weights: list[np.ndarray] | None = None,
    method: str | None = None,
) -> list[Replica]:
    """Train replicas of a fitted propagator, each on a bootstrap sample of its training data.

    Trajectories are drawn with replacement, or some 20 blocks of them where there are fewer than
    ten. Each replica goes on from the weights of the propagator, the first of its networks, at its
    learning rate.

    Parameters
    ----------
    propagator : mdn.Propagator
    X : array-like, shape (n_frames, m), or list of such, units of psi
        The training data.
    n : int
        Replicas.
    seed : int
    n_updates : int, optional
        Of each replica, rounded up to whole epochs of 500. Where not given all of them together
        make as many as the last fit.
    weights : list of np.ndarray, shape (n_i,), optional
        Of the frames of X, such as `weights_` of an SRV, where the trajectories did not start in
        equilibrium: start states are drawn by them.
    method : {"rite", "koopman"}, optional
        How the weights were found; they are found anew for each sample. None where they are exact.

    Returns
    -------
    list of Replica

    Raises
    ------
    ValueError
        For arguments that do not fit.
    NotFittedError
        Where the propagator is not fitted.
    """
    propagator._check_fitted("train_replicas")
    check_count("n", n, 1)
    check_seed(seed)
    trajectories = as_parts("X", X, propagator.input_dim)
    weights = None if weights is None else as_weights("weights", weights, trajectories)
    n_updates = _share(propagator, trajectories, n) if n_updates is None else n_updates
    check_count("n_updates", n_updates, 1)
    seed, lag = settled(seed), propagator.lag_time
    parts = list(units([len(t) for t in trajectories], lag))
    rng = np.random.default_rng(seed)
    times = rng.multinomial(len(parts), np.full(len(parts), 1 / len(parts)), size=n)
    offsets = np.cumsum([0, *map(len, trajectories)])
    pairs = [np.arange(offsets[i] + first, offsets[i] + last) for first, last, i in parts]
    network = members.copy(propagator.members_[0])
    frames = np.concatenate(trajectories)
    trainer = _Resampled(network, frames, sum(map(len, pairs)), propagator, seed)
    per_epoch = min(UPDATES_PER_EPOCH, n_updates)
    epochs = math.ceil(n_updates / per_epoch)
    turns = _Turns(trainer, (_sample(pairs, row, rng) for row in times), epochs)
    run_fit(trainer, epochs, per_epoch, propagator, None, [turns], label="replicas", n=n)
    starts = _starts(trajectories, parts, times, lag, seed, weights, method)
    return [
        Replica(_with_weights(network, w), s) for w, s in zip(turns.trained, starts, strict=True)
    ]


def _share(propagator, trajectories, n):
    """Updates of each replica with which all together make as many as the last fit did."""
    n_pairs = len(pair_starts(trajectories, propagator.lag_time))
    _, per_epoch = members.budget(propagator, n_pairs)
    return max(1, len(propagator.history["loss"]) * per_epoch // n)


def _sample(pairs, times, rng):
    """Starts of the pairs of a sample of units, as many as there are pairs in all."""
    drawn = np.concatenate([np.tile(p, k) for p, k in zip(pairs, times, strict=True) if k])
    total = sum(map(len, pairs))
    # Units differ in length: cut or filled up, at random, since the compiled loop has one size.
    more = rng.choice(drawn, max(total - len(drawn), 0))
    return np.concatenate([rng.permutation(drawn)[:total], more])


def _starts(trajectories, parts, times, lag, seed, weights, method):
    """Start states of each replica."""
    cut = [trajectories[i][first : last + lag] for first, last, i in parts]
    if weights is None:
        own, method = [np.ones(len(c)) for c in cut], None
    else:
        own = [weights[i][first : last + lag] for first, last, i in parts]
    samples = weights_of_samples(cut, lag, own, method, times, seed)
    return [starting_frames(cut, STARTS, seed + k, w) for k, w in enumerate(samples)]


def _with_weights(network, weights):
    found = members.copy(network)
    found.set_weights(weights)
    return found


class _Resampled(Trainer):
    """A trainer whose pairs are drawn from others in each training, without compiling anew."""

    def __init__(self, network, frames, n_pairs, propagator, seed):
        settings = propagator.lag_time, propagator.batch_size, seed, propagator.time_reversed
        super().__init__(network, frames, np.zeros(1, np.int32), *settings)
        # int64: TensorFlow keeps variables of int32 in the memory of the host.
        pairs = tf.Variable(np.zeros(n_pairs, np.int64), trainable=False)
        frames = tf.constant(frames)
        self.data = lambda: (frames, tf.convert_to_tensor(pairs))
        self.use = pairs.assign


class _Turns(keras.callbacks.Callback):
    """Makes a training ready for the next replica, and keeps what the last one became."""

    def __init__(self, trainer, samples, n_epochs):
        super().__init__()
        self.trainer, self.samples, self.n_epochs = trainer, samples, n_epochs
        self.first, self.trained = trainer.network.get_weights(), []

    def on_epoch_begin(self, epoch, logs=None):
        if epoch % self.n_epochs:
            return
        self.trainer.network.set_weights(self.first)
        for variable in self.trainer.optimizer.variables:
            variable.assign(tf.zeros_like(variable))
        self.trainer.use(next(self.samples))

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.n_epochs == 0:
            self.trained.append(self.trainer.network.get_weights())
