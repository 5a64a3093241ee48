"""What can be trusted and what not: lights for every quantity and sentences for people."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lss.analysis.quantities import AREAS
from lss.analysis.rows import Row
from lss.report.validation import Comparison
from lss.report.wording import duration, estimate, number, ordinal

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
    "": (0.005, 0.05),
}
#: Fewer crossings than this in the MD, and rates are hardly known.
FEW_CROSSINGS = 20
#: Blocks shorter than so many slowest timescales are not independent.
BLOCK_TIMESCALES = 5
#: Standard errors by which a timescale of two MD runs may differ without a word.
RUNS_APART = 3
#: Share of frames outside the training range that is worth a word.
OUTSIDE_SHARE = 0.001
LIGHTS = ("green", "amber", "red", "grey")
#: The network on whose diagnostics an area rests.
DECIDES = {"kinetics": "MDN", "global structure": "cWGAN"}


def light(row: Row) -> str:
    """green, amber or red; grey where the MD itself does not tell."""
    if not math.isfinite(row.distance.value):
        # The MD has the figure and the LSS has none: it does not move, or never gets there.
        known = row.md is None or math.isfinite(row.md.value)
        return "red" if known else "grey"
    limits = RELATIVE_LIMITS if row.quantity.log else DISTANCE_LIMITS[row.quantity.unit]
    if row.ratio is None:
        return _light_without_second_run(row, limits)
    # What is negligible in itself is not red, however exact the MD is.
    grade = _grade(float(row.ratio.value), RATIO_LIMITS)
    if grade == "red" and row.model <= limits[0]:
        return "amber"
    # Two MD runs far apart excuse a large distance to the second, but not one to the first, which
    # the propagator has learned from.
    if grade == "green" and row.quantity.log and _light_without_second_run(row, limits) == "red":
        return "amber"
    return grade


def _light_without_second_run(row: Row, limits: tuple[float, float]) -> str:
    q, distance = row.quantity, abs(float(row.distance.value))
    if q.divergence:
        distance -= by_chance(row)
    error = _error_of_distance(row)
    if not math.isfinite(error):
        return "grey"
    grades = [_grade(distance / error, ERROR_LIMITS)] if error > 0 else []
    if q.divergence or q.log or q.unit == "":
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


@dataclass(frozen=True)
class Verdict:
    """Plain words.

    Parameters
    ----------
    areas : dict of (str, str)
        For each area the worst light of its quantities, and a sentence.
    findings : list of (str, str)
        Light and sentence for everything that is not as it should be.
    cautions : list of str
        What limits the comparison itself: little data, short blocks, empty bins.
    """

    areas: dict[str, tuple[str, str]]
    findings: list[tuple[str, str]]
    cautions: list[str]


#: Shown, but not judged: they repeat other quantities with more noise.
NOT_JUDGED = ("_exponential_fit_ps", "_plain_")


def judged(row: Row) -> bool:
    """Whether the row counts for the verdict."""
    return not any(part in row.quantity.key for part in NOT_JUDGED)


def judge(comparison: Comparison, warned=()) -> Verdict:
    """Lights and sentences for a comparison.

    Parameters
    ----------
    comparison : Comparison
    warned : collection of str
        Networks whose own diagnostics found faults: what they decide on is not green.
    """
    rows = [r for r in comparison.rows if judged(r)]
    areas = {}
    for area in AREAS:
        own = [r for r in rows if r.quantity.area == area]
        if own:
            areas[area] = _area(own, comparison.heldout is not None, DECIDES.get(area) in warned)
    bad = [(light(r), r) for r in rows if light(r) in ("amber", "red")]
    bad.sort(key=lambda pair: -LIGHTS.index(pair[0]))
    return Verdict(
        areas=areas,
        findings=[(colour, _finding(row, comparison)) for colour, row in bad],
        cautions=_cautions(comparison),
    )


def _area(rows: list[Row], second_run: bool, warned: bool) -> tuple[str, str]:
    colours = [light(r) for r in rows]
    known = [c for c in colours if c != "grey"]
    worst = max(known, key=LIGHTS.index, default="grey")
    standard = "a second MD run would" if second_run else "the errors of the MD allow one to say"
    sentence = {
        "green": f"can be trusted: everything agrees as well as {standard}",
        "amber": "use with care: some figures are further off than they need to be",
        "red": "do not rely on all of it: see the findings",
        "grey": "cannot be judged from these data",
    }[worst]
    good = f"({colours.count('green')} of {len(rows)} green)"
    if worst == "green" and warned:
        return "amber", f"use with care: a diagnostic of the network has failed, see below {good}."
    return worst, f"{sentence} {good}."


def _finding(row: Row, comparison: Comparison) -> str:
    q = row.quantity
    against = ""
    if row.ratio is not None and math.isfinite(row.ratio.value):
        against = f", {number(float(row.ratio.value), 2)} times as far as a second MD run"
    if q.key.startswith("t_"):
        return _timescale_finding(row, against)
    if q.divergence:
        if not math.isfinite(row.distance.value):
            return f"{q.label}: the LSS gives nothing to compare. {_remedy(row)}"
        size, chance = estimate(row.distance, q.unit), ""
        if row.ratio is None and by_chance(row) > 0:
            chance = f" ({number(by_chance(row), 2)} of it by chance, since frames are few)"
        return f"{q.label}: {size}{chance}{against}. {_remedy(row)}"
    return (
        f"{q.label}: MD {estimate(row.md, q.unit)}, LSS {estimate(row.lss, q.unit, row.md)}"
        f"{against}. {_remedy(row)}"
    )


def _timescale_finding(row: Row, against: str) -> str:
    mode = int(row.quantity.key.split("_")[1])
    md, lss = float(row.md.value), float(row.lss.value)
    if not (md > 0 and lss > 0):
        return f"The {ordinal(mode)} timescale cannot be measured in the LSS. {_remedy(row)}"
    change = 100 * (lss / md - 1)
    return (
        f"The propagator's {ordinal(mode)} timescale is {abs(change):.0f} % too "
        f"{'long' if change > 0 else 'short'} (MD {estimate(row.md, 'ps')}, LSS "
        f"{estimate(row.lss, 'ps', row.md)}{against}). {_remedy(row)}"
    )


def _remedy(row: Row) -> str:
    if row.quantity.group == "latent":
        return "Train the propagator longer, or with more components."
    if row.quantity.area == "local structure":
        return "Train the decoder longer."
    return (
        "Train the decoder longer; if the free energies are off as well, train the "
        "propagator first."
    )


def _cautions(comparison: Comparison) -> list[str]:
    found = []
    seen = comparison.md.crossings
    if seen < FEW_CROSSINGS:
        found.append(
            f"The MD crosses between the cores of psi_1 only {seen:.0f} times: its own rates "
            "and slowest timescale are poorly known. More MD helps more than more training."
        )
    slowest = float(comparison.row("t_1_ps").md.value)
    for ensemble in (comparison.md, comparison.lss, comparison.heldout):
        if ensemble is None:
            continue
        block = ensemble.n_frames * ensemble.frame_ps / ensemble.latent.n_blocks
        if block < BLOCK_TIMESCALES * slowest:
            found.append(
                f"{ensemble.name}: a block holds {duration(block)}, less than "
                f"{BLOCK_TIMESCALES} slowest timescales; its error bars are too small."
            )
    return _run_cautions(comparison) + found + _bin_cautions(comparison)


def _run_cautions(comparison: Comparison) -> list[str]:
    """Modes that are not as slow in the held-out MD as in the training MD.

    Where the two MD runs contradict one another, the LSS is as good as a second run if it repeats
    what is peculiar to the first: the ratio does not tell.
    """
    if comparison.heldout is None:
        return []
    found = []
    for i in range(1, comparison.n_modes + 1):
        row = comparison.row(f"t_{i}_ps")
        md, held = float(row.md.value), float(row.heldout.value)
        if not md > 0:
            continue
        own = f"The {ordinal(i)} timescale is {estimate(row.md, 'ps')} in the training MD"
        if not held > 0:
            other = "and cannot be measured in the held-out MD"
        else:
            error = math.hypot(row.md.standard_error / md, row.heldout.standard_error / held)
            # An unknown error (nan) says nothing.
            if not abs(math.log(md / held)) > RUNS_APART * error:
                continue
            held_out = estimate(row.heldout, "ps", row.md)
            other = f"and {held_out} in the held-out MD, further apart than their errors"
        found.append(
            f"{own} {other}: psi_{i} may be peculiar to the training MD, and a ratio near 1 does "
            "not make it right. Give more MD, or train the encoder for fewer modes or steps."
        )
    return found


def _bin_cautions(comparison: Comparison) -> list[str]:
    found = []
    md = comparison.curves.profiles["MD"]
    for name, profiles in comparison.curves.profiles.items():
        empty, outside = [], []
        for i, (p, q) in enumerate(zip(profiles, md, strict=True), start=1):
            missing = (p.population == 0) & (q.population > 0)
            if missing.any():
                share = number(100 * q.population[missing].sum(), 2)
                empty.append(
                    f"{missing.sum()} of psi_{i} (where the MD has {share} % of its frames)"
                )
            if p.outside > OUTSIDE_SHARE:
                outside.append(f"{number(100 * p.outside, 2)} % on psi_{i}")
        if empty:
            found.append(f"{name} leaves bins empty that the MD fills: {', '.join(empty)}.")
        if outside:
            found.append(f"{name} has frames outside the MD's range: {', '.join(outside)}.")
    return found
