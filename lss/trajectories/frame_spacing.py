"""The time between frames, recovered from the times in a file and checked to be uniform.

Most formats keep times in single precision. At t = 1e9 ps neighbouring single-precision numbers
are 64 ps apart, so that neither differences of neighbours nor equality can be used: the spacing
is taken from the whole file, and every time may be off by what rounding explains, no more.
"""

from dataclasses import dataclass

import numpy as np

from lss.errors import InputError
from lss.units import format_time

#: The time unit of CHARMM. A DCD whose header was left at its default has one frame in each, and
#: so has what is made of it.
AKMA_PS = 0.04888821
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
        The times are k, k + 1, k + 2, ..., in ps or in the time unit of CHARMM, or the numbers of
        the steps: they may be true picoseconds or a counter.
    """

    ps: float
    uncertainty_ps: float
    counts_frames: bool

    def agrees_with(self, other_ps, other_uncertainty_ps=0.0):
        """Whether another spacing (ps) is the same within the rounding of both."""
        allowed = self.uncertainty_ps + other_uncertainty_ps + 1e-6 * other_ps
        return abs(self.ps - other_ps) <= allowed


def spacing_from_times(times, source, steps=None):
    """Recover the spacing of one file and check that the times are uniform.

    Parameters
    ----------
    times : array (n_frames,) of float32 or float64
        Times in ps as stored.
    source : str
        The file, for error messages.
    steps : array (n_frames,) of int, optional
        Numbers of the steps of the simulation, where the file has them.

    Returns
    -------
    Spacing or None
        None where the times tell nothing: a single frame, the same time for every frame, or not a
        number for any.

    Raises
    ------
    InputError
        If times are not finite, run backwards, or are not equally spaced; the first frame at
        fault is named.
    """
    n = len(times)
    if _none_known(times):
        return None
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
    simplest = _simplest(raw, uncertainty)
    counts = _counts_frames(times) or abs(simplest - AKMA_PS) <= 1e-6
    counts |= steps is not None and _same(times, steps)
    return Spacing(simplest, uncertainty, counts)


_REPAIR = (
    "write the trajectory again with frames in order and equally spaced, or, where only the times "
    "are wrong, give `dt` and `force_dt`"
)


def _none_known(times):
    blocks = range(0, len(times), _BLOCK)
    return all(bool(np.isnan(times[s : s + _BLOCK]).all()) for s in blocks)


def _same(times, steps):
    """Whether times are step numbers, in the precision of the times."""
    blocks = range(0, len(times), _BLOCK)
    return all(
        np.array_equal(times[s : s + _BLOCK], steps[s : s + _BLOCK].astype(times.dtype))
        for s in blocks
    )


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
