"""Weights of the pairs of frames, from the outputs of a network over all data."""

import numpy as np

from lss_base.connectivity import pairs_between
from lss_base.equilibrium import Ends
from lss_base.estimators import refusal
from lss_base.trajectories import as_sources, weights_of_one
from lss_base.weights import frame_weights
from srv.settings import mode_weights


def measured_departure(outputs, modes, trajectories):
    """How far the training data are from equilibrium: `lss_base.equilibrium.Departure`."""
    ends, current = Ends(trajectories.lag_time), None
    for number, _, _, block in outputs:
        if number != current:
            current = number
            ends.start()
        ends.update((block - modes.mean_0) @ modes.left)
    return ends.departure()


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
    if len(given) <= max(s.number for s in segments):
        wanted = "an array for each trajectory in X"
        raise refusal("weights", f"{len(given)} arrays", wanted, "give as many")
    arrays = [
        weights_of_one(f"weights[{s.number}]", given[s.number], s.source.shape[0]) for s in segments
    ]
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


def psi_of(outputs, modes, trajectories, stride=1):
    """Modes of every so many frames of the training data, one array (n_i, m) for each segment."""
    parts = [[] for _ in trajectories.segments]
    for number, first, _, block in outputs:
        parts[number].append((block[-first % stride :: stride] - modes.mean_0) @ modes.left)
    return [np.concatenate(each) for each in parts]


def pair_weights(settings, psi, trajectories, method, apart, seed):
    """Weights by which the pairs become those of an equilibrium.

    Parameters
    ----------
    settings : SRV
        Its `disconnected` says what becomes of one-way states.
    psi : list of np.ndarray, each shape=(n_i, m)
        Modes, one array for each segment.
    trajectories : srv.data.Trajectories
        With the weights of the round before.
    method : {"koopman", "rite"}
    apart : list of np.ndarray of bool, each shape=(n_i,)
        Frames in one-way states, which would take all the weight or none.
    seed : int
        Of the random cells of "rite".

    Returns
    -------
    weights : list of np.ndarray, each shape=(n_i,)
        As of `lss_base.weights.frame_weights`. Pairs in a one-way state have the weight 0, or 1
        where they are to be kept.
    clipped : float
        Share of the pairs whose weight was negative and is 0.
    """
    lag = trajectories.lag_time
    used = pairs_between(apart, lag)
    # The iteration goes on from the weights before, which were found on other psi.
    before = [s.weights if method == "rite" else 1.0 for s in trajectories.segments]
    first = [u * w for u, w in zip(used, before, strict=True)]
    weights, clipped = frame_weights(psi, lag, method, seed, first)
    if settings.disconnected == "keep":
        share = np.mean(np.concatenate([u[:-lag] for u in used]))
        weights = [np.where(u, share * w, 1.0) for u, w in zip(used, weights, strict=True)]
    return weights, clipped
