"""Weights of the pairs of frames, from the outputs of a network over all data."""

import numpy as np

from lss_base import equilibrium
from lss_base.estimators import refusal
from lss_base.moments import LaggedMoments
from lss_base.trajectories import as_sources
from lss_base.weights import frame_weights
from srv.settings import mode_weights


def measured_departure(outputs, trajectories):
    """How far the trajectories are from equilibrium along the outputs of a network.

    Parameters
    ----------
    outputs : srv.evaluation.OutputPass
    trajectories : srv.data.Trajectories

    Returns
    -------
    lss_base.equilibrium.Departure
    """
    lag = trajectories.lag_time
    ends, moments, current = [], LaggedMoments(lag), None
    for number, _, _, block in outputs:
        if number != current:
            current, first, last = number, block[:0], block[:0]
            ends.append(None)
            moments.start()
        moments.update(block)
        first = np.concatenate([first, block])[:lag] if len(first) < lag else first
        last = np.concatenate([last, block])[-lag:]
        ends[-1] = first.sum(axis=0, dtype=np.float64), last.sum(axis=0, dtype=np.float64)
    firsts, lasts = (np.array(side) for side in zip(*ends, strict=True))
    covariance = moments.covariances().c_00
    return equilibrium.departure(firsts, lasts, trajectories.n_pairs, covariance)


def initially_weighted(settings, trajectories):
    """The trajectories with the weights that an SRV begins with: given, equal or none.

    Raises
    ------
    ValueError
        Where the weights of frames do not fit the trajectories.
    """
    given = settings.weights
    if given is None or mode_weights(settings) is not None:
        return trajectories
    segments = trajectories.segments
    if isinstance(given, str):
        # Equal ones, so that weighting later does not compile anew.
        return trajectories.weighted([np.ones(len(s)) for s in segments])
    given = given if isinstance(given, (list, tuple)) else [given]
    arrays = [np.asarray(given[s.number], np.float64) for s in segments if s.number < len(given)]
    if len(arrays) < len(segments):
        wanted = "an array for each trajectory in X"
        raise refusal("weights", f"{len(given)} arrays", wanted, "give as many")
    for segment, array in zip(segments, arrays, strict=True):
        n = segment.source.shape[0]
        if array.shape != (n,) or not (array >= 0).all() or not np.isfinite(array).all():
            raise refusal(
                f"weights[{segment.number}]",
                f"of shape {array.shape}",
                f"({n},), finite numbers of at least 0",
                "give one number for each frame",
            )
    cut = [a[s.start : s.stop] for s, a in zip(segments, arrays, strict=True)]
    total = sum(w[: -trajectories.lag_time].sum() for w in cut)
    if not total > 0:
        raise refusal("weights", "0 for every pair", "some above 0", "look at how they were made")
    return trajectories.weighted([w * trajectories.n_pairs / total for w in cut])


def weights_of(trajectories, X):
    """The weights of all frames of the user's trajectories, 0 where they are in no segment."""
    sources, _ = as_sources("X", X, trajectories.segments[0].source.shape[1])
    found = [np.zeros(source.shape[0]) for source in sources]
    for segment in trajectories.segments:
        found[segment.number][segment.start : segment.stop] = segment.weights
    return found


def chosen_method(weights, departure):
    """The way of reweighting that the setting `weights` of an SRV asks for, or None."""
    if isinstance(weights, str) and weights == "auto":
        return "rite" if departure.significant else None
    return weights if isinstance(weights, str) else None


def pair_weights(outputs, modes, trajectories, method, seed):
    """Weights by which the pairs become those of an equilibrium.

    Parameters
    ----------
    outputs : srv.evaluation.OutputPass
    modes : srv.modes.Modes
        Of these outputs.
    trajectories : srv.data.Trajectories
    method : {"koopman", "rite"}
    seed : int
        Of the random cells of "rite".

    Returns
    -------
    weights : list of np.ndarray, shape (n_i,), float64
        One for each segment, as of `lss_base.weights.frame_weights`.
    clipped : float
        Share of the pairs whose weight was negative and is 0.
    """
    psi = _joined(outputs, trajectories, lambda block: (block - modes.mean_0) @ modes.left)
    return frame_weights(psi, trajectories.lag_time, method, seed)


def _joined(outputs, trajectories, function):
    """A function of the outputs, one array for each segment."""
    parts = [[] for _ in trajectories.segments]
    for number, _, _, block in outputs:
        parts[number].append(function(block))
    return [np.concatenate(each) for each in parts]
