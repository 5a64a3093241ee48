"""A small network that reads psi from structures: the judge of the consistency term."""

import keras
import numpy as np
import tensorflow as tf

from cwgan.features import in_chunks
from lss_base.graphs import TracedGraphs
from lss_base.training import WORTH_XLA

N_INNER = 50


class RegressionModel(keras.Model):
    """Network and data, with a train step that makes many updates in one compiled loop.

    Parameters
    ----------
    network : keras.Model
        Features -> targets.
    features : callable
        Tensor of structures -> tensor of features, so that these are not kept for all frames.
    structures : ndarray (n_frames, ...)
    targets : ndarray (n_frames, n_targets)
    batch_size, seed : int
    """

    def __init__(self, network, features, structures, targets, batch_size, seed):
        super().__init__()
        self.network, self.features, self.seed = network, features, seed
        self.structures = tf.convert_to_tensor(structures, tf.float32)
        self.targets = tf.convert_to_tensor(targets, tf.float32)
        self.batch_size = batch_size
        self.traced = TracedGraphs()

    def train_step(self, data):
        """Make N_INNER updates; returns the mean loss."""

        # Drawn before the loop, which carries a copy of all that it reads.
        key = tf.stack([self.seed, tf.cast(self.optimizer.iterations, tf.int32)])
        rows = tf.random.stateless_uniform(
            (N_INNER, self.batch_size), key, 0, len(self.targets), tf.int32, alg="philox"
        )
        structures, targets = tf.gather(self.structures, rows), tf.gather(self.targets, rows)

        def body(i, total):
            return i + 1, total + self._update(structures[i], targets[i])

        first = tf.constant(0), tf.zeros(())
        _, total = tf.while_loop(lambda i, _: i < N_INNER, body, first)
        return {"loss": total / N_INNER}

    def _update(self, structures, targets):
        self.traced.note()
        with tf.GradientTape() as tape:
            error = self.network(self.features(structures)) - targets
            loss = tf.reduce_mean(tf.sqrt(1 + error**2) - 1)
        weights = self.network.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return loss


def fit_regressor(features, structures, targets, seed, n_steps, width=128, batch_size=256):
    """Fit a network structure -> standardised psi.

    Parameters
    ----------
    features : callable
        Tensor of structures -> tensor (n, n_features).
    structures : ndarray (n_frames, ...)
    targets : ndarray (n_frames, latent_dim)
    seed, n_steps, width, batch_size : int

    Returns
    -------
    network : keras.Model
        (n, n_features) -> (n, latent_dim).
    r2 : ndarray (latent_dim,)
        Coefficients of determination on a tenth of the frames, which are not trained on.
    """
    order = np.random.default_rng(seed).permutation(len(targets))
    n_held = len(targets) // 10 or len(targets)
    held, kept = order[:n_held], order[n_held:] if len(targets) >= 10 else order
    start = [keras.initializers.GlorotUniform(seed=seed + k) for k in range(3)]
    size = int(features(tf.convert_to_tensor(structures[:1], tf.float32)).shape[1])
    network = keras.Sequential(
        [
            keras.Input((size,)),
            keras.layers.Dense(width, "swish", kernel_initializer=start[0]),
            keras.layers.Dense(width, "swish", kernel_initializer=start[1]),
            keras.layers.Dense(targets.shape[1], kernel_initializer=start[2]),
        ],
        name="regressor",
    )
    model = RegressionModel(network, features, structures[kept], targets[kept], batch_size, seed)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, n_steps)
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(network.trainable_variables)
    model.compile(optimizer, jit_compile=n_steps >= WORTH_XLA)
    calls = np.zeros((max(1, n_steps // N_INNER), 1), np.float32)
    model.fit(calls, batch_size=1, shuffle=False, verbose=0)
    model.traced.forget()
    made = read(network, features, structures[held])
    error = ((made - targets[held]) ** 2).mean(0)
    return network, 1 - error / (targets[held].var(0) + 1e-12)


def read(network, features, structures):
    """Standardised psi (n_frames, latent_dim) that the network reads from structures."""
    return in_chunks(lambda x: network(features(x)), structures)
