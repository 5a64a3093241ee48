"""The plates of the columns of a time series: whole figures with captions and numbers."""

from __future__ import annotations

import numpy as np

from lss.report import column_figures as draw
from lss.report.figures import estimate_columns, row_of_panels
from lss.report.validation import Comparison

#: Columns drawn, and drawn in pieces of the series; the numbers of the others are in report.json.
DRAWN, DRAWN_STRETCHES = 12, 6


def _drawn(c: Comparison, most: int = DRAWN) -> range:
    return range(min(len(c.columns.columns), most))


def _left_out(c: Comparison, most: int = DRAWN) -> str:
    n = len(c.columns.columns)
    return f" The first {most} of {n} columns." if n > most else ""


def _panels(c: Comparison, draw_column):
    """A figure with a panel for each column, of which the first has the legend."""
    figure, axes = row_of_panels(len(_drawn(c)))
    for k, ax in zip(_drawn(c), axes, strict=True):
        draw_column(ax, c.columns, k)
    axes[0].legend(fontsize=7)
    return figure


def _stretch(c: Comparison):
    if c.columns is None:
        return None
    drawn = _drawn(c, DRAWN_STRETCHES)
    figure = draw.new_stretch_figure(len(drawn))
    columns = draw.draw_stretches(figure, c.columns, drawn, c.words.data)
    caption = (
        f"The beginning of the longest series of the {c.words.data} and of the LSS, one lag "
        "between the points. They are not meant to agree point by point."
        f"{_left_out(c, DRAWN_STRETCHES)}"
    )
    return "stretch", caption, figure, columns


def _marginals(c: Comparison):
    if c.columns is None:
        return None
    figure = _panels(c, draw.draw_marginal)
    shown = 100 * min(1 - outside for d in c.columns.marginals for outside in d.outside.values())
    caption = (
        f"Distribution of each column. The panels show {shown:.1f} % of the frames or more; the "
        f"rest lies beyond.{_left_out(c)}"
    )
    return "marginals", caption, figure, draw.marginal_columns(c.columns)


def _exceedance(c: Comparison):
    if c.columns is None:
        return None
    figure = _panels(c, draw.draw_survival)
    caption = (
        "Share of the frames above a value, on a logarithmic scale. Dashed: the 90, 95 and 99 % "
        f"quantiles of the {c.words.data}.{_left_out(c)}"
    )
    return "exceedance", caption, figure, draw.survival_columns(c.columns)


def _joint(c: Comparison):
    if c.columns is None or not len(c.columns.pairs):
        return None
    names = list(c.columns.joint)
    figure, axes = row_of_panels(len(c.columns.pairs) * len(names), columns=len(names))
    draw.draw_maps(figure, axes.reshape(-1, len(names)), c.columns)
    caption = (
        "Joint distributions of the columns that change most slowly, as -ln of the density; white: "
        "no frame."
    )
    return "joint", caption, figure, draw.map_columns(c.columns)


def _correlation(c: Comparison):
    if c.columns is None:
        return None
    figure, names = _panels(c, draw.draw_correlation), c.columns.columns.names
    index = {f"autocorrelation of {name}": (slice(None), k) for k, name in enumerate(names)}
    columns = estimate_columns(c.columns.times_ps, c.columns.correlation, index, "dimensionless")
    caption = f"Autocorrelation of each column; bands: one block standard error.{_left_out(c)}"
    return "column_correlation", caption, figure, columns


def _spectra(c: Comparison):
    if c.columns is None or not len(c.columns.frequencies_per_ps):
        return None
    figure = _panels(c, draw.draw_spectrum)
    caption = (
        "Power spectrum of each column, looked at once every lag, in units of the variance of the "
        f"{c.words.data}: the mean over all frequencies is 1, of white noise each value. Means "
        "over windows (Hann, half overlapping) and over ranges of frequencies; bands: one block "
        f"standard error.{_left_out(c)}"
    )
    return "spectra", caption, figure, draw.spectrum_columns(c.columns)


def _stays(c: Comparison):
    if c.columns is None or not np.isfinite(c.columns.thresholds).any():
        return None
    figure = _panels(c, draw.draw_stays)
    caption = (
        "Mean length of the stays above (triangles up) and below (triangles down) quantiles of "
        f"the {c.words.data}, looked at once every lag; bars: one block standard error. Stays that "
        f"the end of a series cuts count with their frames and without an end.{_left_out(c)}"
    )
    return "stays", caption, figure, draw.stay_columns(c.columns)


COLUMN_PLATES = (_stretch, _marginals, _exceedance, _joint, _correlation, _spectra, _stays)
