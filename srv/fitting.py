"""One fit: build the network or go on with it, train, longer where modes are slow, and solve."""

import logging
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from srv.data import moments
from srv.errors import DegenerateOutputsError
from srv.feeding import pair_batches
from srv.lobe import Network, build_lobe
from srv.modes import Modes, OutputPass, solve
from srv.training import Plan, ProgressBar, Trainer, WarmupCosine, validation_batches

logger = logging.getLogger(__name__)

# An eigenvalue near 1 hardly moves VAMP-2, so that its mode is learned last: on the four-well
# chain a short schedule leaves 2 to 19 % of the timescale unfound where the eigenvalue is .975,
# and the long one .2 %. Below .97 the long schedule fits noise: it lowered held-out scores.
_SLOW_EIGENVALUE = 0.97
# Fewer visits to the rarer end of a mode than this are warned of.
_FEW_VISITS = 10
# Offsets of the seeds of a second network and of a second schedule.
_RESTART_SEED = 1_000_003
_EXTENSION_SEED = 2_000_003


@dataclass(frozen=True)
class Fit:
    """What one fit made."""

    network: Network
    outputs: OutputPass
    modes: Modes
    history: dict
    n_steps: int


def fit_network(settings, network, data, validation):
    """Train on the data and solve for the modes; starts again once where training collapses.

    Parameters
    ----------
    settings : SRV
        Its constructor arguments.
    network : Network or None
        That of an earlier fit, which is trained further if it is built as wanted now.
    data, validation : Trajectories; Trajectories or None

    Returns
    -------
    Fit

    Raises
    ------
    ValueError
        Where the data hold no more pairs than modes, or NaN.
    DegenerateOutputsError
        Where training collapsed twice.
    """
    if data.n_pairs <= settings.n_components:
        raise ValueError(
            f"X holds {data.n_pairs} pairs of frames {data.lag_time} apart, wanted more than "
            f"n_components={settings.n_components}. Give longer trajectories, a shorter lag or "
            "fewer modes."
        )
    mean, sd = moments(data)
    if validation is not None:
        moments(validation)  # for its check of the values
    architecture = _architecture(settings, data)

    def build(seed):
        statistics = {"mean": mean, "sd": sd} if settings.standardize else {}
        arguments = {k: v for k, v in architecture.items() if k != "standardize"}
        return Network(build_lobe(**arguments, **statistics, seed=seed), architecture)

    if network is None:
        network = build(settings.seed)
    elif network.architecture != architecture:
        logger.info("The settings of the network have changed: training starts afresh.")
        network = build(settings.seed)
    try:
        return _train_and_solve(settings, network, data, validation)
    except DegenerateOutputsError as error:
        logger.warning("Training collapsed: %s Starting again from another seed.", error)
    return _train_and_solve(settings, build(settings.seed + _RESTART_SEED), data, validation)


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


def _train_and_solve(settings, network, data, validation):
    lobe = network.lobe
    batch_size = min(settings.batch_size, data.n_pairs)
    plan = Plan.make(
        data.n_pairs, batch_size, settings.n_epochs, settings.min_steps, settings.max_steps
    )
    trainer = _compiled(settings, lobe, data, validation, plan.per_execution)
    history = _run(settings, trainer, data, validation, plan, settings.seed, "SRV")
    outputs = OutputPass(lobe, data)
    modes = solve(outputs, data, settings.n_components, settings.reversible)
    longest = settings.max_steps or 0
    if plan.n_steps < longest and modes.values[0] > _SLOW_EIGENVALUE:
        logger.info(
            "The slowest eigenvalue is %.4f: training goes on for %d steps.",
            modes.values[0],
            longest,
        )
        seed = settings.seed + _EXTENSION_SEED
        plan = plan.at_least(longest)
        more = _run(settings, trainer, data, validation, plan, seed, "SRV, slow modes")
        history = {name: values + more[name] for name, values in history.items()}
        outputs = OutputPass(lobe, data)
        modes = solve(outputs, data, settings.n_components, settings.reversible)
    return Fit(network, outputs, modes, history, steps_done(trainer))


def _compiled(settings, lobe, data, validation, steps_per_execution):
    trainer = Trainer(
        lobe,
        data,
        loss_options={
            "r": settings.r_degree,
            "weights": settings.weights,
            "reversible": settings.reversible,
            "epsilon": settings.epsilon,
        },
        noise=settings.latent_space_noise,
        validation=validation,
        seed=settings.seed,
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
    callbacks = list(settings.callbacks or [])
    extra = [ProgressBar(plan.n_steps, label)] if settings.verbose else []
    history = trainer.fit(
        pair_batches(data, batch_size, plan.per_epoch, seed),
        epochs=plan.n_epochs,
        steps_per_epoch=plan.per_epoch,
        shuffle=False,
        validation_data=None if validation is None else validation_batches(validation),
        callbacks=callbacks + extra,
        verbose=0,
    )
    trainer.traced.forget()
    for callback in callbacks:
        # The trainer holds the data; a callback that keeps it could not be copied or pickled.
        callback._model = None
    if not np.isfinite(history.history["loss"]).all():
        raise DegenerateOutputsError("the loss is not finite; a lower learning_rate would help.")
    return history.history


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
    pairs = zip(srv.visits_, srv.eigenvalues_, strict=True)
    for i, (visits, eigenvalue) in enumerate(pairs, start=1):
        if visits < _FEW_VISITS:
            logger.warning(
                "Mode %d (eigenvalue %.3f) rests on %d visit%s to its rarer end: its timescale and "
                "populations are known to a factor only, and a held-out score depends on which "
                "trajectories are held out. More data would help.",
                *(i, eigenvalue, visits, "" if visits == 1 else "s"),
            )
