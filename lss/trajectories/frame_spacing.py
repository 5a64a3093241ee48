"""The time between frames, recovered from the times in a file and checked to be uniform.

Most formats keep times in single precision. At t = 1e9 ps neighbouring single-precision numbers
are 64 ps apart, so that neither differences of neighbours nor equality can be used: the spacing
is taken from the whole file, and every time may be off by what rounding explains, no more.
"""

from dataclasses import dataclass

import numpy as np

from lss.errors import InputError
from lss.units import format_time

_BLOCK = 100_000


@dataclass(frozen=True)
class Spacing:
    """Time between the frames of one file.

    Attributes
    ----------
    ps : float
        The spacing in ps.
    uncertainty_ps : float
        What rounding of the stored times leaves open, in ps.
    counts_frames : bool
        The times are k, k + 1, k + 2, ...: they may be true picoseconds or a frame counter.
    """

    ps: float
    uncertainty_ps: float
    counts_frames: bool

    def agrees_with(self, other_ps, other_uncertainty_ps=0.0):
        """Whether another spacing (ps) is the same within the rounding of both."""
        allowed = self.uncertainty_ps + other_uncertainty_ps + 1e-6 * other_ps
        return abs(self.ps - other_ps) <= allowed


def spacing_from_times(times, source):
    """Recover the spacing of one file and check that the times are uniform.

    Parameters
    ----------
    times : array (n_frames,) of float32 or float64
        Times in ps as stored.
    source : str
        The file, for error messages.

    Returns
    -------
    Spacing or None
        None where the times tell nothing: a single frame, or the same time for every frame.

    Raises
    ------
    InputError
        If times are not finite, run backwards, or are not equally spaced; the first frame at
        fault is named.
    """
    n = len(times)
    _check_finite(times, source)
    if n < 2 or _all_equal(times):
        return None
    first, last = float(times[0]), float(times[-1])
    ulp = float(np.spacing(np.float32(max(abs(first), abs(last)))))
    raw = (last - first) / (n - 1)
    if raw <= 0:
        raise InputError(f"{source}: the times of the frames run backwards; {_REPAIR}")
    # Half an ulp of rounding in the time itself and in both ends.
    tolerance = 2 * ulp + 1e-4 * raw
    for start in range(0, n, _BLOCK):
        block = np.asarray(times[start : start + _BLOCK], dtype=np.float64)
        expected = first + raw * np.arange(start, start + len(block))
        wrong = ~(np.abs(block - expected) <= tolerance)
        if wrong.any():
            raise _irregular(times, raw, tolerance, source)
    uncertainty = ulp / (n - 1)
    return Spacing(_simplest(raw, uncertainty), uncertainty, _counts_frames(times))


_REPAIR = "write the trajectory again with frames in order and equally spaced"


def _check_finite(times, source):
    for start in range(0, len(times), _BLOCK):
        bad = ~np.isfinite(times[start : start + _BLOCK])
        if bad.any():
            frame = start + int(np.argmax(bad))
            raise InputError(f"{source}: the time of frame {frame} is not a finite number")


def _all_equal(times):
    blocks = range(0, len(times), _BLOCK)
    return all(bool(np.all(times[s : s + _BLOCK] == times[0])) for s in blocks)


def _irregular(times, raw, tolerance, source):
    """Describe the first step that differs from the usual one."""
    steps = np.diff(np.asarray(times, dtype=np.float64))
    usual = float(np.median(steps))
    odd = ~(np.abs(steps - usual) <= 2 * tolerance - 1e-4 * raw)
    # Where no single step stands out (a slow drift), the largest deviation is the best witness.
    k = int(np.argmax(odd)) if odd.any() else int(np.argmax(np.abs(steps - usual)))
    return InputError(
        f"{source}: frames are not equally spaced: frame {k} is at {times[k]:.9g} ps and frame "
        f"{k + 1} at {times[k + 1]:.9g} ps where steps of {format_time(usual)} are usual; {_REPAIR}"
    )


def _counts_frames(times):
    first = float(times[0])
    if first != round(first):
        return False
    for start in range(0, len(times), _BLOCK):
        block = np.asarray(times[start : start + _BLOCK])
        count = (first + np.arange(start, start + len(block))).astype(block.dtype)
        if not np.array_equal(block, count):
            return False
    return True


def _simplest(raw, uncertainty):
    """Return the number with the fewest digits within the rounding error of ``raw``."""
    allowed = max(uncertainty, 1e-9 * raw)
    for digits in range(1, 17):
        value = float(f"{raw:.{digits - 1}e}")
        if value > 0 and abs(value - raw) <= allowed:
            return value
    return raw


def common_spacing(spacings, sources, n_frames, dt_ps, dt_name="--dt"):
    """Settle on one spacing for a set of files and the user's ``--dt``.

    Parameters
    ----------
    spacings : list of (Spacing or None)
        One for each file; None where the file has no times.
    sources : list of str
        The files, for error messages.
    n_frames : list of int
        Frames in each file: a file of one frame need not know the spacing.
    dt_ps : float or None
        What the user says, in ps.
    dt_name : str
        Where `dt_ps` comes from, for error messages.

    Returns
    -------
    ps : float
    overridden : list of str
        Files whose times only count frames and for which ``dt_ps`` was taken instead.

    Raises
    ------
    InputError
        If nothing tells the spacing, or two files, or a file and ``--dt``, contradict each other.
    """
    known = [(s, f) for s, f in zip(spacings, sources, strict=True) if s is not None]
    if dt_ps is not None:
        overridden = []
        for spacing, source in known:
            if spacing.agrees_with(dt_ps):
                continue
            if not spacing.counts_frames:
                raise InputError(
                    f"{source}: its frames are {format_time(spacing.ps)} apart but {dt_name} says "
                    f"{format_time(dt_ps)}: "
                    + (
                        "leave --dt out, or give the right one"
                        if dt_name == "--dt"
                        else "give files of the same frame spacing"
                    )
                )
            overridden.append(source)
        return dt_ps, overridden
    for spacing, source, n in zip(spacings, sources, n_frames, strict=True):
        if spacing is None and n > 1:
            raise InputError(
                f"{source}: the file does not tell the time between its frames: "
                "give it with --dt, like --dt 200ps"
            )
    if not known:
        raise InputError("no file tells the time between its frames: give it with --dt")
    best, best_source = min(known, key=lambda pair: pair[0].uncertainty_ps / pair[0].ps)
    for spacing, source in known:
        if not spacing.agrees_with(best.ps, best.uncertainty_ps):
            raise InputError(
                f"{source}: its frames are {format_time(spacing.ps)} apart, those of "
                f"{best_source} {format_time(best.ps)}: use trajectories of one frame spacing"
            )
    return best.ps, []
