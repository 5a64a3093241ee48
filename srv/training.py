"""Training of the network through Keras fit."""

import logging
import pickle
from dataclasses import dataclass, replace

import keras
import tensorflow as tf
from tqdm import tqdm

from lss_base.graphs import TracedGraphs
from srv.feeding import pair_batches, pool
from srv.loss import vamp_loss

logger = logging.getLogger(__name__)

_WARMUP_FRACTION = 0.05
_FINAL_FRACTION = 0.01
# Pairs scored at a time in validation; a score from few pairs is biased upwards.
_VALIDATION_BATCH = 20_000
# Going back to Python after each step would double the cost of a small network.
_STEPS_PER_EXECUTION = 20


class WarmupCosine(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up over the first 5 % of the steps, then a cosine down to 1 %.

    The number of steps is a variable, so that a longer schedule does not compile anew.
    """

    def __init__(self, peak):
        self.peak = peak
        self.first = tf.Variable(0.0, trainable=False)
        self.n_steps = tf.Variable(1.0, trainable=False)

    def start(self, first, n_steps):
        """Start a schedule of `n_steps` at the optimiser's step `first`."""
        self.first.assign(float(first))
        self.n_steps.assign(float(max(n_steps, 1)))

    def __call__(self, step):
        """Return the learning rate at the optimiser's step."""
        done = (tf.cast(step, tf.float32) - self.first) / self.n_steps
        warm = (done + 1.0 / self.n_steps) / _WARMUP_FRACTION
        angle = 3.14159265 * tf.clip_by_value(
            (done - _WARMUP_FRACTION) / (1 - _WARMUP_FRACTION), 0.0, 1.0
        )
        cosine = _FINAL_FRACTION + (1 - _FINAL_FRACTION) * (1 + tf.cos(angle)) / 2
        return self.peak * tf.minimum(warm, cosine)

    def get_config(self):
        """Return the constructor's arguments."""
        return {"peak": self.peak}


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
            loss = self._pair_loss(data, self._pools[0], training=True)
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
        self._score_tracker.update_state(self._pair_loss(data, self._pools[1], training=False))
        return {"loss": self._score_tracker.result()}

    def _pair_loss(self, data, pools, training):
        features, known = self._gather(data, pools)
        # One pass over both ends gives them the same batch statistics.
        outputs = self.lobe(features, training=training)
        if training and self._noise is not None:
            outputs = self._noise(outputs, training=True)
        psi_0, psi_t = tf.split(outputs, 2)
        if self._n_known:
            known_0, known_t = tf.split(known, 2)
            return vamp_loss(psi_0, psi_t, known_0=known_0, known_t=known_t, **self._loss_options)
        return vamp_loss(psi_0, psi_t, **self._loss_options)

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


class ProgressBar(keras.callbacks.Callback):
    """One bar over all the steps of a training."""

    def __init__(self, n_steps, label):
        super().__init__()
        self._bar = tqdm(total=n_steps, desc=label, unit="step", mininterval=0.5)
        self._done = 0
        self._before = 0

    def on_train_batch_end(self, batch, logs=None):
        """Move the bar."""
        self._bar.update(self._before + batch + 1 - self._done)
        self._done = self._before + batch + 1

    def on_epoch_end(self, epoch, logs=None):
        """Show the losses."""
        self._before = self._done
        self._bar.set_postfix({k: f"{v:.3f}" for k, v in (logs or {}).items() if "loss" in k})

    def on_train_end(self, logs=None):
        """Close the bar."""
        self._bar.close()


def picklable(callbacks):
    """Return the callbacks that can be pickled; warn of those that cannot: open files, lambdas."""
    kept = []
    for callback in callbacks or []:
        try:
            pickle.dumps(callback)
        except (TypeError, AttributeError, pickle.PicklingError) as error:
            logger.warning("%s is left out of the pickle: %s", type(callback).__name__, error)
        else:
            kept.append(callback)
    return kept or None


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

    def at_least(self, n_steps):
        """Return the same plan with as many epochs as hold `n_steps`."""
        return replace(self, n_epochs=-(-n_steps // self.per_epoch))
