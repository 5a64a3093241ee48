"""Figures of the report: each draws on given axes, from numbers that can be saved as well."""

from __future__ import annotations

import csv
import math
import textwrap
from pathlib import Path

import numpy as np

from lss.analysis.blocks import Estimate
from lss.analysis.curves import Curves, Density
from lss.report.wording import time_unit

#: One colour for each ensemble, told apart by colour-blind readers too.
COLOURS = {"MD": "#222222", "LSS": "#d55e00", "held-out MD": "#0072b2"}
COLOURS |= {"data": COLOURS["MD"], "held-out data": COLOURS["held-out MD"]}
#: Letters of the note in an inch.
NOTE_WIDTH = 17
#: Above this free energy a map is not coloured, kT.
MAP_TOP_KT = 8.0


def new_figure(width: float, height: float):
    """An empty figure (no global state, any backend); size in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def row_of_panels(n: int, height: float = 2.6, columns: int = 3):
    """A figure of n panels, so many in a row, of a height in inches; and its axes."""
    columns = min(n, columns)
    rows = -(-n // columns)
    figure = new_figure(3.0 * columns, height * rows)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in axes[n:]:
        ax.set_visible(False)
    return figure, axes[:n]


def save(figure, folder: Path, name: str, columns: dict, note: str | None = None) -> Path:
    """Write a figure as PNG and PDF and its numbers as CSV.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What to save.
    folder : Path
        Where; must exist.
    name : str
        File name without suffix.
    columns : dict of str to array-like, shape (n,)
        Numbers behind the figure; the heading names the unit.
    note : str, optional
        Printed under the figure.

    Returns
    -------
    Path
        Of the PNG.
    """
    if note:
        wrapped = textwrap.fill(note, int(NOTE_WIDTH * figure.get_figwidth()))
        figure.supxlabel(wrapped, fontsize=7, x=0.01, ha="left", parse_math=False)
    path = folder / f"{name}.png"
    figure.savefig(path, dpi=130)
    figure.savefig(path.with_suffix(".pdf"))
    _write_csv(path.with_suffix(".csv"), columns)
    return path


def _write_csv(path: Path, columns: dict) -> None:
    longest = max((len(c) for c in columns.values()), default=0)
    with path.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(columns)
        for k in range(longest):
            writer.writerow([_cell(c[k]) if k < len(c) else "" for c in columns.values()])


def _cell(x) -> str:
    if isinstance(x, str):
        return x
    return f"{float(x):.8g}" if math.isfinite(x) else ""


def draw_profiles(ax, curves: Curves, mode: int):
    """F(psi_i) of every ensemble, aligned with the training MD, bands of one standard error."""
    for name, profiles in curves.profiles.items():
        p = profiles[mode]
        energy, error = aligned(curves, name, mode), p.standard_error_kT
        ax.plot(p.centres, energy, color=COLOURS[name], label=name, lw=1.3)
        _band(ax, p.centres, energy, error, name)
        if name == "LSS" and curves.profile_data_kT:
            _band(ax, p.centres, energy, np.hypot(error, curves.profile_data_kT[mode]), name)
    ax.set_xlabel(rf"$\psi_{mode + 1}$ (dimensionless)")
    ax.set_ylabel("F (kT)")
    return ax


def _band(ax, x: np.ndarray, y: np.ndarray, error: np.ndarray, name: str):
    """Shade one standard error on both sides of a line."""
    ax.fill_between(x, y - error, y + error, color=COLOURS[name], alpha=0.25, lw=0)


def aligned(curves: Curves, name: str, mode: int) -> np.ndarray:
    """F(psi_i) of one ensemble in kT, aligned with the training MD, whose minimum is 0."""
    bottom = np.nanmin(curves.profiles[curves.training][mode].free_energy_kT)
    shift = curves.alignment_kT[name][mode] - bottom
    return curves.profiles[name][mode].free_energy_kT + shift


def draw_cores(ax, cores, names: tuple[str, str, str]):
    """Shade the two cores on a profile of their coordinate."""
    low, high = ax.get_xlim()
    ax.axvspan(low, cores.low, color="0.9", zorder=0)
    ax.axvspan(cores.high, high, color="0.9", zorder=0)
    ax.set_xlim(low, high)
    for x, name in (((low + cores.low) / 2, names[0]), ((cores.high + high) / 2, names[2])):
        ax.annotate(name, (x, 0.98), xycoords=("data", "axes fraction"), ha="center", va="top",
                    fontsize=7)  # fmt: skip
    return ax


def profile_columns(curves: Curves) -> dict:
    """Numbers of all profiles, as they are drawn."""
    columns = {}
    for name, profiles in curves.profiles.items():
        for i, p in enumerate(profiles):
            columns[f"psi_{i + 1} (dimensionless)"] = p.centres
            columns[f"F(psi_{i + 1}) {name} (kT)"] = aligned(curves, name, i)
            columns[f"standard error of F(psi_{i + 1}) {name} (kT)"] = p.standard_error_kT
    for i, error in enumerate(curves.profile_data_kT):
        key = f"error of F(psi_{i + 1}) LSS that comes of the {curves.training} (kT)"
        columns[key] = error
    return columns


def draw_estimates(ax, times_ps: np.ndarray, named: dict[str, Estimate], index):
    """Estimates against time with bars of one standard error, one colour for each ensemble."""
    unit, length = time_unit(float(np.max(times_ps)))
    for name, estimate in named.items():
        one = estimate[index]
        ax.errorbar(times_ps / length, one.value, one.standard_error, color=COLOURS[name],
                    label=name, lw=1.2, marker="o", ms=3, capsize=2)  # fmt: skip
    ax.set_xlabel(f"t ({unit})")
    return ax


def estimate_columns(
    times_ps: np.ndarray, named: dict[str, Estimate], labels: dict, unit: str
) -> dict:
    """Numbers of estimates against time; ``labels`` maps a heading to an index."""
    columns = {"time (ps)": times_ps}
    for name, estimate in named.items():
        for label, index in labels.items():
            columns[f"{label} {name} ({unit})"] = estimate[index].value
            columns[f"standard error of {label} {name} ({unit})"] = estimate[index].standard_error
    return columns


def draw_timescales(ax, curves: Curves, mode: int):
    """Implied timescale against the lag, as far as the correlation stands out of its error."""
    times, (unit, length) = curves.times_ps, time_unit(float(np.max(curves.times_ps)))
    last = 1
    for name, estimate in curves.timescales_ps.items():
        one = estimate[:, mode]
        good = meaningful(curves.correlation[name][:, mode])
        last = max(last, good.sum())
        ax.errorbar(times[good] / length, one.value[good] / length,
                    one.standard_error[good] / length, color=COLOURS[name], label=name, lw=1.2,
                    marker="o", ms=3, capsize=2)  # fmt: skip
        if name == "LSS" and curves.timescale_data_ps is not None:
            error = np.hypot(one.standard_error, curves.timescale_data_ps[:, mode])[good]
            _band(ax, times[good] / length, one.value[good] / length, error / length, name)
    shown = np.concatenate([[0], times[:last]]) / length
    ax.fill_between(shown, 0, shown, color="0.85", lw=0, zorder=0)
    ax.set_xlabel(f"lag ({unit})")
    ax.set_ylabel(rf"$t_{mode + 1}$ ({unit})")
    ax.set_ylim(bottom=0)
    return ax


def meaningful(correlation: Estimate) -> np.ndarray:
    """The lags before C(t) first falls under 0.05 or three of its standard errors."""
    with np.errstate(invalid="ignore"):
        good = correlation.value > np.fmax(3 * correlation.standard_error, 0.05)
    return np.logical_and.accumulate(good & (correlation.value < 1))


def draw_map(ax, edges: np.ndarray, population: np.ndarray, limits: tuple[float, float]):
    """Free energy over the two leading TICA coordinates of the MD; returns the image too."""
    area = np.outer(np.diff(edges[0]), np.diff(edges[1]))
    with np.errstate(divide="ignore"):
        energy = -np.log(population / area)
    energy = np.ma.masked_invalid(np.where(population > 0, energy, np.nan))
    image = ax.pcolormesh(edges[0], edges[1], energy.T, vmin=limits[0], vmax=limits[1],
                          cmap="viridis", rasterized=True)  # fmt: skip
    ax.set_xlabel("TIC 1 (dimensionless)")
    ax.set_ylabel("TIC 2 (dimensionless)")
    return ax, image


def map_limits(curves: Curves) -> tuple[float, float]:
    """Common colour limits of the maps: from the MD's minimum, kT."""
    area = np.outer(np.diff(curves.tica_edges[0]), np.diff(curves.tica_edges[1]))
    low = -math.log((curves.tica_populations["MD"] / area).max())
    return low, low + MAP_TOP_KT


def map_columns(curves: Curves) -> dict:
    """Numbers of the maps, one row for each cell."""
    x, y = ((e[1:] + e[:-1]) / 2 for e in curves.tica_edges)
    columns = {
        "TIC 1 (dimensionless)": np.repeat(x, len(y)),
        "TIC 2 (dimensionless)": np.tile(y, len(x)),
    }
    for name, population in curves.tica_populations.items():
        columns[f"population {name} (share of frames)"] = population.ravel()
    return columns


def draw_density(ax, density: Density, label: str):
    """Probability density of one quantity in each ensemble."""
    for name, values in density.densities.items():
        ax.stairs(values, density.edges, color=COLOURS[name], label=name, lw=1.3)
    ax.set_xlabel(f"{label} (nm)")
    ax.set_ylabel("probability density (1/nm)")
    return ax


def density_columns(densities: dict[str, Density]) -> dict:
    """Numbers of the densities."""
    columns = {}
    for key, density in densities.items():
        quantity = key.removesuffix("_nm")
        columns[f"{quantity} bin centre (nm)"] = (density.edges[1:] + density.edges[:-1]) / 2
        for name, values in density.densities.items():
            columns[f"density of {quantity} {name} (1/nm)"] = values
    return columns
