"""Times with units: "20ns" or "5 d" in a command, picoseconds inside, whole frames for models.

A bare number is never accepted, because it would mean frames to one reader and nanoseconds to
another.
"""

from __future__ import annotations

import math
import numbers
import re
from decimal import Decimal

from lss.errors import InputError

#: Picoseconds in one of each unit.
PICOSECONDS = {
    **{"fs": 1e-3, "ps": 1.0, "ns": 1e3, "us": 1e6, "ms": 1e9},
    **{"s": 1e12, "min": 60e12, "h": 3600e12, "d": 86_400e12, "y": 31_557_600e12},  # 365.25 d
}
_UNITS = ", ".join(PICOSECONDS)
_DECIMAL = {unit: Decimal(str(ps)) for unit, ps in PICOSECONDS.items()}
_MONTH = re.compile(r"mon(th)?s?|mo", re.ASCII)
#: Digits of a time that is to be read back; times with fewer are read by people.
_DIGITS = 6
_TIME = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([^\W\d_]*)\s*", re.ASCII)
#: How far from a whole number of frames a lag may be, in frames and relative to their number.
_FRAME_TOLERANCE = 1e-4


def parse_time(text: str, name: str = "time") -> float:
    """Read a time written as a number and a unit.

    Parameters
    ----------
    text : str
        For example ``"20ns"``, ``"0.2 us"``, ``"1e3 ps"``; ``µs`` is understood as ``us``.
    name : str
        What the time is, for the error message (``"lag"``).

    Returns
    -------
    float
        The time in ps; positive and finite.

    Raises
    ------
    InputError
        For a bare number, an unknown unit, nan, infinity, zero or a negative time.
    """
    if not isinstance(text, str):
        raise InputError(f"{name} is {text!r}, not text: write a number and a unit, like '20ns'")
    # Both signs for micro (U+00B5 and the Greek letter U+03BC) are in use.
    plain = text.replace("\u00b5", "u").replace("\u03bc", "u")
    match = _TIME.fullmatch(plain)
    if match is None:
        raise InputError(f"{name} {text!r} is not a time: write a number and a unit, like '20ns'")
    number, unit = match.groups()
    if not unit:
        raise InputError(f"{name} {text!r} has no unit: write '{number}ns' or another of {_UNITS}")
    if _MONTH.fullmatch(unit):
        raise InputError(
            f"{name} {text!r} has the unit {unit!r}, which is no time of one length: give days, "
            "such as '30.4375 d', a twelfth of a year"
        )
    if unit not in PICOSECONDS:
        raise InputError(f"{name} {text!r} has the unknown unit {unit!r}: use one of {_UNITS}")
    value = _times(number, unit)
    if not math.isfinite(value) or value <= 0:
        raise InputError(f"{name} {text!r} must be greater than zero and finite, like '20ns'")
    return value


def time_ps(value, name="time"):
    """A time of a Python argument, in **ps**: text with its unit, or a number of ps.

    Parameters
    ----------
    value : str or float
        For example ``"100ps"`` or ``100.0``.
    name : str
        What the time is, for the error message.

    Returns
    -------
    float
        Positive and finite.

    Raises
    ------
    InputError
        For anything else, and for what `parse_time` refuses.
    """
    if isinstance(value, str):
        return parse_time(value, name)
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise InputError(
            f"{name} is a {type(value).__name__}, wanted a time; write it with its unit, like "
            "'100ps', or as a number of ps"
        )
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"{name} is {value!r} ps: it must be greater than zero and finite")
    return float(value)


def _times(number, unit):
    """Multiply in decimals, so that 0.2ns is 200.0 exactly."""
    return float(Decimal(number) * _DECIMAL[unit])


def format_time(ps: float, digits: int = _DIGITS) -> str:
    """Write a time in the unit in which it is easiest to read: 20000.0 -> ``"20 ns"``.

    Parameters
    ----------
    ps : float
        A time in ps.
    digits : int
        Significant digits, at most.

    Returns
    -------
    str
        Readable by :func:`parse_time` if positive and finite. With six digits 400 days are
        ``"400 d"``, since in years they would be 1.09514.
    """
    size = abs(ps)
    if size == 0 or not math.isfinite(size):
        return f"{ps:g} ps"
    # Compare after rounding: 999.9999999 ps is 1 ns.
    units = [u for u, f in PICOSECONDS.items() if float(f"{size / f:.{digits}g}") >= 1] or ["fs"]
    unit = units[-1]
    if digits >= _DIGITS and PICOSECONDS[unit] > PICOSECONDS["s"]:
        unit = "d" if unit == "y" else unit
        unit = next((u for u in reversed(units) if _short(size / PICOSECONDS[u])), unit)
    return f"{float(f'{ps / PICOSECONDS[unit]:.{digits}g}'):.15g} {unit}"


def _short(number):
    """Whether a number below 1000 has at most two decimals, to six digits."""
    return number < 1000 and math.isclose(number, round(number, 2), rel_tol=1e-7)


def lag_in_frames(lag_ps, spacing_ps, name="lag"):
    """Turn a lag time into a whole number of frames.

    Parameters
    ----------
    lag_ps, spacing_ps : float
        Lag time and time between frames, both in ps.
    name : str
        What the lag is, for the error message.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    InputError
        If the lag is not a whole number of frames; the nearest lags that are, are named.
    """
    for label, value in ((name, lag_ps), ("frame spacing", spacing_ps)):
        if not math.isfinite(value) or value <= 0:
            raise InputError(f"{label} is {value!r} ps: it must be greater than zero and finite")
    ratio = lag_ps / spacing_ps
    if not math.isfinite(ratio):
        raise InputError(f"{name} {format_time(lag_ps)} is too long for frames of {spacing_ps} ps")
    frames = round(ratio)
    # Spacings that come from files are known to some seven digits only.
    if frames >= 1 and abs(ratio - frames) <= min(0.05, _FRAME_TOLERANCE * max(1.0, ratio)):
        return frames
    below, above = math.floor(ratio), math.floor(ratio) + 1
    nearest = [format_time(n * spacing_ps) for n in (below, above) if n >= 1]
    raise InputError(
        f"{name} {format_time(lag_ps)} is not a whole number of frames of "
        f"{format_time(spacing_ps)}: use {' or '.join(nearest)}"
    )


def describe_lag(lag_ps, spacing_ps, name="lag"):
    """Say what was understood: ``"lag 20 ns = 100 frames of 0.2 ns"`` (both in one unit)."""
    frames = lag_in_frames(lag_ps, spacing_ps, name)
    lag = format_time(lag_ps)
    unit = lag.split()[1]
    spacing = f"{spacing_ps / PICOSECONDS[unit]:.6g} {unit}"
    return f"{name} {lag} = {frames} frame{'' if frames == 1 else 's'} of {spacing}"
