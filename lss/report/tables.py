"""The tables of the report, as rows of text and as plain text for the terminal."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lss.analysis.blocks import jackknife
from lss.analysis.quantities import AREAS
from lss.analysis.rows import Row
from lss.report.lights import (
    DISTANCE_LIMITS,
    RATIO_LIMITS,
    RELATIVE_LIMITS,
    by_chance,
    judged,
    light,
)
from lss.report.validation import Comparison
from lss.report.wording import NOTHING, duration, estimate, number, two_errors

#: Columns whose mean and standard deviation are among the main figures.
MAIN_COLUMNS = 6


@dataclass(frozen=True)
class Table:
    """A table of text.

    Parameters
    ----------
    caption : str
        What it shows and what the errors are.
    head : list of str
        Column headings.
    body : list of list of str
        Rows.
    lights : list of str
        A light for each row, or empty.
    """

    caption: str
    head: list[str]
    body: list[list[str]]
    lights: list[str]

    def text(self) -> str:
        """Aligned plain text."""
        rows = [self.head, *self.body]
        widths = [max(len(r[k]) for r in rows) for k in range(len(self.head))]
        lines = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) for r in rows]
        return "\n".join(line.rstrip() for line in [lines[0], "-" * len(lines[0]), *lines[1:]])


def errors_note(comparison: Comparison) -> str:
    """How the errors were made, in words."""
    ensembles = [e for e in (comparison.md, comparison.lss, comparison.heldout) if e is not None]
    blocks = "; ".join(f"{e.name}: {e.blocks}" for e in ensembles)
    method = f"one block standard error (jackknife over blocks; {blocks})"
    n = len(comparison.lss.replicas)
    if n:
        method += (
            f"; that of the LSS holds what its {comparison.words.data} leaves open as well (data: "
            f"the spread of {n} "
            "propagators trained on bootstrap samples of the trajectories)"
        )
    return f"± {method}; ?: too few events to tell"


def _summary_keys(comparison: Comparison) -> list[str]:
    modes = range(1, comparison.n_modes + 1)
    keys = [f"t_{i}_ps" for i in modes]
    keys += [f"free_energy_rmse_psi_{i}_kT" for i in modes]
    keys += ["transitions_per_ps"]
    have = [r.quantity.key for r in comparison.rows]
    structure = ["rg_mean_nm", "rg_sd_nm", "ca_bond_mean_nm", "ca_bond_sd_nm"]
    turning = [f"{what}_{i}_ps" for i in modes for what in ("decay", "period")]
    of_columns = [r.quantity.key for r in comparison.rows if r.quantity.group == "columns"]
    means = [k for k in of_columns if k.startswith(("mean_of_", "sd_of_"))]
    named = [k for k in have if k.startswith(("population_of_", "time_from_"))]
    return keys + named + [k for k in turning + structure if k in have] + means[: 2 * MAIN_COLUMNS]


def summary(comparison: Comparison) -> Table:
    """Table 1 of the paper: the main figures of MD and LSS, with errors."""
    second = comparison.heldout is not None
    body = []
    for key in _summary_keys(comparison):
        row = comparison.row(key)
        cells = [_label(row, comparison), *_md_lss(row, comparison)]
        if second:
            cells += [estimate(row.heldout, row.quantity.unit, row.md), _ratio(row)]
        body.append(cells)
    w = comparison.words
    head = ["", w.data, "LSS"] + ([w.held_out, "ratio"] if second else [])
    caption = (
        f"{errors_note(comparison)}; in the row of a free-energy RMSE the column {w.data} says how "
        "large it would be from these errors alone"
    )
    return Table(caption, head, body, [])


def _label(row: Row, comparison: Comparison) -> str:
    if row.quantity.key != "transitions_per_ps":
        return row.quantity.label
    a, _, b = comparison.core_names
    return "folding and unfolding transitions" if "folded" in (a, b) else row.quantity.label


def _md_lss(row: Row, comparison: Comparison) -> list[str]:
    q = row.quantity
    if q.key == "transitions_per_ps":
        return [
            f"{text} ({ensemble.crossings:.0f} seen)"
            for text, ensemble in (
                (estimate(row.md, q.unit), comparison.md),
                (lss_value(row), comparison.lss),
            )
        ]
    if not q.divergence:
        return [estimate(row.md, q.unit), lss_value(row)]
    if q.key.startswith("free_energy_rmse_psi_"):
        noise = comparison.curves.noise_kT[int(q.key.split("_")[4]) - 1]
        expected = NOTHING if math.isnan(noise) else f"({number(noise, 2)} kT from errors alone)"
        return [expected, estimate(row.distance, q.unit)]
    return [NOTHING, estimate(row.distance, q.unit)]


def lss_value(row: Row) -> str:
    """The value of the LSS: its error is that of sampling, and of data where there are replicas."""
    q, text = row.quantity, estimate(row.lss_with_data, row.quantity.unit, row.md)
    if row.lss is None or not math.isfinite(row.data_error):
        return text
    data = row.data_error * (abs(float(row.lss.value)) if q.log else 1.0)
    return f"{text} ({two_errors(row.lss, data, q.unit, row.md)})"


def summary_table(comparison: Comparison) -> str:
    """The main figures as plain text for the terminal."""
    table = summary(comparison)
    return f"{table.text()}\n{table.caption}"


def all_figures(comparison: Comparison) -> Table:
    """Every quantity: values, distances, and ratios where there is a second run."""
    second, w = comparison.heldout is not None, comparison.words
    head = ["", w.data, "LSS", f"LSS to {w.data}"]
    if second:
        head = ["", w.data, "LSS", w.held_out, f"{w.data} to held-out", "LSS to held-out", "ratio"]
    body, lights = [], []
    for area in AREAS:
        for row in comparison.rows:
            if row.quantity.area != area:
                continue
            q = row.quantity
            cells = [q.label, estimate(row.md, q.unit), lss_value(row)]
            if second:
                cells += [estimate(row.heldout, q.unit, row.md), _distance(row.limit, row),
                          _distance(row.model, row), _ratio(row)]  # fmt: skip
            else:
                cells += [_distance(float(row.distance.value), row)]
                if q.divergence and by_chance(row) > 0:
                    cells[-1] += f" ({number(by_chance(row), 2)} by chance)"
            body.append(cells)
            lights.append(light(row) if judged(row) else "")
    caption = (
        f"{errors_note(comparison)}. Distances of times and rates are differences of natural "
        f"logarithms; JSD: Jensen-Shannon divergence in bits; {w.figures}a bin that the LSS never "
        "visits counts as half a frame in a free-energy RMSE; by chance: what the finite number of "
        "frames adds to a distance (jackknife)."
    )
    return Table(caption, head, body, lights)


def _distance(value: float | None, row: Row) -> str:
    if value is None:
        return NOTHING
    unit = "" if row.quantity.log else row.quantity.unit
    return f"{number(value, 2)} {unit}".rstrip() if number(value) != NOTHING else NOTHING


def ratios(comparison: Comparison) -> Table:
    """The ratio of each judged quantity to a second MD run, worst first in each area."""
    body, lights, w, more = [], [], comparison.words, []
    for area in AREAS:
        rows = [r for r in comparison.rows if r.quantity.area == area and judged(r)]
        shown = sorted(rows, key=lambda r: -_sortable(r))[: w.most_ratios]
        if len(shown) < len(rows):
            more.append(f"{len(rows) - len(shown)} more of {area}")
        for row in shown:
            body.append([area, row.quantity.label, _distance(row.limit, row),
                         _distance(row.model, row), _ratio(row)])  # fmt: skip
            lights.append(light(row))
    green, amber = RATIO_LIMITS
    negligible = ", ".join(f"{DISTANCE_LIMITS[unit][0]} {unit}" for unit in w.negligible)
    caption = (
        f"Ratio: distance of LSS to {w.held_out} over that of training {w.data} to {w.held_out}; 1 "
        f"is the statistical limit. For values whose two {w.run}s happen to agree, the standard "
        f"error of their difference stands in its place. Green up to {green:g}, amber up to "
        f"{amber:g} and where the distance itself is negligible ({negligible}, "
        f"{100 * RELATIVE_LIMITS[0]:g} % of a time, {DISTANCE_LIMITS[''][0]} of a share), or where "
        f"a time or rate is far from that of the training {w.data}. Distances of times and rates "
        f"are differences of natural logarithms.{w.ratios}"
    )
    if more:
        caption += f" These are the worst; {', '.join(more)} are among all numbers."
    return Table(caption, ["area", "quantity", f"{w.data} to held-out", "LSS to held-out", "ratio"],
                 body, lights)  # fmt: skip


def _ratio(row: Row) -> str:
    return NOTHING if row.ratio is None else estimate(row.ratio, "")


def _sortable(row: Row) -> float:
    known = row.ratio is not None and math.isfinite(row.ratio.value)
    return float(row.ratio.value) if known else -1.0


def ensembles(comparison: Comparison) -> Table:
    """How much data there was."""
    body = []
    for e in (comparison.md, comparison.lss, comparison.heldout):
        if e is None:
            continue
        decoded = NOTHING if e.structure is None else f"{e.structure.sizes.sum():.0f}"
        body.append([e.name, str(e.n_trajectories), str(e.n_frames), duration(e.frame_ps),
                     duration(e.n_frames * e.frame_ps), decoded,
                     f"{e.crossings:.0f}", e.blocks])  # fmt: skip
    measured = f"{comparison.words.thing} measured"
    head = ["", "trajectories", "frames", "frame spacing", "total time", measured,
            "core-to-core transitions", "blocks for errors"]  # fmt: skip
    caption = (
        "A transition goes from one core of psi_1 to the other; both ways are counted, at the time "
        "resolution of the lag."
    )
    return Table(caption, head, body, [])


def region_rmsd(comparison: Comparison) -> Table:
    """Mean RMSD between structures of the same region, within and between the ensembles."""
    found = comparison.gallery.pairwise_rmsd_nm
    body = [
        [name, *(number(x) for x in pairs.values())]
        for name, pairs in zip(comparison.core_names, found, strict=True)
    ]
    head = ["region of psi_1", *(f"{pair} (nm)" for pair in found[0])]
    caption = (
        "Mean RMSD of pairs of structures of one region, up to a hundred of each ensemble. Equal "
        "columns: the LSS structures lie among the MD's and are as varied."
    )
    return Table(caption, head, body, [])


def regions(comparison: Comparison) -> Table:
    """Population, RMSD to the reference and Rg in each region of psi_1."""
    body = []
    for k, name in enumerate(comparison.core_names):
        cells = [name]
        for statistic, unit in (
            (lambda s, k=k: s["basin_frames"][k] / s["basin_frames"].sum(), ""),
            (lambda s, k=k: _region_mean(s, k, 1), "nm"),
            (lambda s, k=k: _region_mean(s, k, 0), "nm"),
        ):
            for e in (comparison.md, comparison.lss):
                cells.append(estimate(jackknife(statistic, e.structure), unit))
        body.append(cells)
    columns = ("population", "RMSD to the reference", "Rg")
    head = ["region of psi_1", *(f"{what}, {e}" for what in columns for e in ("MD", "LSS"))]
    caption = (
        "Means over the structures of each region. The reference is the structure in the topology "
        f"file, or else the first frame of the MD. Errors: {errors_note(comparison)}."
    )
    return Table(caption, head, body, [])


def _region_mean(s: dict, region: int, quantity: int) -> float:
    """Mean of Rg (0) or RMSD (1) in a region; nan where there is no frame."""
    frames = s["basin_frames"][region]
    return float(s["basin_moments"][region, quantity, 0] / frames) if frames > 0 else math.nan
