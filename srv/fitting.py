"""One fit: build the network or go on with it, train, longer where modes are slow, and solve."""

import logging
from dataclasses import dataclass, replace

import keras
import numpy as np
import tensorflow as tf

from lss_base.equilibrium import Departure
from lss_base.estimators import DivergedError, refusal
from lss_base.kinetics import DegenerateOutputsError
from lss_base.training import WarmupCosine, run
from srv.data import Trajectories, moments
from srv.diagnostics import equilibrium_warnings, mode_warnings
from srv.evaluation import OutputPass
from srv.feeding import pair_batches
from srv.lobe import Network, build_lobe
from srv.modes import Modes, solve
from srv.reweighting import chosen_method, initially_weighted, measured_departure, pair_weights
from srv.settings import bounds_on_updates, mode_weights
from srv.training import Plan, Trainer, validation_batches

logger = logging.getLogger(__name__)

# An eigenvalue near 1 hardly moves VAMP-2, so that its mode is learned last: on the four-well
# chain a short schedule leaves 2 to 19 % of the timescale unfound where the eigenvalue is .975,
# and the long one .2 %. Below .97 the long schedule fits noise: it lowered held-out scores.
_SLOW_EIGENVALUE = 0.97
# Offsets of the seeds of a second network and of a second schedule.
_RESTART_SEED = 1_000_003
_EXTENSION_SEED = 2_000_003
_ROUND_SEED = 3_000_017
# Weights are computed, and the network trained on with them, so often; each time for this part of
# the steps, so that weights cost half as much again as training without.
_ROUNDS, _ROUND_PART = 2, 0.25


@dataclass(frozen=True)
class Fit:
    """What one fit made."""

    network: Network
    outputs: OutputPass
    modes: Modes
    history: dict
    n_steps: int
    departure: Departure
    data: Trajectories
    clipped: float = 0.0
    weighted: bool = False


def fit_network(settings, network, data, validation, seed):
    """Train on the data and solve for the modes; starts again once where training collapses.

    Parameters
    ----------
    settings : SRV
        Its constructor arguments.
    network : Network or None
        That of an earlier fit, which is trained further if it is built as wanted now.
        Its weights are changed; where the fit fails they are put back.
    data, validation : Trajectories; Trajectories or None
    seed : int

    Returns
    -------
    Fit

    Raises
    ------
    ValueError
        Where the data hold no more pairs than modes, or NaN.
    DegenerateOutputsError, DivergedError
        Where training collapsed, or left the finite numbers, twice.
    """
    if data.n_pairs <= settings.n_components:
        raise refusal(
            "X",
            f"{data.n_pairs} pairs of frames {data.lag_time} apart",
            f"more than n_components={settings.n_components}",
            "give longer trajectories, a shorter lag or fewer modes",
        )
    data = initially_weighted(settings, data)
    mean, sd = moments(data)
    if validation is not None:
        moments(validation)  # for its check of the values
    architecture = _architecture(settings, data)

    def build(seed):
        statistics = {"mean": mean, "sd": sd} if settings.standardize else {}
        arguments = {k: v for k, v in architecture.items() if k != "standardize"}
        return Network(build_lobe(**arguments, **statistics, seed=seed), architecture)

    if network is None:
        network = build(seed)
    elif network.architecture != architecture:
        logger.info("The settings of the network have changed: training starts afresh.")
        network = build(seed)
    before = network.lobe.get_weights()
    try:
        try:
            return _train_and_solve(settings, network, data, validation, seed)
        except (DegenerateOutputsError, DivergedError) as error:
            logger.warning("Training collapsed: %s. Starting again from another seed.", error)
        return _train_and_solve(settings, build(seed + _RESTART_SEED), data, validation, seed)
    except BaseException:
        network.lobe.set_weights(before)
        raise


def _architecture(settings, data):
    return {
        "input_size": settings.input_size,
        # A deflated mode takes up to two directions of the outputs: see srv.koopman.
        "n_outputs": settings.n_components + 2 * data.n_known,
        "depth": settings.hidden_layer_depth,
        "width": settings.hidden_size,
        "activation": settings.activation,
        "batch_normalization": settings.batch_normalization,
        "dropout_rate": settings.dropout_rate,
        "l2_regularization": settings.l2_regularization,
        "standardize": settings.standardize,
    }


def _train_and_solve(settings, network, data, validation, seed):
    lobe = network.lobe
    batch_size = min(settings.batch_size, data.n_pairs)
    least, most = bounds_on_updates(settings)
    plan = Plan.make(data.n_pairs, batch_size, settings.n_epochs, least, most)
    trainer = _compiled(settings, lobe, data, validation, plan.per_execution, seed)
    history = _run(settings, trainer, data, validation, plan, seed, "SRV")
    outputs, modes = _solved(settings, lobe, data)
    longest = most or 0
    if plan.n_steps < longest and modes.values[0] > _SLOW_EIGENVALUE:
        logger.info(
            "The slowest eigenvalue is %.4f: training goes on for %d steps.",
            modes.values[0],
            longest,
        )
        plan = plan.at_least(longest)
        more = _run(
            settings, trainer, data, validation, plan, seed + _EXTENSION_SEED, "SRV, slow modes"
        )
        history = {name: values + more[name] for name, values in history.items()}
        outputs, modes = _solved(settings, lobe, data)
    departure = measured_departure(outputs, data)
    fit = Fit(network, outputs, modes, history, steps_done(trainer), departure, data)
    method = chosen_method(settings.weights, departure)
    if method is not None and settings.weights == "auto":
        logger.info(
            "The trajectories did not start in equilibrium (psi moves by %.2g standard deviations "
            "a lag, %.1g by chance): pairs are weighted by %s.",
            *(departure.distance, departure.error, method),
        )
    if method is None:
        return replace(fit, weighted=data.is_weighted and not isinstance(settings.weights, str))
    return _with_weights(settings, trainer, validation, plan.part(_ROUND_PART), fit, method, seed)


def _with_weights(settings, trainer, validation, plan, fit, method, seed):
    """Weights from the outputs, training with them, and weights anew from what was learned."""
    outputs, modes, history = fit.outputs, fit.modes, fit.history
    for round_ in range(_ROUNDS + 1):
        weights, clipped = pair_weights(outputs, modes, fit.data, method, seed + round_)
        data = fit.data.weighted(weights)
        if round_ == _ROUNDS:
            break
        trainer.reweight(data)
        shifted = seed + (round_ + 1) * _ROUND_SEED
        more = _run(settings, trainer, data, validation, plan, shifted, "SRV, weighted")
        history = {name: values + more[name] for name, values in history.items()}
        outputs, modes = _solved(settings, fit.network.lobe, data)
    modes = solve(outputs, data, settings.n_components, settings.reversible)
    found = {"outputs": outputs, "modes": modes, "data": data, "clipped": clipped}
    return replace(fit, history=history, n_steps=steps_done(trainer), weighted=True, **found)


def _solved(settings, lobe, data):
    outputs = OutputPass(lobe, data)
    return outputs, solve(outputs, data, settings.n_components, settings.reversible)


def _compiled(settings, lobe, data, validation, steps_per_execution, seed):
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
            optimizer=optimizer, jit_compile=True, steps_per_execution=steps_per_execution
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


def log_report(srv):
    """Log the scores and timescales of a fitted SRV, and warn of modes seldom visited."""
    logger.info(
        "VAMP-2 %.4f in training%s; timescales %s frames; visits %s.",
        srv.train_score_,
        "" if np.isnan(srv.validation_score_) else f", {srv.validation_score_:.4f} in validation",
        np.array2string(srv.timescales_, precision=1),
        srv.visits_.tolist(),
    )
    found = mode_warnings(srv.visits_, srv.eigenvalues_)
    for sentence in [*found, *equilibrium_warnings(srv.departure_, srv.weights_)]:
        logger.warning("%s", sentence)
