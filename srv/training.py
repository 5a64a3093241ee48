"""The model that Keras fits, and how many updates a fit makes."""

from dataclasses import dataclass, replace

import keras
import numpy as np
import tensorflow as tf

from lss_base.graphs import TracedGraphs
from srv.feeding import pair_batches, pool
from srv.loss import vamp_loss

# Pairs scored at a time in validation; a score from few pairs is biased upwards.
_VALIDATION_BATCH = 20_000
# Going back to Python after each step would double the cost of a small network.
_STEPS_PER_EXECUTION = 20


class Trainer(keras.Model):
    """A lobe with the VAMP loss on pairs; Keras fit does the rest.

    Parameters
    ----------
    lobe : keras.Model
    trajectories : Trajectories
        Training data; held as one tensor where it is in memory.
    loss_options : dict
        Arguments of `vamp_loss`.
    noise : float
        Standard deviation of the noise added to the outputs in training.
    validation : Trajectories, optional
    """

    def __init__(self, lobe, trajectories, *, loss_options, noise=0.0, validation=None, seed=0):
        super().__init__()
        self.lobe = lobe
        self._loss_options = loss_options
        self._lag = trajectories.lag_time
        self._width = lobe.input_shape[1]
        self._n_known = trajectories.n_known
        self._noise = keras.layers.GaussianNoise(noise, seed=seed) if noise else None
        self._score_tracker = keras.metrics.Mean(name="loss")
        self._pools = [_as_tensors(trajectories), _as_tensors(validation)]
        self._weights = _weight_pool(trajectories)
        self.traced = TracedGraphs()
        self.built = True

    @property
    def metrics(self):
        """The mean loss of the epoch."""
        return [self._score_tracker]

    def save(self, filepath, **options):
        """Save the network alone: it is all that a checkpoint of the training is for."""
        self.lobe.save(filepath, **options)

    def call(self, features, training=False):
        """Return the outputs of the lobe."""
        return self.lobe(features, training=training)

    def train_step(self, data):
        """One step of the optimiser on one batch of pairs."""
        self.traced.note()
        with tf.GradientTape() as tape:
            loss = self._pair_loss(data, self._pools[0], self._weights, training=True)
            total = loss
            if self.lobe.losses:
                total += tf.cast(tf.add_n(self.lobe.losses), tf.float64)
            # Every replica of a tf.distribute strategy has the loss of the whole batch (see
            # srv.loss), and they add up their gradients.
            total /= self.distribute_strategy.num_replicas_in_sync
        gradients = tape.gradient(total, self.lobe.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.lobe.trainable_weights, strict=True))
        self._score_tracker.update_state(loss)
        return {"loss": self._score_tracker.result()}

    def test_step(self, data):
        """Score one batch of validation pairs."""
        self.traced.note()
        loss = self._pair_loss(data, self._pools[1], None, training=False)
        self._score_tracker.update_state(loss)
        return {"loss": self._score_tracker.result()}

    def reweight(self, trajectories):
        """Take the weights of other trajectories, of the same frames."""
        if self._weights is not None:
            self._weights.assign(_joined_weights(trajectories))

    def _pair_loss(self, data, pools, weight_pool, training):
        features, known = self._gather(data, pools)
        batch, _, weights = keras.utils.unpack_x_y_sample_weight(data)
        if weight_pool is not None:
            weights = tf.gather(weight_pool, batch)
        # One pass over both ends gives them the same batch statistics.
        outputs = self.lobe(features, training=training)
        if training and self._noise is not None:
            outputs = self._noise(outputs, training=True)
        psi_0, psi_t = tf.split(outputs, 2)
        options = self._loss_options | {"pair_weights": weights}
        if self._n_known:
            known_0, known_t = tf.split(known, 2)
            return vamp_loss(psi_0, psi_t, known_0=known_0, known_t=known_t, **options)
        return vamp_loss(psi_0, psi_t, **options)

    def _gather(self, data, pools):
        """Return the features, and known modes, of both ends of the pairs, t first."""
        batch, known, _ = keras.utils.unpack_x_y_sample_weight(data)
        if pools is not None:
            index = tf.concat([batch, batch + self._lag], axis=0)
            features = tf.gather(pools[0], index)
            known = tf.gather(pools[1], index) if self._n_known else None
        else:
            features = _ends_in_turn(batch)
            known = _ends_in_turn(known) if self._n_known else None
        features = tf.ensure_shape(features, (None, self._width))
        if self._n_known:
            known = tf.ensure_shape(known, (None, self._n_known))
        return features, known


def _ends_in_turn(pairs):
    """(n_pairs, 2, d) -> (2 n_pairs, d), the frames at t before those at t + lag."""
    return tf.concat(tf.unstack(pairs, num=2, axis=1), axis=0)


def _as_tensors(trajectories):
    if trajectories is None or not trajectories.in_memory:
        return None
    with tf.device("CPU"):
        return [None if part is None else tf.constant(part) for part in pool(trajectories)]


def _weight_pool(trajectories):
    if not (trajectories.in_memory and trajectories.is_weighted):
        return None
    with tf.device("CPU"):
        return tf.Variable(_joined_weights(trajectories), trainable=False)


def _joined_weights(trajectories):
    parts = [s.read_weights(0, len(s)) for s in trajectories.segments]
    return np.concatenate(parts).astype(np.float32)


def validation_batches(validation):
    """Return the validation pairs in order, in as few batches as memory allows."""
    size = min(validation.n_pairs, _VALIDATION_BATCH)
    return pair_batches(validation, size, validation.n_pairs // size)


@dataclass(frozen=True)
class Plan:
    """How many steps one schedule makes, and how Keras counts them.

    `per_execution` steps run without going back to Python; an epoch of `per_epoch` steps holds a
    whole number of those, so it may leave out a few of the pairs, others each time.
    """

    n_epochs: int
    per_epoch: int
    per_execution: int

    @property
    def n_steps(self):
        """Steps of the optimiser."""
        return self.n_epochs * self.per_epoch

    @classmethod
    def make(cls, n_pairs, batch_size, n_epochs, min_steps=None, max_steps=None):
        """Return the plan for `n_epochs` passes over the pairs within the bounds on steps."""
        per_epoch = n_pairs // batch_size
        wanted = total = n_epochs * per_epoch
        if min_steps:
            total = max(total, min_steps)
        if max_steps:
            total = min(total, max_steps)
        per_epoch = min(per_epoch, total)
        executions = -(-per_epoch // _STEPS_PER_EXECUTION)
        per_execution = per_epoch // executions
        per_epoch = executions * per_execution
        if total != wanted:
            n_epochs = -(-total // per_epoch)
        return cls(n_epochs, per_epoch, per_execution)

    def part(self, share):
        """Return the same plan with a share of the epochs, or of the one epoch's steps."""
        if self.n_epochs * share >= 1:
            return replace(self, n_epochs=round(self.n_epochs * share))
        executions = max(1, round(self.n_steps * share / self.per_execution))
        return replace(self, n_epochs=1, per_epoch=executions * self.per_execution)

    def at_least(self, n_steps):
        """Return the same plan with as many epochs as hold `n_steps`."""
        return replace(self, n_epochs=-(-n_steps // self.per_epoch))
