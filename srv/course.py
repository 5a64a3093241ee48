"""The course of a training: schedules, the weights of pairs between them, and what comes of it."""

import logging
from dataclasses import dataclass

import keras
import tensorflow as tf

from lss_base.connectivity import one_way_states
from lss_base.equilibrium import Departure
from lss_base.training import WORTH_XLA, WarmupCosine, run
from srv.data import Trajectories
from srv.evaluation import OutputPass
from srv.feeding import pair_batches
from srv.lobe import Network
from srv.modes import Modes, solve
from srv.reweighting import chosen_method, measured_departure, pair_weights, psi_of
from srv.settings import bounds_on_updates, mode_weights
from srv.training import Plan, Trainer, validation_batches

logger = logging.getLogger(__name__)

# Weights are found, the network is trained on with them for this part of the steps, and they are
# found again. A second round changes populations by .003 and timescales by 1 %.
_WEIGHTED_PART = 0.25
# So many frames are looked at for states that are not connected both ways.
_FRAMES = 100_000
_WEIGHTED_SEED = 3_000_017


@dataclass(frozen=True)
class Fit:
    """What one fit made."""

    network: Network
    outputs: OutputPass
    modes: Modes
    history: dict
    n_steps: int
    departure: Departure
    one_way: list
    data: Trajectories
    clipped: float
    weighted: bool


class Course:
    """One network in training.

    Parameters
    ----------
    settings : SRV
    network : Network
        Is changed.
    data, validation : Trajectories; Trajectories or None
    seed : int

    Attributes
    ----------
    plan : Plan
        The schedule that the settings ask for.
    modes : Modes
        After the last schedule.
    """

    def __init__(self, settings, network, data, validation, seed):
        self._settings, self._network, self._seed = settings, network, seed
        self._data, self._validation = data, validation
        batch_size = min(settings.batch_size, data.n_pairs)
        least, most = bounds_on_updates(settings)
        self.plan = Plan.make(data.n_pairs, batch_size, settings.n_epochs, least, most)
        self._trainer = _compiled(settings, network.lobe, data, validation, self.plan, seed)
        self._history, self._clipped, self._method = {}, 0.0, None

    def train(self, plan, seed, label):
        """Go through one schedule, and solve for the modes."""
        more = _run(self._settings, self._trainer, self._data, self._validation, plan, seed, label)
        self._history = {
            name: self._history.get(name, []) + values for name, values in more.items()
        }
        self._outputs = OutputPass(self._network.lobe, self._data)
        self._solve()

    def weight(self):
        """Find weights where the settings, and the data, ask for them; the first time train on."""
        if not isinstance(self._settings.weights, str):
            return
        if self._method is None:
            self._look()
            self._method = chosen_method(self._settings.weights, self._departure)
            if self._method is None:
                return
            if self._settings.weights == "auto":
                logger.info(
                    "The trajectories did not start in equilibrium (psi moves by %.2g standard "
                    "deviations a lag, %.1g by chance): pairs are weighted by %s.",
                    *(self._departure.distance, self._departure.error, self._method),
                )
            self._find_weights(self._seed)
            part = self.plan.part(_WEIGHTED_PART)
            self.train(part, self._seed + _WEIGHTED_SEED, "SRV, weighted")
        self._find_weights(self._seed + 1)
        self._solve()

    def fit(self):
        """What came of it."""
        if self._method is None:
            self._look()
        given = self._data.is_weighted and not isinstance(self._settings.weights, str)
        return Fit(
            network=self._network,
            outputs=self._outputs,
            modes=self.modes,
            history=self._history,
            n_steps=steps_done(self._trainer),
            departure=self._departure,
            one_way=self._one_way,
            data=self._data,
            clipped=self._clipped,
            weighted=given or self._method is not None,
        )

    def _solve(self):
        settings = self._settings
        self.modes = solve(self._outputs, self._data, settings.n_components, settings.reversible)

    def _look(self):
        """At how far the data are from equilibrium, and whether states are connected both ways."""
        lag, n_frames = self._data.lag_time, self._data.n_frames
        self._departure = measured_departure(self._outputs, self.modes, self._data)
        # Memory must not grow with the frames: of many, those some whole lags apart will do.
        stride = lag * -(-n_frames // (lag * _FRAMES)) if n_frames > _FRAMES else 1
        psi = psi_of(self._outputs, self.modes, self._data, stride)
        lag, parents = lag if stride == 1 else 1, self._data.parents(stride)
        self._one_way, self._apart = one_way_states(psi, lag, parents=parents)
        if stride > 1:
            self._apart = None

    def _find_weights(self, seed):
        psi = psi_of(self._outputs, self.modes, self._data)
        if self._apart is None:
            lag, parents = self._data.lag_time, self._data.parents()
            self._one_way, self._apart = one_way_states(psi, lag, parents=parents)
        weights, self._clipped = pair_weights(
            self._settings, psi, self._data, self._method, self._apart, seed
        )
        self._data = self._data.weighted(weights)
        self._trainer.reweight(self._data)


def _compiled(settings, lobe, data, validation, plan, seed):
    trainer = Trainer(
        lobe,
        data,
        loss_options={
            "r": settings.r_degree,
            "weights": mode_weights(settings),
            "reversible": settings.reversible,
            "epsilon": settings.epsilon,
        },
        noise=settings.latent_space_noise,
        validation=validation,
        seed=seed,
    )
    rate = settings.learning_rate
    if settings.schedule == "cosine":
        rate = WarmupCosine(rate)
    trainer.rate = rate
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(lobe.trainable_weights)  # inside the first step it would compile twice
    if trainer.distribute_strategy.num_replicas_in_sync > 1:
        # Several steps in one execution fail here (Keras 3.15), and XLA was not tried.
        trainer.compile(optimizer=optimizer, jit_compile=False)
    else:
        trainer.compile(
            optimizer=optimizer,
            jit_compile=plan.n_steps >= WORTH_XLA,
            steps_per_execution=plan.per_execution,
        )
    return trainer


def _run(settings, trainer, data, validation, plan, seed, label):
    """Run Keras fit for one schedule; returns the history."""
    if settings.schedule == "cosine":
        # Counted, not planned: a callback may have stopped the schedule before this one early.
        trainer.rate.start(steps_done(trainer), plan.n_steps)
    batch_size = min(settings.batch_size, data.n_pairs)
    return run(
        trainer,
        trainer.lobe,
        pair_batches(data, batch_size, plan.per_epoch, seed),
        label=label,
        n_epochs=plan.n_epochs,
        per_epoch=plan.per_epoch,
        settings=settings,
        steps_per_epoch=plan.per_epoch,
        validation_data=None if validation is None else validation_batches(validation),
        callbacks=settings.callbacks,
    )


def steps_done(trainer):
    """Steps that were made, under a distribution strategy too, whose variables are no numbers."""
    return int(tf.convert_to_tensor(trainer.optimizer.iterations.value))
