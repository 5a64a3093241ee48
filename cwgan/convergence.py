"""Training judged by what comes out of it: the energy distance to structures never trained on."""

import logging

import keras
import numpy as np

from cwgan.decoder import Decoder
from cwgan.diagnostics import energy_distance, mean_distance, variance_over
from cwgan.features import in_chunks
from lss_base.training import diverged

logger = logging.getLogger(__name__)

CONSTANT_PART = 0.3  # of the budget at the full learning rate, at most
LAST_PART = 0.02  # of the learning rate, at the end
PATIENCE = 6  # evaluations without progress before the rate starts to fall
PROGRESS = 0.97  # an energy distance below this part of the best counts as progress
REACHED = 3  # evaluations at the floor before training comes to its end
FINISH = 5000  # updates in which it does
AT_FLOOR = 1.05  # times the floor counts as at the floor: the floor itself is an estimate
AS_GOOD = 1.1  # times the best counts as as good: the estimate scatters


class Convergence(keras.callbacks.Callback):
    """Learning rate, evaluation and best weights of one training.

    At the end of each epoch the smoothed generator decodes held-out psi, and the energy distance of
    the result to the held-out structures is taken. The learning rate is constant until that no
    longer falls, for 30 % of the budget at most, and goes linearly to 2 % of itself from then on.
    Once the distance stays at its floor (structures against other structures), it does so within
    5,000 updates, and training ends. Of the weights that are as good as the best, the last are
    kept: they were made at the lowest rate.

    Parameters
    ----------
    generator : keras.Model
        Draws structures, with the smoothed weights.
    psi : ndarray (n_frames, latent_dim)
        Held-out condition.
    wanted : ndarray (n_frames, n_features)
        Standardised pair distances of the held-out structures.
    floor : float
        Energy distance of as many training structures to them.
    distances : callable
        Coordinates -> standardised pair distances.
    n_updates, n_inner : int
        Budget; updates in one call of the train step.
    decay : bool
        Whether the learning rate falls; otherwise it is constant.
    brief : bool
        Whether training ends within 5,000 updates once the distance no longer falls, as where
        torsions are given and little is left to find.
    seed : int
    """

    def __init__(
        self, generator, psi, wanted, floor, distances, n_updates, n_inner, decay, brief, seed
    ):
        super().__init__()
        self.generator = generator
        self.psi, self.wanted, self.floor, self.distances = psi, wanted, floor, distances
        self.n_updates, self.n_inner, self.decay = n_updates, n_inner, decay
        self.brief = brief
        self.seed = seed
        self.history = {
            "updates": [],
            "energy_distance": [],
            "variance_ratio": [],
            "learning_rate": [],
            "energy_floor": floor,
            "warnings": [],
        }
        self.best, self._weights = np.inf, None
        self._done, self._at_floor, self._finishing = 0, 0, False
        self._decay_from, self._until = int(CONSTANT_PART * n_updates), n_updates
        self._since = 0

    def on_train_begin(self, logs=None):
        self._within = mean_distance(self.wanted, self.wanted)
        self._rate = self._high = float(self.model.generator_optimizer.learning_rate)

    def on_train_batch_begin(self, batch, logs=None):
        rate = self.rate(self._done)
        self.model.generator_optimizer.learning_rate.assign(rate)
        self.model.critic_optimizer.learning_rate.assign(rate)

    def on_train_batch_end(self, batch, logs=None):
        self._done += self.n_inner

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        for name, value in logs.items():
            self.history.setdefault(name, []).append(float(value))
        made = Decoder(self.generator, compiled=False).decode(self.psi, self.seed)
        made = in_chunks(self.distances, made)
        finite = np.isfinite(made).all() and all(np.isfinite(v) for v in logs.values())
        distance = energy_distance(made, self.wanted, self._within) if finite else float("inf")
        ratio = variance_over(made, self.wanted) if finite else float("nan")
        self.history["updates"].append(self._done)
        self.history["energy_distance"].append(distance)
        logs["energy_distance"] = distance  # for the callbacks after this one
        self.history["variance_ratio"].append(ratio)
        self.history["learning_rate"].append(self.rate(self._done))
        if not finite:
            self._warn(f"losses or structures were not finite after {self._done} updates")
            self.model.stop_training = True
            return
        self._progress(distance)

    def on_train_end(self, logs=None):
        if self._weights is None:
            raise diverged("the loss or a structure", "not finite", self._done, self._rate)
        self.model.smoothed.set_weights(self._weights)
        self._judge()

    def rate(self, done):
        """Learning rate after `done` updates."""
        if not self.decay or done < self._decay_from:
            return self._high
        left = (self._until - done) / max(1, self._until - self._decay_from)
        return max(self._high * left, self._rate * LAST_PART)

    def _progress(self, distance):
        self._since = 0 if distance < PROGRESS * self.best else self._since + 1
        if self._since >= PATIENCE and self._done < self._decay_from:
            self._decay_from = self._done
            if self.brief:
                self._finish()
        at_floor = distance <= AT_FLOOR * self.floor
        self._at_floor = self._at_floor + 1 if at_floor else 0
        # Without a critic updates cost little, and columns gain where this distance sees nothing.
        if self._at_floor == REACHED and not self._finishing and self.model.n_critic:
            self._finish()
        self.best = min(self.best, distance)
        if at_floor or distance <= AS_GOOD * self.best:
            self._weights = self.model.smoothed.get_weights()
        if self._finishing and self._done >= self._until:
            self.model.stop_training = True

    def _finish(self):
        """Let the rate fall from where it is to its end."""
        self._finishing, self._high = True, self.rate(self._done)
        self._decay_from = self._done
        self._until = min(self._done + FINISH, self._until)

    def _judge(self):
        last, ratio = self.history["energy_distance"][-1], self.history["variance_ratio"]
        best = int(np.argmin(self.history["energy_distance"]))
        if last > 2 * self.best and last > 4 * self.floor:
            self._warn(
                f"the energy distance rose from {self.best:.4f} to {last:.4f} after update "
                f"{self.history['updates'][best]}; the weights of that update were kept"
            )
        if ratio[best] < 0.7:
            self._warn(
                f"collapse: the structures vary {ratio[best]:.2f} times as much as the data's"
            )

    def _warn(self, sentence):
        self.history["warnings"].append(sentence)
        logger.warning("%s", sentence)
