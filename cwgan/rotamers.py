"""The joint density of torsions at psi, each given those before it, by maximum likelihood.

p(t_1 ... t_n | psi) = product of p(t_i | t_1 ... t_(i-1), psi), each a histogram on the circle that
a small network gives (H. Larochelle and I. Murray, AISTATS 2011, for the decomposition). A
continuous map of noise bridges separate wells; a histogram does not, and its likelihood tells how
often each well is taken.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from cwgan.layers import frozen
from lss_base.graphs import TracedGraphs
from lss_base.training import WORTH_XLA

N_BINS = 64
EVEN = 0.3  # part of the bins that is even over the circle; the others are as dense as the data
WIDTH = 32
BATCH = 256
RATE = 2e-3
N_INNER = 50  # updates in one call
PASSES = 28  # times that each frame is seen
STEPS = 300, 3000  # at least and at most
HARMONICS = 2
DIGITS = 16
DECAY = 0.3  # of weights, an update and unit of rate: few frames must not be learned by heart


def bin_edges(angles):
    """Edges (n_torsions, N_BINS + 1), **radians**, from -pi to pi, closer where frames are many."""
    levels = np.linspace(0, 1, 401)
    even = np.linspace(-np.pi, np.pi, 4001)
    edges = []
    for column in angles.T:
        ends = np.concatenate([[-np.pi], np.quantile(column, levels)[1:-1], [np.pi]])
        share = np.interp(even, np.maximum.accumulate(ends + 1e-9 * np.arange(len(ends))), levels)
        share = (1 - EVEN) * share + EVEN * (even + np.pi) / (2 * np.pi)
        edges.append(np.interp(np.linspace(0, 1, N_BINS + 1), share, even))
    edges = np.array(edges)
    edges[:, 0], edges[:, -1] = -np.pi, np.pi
    return edges


class RotamerDensity(keras.Model):
    """Trained all torsions at once, each by a masked network of those before it.

    Parameters
    ----------
    condition : ndarray (n_frames, n_conditions)
    angles : ndarray (n_frames, n_torsions), **radians**
        In the order in which they are drawn.
    edges : ndarray (n_torsions, N_BINS + 1)
    parents : ndarray (n_torsions, n_torsions), bool
        Which of those before it each may depend on.
    pool : ndarray of int
        Rows that batches are drawn from evenly.
    seed : int
    """

    def __init__(self, condition, angles, edges, parents, pool, seed):
        super().__init__()
        n, m = angles.shape[1], condition.shape[1]
        self.seed, self.traced = seed, TracedGraphs()
        self.condition = tf.convert_to_tensor(condition, tf.float32)
        self.angles = tf.convert_to_tensor(angles, tf.float32)
        self.pool = tf.convert_to_tensor(pool, tf.int32)
        self.edges = tf.convert_to_tensor(edges, tf.float32)
        seen = np.repeat(parents, 2 * HARMONICS, 1)
        self.mask = np.concatenate([np.ones((n, m)), seen], 1).T.astype(np.float32)
        sizes = {"hidden_1": (len(self.mask), n, WIDTH), "hidden_2": (n, WIDTH, WIDTH)}
        sizes["logits"] = (n, WIDTH, N_BINS)
        self.kernels, self.biases = {}, {}
        for k, (name, shape) in enumerate(sizes.items()):
            inputs = self.mask.sum(0).mean() if k == 0 else WIDTH
            start = keras.initializers.RandomNormal(stddev=inputs**-0.5, seed=seed + k)
            self.kernels[name] = self.add_weight(name=name, shape=shape, initializer=start)
            self.biases[name] = self.add_weight(
                name=f"{name}_bias", shape=(n, shape[-1]), initializer="zeros"
            )

    def log_likelihood(self, condition, angles):
        """Mean over frames of log p, in nats, against bins that are all alike."""
        k = self.kernels
        x = tf.concat([condition, harmonics(angles)], 1)
        kernel = k["hidden_1"] * self.mask[:, :, None]
        shape = (-1, *kernel.shape[1:])
        x = tf.reshape(x @ tf.reshape(kernel, (kernel.shape[0], -1)), shape)
        x = tf.nn.silu(x + self.biases["hidden_1"])
        x = tf.nn.silu(tf.einsum("nih,ihk->nik", x, k["hidden_2"]) + self.biases["hidden_2"])
        x = tf.einsum("nih,ihk->nik", x, k["logits"]) + self.biases["logits"]
        inside = (angles[..., None] >= self.edges[:, :-1]) & (angles[..., None] < self.edges[:, 1:])
        found = tf.reduce_sum(tf.cast(inside, tf.float32) * tf.nn.log_softmax(x), 2)
        return tf.reduce_mean(tf.reduce_sum(found, 1))

    def train_step(self, data):
        """Make N_INNER updates; returns the mean loss."""
        key = tf.stack([self.seed, tf.cast(self.optimizer.iterations, tf.int32)])
        rows = tf.random.stateless_uniform(
            (N_INNER, BATCH), key, 0, len(self.pool), tf.int32, alg="philox"
        )
        rows = tf.gather(self.pool, rows)
        condition, angles = tf.gather(self.condition, rows), tf.gather(self.angles, rows)

        def body(i, total):
            self.traced.note()
            with tf.GradientTape() as tape:
                loss = -self.log_likelihood(condition[i], angles[i])
            weights = self.trainable_variables
            self.optimizer.apply(tape.gradient(loss, weights), weights)
            return i + 1, total + loss

        _, total = tf.while_loop(lambda i, _: i < N_INNER, body, (tf.constant(0), tf.zeros(())))
        return {"loss": total / N_INNER}


def harmonics(angles):
    """Cosines and sines of angles (n, k) and of twice them, (n, 4 k), those of one side by side."""
    found = [f(h * angles) for h in range(1, HARMONICS + 1) for f in (tf.cos, tf.sin)]
    return tf.reshape(tf.stack(found, 2), (-1, 2 * HARMONICS * int(angles.shape[1])))


def torsion_sampler(condition, angles, pool, torsions, steps, budget, seed):
    """Fit the density of torsions, and make a network that draws from it.

    Parameters
    ----------
    condition : ndarray (n_frames, n_conditions)
    angles : ndarray (n_frames, n_torsions), **radians**
    pool : ndarray of int
        Rows that batches are drawn from evenly.
    torsions : Torsions
    steps : ndarray (n_atoms, n_atoms), int
        Number of bonds between two atoms.
    budget, seed : int
        Updates at most; at least as many as one call makes.

    Returns
    -------
    keras.Model
        As of `sampler`.
    """
    order, parents = torsions.order(), torsions.parents(steps)
    edges = bin_edges(angles)[order]
    model = RotamerDensity(condition, angles[:, order], edges, parents, pool, seed)
    n_steps = min(budget, int(np.clip(PASSES * len(angles) / BATCH, *STEPS)))
    n_calls = max(1, n_steps // N_INNER)
    rate = keras.optimizers.schedules.CosineDecay(RATE, n_calls * N_INNER)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=DECAY)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, jit_compile=n_calls * N_INNER >= WORTH_XLA)
    calls = np.zeros((n_calls, 1), np.float32)
    model.fit(calls, batch_size=1, shuffle=False, verbose=0)
    model.traced.forget()
    return sampler(model, order, parents)


def sampler(model, order, parents):
    """Network that draws torsions, of stock layers.

    Parameters
    ----------
    model : RotamerDensity
    order : ndarray (n_torsions,), int
        Numbers in the molecule of the torsions in the order in which they are drawn.
    parents : ndarray (n_torsions, n_torsions), bool

    Returns
    -------
    keras.Model
        [condition (n, n_conditions), noise (n, n_torsions)] -> cosine and sine (n, 2, n_torsions),
        in the order of the molecule; the noise is standard normal.
    """
    n, m = len(order), int(model.condition.shape[1])
    condition = keras.Input((m,), name="condition")
    noise = keras.Input((n,), name="noise")
    kernels = {name: w.numpy() for name, w in model.kernels.items()}
    biases = {name: w.numpy() for name, w in model.biases.items()}
    # The builder has the same noise. What is left of a quantile behind its 16th part is even, and
    # as good as independent of where it lies.
    share = ops.multiply(ops.add(ops.erf(ops.multiply(noise, 2**-0.5)), 1.0), DIGITS / 2)
    share = ops.subtract(share, ops.floor(share))
    seen, code = [], [None] * n
    for i in range(n):
        known = [condition, *(seen[j] for j in np.flatnonzero(parents[i]))]
        x = known[0] if len(known) == 1 else ops.concatenate(known, axis=1)
        used = model.mask[:, i] > 0
        x = frozen(kernels["hidden_1"][used, i], biases["hidden_1"][i], name=f"hidden_1_{i}")(x)
        x = frozen(kernels["hidden_2"][i], biases["hidden_2"][i], name=f"hidden_2_{i}")(ops.silu(x))
        x = frozen(kernels["logits"][i], biases["logits"][i], name=f"logits_{i}")(ops.silu(x))
        angle = _drawn(ops.softmax(x), share[:, i : i + 1], model.edges[i].numpy(), i)
        waves = [ops.multiply(angle, float(h)) for h in range(1, HARMONICS + 1)]
        waves = [f(wave) for wave in waves for f in (ops.cos, ops.sin)]
        seen.append(ops.concatenate(waves, axis=1))
        code[order[i]] = ops.concatenate(waves[:2], axis=1)
    return keras.Model([condition, noise], ops.stack(code, axis=2), name="torsions")


def _drawn(p, share, edges, i):
    """The angle (n, 1) below which a share of a histogram p (n, N_BINS) lies."""
    before = frozen(np.triu(np.ones((N_BINS, N_BINS)), 1), None, name=f"before_{i}")(p)
    # A bin is passed wholly, in part or not at all: the widths of what is passed add up.
    passed = ops.divide(ops.subtract(share, before), ops.add(p, 1e-9))
    passed = keras.layers.ReLU(max_value=1.0, name=f"passed_{i}")(passed)
    return frozen(np.diff(edges)[:, None], edges[:1], name=f"angle_{i}")(passed)
