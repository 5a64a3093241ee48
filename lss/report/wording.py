"""Numbers with errors and units, as people write them."""

from __future__ import annotations

import math

from lss.analysis.blocks import Estimate
from lss.units import PICOSECONDS

NOTHING = "–"


def number(value: float | None, digits: int = 3) -> str:
    """A number with so many significant digits, or a dash for nan and None."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if value == 0:
        return "0"
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    if abs(value) < 1e-4 or abs(value) >= 1e6:
        return f"{value:.{digits - 1}e}"
    return f"{round(value, decimals):.{max(decimals, 0)}f}"


def plus_minus(value: float, error: float) -> str:
    """Value and standard error, the error with two significant digits."""
    if not math.isfinite(value):
        return NOTHING
    if not math.isfinite(error):
        return f"{number(value)} ± ?"
    if error == 0:
        return number(value, 4)
    decimals = 1 - math.floor(math.log10(error))
    if decimals > 8 or decimals < -6:
        return f"{number(value, 5)} ± {number(error, 2)}"
    value, error = round(value, decimals), round(error, decimals)
    return f"{value:.{max(decimals, 0)}f} ± {error:.{max(decimals, 0)}f}"


def time_unit(ps: float) -> tuple[str, float]:
    """The unit in which a time is a number between about 1 and 1000, and its length in ps."""
    if not math.isfinite(ps) or ps == 0:
        return "ps", 1.0
    for unit, length in sorted(PICOSECONDS.items(), key=lambda item: -item[1]):
        if abs(ps) >= length:
            return unit, length
    return "fs", PICOSECONDS["fs"]


def estimate(e: Estimate | None, unit: str, like: Estimate | None = None) -> str:
    """An estimate in a unit of :class:`lss.analysis.quantities.Quantity`, times in a readable one.

    Parameters
    ----------
    e : Estimate or None
        A single value; a dash stands for None and nan.
    unit : str
        Its unit.
    like : Estimate, optional
        Choose the unit of times and rates by this one, so that a row of a table has one.
    """
    if e is None or not math.isfinite(e.value):
        return NOTHING
    shown, factor = _shown_unit(e, unit, like)
    text = plus_minus(float(e.value) * factor, float(e.standard_error) * factor)
    return f"{text} {shown}".rstrip()


def two_errors(e: Estimate, data: float, unit: str, like: Estimate | None = None) -> str:
    """The errors of sampling and of data of an estimate, in the unit that `estimate` shows."""
    _, factor = _shown_unit(e, unit, like)
    sampling = number(float(e.standard_error) * factor, 2)
    return f"sampling {sampling}, data {number(data * factor, 2)}"


def _shown_unit(e: Estimate, unit: str, like: Estimate | None) -> tuple[str, float]:
    """The unit in which an estimate is shown, and by what it is multiplied for that."""
    typical = float(like.value) if like is not None and like.value > 0 else float(e.value)
    if unit == "ps":
        name, length = time_unit(typical)
        return name, 1 / length
    if unit == "1/ps":
        name, length = _rate_unit(typical) if typical > 0 else ("", 1.0)
        return f"per {name}" if name else "", length
    return unit, 1.0


def _rate_unit(per_ps: float) -> tuple[str, float]:
    """The shortest unit of time in which about one event happens, or more."""
    units = sorted(PICOSECONDS.items(), key=lambda item: item[1])
    return next((u for u in units if per_ps * u[1] >= 0.5), units[-1])


def duration(ps: float) -> str:
    """A time with three significant digits in a readable unit."""
    unit, length = time_unit(ps)
    return NOTHING if not math.isfinite(ps) else f"{number(ps / length)} {unit}"


def ordinal(n: int) -> str:
    """First, second, third, then 4th and on."""
    return {1: "first", 2: "second", 3: "third"}.get(n, f"{n}th")
