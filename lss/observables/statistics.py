"""What is said of values along trajectories: mean, distribution, time correlation, with errors."""

from dataclasses import dataclass

import numpy as np

from lss.analysis.blocks import BlockSums, Estimate, assign_blocks, jackknife
from lss.analysis.kinetics import add_lagged_sums, autocorrelation, correlation_lags
from lss.analysis.thermodynamics import histogram, populations
from lss.errors import InputError

BINS = 50


@dataclass(frozen=True, eq=False)
class Statistics:
    """What is known of observables in one ensemble.

    Attributes
    ----------
    mean, deviation : Estimate, shape (observables,)
        Mean and standard deviation, in the unit of each, with block standard errors.
    edges : np.ndarray, shape (observables, bins + 1)
    population : Estimate, shape (observables, bins)
        Share of the frames in each bin.
    times_ps : np.ndarray, shape (times,)
    correlation : Estimate, shape (times, observables)
        Autocorrelation C(t).
    frames, trajectories : int
    """

    mean: Estimate
    deviation: Estimate
    edges: np.ndarray
    population: Estimate
    times_ps: np.ndarray
    correlation: Estimate
    frames: int
    trajectories: int


def ranges(*ensembles):
    """Bin edges that hold all values of some ensembles: (observables, BINS + 1)."""
    every = [part for values in ensembles for part in values]
    low = np.min([part.min(axis=0) for part in every], axis=0)
    high = np.max([part.max(axis=0) for part in every], axis=0)
    high = np.where(high > low, high, low + 1.0)
    return np.linspace(low, high, BINS + 1, axis=1)


def statistics(values, lag, lag_ps, edges=None):
    """Means, distributions and time correlations of values along trajectories.

    Parameters
    ----------
    values : list of np.ndarray, shape (n_i, observables)
    lag : int
        Frames in one lag time.
    lag_ps : float
        The lag time, **ps**: correlations are at its multiples.
    edges : np.ndarray, optional
        As of `ranges`.

    Returns
    -------
    Statistics

    Raises
    ------
    InputError
        Where there are too few frames for an error.
    """
    edges = ranges(values) if edges is None else edges
    longest = max((len(part) - 1) // lag for part in values)
    if longest < 1:
        raise InputError(f"no trajectory is longer than the lag of {lag} frames; simulate longer")
    # What the values do in time is not known beforehand: correlations go as far as C(t) does.
    lags = correlation_lags(relaxation(values, lag, longest), max(1, longest // 2))
    sums = BlockSums(assign_blocks([len(part) for part in values]))
    low, high = (edges[:, k].astype(np.float32) for k in (0, -1))
    for s in sums.segments:
        part = values[s.trajectory][s.start : s.stop]
        sums.add("moments", s.block, [np.full(part.shape[1], len(part)), part.sum(axis=0),
                                      (part**2).sum(axis=0)])  # fmt: skip
        sums.add("histogram", s.block, histogram(part.T, low, high, BINS))
    add_lagged_sums(sums, "lagged", values, lags * lag)
    return Statistics(
        mean=jackknife(lambda s: s["moments"][1] / s["moments"][0], sums),
        deviation=jackknife(deviation, sums),
        edges=edges,
        population=jackknife(lambda s: populations(s["histogram"])[:, 1:-1], sums),
        times_ps=lags * lag_ps,
        correlation=jackknife(lambda s: autocorrelation(s["lagged"]), sums),
        frames=sum(map(len, values)),
        trajectories=len(values),
    )


def deviation(sums):
    n, first, second = sums["moments"]
    return np.sqrt(np.maximum(second / n - (first / n) ** 2, 0))


def relaxation(values, lag, longest):
    """The slowest integral correlation time of the values, in lags, roughly."""
    sums = BlockSums(assign_blocks([len(part) for part in values]))
    lags = np.unique(np.geomspace(1, max(1, longest // 2), 30).round().astype(int))
    add_lagged_sums(sums, "lagged", values, lags * lag)
    c = autocorrelation(sums.total()["lagged"])
    above = np.nan_to_num(c) > np.exp(-1)
    reached = np.logical_and.accumulate(above, axis=0).sum(axis=0)
    return float(max(1, lags[min(reached.max(), len(lags) - 1)]))
