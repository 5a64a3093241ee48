"""The scan of lag times as a figure: implied timescales against the lag."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lss.report.figures import new_figure, save
from lss.report.plates import Plate
from lss.report.wording import time_unit


@dataclass(frozen=True)
class Choice:
    """How the lag and the number of modes of a run were chosen.

    Parameters
    ----------
    scan : srv.lagtime.LagScan or None
        Timescales against lag, in frames; None where the lag was given.
    spacing_ps : float
        Time between frames, **ps**.
    reasons : list of str
        Of what was chosen.
    """

    scan: object
    spacing_ps: float
    reasons: list[str]


def make_plate(choice: Choice, folder: Path, note: str | None) -> Plate:
    """Draw and save the scan among the figures of the report."""
    figure, columns = (f(choice.scan, choice.spacing_ps) for f in (make_figure, scan_columns))
    caption = (
        "Implied timescales of encoders trained at several lag times; bands: 68 % interval of the "
        "bootstrap over trajectories, or blocks of few. Grey: faster than the lag."
    )
    return Plate("lags", caption, save(figure, folder, "lags", columns, note))


def make_figure(scan, spacing_ps):
    """The figure of a `srv.lagtime.LagScan`; frames are `spacing_ps` apart."""
    figure = new_figure(5, 4)
    draw_scan(figure.subplots(), scan, spacing_ps)
    return figure


def draw_scan(ax, scan, spacing_ps):
    """Draw implied timescales against lag time on logarithmic axes; return `ax`."""
    unit, length = time_unit(scan.lags.max() * spacing_ps)
    frame = spacing_ps / length
    lags = scan.lags * frame
    for i in range(scan.timescales.shape[1]):
        line = ax.plot(lags, scan.timescales[:, i] * frame, "o-", label=f"$t_{{{i + 1}}}$")[0]
        ax.fill_between(
            lags,
            scan.low[:, i] * frame,
            scan.high[:, i] * frame,
            alpha=0.2,
            color=line.get_color(),
            lw=0,
        )
    # A process faster than the lag time cannot be seen at it.
    ax.fill_between(lags, lags, lags.min() / 100, color="0.85", lw=0)
    ax.set(xscale="log", yscale="log")
    ax.set(xlabel=f"lag time ({unit})", ylabel=f"implied timescale ({unit})")
    ax.set_ylim(bottom=lags.min() / 2)
    ax.set_xticks(lags, [f"{lag:g}" for lag in lags])
    ax.set_xticks([], minor=True)
    ax.yaxis.set_major_formatter("{x:g}")
    ax.legend(loc="lower right")
    return ax


def scan_columns(scan, spacing_ps):
    """Numbers of the figure."""
    columns = {"lag (ps)": scan.lags * spacing_ps}
    for i in range(scan.timescales.shape[1]):
        columns[f"t_{i + 1} (ps)"] = scan.timescales[:, i] * spacing_ps
        columns[f"16th percentile of t_{i + 1} (ps)"] = scan.low[:, i] * spacing_ps
        columns[f"84th percentile of t_{i + 1} (ps)"] = scan.high[:, i] * spacing_ps
    return columns
