"""The joint density of torsions at psi, each given those before it, by maximum likelihood.

p(t_1 ... t_n | psi) = product of p(t_i | t_1 ... t_(i-1), psi), each a histogram on the circle that
a small network gives (H. Larochelle and I. Murray, AISTATS 2011, for the decomposition). A
continuous map of noise bridges separate wells; a histogram does not, and its likelihood tells how
often each well is taken. Beside the trunk a network sees where the atoms are that were placed
before: what is near in space decides more than what is near along the bonds.
"""

import keras
import numpy as np
import tensorflow as tf

from cwgan.growth import growth_of
from cwgan.rotamer_sampler import HARMONICS, MEAN_OF, sampler
from cwgan.splitting import evenly
from cwgan.surroundings import SIZE, axes_of, surroundings
from lss_base.graphs import TracedGraphs
from lss_base.training import WORTH_XLA

N_BINS = 64
EVEN = 0.3  # part of the bins that is even over the circle; the others are as dense as the data
WIDTH = 64
BATCH = 256
RATE = 5e-3
N_INNER = 50  # updates in one call
PASSES = 28  # times that each frame is seen
STEPS = 300, 3000  # at least and at most
# Decay of weights, an update and unit of rate, times frames: few must not be learned by heart.
DECAY, LEAST_DECAY, MOST_DECAY = 16_000, 0.1, 2.0


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
    coords : tensor (n_frames, n_atoms, 3), **nm**
    edges : ndarray (n_torsions, N_BINS + 1)
    growth : cwgan.growth.Growth
    pool : ndarray of int
        Rows that batches are drawn from evenly.
    seed : int
    """

    def __init__(self, condition, angles, coords, edges, growth, pool, seed):
        super().__init__()
        n, m, k = angles.shape[1], condition.shape[1], len(growth.turns)
        self.seed, self.traced = seed, TracedGraphs()
        self.condition = tf.convert_to_tensor(condition, tf.float32)
        self.angles = tf.convert_to_tensor(angles, tf.float32)
        self.coords = tf.convert_to_tensor(coords, tf.float32)
        self.pool = tf.convert_to_tensor(pool, tf.int32)
        self.edges = tf.convert_to_tensor(edges, tf.float32)
        self.frames = np.array([turn.frame for turn in growth.turns], int).reshape(k, 3)
        most = max([len(turn.seen) for turn in growth.turns], default=0)
        self.seen, self.counted = np.zeros((2, k, most), int)
        for i, turn in enumerate(growth.turns):
            self.seen[i, : len(turn.seen)], self.counted[i, : len(turn.seen)] = turn.seen, 1
        seen = np.repeat(growth.parents, 2 * HARMONICS, 1)
        self.mask = np.concatenate([np.ones((n, m)), seen], 1).T.astype(np.float32)
        sizes = {"hidden_1": (len(self.mask), n, WIDTH), "hidden_2": (n, WIDTH, WIDTH)}
        sizes["logits"] = (n, WIDTH, N_BINS)
        self.kernels, self.biases = {}, {}
        for i, (name, shape) in enumerate(sizes.items()):
            inputs = self.mask.sum(0).mean() if i == 0 else WIDTH
            start = keras.initializers.RandomNormal(stddev=inputs**-0.5, seed=seed + i)
            self.kernels[name] = self.add_weight(name=name, shape=shape, initializer=start)
            self.biases[name] = self.add_weight(
                name=f"{name}_bias", shape=(n, shape[-1]), initializer="zeros"
            )
        if k:
            # Weaker than the others at first: sums over many atoms are large.
            start = keras.initializers.RandomNormal(stddev=0.2 * SIZE**-0.5, seed=seed + 3)
            self.kernels["around"] = self.add_weight(
                name="around", shape=(k, SIZE, WIDTH), initializer=start
            )

    def log_likelihood(self, condition, angles, coords):
        """Mean over frames of log p, in nats, against bins that are all alike."""
        k = self.kernels
        x = tf.concat([condition, harmonics(angles)], 1)
        kernel = k["hidden_1"] * self.mask[:, :, None]
        shape = (-1, *kernel.shape[1:])
        x = tf.reshape(x @ tf.reshape(kernel, (kernel.shape[0], -1)), shape)
        if len(self.frames):
            around = tf.einsum("nkf,kfh->nkh", self._around(coords), k["around"])
            x += tf.pad(around, [[0, 0], [len(self.edges) - len(self.frames), 0], [0, 0]])
        x = tf.nn.silu(x + self.biases["hidden_1"])
        x = tf.nn.silu(tf.einsum("nih,ihk->nik", x, k["hidden_2"]) + self.biases["hidden_2"])
        x = tf.einsum("nih,ihk->nik", x, k["logits"]) + self.biases["logits"]
        inside = (angles[..., None] >= self.edges[:, :-1]) & (angles[..., None] < self.edges[:, 1:])
        found = tf.reduce_sum(tf.cast(inside, tf.float32) * tf.nn.log_softmax(x), 2)
        return tf.reduce_mean(tf.reduce_sum(found, 1))

    def _around(self, coords):
        """What each torsion beside the trunk sees of what is placed before it, (n, k, SIZE)."""
        rows = tf.transpose(coords, (0, 2, 1))
        points = [tf.gather(rows, self.frames[:, i], axis=2) for i in range(3)]
        seen = tf.gather(rows, self.seen, axis=2)
        return surroundings(seen, points[0], axes_of(*points), self.counted)

    def train_step(self, data):
        """Make N_INNER updates; returns the mean loss."""
        key = tf.stack([self.seed, tf.cast(self.optimizer.iterations, tf.int32)])
        rows = tf.random.stateless_uniform(
            (N_INNER, BATCH), key, 0, len(self.pool), tf.int32, alg="philox"
        )
        rows = tf.gather(self.pool, rows)
        condition, angles = tf.gather(self.condition, rows), tf.gather(self.angles, rows)
        coords = tf.gather(self.coords, rows)

        def body(i, total):
            self.traced.note()
            with tf.GradientTape() as tape:
                loss = -self.log_likelihood(condition[i], angles[i], coords[i])
            weights = self.trainable_variables
            self.optimizer.apply(tape.gradient(loss, weights), weights)
            return i + 1, total + loss

        _, total = tf.while_loop(lambda i, _: i < N_INNER, body, (tf.constant(0), tf.zeros(())))
        return {"loss": total / N_INNER}


def harmonics(angles):
    """Cosines and sines of angles (n, k) and of twice them, (n, 4 k), those of one side by side."""
    found = [f(h * angles) for h in range(1, HARMONICS + 1) for f in (tf.cos, tf.sin)]
    return tf.reshape(tf.stack(found, 2), (-1, 2 * HARMONICS * int(angles.shape[1])))


def torsion_sampler(condition, angles, coords, pool, torsions, steps, budget, seed):
    """Fit the density of torsions, and make a network that draws from it.

    Parameters
    ----------
    condition : ndarray (n_frames, n_conditions)
    angles : ndarray (n_frames, n_torsions), **radians**
    coords : ndarray (n_frames, n_atoms, 3), **nm**
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
        As of `cwgan.rotamer_sampler.sampler`.
    """
    growth = growth_of(torsions, steps, coords[evenly(len(coords), MEAN_OF)])
    model = density(condition, angles, coords, pool, growth, budget, seed)
    return sampler(model, growth, torsions, coords)


def density(condition, angles, coords, pool, growth, budget, seed):
    """Fit the density of torsions; as `torsion_sampler`.

    Returns
    -------
    RotamerDensity
    """
    edges, angles = bin_edges(angles)[growth.order], angles[:, growth.order]
    model = RotamerDensity(condition, angles, coords, edges, growth, pool, seed)
    n_steps = min(budget, int(np.clip(PASSES * len(angles) / BATCH, *STEPS)))
    n_calls = max(1, n_steps // N_INNER)
    rate = keras.optimizers.schedules.CosineDecay(RATE, n_calls * N_INNER)
    decay = float(np.clip(DECAY / len(angles), LEAST_DECAY, MOST_DECAY))
    optimizer = keras.optimizers.AdamW(rate, weight_decay=decay)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, jit_compile=n_calls * N_INNER >= WORTH_XLA)
    calls = np.zeros((n_calls, 1), np.float32)
    model.fit(calls, batch_size=1, shuffle=False, verbose=0)
    model.traced.forget()
    return model
