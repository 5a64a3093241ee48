"""Maximum-likelihood training of the mixture density network through Keras `fit`.

The frames stay on the device and every batch of pairs is drawn there, inside the compiled step;
what Keras feeds is only which updates to make.
"""

import keras
import numpy as np
import tensorflow as tf

from lss_base.graphs import TracedGraphs
from lss_base.training import WORTH_XLA, CosineToZero, run
from mdn.head import distribution, forget_graphs

UPDATES_PER_EPOCH = 500
"""Length of an epoch where the budget is given in updates."""

_BLOCK = 100
_VALIDATION_BATCH = 4096


class Trainer(keras.Model):
    """A network and its data, ready for `compile` and `fit`.

    Parameters
    ----------
    network : keras.Model
        Of `mdn.head.build_network`; trained in place.
    frames : np.ndarray, shape (n, m), float32, units of psi
    starts : np.ndarray, shape (n_pairs,), int32
        First frames of the pairs.
    lag_time : int, frames
    batch_size : int
        Pairs of one update, shared out where there are several replicas.
    seed : int
        Of the drawing of pairs.
    time_reversed : bool
        Turn half of the pairs round.
    """

    def __init__(self, network, frames, starts, lag_time, batch_size, seed, time_reversed=False):
        super().__init__(name="mdn_trainer")
        self.network = network
        self.replicas = tf.distribute.get_strategy().num_replicas_in_sync
        self.lag_time, self.batch_size = lag_time, max(1, batch_size // self.replicas)
        self.time_reversed = time_reversed
        self.pair_seed = int(np.random.SeedSequence([seed, 1]).generate_state(1)[0] >> 2)
        # A Keras model tracks what it is given; a function keeps the data out of its sight.
        frames, starts = tf.constant(frames), tf.constant(starts)
        self.data = lambda: (frames, starts)
        self.loss_tracker = keras.metrics.Mean(name="loss")
        self.traced = TracedGraphs()
        self.build(network.input_shape)

    def build(self, input_shape):
        self.built = True

    def save(self, filepath, **options):
        """Save the network alone: it is all that a checkpoint of the training is for."""
        self.network.save(filepath, **options)

    def call(self, psi):
        return self.network(psi)

    @property
    def metrics(self):
        return [self.loss_tracker]

    def draw(self, update):
        """The pairs of one update: (x, y), each (batch_size, m)."""
        frames, starts = self.data()
        seed = tf.stack([self.pair_seed, update])
        chosen = tf.random.stateless_uniform(
            (self.batch_size,), seed, maxval=starts.shape[0], dtype=tf.int32, alg="philox"
        )
        first = tf.gather(starts, chosen)
        x, y = tf.gather(frames, first), tf.gather(frames, first + self.lag_time)
        if self.time_reversed:
            seed = tf.stack([self.pair_seed + 1, update])
            coin = tf.random.stateless_uniform((self.batch_size, 1), seed, alg="philox")
            x, y = tf.where(coin < 0.5, x, y), tf.where(coin < 0.5, y, x)
        return x, y

    def update(self, number):
        """One gradient step; returns its loss."""
        self.traced.note()
        x, y = self.draw(number)
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(distribution(self.network(x, training=True)).log_prob(y))
            share = loss / self.replicas  # gradients of replicas are added up
        variables = self.network.trainable_variables
        self.optimizer.apply(tape.gradient(share, variables), variables)
        return loss

    def train_step(self, data):
        """A block of updates, data[0] = (first, count), in one compiled call."""
        first, count = data[0, 0], data[0, 1]

        def body(i, total):
            return i + 1, total + self.update(first + i)

        if self.replicas > 1:
            total = self.update(first)  # tf.distribute has no updates within a loop
        else:
            _, total = tf.while_loop(lambda i, _: i < count, body, (0, 0.0))
        weight = tf.cast(count, tf.float32)
        self.loss_tracker.update_state(total / weight, sample_weight=weight)
        return {"loss": self.loss_tracker.result()}

    def test_step(self, data):
        self.traced.note()
        x, y = data
        loss = -distribution(self.network(x, training=False)).log_prob(y)
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}


def blocks(n_epochs, updates_per_epoch):
    """All updates in blocks, as Keras takes them.

    Parameters
    ----------
    n_epochs, updates_per_epoch : int

    Returns
    -------
    tf.data.Dataset
        Elements [[first, count]]: numbers of the updates of one block.
    int
        Blocks of an epoch.
    """
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    if replicas > 1:  # one row a replica, each with a number and so with pairs of its own
        size, updates_per_epoch = 1, updates_per_epoch * replicas
    else:
        size = _BLOCK
    within = np.arange(0, updates_per_epoch, size)
    first = (np.arange(n_epochs)[:, None] * updates_per_epoch + within).ravel()
    count = np.tile(np.minimum(updates_per_epoch - within, size), n_epochs)
    rows = np.stack([first, count], axis=1).astype(np.int32)
    data = tf.data.Dataset.from_tensor_slices(rows).batch(replicas, drop_remainder=True)
    return data, len(within) // replicas


def run_fit(
    trainer, n_epochs, updates_per_epoch, settings, validation, callbacks, label="propagator", n=1
):
    """Train in place.

    Parameters
    ----------
    trainer : Trainer
    n_epochs, updates_per_epoch : int
    settings : mdn.Propagator
        Its `learning_rate`, `schedule` and `verbose` are looked at.
    validation : tuple of np.ndarray or None
        Pairs (x, y).
    callbacks : list of keras.callbacks.Callback
    label : str
        Of the progress bar.
    n : int
        Trainings of `n_epochs` one after another, between which a callback makes all ready.

    Returns
    -------
    dict of list of float
        One value an epoch: `loss`, and `val_loss` where there are validation data; nats a pair.

    Raises
    ------
    lss_base.estimators.DivergedError
    """
    rate = settings.learning_rate
    if settings.schedule == "cosine":
        rate = CosineToZero(rate, n_epochs * updates_per_epoch)
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(trainer.network.trainable_variables)  # inside the first step: compiled twice
    trainer.compile(
        optimizer=optimizer,
        # XLA cannot reach variables on another device.
        jit_compile=trainer.replicas == 1 and n * n_epochs * updates_per_epoch >= WORTH_XLA,
    )
    data, steps = blocks(n * n_epochs, updates_per_epoch)
    if validation is not None:
        # Keras wants equal shares for all replicas.
        equal = len(validation[0]) // trainer.replicas * trainer.replicas
        validation = tf.data.Dataset.from_tensor_slices(tuple(a[:equal] for a in validation))
        validation = validation.batch(_VALIDATION_BATCH // trainer.replicas * trainer.replicas)
    try:
        return run(
            trainer,
            trainer.network,
            data,
            label=label,
            n_epochs=n * n_epochs,
            per_epoch=updates_per_epoch,
            per_batch=_BLOCK if trainer.replicas == 1 else 1,
            settings=settings,
            steps_per_epoch=steps,
            validation_data=validation,
            callbacks=callbacks,
        )
    finally:
        forget_graphs()
