"""One fit: build the network or go on with it, train, longer where modes are slow, and solve."""

import logging

import numpy as np

from lss_base.estimators import DivergedError, refusal
from lss_base.kinetics import DegenerateOutputsError
from srv.course import Course
from srv.data import moments
from srv.diagnostics import equilibrium_warnings, mode_warnings, n_weighted
from srv.lobe import Network, build_lobe
from srv.reweighting import initially_weighted
from srv.settings import bounds_on_updates

logger = logging.getLogger(__name__)

# An eigenvalue near 1 hardly moves VAMP-2, so that its mode is learned last: on the four-well
# chain a short schedule leaves 2 to 19 % of the timescale unfound where the eigenvalue is .975,
# and the long one .2 %. Below .97 the long schedule fits noise: it lowered held-out scores.
_SLOW_EIGENVALUE = 0.97
# Offsets of the seeds of a second network and of a second schedule.
_RESTART_SEED = 1_000_003
_EXTENSION_SEED = 2_000_003


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
    course = Course(settings, network, data, validation, seed)
    course.train(course.plan, seed, "SRV")
    longest = bounds_on_updates(settings)[1] or 0
    slow = course.plan.n_steps < longest and course.modes.values[0] > _SLOW_EIGENVALUE
    # Weights come before the long schedule: starts out of equilibrium can make modes seem slow, and
    # that schedule then learns them by heart. It is not made longer for weights either.
    course.weight()
    if slow and course.modes.values[0] > _SLOW_EIGENVALUE:
        logger.info(
            "The slowest eigenvalue is %.4f: training goes on for %d steps.",
            *(course.modes.values[0], longest),
        )
        course.train(course.plan.at_least(longest), seed + _EXTENSION_SEED, "SRV, slow modes")
        course.weight()
    return course.fit()


def log_report(srv):
    """Log the scores and timescales of a fitted SRV, and warn of modes seldom visited."""
    logger.info(
        "VAMP-2 %.4f in training%s; timescales %s frames; visits %s.",
        srv.train_score_,
        "" if np.isnan(srv.validation_score_) else f", {srv.validation_score_:.4f} in validation",
        np.array2string(srv.timescales_, precision=1),
        srv.visits_.tolist(),
    )
    if srv.weights_ is not None:
        logger.info(
            "Weighted frames tell as much as %.0f of equal weight (%.0f %%); %.1f %% of the pairs "
            "had a negative weight and have none.",
            *(srv.effective_size_, 100 * srv.effective_size_ / n_weighted(srv.weights_)),
            100 * srv.clipped_,
        )
    found = mode_warnings(srv.visits_, srv.eigenvalues_)
    for sentence in [*found, *equilibrium_warnings(srv, srv.departure_, srv.one_way_states_)]:
        logger.warning("%s", sentence)
