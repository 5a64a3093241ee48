"""Data that are held out of the training, to validate with."""

from dataclasses import replace

import numpy as np

from lss_base.estimators import refusal
from srv.data import check_trajectories


def split(trajectories, fraction, seed):
    """Hold out a fraction of the data for validation; returns (training, validation).

    Whole trajectories, drawn at random; where there is only one, its last part, with a gap of one
    lag.  Random frames would leak: the neighbour of a held-out frame would be trained on.

    Raises
    ------
    ValueError
        Where either part would hold no pair.
    """
    lag = trajectories.lag_time
    if len(trajectories.segments) > 1:
        held_out = _draw_segments(trajectories.segments, fraction, seed)
        train = tuple(s for i, s in enumerate(trajectories.segments) if i not in held_out)
        valid = tuple(s for i, s in enumerate(trajectories.segments) if i in held_out)
    else:
        (segment,) = trajectories.segments
        cut = len(segment) - round(fraction * len(segment))
        train = (segment.part(0, cut - lag),)
        valid = (segment.part(cut, len(segment)),)
        if min(len(train[0]), len(valid[0])) <= lag:
            raise refusal(
                "validation_split",
                f"{fraction} of one trajectory of {len(segment)} frames",
                f"parts that are longer than lag_time={lag}",
                "give validation data as y instead",
            )
    return replace(trajectories, segments=train), replace(trajectories, segments=valid)


def with_validation(srv, X, y, deflate, parents, seed):
    """Check the arguments of `SRV.fit`; return the data to train on, and to validate with or None.

    Parameters
    ----------
    srv : SRV
    X, y, deflate, parents
        As of `SRV.fit`.
    seed : int
    """
    data = check_trajectories(X, srv.input_size, srv.lag_time, known=deflate, parents=parents)
    if y is not None:
        return data, check_trajectories(y, srv.input_size, srv.lag_time, name="y")
    if srv.validation_split:
        return split(data, srv.validation_split, seed)
    return data, None


def _draw_segments(segments, fraction, seed):
    """Return the numbers of segments, in random order, up to the fraction of frames wanted."""
    order = np.random.default_rng([seed, 1]).permutation(len(segments))
    lengths = np.cumsum([len(segments[i]) for i in order[:-1]])
    wanted = fraction * sum(len(s) for s in segments)
    return set(order[: 1 + int(np.argmin(np.abs(lengths - wanted)))].tolist())
