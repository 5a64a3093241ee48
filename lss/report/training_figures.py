"""Training curves of the networks: one panel for each recorded number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lss.report.figures import COLOURS

#: Recorded numbers below which a curve cannot come to lie, by the name of the curve.
FLOORS = {"energy_distance": "energy_floor"}


@dataclass(frozen=True)
class Panel:
    """One curve.

    Parameters
    ----------
    title : str
        Network and name of the curve.
    values, place : np.ndarray, shape (n,)
        What was recorded, and when.
    along : str
        What ``place`` counts: updates, steps or epochs.
    floor : float or None
        What perfect training would reach.
    """

    title: str
    values: np.ndarray
    place: np.ndarray
    along: str
    floor: float | None = None


def training_panels(training: dict) -> list[Panel]:
    """One panel for each recorded curve; those with a floor first within their network.

    Only lists of at least two numbers are curves. One called updates, steps or epochs gives
    the places of the others of its network; without one they are epochs, as Keras logs them.
    """
    panels = []
    for network, recorded in training.items():
        curves = {k: np.array(v, dtype=np.float64) for k, v in recorded.items() if _is_curve(v)}
        along = next((k for k in curves if k.rstrip("s") in ("update", "step", "epoch")), None)
        own = []
        for label, values in curves.items():
            if label != along:
                same = along is not None and len(curves[along]) == len(values)
                place = curves[along] if same else np.arange(1, len(values) + 1)
                where = along if same else "epoch"
                floor = recorded.get(FLOORS.get(label))
                own.append(Panel(f"{network}: {label}", values, place, where, floor))
        panels += sorted(own, key=lambda panel: panel.floor is None)
    return panels


def _is_curve(recorded) -> bool:
    if not isinstance(recorded, list) or len(recorded) < 2:
        return False
    # None stands for nan in what comes from JSON.
    return all(x is None or isinstance(x, (int, float)) for x in recorded)


def draw_panel(ax, panel: Panel):
    """One recorded number of one network along its training, and its floor where it has one."""
    marker = "o" if len(panel.values) < 15 else None
    ax.plot(panel.place, panel.values, color=COLOURS["MD"], lw=1.1, marker=marker, ms=3)
    if panel.floor is not None:
        ax.axhline(panel.floor, color=COLOURS["LSS"], lw=1.1, ls="--",
                   label=f"floor (MD to MD): {panel.floor:.2g}")  # fmt: skip
        # Training goes down by orders of magnitude, and its end is what matters.
        if panel.floor > 0 and np.nanmin(panel.values) > 0:
            ax.set_yscale("log")
        ax.legend(fontsize=6, frameon=False)
    ax.set_title(panel.title.replace("_", " "), fontsize=8, parse_math=False)
    ax.set_xlabel(panel.along, fontsize=7)
    ax.set_ylabel("as logged", fontsize=7)
    ax.tick_params(labelsize=6)
    return ax


def panel_columns(panels: list[Panel]) -> dict:
    """Numbers of the curves and floors."""
    columns = {}
    for panel in panels:
        columns[f"{panel.title} {panel.along} (number)"] = panel.place
        columns[f"{panel.title} (as logged)"] = panel.values
        if panel.floor is not None:
            columns[f"{panel.title} floor (as logged)"] = [panel.floor]
    return columns
