"""Panels of the columns of a time series, from numbers that can be saved as well."""

from __future__ import annotations

import numpy as np

from lss.analysis.columns.curves import ColumnCurves
from lss.report.figures import COLOURS, MAP_TOP_KT, new_figure
from lss.report.wording import time_unit


def new_stretch_figure(n: int):
    """An empty figure for stretches of n columns; both ensembles are above one another."""
    return new_figure(9, 0.6 + 1.5 * n)


def draw_stretches(figure, curves: ColumnCurves, drawn, data: str) -> dict:
    """Pieces of the series of data and LSS side by side, with one scale for each column."""
    names = [data, "LSS"]
    axes = figure.subplots(len(drawn), 2, sharex=True, sharey="row", squeeze=False)
    unit, length = time_unit(float(max(curves.stretches[name][0][-1] for name in names)))
    columns = {}
    for j, name in enumerate(names):
        times, values = curves.stretches[name]
        columns[f"time {name} (ps)"] = times
        for i, k in enumerate(drawn):
            axes[i, j].plot(times / length, values[:, k], color=COLOURS[name], lw=0.8)
            columns[f"{curves.columns.names[k]} {name} ({_unit(curves, k)})"] = values[:, k]
        axes[0, j].set_title(name, fontsize=9)
        axes[-1, j].set_xlabel(f"t ({unit})")
    for i, k in enumerate(drawn):
        unit = curves.columns.units[k]
        label = f"{title(curves, k)} ({unit})" if unit else title(curves, k)
        axes[i, 0].set_ylabel(label, fontsize=8)
    return columns


def _unit(curves: ColumnCurves, k: int) -> str:
    return curves.columns.units[k] or "dimensionless"


def _label(curves: ColumnCurves, k: int) -> str:
    """Name and unit for an axis; a name may hold what matplotlib takes for a formula."""
    return f"{curves.columns.names[k]} ({_unit(curves, k)})".replace("$", r"\$")


def title(curves: ColumnCurves, k: int) -> str:
    """Name of a column as it is."""
    return curves.columns.names[k].replace("$", r"\$")


def _visited(curves: ColumnCurves, k: int) -> tuple[float, float]:
    """Range of the bins of a column that any ensemble has visited."""
    marginal = curves.marginals[k]
    seen = np.flatnonzero(sum(marginal.densities.values()) > 0)
    return marginal.edges[seen[0]], marginal.edges[seen[-1] + 1]


def draw_marginal(ax, curves: ColumnCurves, k: int):
    """Probability density of one column in each ensemble."""
    marginal = curves.marginals[k]
    for name, values in marginal.densities.items():
        ax.stairs(values, marginal.edges, color=COLOURS[name], label=name, lw=1.2)
    ax.set_xlim(*_visited(curves, k))
    ax.set_xlabel(_label(curves, k))
    ax.set_ylabel(f"density ({_per(curves, k)})")
    return ax


def _per(curves: ColumnCurves, k: int) -> str:
    unit = curves.columns.units[k]
    return f"per {unit}".replace("$", r"\$") if unit else "dimensionless"


def marginal_columns(curves: ColumnCurves) -> dict:
    """Numbers of the marginals."""
    found = {}
    for k, marginal in enumerate(curves.marginals):
        name = curves.columns.names[k]
        centres = (marginal.edges[1:] + marginal.edges[:-1]) / 2
        found[f"{name}, bin centre ({_unit(curves, k)})"] = centres
        for ensemble, values in marginal.densities.items():
            found[f"density of {name} {ensemble} ({_per(curves, k)})"] = values
    return found


def draw_survival(ax, curves: ColumnCurves, k: int):
    """Share of frames above each value of a column."""
    edges, above = curves.survival[k]
    for name, share in above.items():
        ax.plot(edges, np.where(share > 0, share, np.nan), color=COLOURS[name], label=name, lw=1.2)
    for threshold in curves.thresholds[k]:
        if np.isfinite(threshold):
            ax.axvline(threshold, color="0.6", lw=0.7, ls="--", zorder=0)
    ax.set_yscale("log")
    ax.set_xlabel(_label(curves, k))
    ax.set_ylabel("share of frames above")
    return ax


def survival_columns(curves: ColumnCurves) -> dict:
    """Numbers of the shares above."""
    found = {}
    for k, (edges, above) in enumerate(curves.survival):
        name = curves.columns.names[k]
        found[f"{name} ({_unit(curves, k)})"] = edges
        for ensemble, share in above.items():
            found[f"share above of {name} {ensemble} (dimensionless)"] = share
    return found


def draw_maps(figure, axes, curves: ColumnCurves) -> None:
    """Joint densities: one row for each pair of columns, one column for each ensemble."""
    for p, (i, j) in enumerate(curves.pairs):
        x, y = curves.joint_edges[p]
        low = None
        for ax, (name, maps) in zip(axes[p], curves.joint.items(), strict=True):
            with np.errstate(divide="ignore"):
                energy = np.ma.masked_invalid(-np.log(maps[p]))
            low = float(energy.min()) if low is None else low
            image = ax.pcolormesh(x, y, energy.T - low, vmin=0, vmax=MAP_TOP_KT, cmap="viridis",
                                  rasterized=True)  # fmt: skip
            ax.set_xlim(*_visited(curves, i))
            ax.set_ylim(*_visited(curves, j))
            ax.set_xlabel(_label(curves, i))
            ax.set_ylabel(_label(curves, j))
            ax.set_title(name, fontsize=9)
        label = "-ln density"
        figure.colorbar(image, ax=list(axes[p]), label=label, extend="max")


def map_columns(curves: ColumnCurves) -> dict:
    """Numbers of the maps, one row for each cell."""
    found = {}
    for p, (i, j) in enumerate(curves.pairs):
        x, y = ((e[1:] + e[:-1]) / 2 for e in curves.joint_edges[p])
        names = curves.columns.names[i], curves.columns.names[j]
        pair = " and ".join(names)
        found[f"{names[0]}, of {pair} ({_unit(curves, i)})"] = np.repeat(x, len(y))
        found[f"{names[1]}, of {pair} ({_unit(curves, j)})"] = np.tile(y, len(x))
        for ensemble, maps in curves.joint.items():
            found[f"population of {pair} {ensemble} (share of frames)"] = maps[p].ravel()
    return found


def draw_correlation(ax, curves: ColumnCurves, k: int):
    """Autocorrelation of a column, with bands of one standard error."""
    unit, length = time_unit(float(np.max(curves.times_ps)))
    for name, estimate in curves.correlation.items():
        _band(ax, curves.times_ps / length, estimate[:, k], name)
    ax.axhline(0, color="0.7", lw=0.7, zorder=0)
    ax.set_title(title(curves, k), fontsize=9)
    ax.set(xlabel=f"t ({unit})", ylabel="autocorrelation")
    return ax


def _band(ax, x: np.ndarray, one, name: str) -> None:
    ax.plot(x, one.value, color=COLOURS[name], label=name, lw=1.2)
    ax.fill_between(x, one.value - one.standard_error, one.value + one.standard_error,
                    color=COLOURS[name], alpha=0.25, lw=0)  # fmt: skip


def draw_spectrum(ax, curves: ColumnCurves, k: int):
    """Power in bands of frequencies, on logarithmic axes."""
    frequency = curves.frequencies_per_ps
    unit, length = time_unit(1 / float(np.sqrt(frequency[0] * frequency[-1])))
    for name, estimate in curves.power.items():
        _band(ax, frequency * length, estimate[:, k], name)
    ax.set(xscale="log", yscale="log", xlabel=f"frequency (1/{unit})", ylabel="power (relative)")
    # Less than a decade has too many ticks for their numbers.
    ax.xaxis.set_minor_formatter("")
    ax.set_title(title(curves, k), fontsize=9)
    return ax


def spectrum_columns(curves: ColumnCurves) -> dict:
    """Numbers of the spectra."""
    found = {"frequency (1/ps)": curves.frequencies_per_ps}
    for ensemble, estimate in curves.power.items():
        for k, name in enumerate(curves.columns.names):
            found[f"power of {name} {ensemble} (variance of the data)"] = estimate[:, k].value
            key = f"standard error of power of {name} {ensemble} (variance of the data)"
            found[key] = estimate[:, k].standard_error
    return found


def draw_stays(ax, curves: ColumnCurves, k: int):
    """Mean stays above and below the quantiles."""
    used = np.flatnonzero(np.isfinite(curves.thresholds[k]))
    longest = [np.nanmax(e.value[k], initial=0) for e in curves.dwell_ps.values()]
    unit, length = time_unit(float(max(longest)))
    for n, (name, estimate) in enumerate(curves.dwell_ps.items()):
        for side, marker in ((1, "^"), (0, "v")):
            one = estimate[k, used, side]
            ax.errorbar(used + 0.12 * (n - 1), one.value / length, one.standard_error / length,
                        color=COLOURS[name], marker=marker, ms=4, lw=0, elinewidth=1, capsize=2,
                        label=name if side else None)  # fmt: skip
    ax.set_xticks(used, [f"{100 * curves.quantiles[i]:g} %" for i in used])
    ax.set(yscale="log", xlabel="quantile", ylabel=f"mean stay ({unit})")
    ax.set_title(title(curves, k), fontsize=9)
    return ax


def stay_columns(curves: ColumnCurves) -> dict:
    """Numbers of the stays."""
    found = {"quantile (share)": curves.quantiles}
    for k, name in enumerate(curves.columns.names):
        found[f"threshold of {name} ({_unit(curves, k)})"] = curves.thresholds[k]
        for ensemble, estimate in curves.dwell_ps.items():
            for side, word in ((1, "above"), (0, "below")):
                one = estimate[k, :, side]
                found[f"mean stay {word}, {name} {ensemble} (ps)"] = one.value
                key = f"standard error of mean stay {word}, {name} {ensemble} (ps)"
                found[key] = one.standard_error
    return found
