"""Are trajectories in equilibrium? How far they are from it, by where they start and end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from lss_base.moments import LaggedMoments
from lss_base.weights import RANK_TOLERANCE

# A test at this level calls one equilibrium data set in fifty out of equilibrium.
_LEVEL = 0.02


@dataclass(frozen=True)
class Departure:
    """How far trajectories are from equilibrium.

    Attributes
    ----------
    distance : float
        Norm of the shift of the mean of psi over one lag time, in standard deviations of psi.
    error : float
        What that norm would be in equilibrium, by the spread of the shifts over the trajectories.
    p_value : float
        Of the hypothesis that no column of psi shifts: the least of the t tests of the columns,
        times their number (Bonferroni). One slow mode is enough.
    n_trajectories : int

    `error` and `p_value` are NaN where the trajectories are too few to tell.
    """

    distance: float
    error: float
    p_value: float
    n_trajectories: int

    @property
    def significant(self) -> bool:
        """Whether the trajectories can be told from trajectories in equilibrium."""
        return bool(self.p_value < _LEVEL)


def departure_of(psi, lag_time):
    """Compare where pairs start with where they end, of trajectories in memory.

    Parameters
    ----------
    psi : list of np.ndarray, each shape=(n_i, m)
    lag_time : int
        In frames.

    Returns
    -------
    Departure
    """
    ends = Ends(lag_time)
    for part in psi:
        if len(part) > lag_time:
            ends.start()
            ends.update(part)
    return ends.departure()


class Ends:
    """Where pairs start and where they end, accumulated block by block.

    Parameters
    ----------
    lag_time : int
        In frames.
    """

    def __init__(self, lag_time):
        self.lag_time = lag_time
        self._moments, self._ends = LaggedMoments(lag_time), []

    def start(self):
        """Begin a new trajectory, which must be longer than the lag."""
        self._moments.start()
        self._first = self._last = None
        self._ends.append(None)

    def update(self, block):
        """Add the next block of frames, (n, m), of the current trajectory."""
        lag = self.lag_time
        self._moments.update(block)
        before = block[:0] if self._first is None else self._first
        self._first = np.concatenate([before, block])[:lag] if len(before) < lag else before
        before = block[:0] if self._last is None else self._last
        self._last = np.concatenate([before, block])[-lag:]
        self._ends[-1] = [x.sum(axis=0, dtype=np.float64) for x in (self._first, self._last)]

    def departure(self):
        """Return the `Departure` of the trajectories so far."""
        firsts, lasts = (np.array(side) for side in zip(*self._ends, strict=True))
        covariance = self._moments.covariances(reversible=False).c_00
        return departure(firsts, lasts, self._moments.n_pairs, covariance)


def departure(
    firsts: np.ndarray, lasts: np.ndarray, n_pairs: int, covariance: np.ndarray
) -> Departure:
    """Compare the frames from which pairs start with those where they end, one lag later.

    In equilibrium both have the same mean. All frames of a trajectory but its first and last
    `lag_time` ones are on both sides, so that the shift of the mean is the sum over trajectories
    of the last ones less the first ones. These differences are independent of one another.

    Parameters
    ----------
    firsts, lasts : np.ndarray, shape=(n_trajectories, m)
        Sums of psi over the first and the last `lag_time` frames of each trajectory with pairs.
    n_pairs : int
        Of all trajectories.
    covariance : np.ndarray, shape=(m, m)
        Of psi over all frames.

    Returns
    -------
    Departure
    """
    n, m = np.shape(firsts)
    values, vectors = np.linalg.eigh(covariance)
    kept = values > RANK_TOLERANCE * values[-1]
    whiten = vectors[:, kept] / np.sqrt(values[kept])
    shifts = (np.asarray(lasts, np.float64) - firsts) @ whiten
    distance = float(np.linalg.norm(shifts.sum(axis=0))) / n_pairs
    m = shifts.shape[1]
    if n < m + 2:
        return Departure(distance, np.nan, np.nan, n)
    error = float(np.sqrt(n * np.trace(np.atleast_2d(np.cov(shifts.T))))) / n_pairs
    # Not Hotelling's T^2: fast modes, which have forgotten their starts, would dilute the slow one.
    columns = np.asarray(lasts, np.float64) - firsts
    moves = columns.std(axis=0) > 0
    p_values = stats.ttest_1samp(columns[:, moves], 0.0).pvalue
    p_value = float(min(1.0, len(p_values) * p_values.min())) if moves.any() else np.nan
    return Departure(distance, error, p_value, n)
