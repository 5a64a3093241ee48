"""What the data choose themselves: the lags worth a scan, and how many modes hold elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from srv.lagtime import CrossValidation, cross_validate, quiet

if TYPE_CHECKING:
    from lss_base.trajectories import Series
    from srv.estimator import SRV

# Lags of a scan, and stretches of one lag that the data must hold: the bootstrap resamples as many.
_LAGS, _STRETCHES = 8, 20
# Standard errors by which a mode must raise the held-out score: with five folds, 6 % of the modes
# of noise do (Student's t, four degrees of freedom).
_ERRORS = 2.0


def candidate_lags(lengths: Sequence[int], slowest: float = np.inf) -> list[int]:
    """Lags that are worth a scan, of 1, 2, 5, 10, 20, 50, ... frames: the eight longest that serve.

    None is longer than half of the median length, or so long that the trajectories hold fewer
    than 20 stretches of it, or longer than the slowest timescale, which they would not resolve.

    Parameters
    ----------
    lengths : sequence of int
        Frames of each trajectory.
    slowest : float, optional
        A guess of the slowest timescale, in frames.

    Returns
    -------
    list of int
        Ascending, in frames; empty where the trajectories are too short for any.
    """
    lengths = np.asarray(lengths)
    longest = int(np.median(lengths)) // 2
    steps = (number * 10**power for power in range(len(str(longest))) for number in (1, 2, 5))
    short = [lag for lag in steps if lag <= longest]
    allowed = [lag for lag in short if np.sum((lengths - 1) // lag) >= _STRETCHES]
    serving = [lag for lag in allowed if lag <= slowest]
    return (serving or allowed[:1])[-_LAGS:]


def count_modes(
    X: Series, srv: SRV, *, n_folds: int = 5, seed: int = 0, progress: Callable = iter
) -> tuple[int, CrossValidation]:
    """Cross-validate an SRV, and count the modes with which the held-out score still rises.

    The score is the Rayleigh quotient of `SRV.score`: a mode of noise lowers it as often as not,
    where VAMP-2 never falls.  Counted are the first modes, as far as each raises it by more than
    two standard errors over the folds.

    Parameters
    ----------
    X : array-like or list of array-likes, each shape=(n_i, d)
    srv : SRV
        With as many modes as are to be tried. Cloned; not changed.
    n_folds, seed, progress
        As in `srv.lagtime.cross_validate`.

    Returns
    -------
    n_modes : int
        At least 1.
    validation : CrossValidation
        Held-out Rayleigh quotients of the first modes.
    """
    with quiet():
        validation = cross_validate(
            X, srv, n_folds=n_folds, seed=seed, kind="rayleigh", progress=progress
        )
    mean, error = validation.gains
    rises = mean > _ERRORS * error
    falls = (~rises).nonzero()[0]
    return max(1, int(falls[0]) if len(falls) else len(rises)), validation
