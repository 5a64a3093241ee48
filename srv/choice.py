"""Recommending a lag time and a number of modes from a scan, with the reasons in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lss_base.estimators import refusal
from srv.lagtime import CrossValidation, LagScan, _Numbers

# Timescales that differ by less count as equal whatever their errors: training is no more exact.
_FLAT_TOLERANCE = 0.05
# A timescale that is no longer than so many lags says nothing about flatness: a correlation that
# has decayed so far is hardly above what training makes of noise.
_CLEAR = 2
# A step down in timescale by this factor counts as a gap.
_GAP = 1.5


@dataclass(frozen=True)
class Recommendation(_Numbers):
    """A lag in frames, a number of modes, and why.

    `converged` is False where no lag of the scan shows flat timescales; `gaps` (m,) are the
    ratios of each timescale at that lag to the next, or to the lag where that is longer.
    """

    lag_time: int
    n_modes: int
    converged: bool
    gaps: np.ndarray
    reasons: tuple


def recommend(
    scan: LagScan,
    validation: CrossValidation | None = None,
    *,
    time: Callable[[float], str] = "{:g} frames".format,
    tested: str | None = None,
) -> Recommendation:
    """Recommend the shortest lag with flat timescales, and the modes above the spectral gap.

    No lag longer than half of the median length of a trajectory is recommended.  Flat: from this
    lag on, each timescale that is longer than twice the lags compared stays within the bootstrap
    error or 5 %.  The gap: the last place where a timescale longer than the lag is at least 1.5
    times the next.

    Parameters
    ----------
    scan : LagScan
    validation : CrossValidation, optional
        Its held-out gains are listed among the reasons.
    time : callable
        Frames -> words, for the reasons.
    tested : str, optional
        The lag of `validation` in words, where it is told among the reasons.

    Returns
    -------
    Recommendation

    Raises
    ------
    ValueError
        Where no mode is slower than any of the lags, or all lags are too long to be recommended.
    """
    if scan.lags[0] > scan.half:
        raise refusal(
            "scan",
            f"of lags from {time(scan.lags[0])} on",
            f"one of at most {time(scan.half)}, half of the median length of a trajectory",
            "scan shorter `lags` or give longer trajectories",
        )
    resolved = scan.timescales > scan.lags[:, None]
    if not (resolved[:, 0] & (scan.lags <= scan.half)).any():
        raise refusal(
            "scan",
            f"without a timescale longer than its lag ({time(scan.lags[0])} to "
            f"{time(scan.lags[-1])})",
            "one such timescale at least",
            "scan shorter `lags` or choose other features",
        )
    row, converged, reason = _flat_row(scan, time)
    n_modes, gaps, gap_reason = _gap(scan, row, time)
    reasons = [reason, gap_reason]
    if short := int(scan.n_short[row]):
        reasons.append(
            f"{short} trajector{'ies are' if short > 1 else 'y is'} not longer than this lag and "
            "not used."
        )
    few = [i + 1 for i in range(n_modes) if scan.visits[row, i] < 10]
    if few:
        counts = [int(scan.visits[row, i - 1]) for i in few]
        reasons.append(
            f"Mode {', '.join(map(str, few))} rests on only {', '.join(map(str, counts))} "
            f"visit{'' if counts == [1] else 's'} to its rarer end."
        )
    if validation is not None:
        mean, error = validation.gains
        at = "" if tested is None else f" at a lag of {tested}"
        reasons += [
            f"Mode {i + 1} adds {mean[i]:.3f} ± {error[i]:.3f} to the held-out VAMP-2{at} (at most "
            "1)."
            for i in range(min(n_modes + 1, len(mean)))
        ]
    return Recommendation(int(scan.lags[row]), n_modes, converged, gaps, tuple(reasons))


def _flat_row(scan, time):
    """Return the row of the lag to use, whether timescales are flat from it on, and why."""
    clear = scan.timescales > _CLEAR * scan.lags[:, None]
    rows = np.flatnonzero(clear[:, 0])
    allowed = rows[scan.lags[rows] <= scan.half]
    for row in allowed:
        later = rows[rows > row]
        if len(later) and all(_agrees(scan, row, other, clear) for other in later):
            return (
                row,
                True,
                f"From a lag of {time(scan.lags[row])} on, the timescales longer than {_CLEAR} "
                "lags stay the same within their errors.",
            )
    return _second_best(scan, rows, allowed, time)


def _second_best(scan, rows, allowed, time):
    """The same where the timescales are flat from no lag on."""
    if len(allowed):
        row = allowed[-1]
        bound = "slowest timescale" if row == rows[-1] else "median length of a trajectory"
        what = f"the longest of at most half of the {bound}"
    else:
        row = np.flatnonzero(scan.timescales[:, 0] > scan.lags)[0]
        what = "the shortest that resolves the slowest mode"
    if len(rows) > 1:
        why = "the timescales still change with the lag at the longest lags"
    else:
        why = f"timescales longer than {_CLEAR} lags are too few to see whether they are flat"
    return (
        row,
        False,
        f"A lag of {time(scan.lags[row])} is {what}; {why}. Longer trajectories or better features "
        "would help.",
    )


def _agrees(scan, row, later, clear):
    """Whether the timescales that are clear at two lags are the same within the errors."""
    both = clear[row] & clear[later]
    times = scan.timescales[[row, later]][:, both]
    errors = (scan.high - scan.low)[[row, later]][:, both] / 2
    allowed = np.maximum(np.nan_to_num(errors).max(axis=0), _FLAT_TOLERANCE * times[0])
    return bool(np.all(np.abs(times[1] - times[0]) <= allowed))


def _gap(scan, row, time):
    """Return the number of modes above the last gap, all gaps, and why."""
    lag = scan.lags[row]
    times = np.maximum(np.nan_to_num(scan.timescales[row], nan=0.0), lag)
    gaps = times / np.append(times[1:], np.nan)
    slow = int(np.sum(times > lag))
    wide = [i for i in range(slow) if gaps[i] >= _GAP]
    if wide:
        n_modes = wide[-1] + 1
        below = "the lag" if times[n_modes] == lag else f"the next, {time(times[n_modes])}"
        reason = (
            f"{n_modes} mode{'s' if n_modes > 1 else ''}: timescale {n_modes} "
            f"({time(times[n_modes - 1])}) is {gaps[n_modes - 1]:.1f} times {below}."
        )
    else:
        n_modes = max(slow, 1)
        reason = (
            f"{n_modes} mode{'s' if n_modes > 1 else ''}: no gap of {_GAP} times or more is seen, "
            "so all that are slower than the lag are kept; train more modes to look for one."
        )
    return n_modes, gaps, reason
