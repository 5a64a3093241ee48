"""Lights: green, amber and red for every quantity, grey where the MD itself does not tell."""

from __future__ import annotations

import math

from lss.analysis.quantities import Quantity
from lss.analysis.rows import Row

#: Ratio to a second MD run up to which a light is green, amber.
RATIO_LIMITS = (1.5, 3.0)
#: Without a second run: difference in standard errors, and relative (or log) difference.
ERROR_LIMITS, RELATIVE_LIMITS = (2.0, 4.0), (0.05, 0.20)
#: Differences that are small, middling, in themselves, by unit.
DISTANCE_LIMITS = {
    "kT": (0.25, 0.75),
    "bits": (0.02, 0.10),
    "nm": (0.001, 0.005),
    "rad": (0.02, 0.10),
    "sd": (0.05, 0.20),
    "dB": (1.0, 3.0),
    "": (0.005, 0.05),
}
#: No figure is green that is known worse than this, as a relative error, or in kT.
KNOWN_TO = 0.3
LIGHTS = ("green", "amber", "red", "grey")
#: Shown, but not judged: they repeat other quantities with more noise.
NOT_JUDGED = ("_exponential_fit_ps", "_plain_")


def light(row: Row) -> str:
    """green, amber or red; grey where the MD itself does not tell.

    What agrees is amber where the MD tells it badly: see :data:`KNOWN_TO`.
    """
    colour = agreement(row)
    return "amber" if colour == "green" and row.known_to > KNOWN_TO else colour


def agreement(row: Row) -> str:
    """The light of a row by how far LSS and MD are apart, however well the MD knows it."""
    if not math.isfinite(row.distance.value):
        # The MD has the figure and the LSS has none: it does not move, or never gets there.
        known = row.md is None or math.isfinite(row.md.value)
        return "red" if known else "grey"
    limits = small(row.quantity)
    if row.ratio is None:
        return _light_without_second_run(row, limits)
    # What is negligible in itself is not red, however exact the MD is.
    grade = _grade(float(row.ratio.value), RATIO_LIMITS)
    if row.quantity.group == "columns":
        grade = min(grade, _grade_of_many(row, limits), key=LIGHTS.index)
    if grade == "red" and row.model <= limits[0]:
        return "amber"
    # Two MD runs far apart excuse a large distance to the second, but not one to the first, which
    # the propagator has learned from.
    if grade == "green" and row.quantity.log and _light_without_second_run(row, limits) == "red":
        return "amber"
    return grade


def _grade_of_many(row: Row, limits: tuple[float, float]) -> str:
    """Whether a ratio is more than chance: a column has so many figures that some always are high.

    Green also where the distance to the second run is negligible in itself.
    """
    if row.model <= limits[0]:
        return "green"
    error = float(row.ratio.standard_error)
    above = (float(row.ratio.value) - 1) / error if error > 0 else math.nan
    return _grade(above, ERROR_LIMITS)


def small(q: Quantity) -> tuple[float, float]:
    """Differences of a quantity that are small, and middling, in themselves."""
    if q.log:
        return RELATIVE_LIMITS
    if q.scale is not None:
        return tuple(q.scale * limit for limit in RELATIVE_LIMITS)
    return DISTANCE_LIMITS[q.unit]


def _light_without_second_run(row: Row, limits: tuple[float, float]) -> str:
    q, distance = row.quantity, abs(float(row.distance.value))
    if q.divergence:
        distance -= by_chance(row)
    error = _error_of_distance(row)
    if not math.isfinite(error):
        return "grey"
    grades = [_grade(distance / error, ERROR_LIMITS)] if error > 0 else []
    if q.divergence or q.log or q.unit == "" or q.scale is not None:
        grades.append(_grade(distance, limits))
    elif float(row.md.value) != 0:
        grades.append(_grade(distance / abs(float(row.md.value)), RELATIVE_LIMITS))
    return min(grades, key=LIGHTS.index, default="grey")


def _error_of_distance(row: Row) -> float:
    """Standard error of the distance; nan where the MD has too few events for one."""
    error = float(row.distance.standard_error)
    if math.isfinite(error) or not row.quantity.log:
        return error
    # A block without any event has no logarithm; the relative errors of the values serve as well.
    md, lss = (float(e.standard_error) / float(e.value) for e in (row.md, row.lss))
    return math.hypot(md, lss) if math.isfinite(lss) else md


def by_chance(row: Row) -> float:
    """What of a divergence is due to the finite number of frames."""
    bias = float(row.distance.bias)
    return min(max(bias, 0.0), float(row.distance.value)) if math.isfinite(bias) else 0.0


def _grade(x: float, limits: tuple[float, float]) -> str:
    if not math.isfinite(x):
        return "grey"
    return "green" if x <= limits[0] else "amber" if x <= limits[1] else "red"


def judged(row: Row) -> bool:
    """Whether the row counts for the verdict."""
    q = row.quantity
    # The name of a column may hold anything.
    return q.group == "columns" or not any(part in q.key for part in NOT_JUDGED)
