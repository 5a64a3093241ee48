"""What can be trusted and what not, in sentences for people."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lss.analysis.quantities import AREAS
from lss.analysis.rows import Row
from lss.report.cautions import FEW_CROSSINGS, cautions_of
from lss.report.lights import KNOWN_TO, LIGHTS, agreement, by_chance, judged, light
from lss.report.validation import Comparison
from lss.report.wording import estimate, number, ordinal

#: The networks on whose diagnostics an area rests.
DECIDES = {
    "free energies": ("SRV",),
    "kinetics": ("SRV", "MDN"),
    "global structure": ("cWGAN",),
    "marginals": ("cWGAN",),
    "joint distribution": ("cWGAN",),
}


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


def judge(comparison: Comparison, warned: dict[str, list[str]] | None = None) -> Verdict:
    """Lights and sentences for a comparison.

    Parameters
    ----------
    comparison : Comparison
    warned : dict of list of str, optional
        What the diagnostics of the networks found: what a network decides on is not green.
    """
    rows = [r for r in comparison.rows if judged(r)]
    areas = {}
    for area in AREAS:
        own = [r for r in rows if r.quantity.area == area]
        if own:
            faults = [f for name in DECIDES.get(area, ()) for f in (warned or {}).get(name, [])]
            areas[area] = _area(own, comparison, faults)
    bad = [(light(r), r) for r in rows if agreement(r) in ("amber", "red")]
    bad.sort(key=lambda pair: -LIGHTS.index(pair[0]))
    return Verdict(
        areas=areas,
        findings=[(colour, _finding(row, comparison)) for colour, row in bad],
        cautions=cautions_of(comparison),
    )


def _area(rows: list[Row], comparison: Comparison, faults: list[str]) -> tuple[str, str]:
    colours = [light(r) for r in rows]
    known = [c for c in map(agreement, rows) if c != "grey"]
    worst = max(known, key=LIGHTS.index, default="grey")
    second_run, w = comparison.heldout is not None, comparison.words
    one = (
        f"a second {w.run} would" if second_run else f"the errors of the {w.data} allow one to say"
    )
    sentence = {
        "green": f"can be trusted: everything agrees as well as {one}",
        "amber": "use with care: some figures are further off than they need to be",
        "red": "do not rely on all of it: see the findings",
        "grey": "cannot be judged from these data",
    }[worst]
    good = f"({colours.count('green')} of {len(rows)} green)"
    if worst == "green" and faults:
        first = faults[0].split(". ")[0].split(": ")[0]
        return "amber", f"use with care, although all agrees: {first} {good}."
    if worst == "green" and "amber" in colours:
        return "amber", f"{_hardly_known(rows, comparison)} {good}."
    return worst, f"{sentence} {good}."


def _hardly_known(rows: list[Row], comparison: Comparison) -> str:
    """That all agrees, and what the MD tells worst."""
    row = max((r for r in rows if r.known_to > KNOWN_TO), key=lambda r: r.known_to)
    seen = comparison.md.crossings
    if row.quantity.mode == 0 and seen < FEW_CROSSINGS:
        why = f"the {comparison.words.data} has crossed between the cores {seen:.0f} times"
    else:
        why = f"the {comparison.words.data} tells it badly"
    q = row.quantity
    figure = f"F(psi_{q.mode + 1})" if q.divergence else q.label
    return f"all agrees, but {why}: {figure} is known {known(row)} only"


def known(row: Row) -> str:
    """How well the MD tells a figure, in words: to a factor, or to so many per cent or kT."""
    if not math.isfinite(row.known_to):
        return "not at all"
    if row.quantity.log:
        return f"to a factor of {number(math.exp(1.96 * row.known_to), 2)}"
    if row.quantity.unit == "kT":
        return f"to {number(row.known_to, 2)} kT"
    return f"to {100 * row.known_to:.0f} %"


def _finding(row: Row, comparison: Comparison) -> str:
    q, w = row.quantity, comparison.words
    against = ""
    if row.ratio is not None and math.isfinite(row.ratio.value):
        against = f", {number(float(row.ratio.value), 2)} times as far as a second {w.run}"
    if q.group == "latent" and q.key.startswith("t_"):
        return _timescale_finding(row, against, w.data)
    if q.divergence:
        if not math.isfinite(row.distance.value):
            return f"{q.label}: the LSS gives nothing to compare. {_remedy(row)}"
        size, chance = estimate(row.distance, q.unit), ""
        if row.ratio is None and by_chance(row) > 0:
            chance = f" ({number(by_chance(row), 2)} of it by chance, since frames are few)"
        return f"{q.label}: {size}{chance}{against}. {_remedy(row)}"
    return (
        f"{q.label}: {w.data} {estimate(row.md, q.unit)}, LSS "
        f"{estimate(row.lss, q.unit, row.md)}"
        f"{against}. {_remedy(row)}"
    )


def _timescale_finding(row: Row, against: str, data: str) -> str:
    mode = int(row.quantity.key.split("_")[1])
    md, lss = float(row.md.value), float(row.lss.value)
    if not (md > 0 and lss > 0):
        return f"The {ordinal(mode)} timescale cannot be measured in the LSS. {_remedy(row)}"
    change = 100 * (lss / md - 1)
    return (
        f"The propagator's {ordinal(mode)} timescale is {abs(change):.0f} % too "
        f"{'long' if change > 0 else 'short'} ({data} {estimate(row.md, 'ps')}, LSS "
        f"{estimate(row.lss, 'ps', row.md)}{against}). {_remedy(row)}"
    )


def _remedy(row: Row) -> str:
    if row.quantity.group == "latent":
        return "Train the propagator longer, or with more components."
    if row.quantity.area == "local structure":
        return "Train the decoder longer."
    if row.quantity.group == "columns" and row.quantity.area == "kinetics":
        return (
            "If the timescales of psi are off as well, train the propagator longer; if they agree, "
            "give the encoder more modes, since the decoder draws anew at each frame what psi does "
            "not tell."
        )
    return (
        "Train the decoder longer; if the free energies are off as well, train the "
        "propagator first."
    )
