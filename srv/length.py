"""How long to train: as long as the modes found still hold on data that were not trained on."""

import logging

import numpy as np
from sklearn.base import clone

from lss_base.trajectories import as_sources
from srv.diagnostics import HOLDS
from srv.lagtime import cross_validate, quiet
from srv.settings import bounds_on_updates

logger = logging.getLogger(__name__)

_LENGTHS = (1.0, 0.25, 0.1)


def choose_length(X, srv, *, n_folds=3, progress=iter):
    """Cross-validate the training of an SRV, and shorten it where it memorises the data.

    Many features and few slow events let a network find functions that tell the pieces of the
    training trajectories apart: slow there, nothing elsewhere. Held-out scores depend on which
    rare events are held out, so small differences between lengths mean nothing; what is looked
    for is the large gap of memorisation, sum of lambda_i^2 held out against in training.

    Parameters
    ----------
    X : array-like or list of array-likes, each shape=(n_i, d)
    srv : SRV
        Cloned; not changed.
    n_folds : int, default=3
    progress : callable, optional
        Wraps the sequence of folds, as tqdm does.

    Returns
    -------
    srv : SRV
        A clone, unfitted, with the number of steps to use.
    validation : CrossValidation
        At that number of steps.
    """
    trajectories, _ = as_sources("X", X, srv.input_size)
    n_pairs = sum(max(x.shape[0] - srv.lag_time, 0) for x in trajectories)
    batch_size = max(1, min(srv.batch_size, n_pairs))
    planned = srv.n_epochs * n_pairs / batch_size
    least, most = bounds_on_updates(srv)
    planned = int(np.clip(planned, least or 1, most or np.inf))
    trials = []
    for part in _LENGTHS:
        steps = max(1, round(part * planned))
        trial = clone(srv)
        if part < 1:
            trial.set_params(n_updates=steps)
        trial.set_params(verbose=False)
        with quiet():
            validation = cross_validate(X, trial, n_folds=n_folds, progress=progress)
        held_out, training = (
            float(np.mean(scores[:, -1])) - 1
            for scores in (validation.held_out, validation.training)
        )
        logger.info(
            "cross-validation with %d steps: VAMP-2 %.3f in training, %.3f held out",
            *(steps, 1 + training, 1 + held_out),
        )
        trials.append((held_out, training, trial, validation))
        if held_out >= HOLDS * training:
            break
    else:
        # No length holds: the one that lasts best on the same held-out data.
        held_out, training, trial, validation = max(trials, key=lambda tried: tried[0])
        logger.warning(
            "The modes hold on held-out data by %.0f %% only, however short the training: the "
            "data have too few slow events for so many modes; ask for fewer.",
            100 * held_out / training,
        )
    if trial.n_updates != srv.n_updates:
        logger.info(
            "training for %d of %d steps: more would memorise the data", trial.n_updates, planned
        )
    return trial.set_params(verbose=srv.verbose), validation
