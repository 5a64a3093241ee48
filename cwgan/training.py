"""Conditional Wasserstein GAN with gradient penalty as a Keras model.

Equation 6 of H. Sidky, W. Chen, A. L. Ferguson, Chem. Sci. 11 (2020) 9459; the penalty is that of
I. Gulrajani et al., NeurIPS 2017 (arXiv:1704.00028).

One call of the train step makes many updates in one compiled loop: batches and noise are drawn
inside, and nothing goes between Python and the compiled program but a few means.
"""

import keras
import tensorflow as tf

from cwgan.scoring import energy_score, torsion_score
from lss_base.graphs import TracedGraphs

PENALTY = 10.0


class AdversarialModel(keras.Model):
    """Generator, critic and the data, with a train step that updates both.

    Parameters
    ----------
    generator, smoothed, critic : keras.Model
        `smoothed` has the generator's structure; it receives the running mean of its weights.
    structure, condition : callable
        Tensor of coordinates -> what the critic sees; tensor of psi -> its condition.
    regressor : callable or None
        What the critic sees -> the condition, for the consistency term.
    psi : ndarray (n_frames, latent_dim)
    coords : ndarray (n_frames, ...)
    pool : ndarray (n_draws,), int
        Rows of the frames that batches are drawn from evenly; a row can be there many times.
    batch_size, n_critic, n_inner : int
        Frames of one update; critic updates for each one of the generator, or 0 for energy scores
        alone; generator updates in one call.
    smoothing : float
        Momentum of the running mean of the weights, 0 for none.
    consistency : ndarray (condition_dim,) or None
        Weight of each component of the condition in the consistency term.
    repulsion : float
        Weight of the term against clashes; it rises to this as the learning rate falls.
    seed : int
    """

    def __init__(
        self,
        generator,
        smoothed,
        critic,
        structure,
        condition,
        psi,
        coords,
        pool,
        *,
        batch_size,
        n_critic,
        n_inner,
        smoothing,
        seed,
        regressor=None,
        consistency=None,
        repulsion=0.0,
    ):
        super().__init__()
        self.generator, self.smoothed, self.critic = generator, smoothed, critic
        self.structure, self.condition = structure, condition
        self.regressor = regressor
        self.psi = tf.convert_to_tensor(psi, tf.float32)
        self.coords = tf.convert_to_tensor(coords, tf.float32)
        self.pool = tf.convert_to_tensor(pool, tf.int32)
        self.batch_size, self.n_critic, self.n_inner = batch_size, n_critic, n_inner
        # Half of a batch tells the critic's slope well enough, and has room for two draws at a psi.
        self.half = max(1, batch_size // 2)
        self.scored = structure.torsions is not None
        self.n_made = 2 * self.half if self.scored else batch_size
        self.smoothing, self.seed = smoothing, seed
        self.consistency, self.repulsion = consistency, repulsion
        self.noise_dim = generator.get_layer("noise").output.shape[1]
        self.traced = TracedGraphs()

    def compile(self, generator_optimizer, critic_optimizer, decay=False, **options):
        """Set both optimizers, and whether their rates will fall; `options` go to Keras."""
        super().compile(**options)
        self.generator_optimizer = generator_optimizer
        self.critic_optimizer = critic_optimizer
        self._full_rate = float(generator_optimizer.learning_rate) if decay else None
        generator_optimizer.build(self.generator.trainable_variables)
        critic_optimizer.build(self.critic.trainable_variables)

    def train_step(self, data):
        """Make `n_inner` generator updates; returns means of the losses."""
        # The frames are drawn before the loop: a loop carries a copy of all that it reads.
        count = tf.cast(self.generator_optimizer.iterations, tf.int32)
        batches = max(1, self.n_critic)
        psi, coords = self.frames(-1 - count, (self.n_inner, batches, self.batch_size))

        def body(i, totals):
            return i + 1, totals + self._update(psi[i], coords[i])

        first = tf.constant(0), tf.zeros(6)
        _, totals = tf.while_loop(lambda i, _: i < self.n_inner, body, first)
        critic, penalty, generator, consistency, overlap, score = tf.unstack(totals / self.n_inner)
        return {
            "wasserstein": -critic,
            "penalty": penalty,
            "generator_loss": generator,
            "consistency": consistency,
            "overlap": overlap,
            "energy_score": score,
        }

    def frames(self, key, shape):
        """Frames drawn from the pool, psi (*shape, latent_dim) and coordinates (*shape, ...)."""
        rows = self.rows(key, shape)
        return tf.gather(self.psi, rows), tf.gather(self.coords, rows)

    def rows(self, key, shape):
        """Numbers of frames drawn from the pool."""
        rows = tf.random.stateless_uniform(
            shape, tf.stack([self.seed, key]), 0, len(self.pool), tf.int32, alg="philox"
        )
        return tf.gather(self.pool, rows)

    def _update(self, psis, coords):
        """One update on psi (n_critic, batch_size, latent_dim) and the structures there."""
        self.traced.note()
        count = tf.cast(self.generator_optimizer.iterations, tf.int32)
        if not self.n_critic:
            return self._score_update(psis[0], coords[0], count)
        critic = tf.zeros(2)
        for k in range(self.n_critic - 1):
            noise, mix = self._draws(count, k)
            asked = self._asked(psis[k])
            fake = self.structure(self.generator([asked, noise]))
            real = self.structure(coords[k])
            critic += tf.stack(self._critic_update(psis[k], real, asked, fake, mix))
        noise, mix = self._draws(count, self.n_critic - 1)
        psi, real, asked = psis[-1], self.structure(coords[-1]), self._asked(psis[-1])
        # The last batch serves both networks: the generator is run once less.
        with tf.GradientTape() as tape:
            made = self.generator([asked, noise])
            fake = self.structure(made)
            critic += tf.stack(self._critic_update(psi, real, asked, tf.stop_gradient(fake), mix))
            terms = [*self._generator_terms(asked, made, fake), self._score(fake, real)]
            total = tf.add_n(terms)
        weights = self.generator.trainable_variables
        self.generator_optimizer.apply(tape.gradient(total, weights), weights)
        self._smooth(count)
        return tf.concat([critic / self.n_critic, tf.stack(terms)], 0)

    def _score_update(self, psi, coords, count):
        """One update by energy scores alone."""
        noise, _ = self._draws(count, 0)
        score = self.lower_scores(
            psi[: self.half], coords[: self.half], noise, self.generator_optimizer
        )
        self._smooth(count)
        return tf.concat([tf.zeros(5), [score]], 0)

    def lower_scores(self, psi, coords, noise, optimizer):
        """A step of the generator down the energy scores of coordinates and torsions.

        Parameters
        ----------
        psi : tensor (n, latent_dim)
        coords : tensor (n, ...)
        noise : tensor (2 n, noise_dim)
        optimizer : keras.optimizers.Optimizer

        Returns
        -------
        tensor ()
            The scores, added up.
        """
        real, n_coords = self.structure(coords), self.structure.n_coords
        with tf.GradientTape() as tape:
            made = self.structure(self.generator([tf.concat([psi, psi], 0), noise]))
            score = energy_score(made[:, :n_coords], real[:, :n_coords])
            score += torsion_score(made, real, self.structure.torsions)
        weights = self.generator.trainable_variables
        optimizer.apply(tape.gradient(score, weights), weights)
        return score

    def _asked(self, psi):
        """Where structures are made: for a score twice at each psi of half the batch."""
        return tf.concat([psi[: self.half]] * 2, 0) if self.scored else psi

    def _draws(self, count, k):
        """Random noise and mixing ratios, keyed by (seed, update, k)."""
        key = tf.stack([self.seed, count * (self.n_critic + 1) + k])
        keys = tf.random.experimental.stateless_split(key, 2, alg="philox")
        noise = tf.random.stateless_normal((self.n_made, self.noise_dim), keys[0], alg="philox")
        mix = tf.random.stateless_uniform((self.half, 1), keys[1], alg="philox")
        return noise, mix

    def _critic_update(self, psi, real, asked, fake, mix):
        condition = self.condition(tf.concat([psi, asked], 0))
        between = mix * real[: self.half] + (1 - mix) * fake[: self.half]
        with tf.GradientTape() as tape:
            both = self.critic([tf.concat([real, fake], 0), condition])
            scores = tf.reduce_mean(both[self.batch_size :]) - tf.reduce_mean(
                both[: self.batch_size]
            )
            with tf.GradientTape() as inner:
                inner.watch(between)
                score = self.critic([between, condition[: self.half]])
            slope = inner.gradient(score, between)
            norm = tf.sqrt(tf.reduce_sum(slope**2, 1) + 1e-12)
            penalty = tf.reduce_mean((norm - 1) ** 2)
            loss = scores + PENALTY * penalty
        weights = self.critic.trainable_variables
        self.critic_optimizer.apply(tape.gradient(loss, weights), weights)
        return scores, penalty

    def _generator_terms(self, psi, coords, fake):
        """Adversarial loss, disagreement with psi, contacts closer than in any data."""
        loss = -tf.reduce_mean(self.critic([fake, self.condition(psi)]))
        mismatch = overlap = tf.zeros(())
        if self.consistency is not None:
            error = self.regressor(fake) - self.condition(psi)
            # Pseudo-Huber: the few frames far out must not rule it.
            mismatch = tf.reduce_sum(self.consistency * (tf.sqrt(1 + error**2) - 1), 1)
            mismatch = 2 * tf.reduce_mean(mismatch) / len(self.consistency)
        if self.repulsion:
            overlap = self._push() * tf.reduce_mean(self.structure.overlap(coords))
        return loss, mismatch, overlap

    def _push(self):
        """Weight of the repulsion: it comes late, since raw structures would be blown up."""
        if self._full_rate is None:
            return self.repulsion
        return self.repulsion * (1 - self.generator_optimizer.learning_rate / self._full_rate)

    def _score(self, fake, real):
        """Proper scores of the pairs of draws: they hold what a critic forgets or never finds."""
        if not self.scored:
            return tf.zeros(())
        real = real[: self.half]
        torsions = torsion_score(fake, real, self.structure.torsions)
        return self.structure.score_weight * (energy_score(fake, real) + torsions)

    def _smooth(self, count):
        # The mean goes over the last ninth of the updates, or less: the two networks circle about
        # each other, the more slowly the lower the rate, and the mean must outlast a round.
        count = tf.cast(count, tf.float32)
        keep = tf.minimum(self.smoothing, (1 + count) / (10 + count))
        both = (m.trainable_variables for m in (self.smoothed, self.generator))
        for mean, now in zip(*both, strict=True):
            mean.assign(keep * mean + (1 - keep) * now)
