"""The slowest mode in one figure: its free energy, and structures from its three regions.

This is Fig. 3 of the paper: F(psi_1) of MD and LSS with bands of one standard error, and ten
structures of each from either core and from between them.
"""

from __future__ import annotations

import numpy as np

from lss.analysis.gallery import DRAWN
from lss.report import figures as draw
from lss.report.structure_figures import View, along_chain, draw_scale, draw_structures
from lss.report.validation import Comparison
from lss.report.wording import number

ROWS = ("MD", "LSS")
#: Width for two columns of a journal, inches.
WIDTH = 7.2
#: Height of the profile, and of the words around the structures, inches.
PROFILE, TEXT = 2.7, 0.7
TITLES = {"core A (low psi_1)": "core A", "core B (high psi_1)": "core B"}
#: Room above the profile for the names of the regions, and below for the ticks, kT.
ABOVE, BELOW = 1.0, 0.8


def draw_slowest_mode(c: Comparison, view: View):
    """Draw the figure.

    Parameters
    ----------
    c : Comparison
        With a gallery.
    view : View
        From where the structures are seen.

    Returns
    -------
    matplotlib.figure.Figure
    """
    half = _half_sizes(c, view)
    below = len(ROWS) * WIDTH / 3 * half[1] / half[0] + TEXT
    figure = draw.new_figure(WIDTH, PROFILE + below)
    top, bottom = figure.subfigures(2, 1, height_ratios=[PROFILE, below])
    _draw_profile(top.subplots(), c)
    axes = bottom.subplots(len(ROWS), 3, gridspec_kw={"hspace": 0.0, "wspace": 0.0})
    for row, name in enumerate(ROWS):
        for k in range(3):
            _draw_bundle(axes[row, k], c, name, k, view)
            axes[row, k].set_xlim(-half[0], half[0])
            axes[row, k].set_ylim(-half[1], half[1])
        _label_row(axes[row, 0], name)
    for k, pairs in enumerate(c.gallery.pairwise_rmsd_nm):
        axes[0, k].set_title(TITLES.get(c.core_names[k], c.core_names[k]), fontsize=10)
        axes[-1, k].text(0.5, -0.02, _spread(pairs), transform=axes[-1, k].transAxes, fontsize=7,
                         color="0.25", ha="center", va="top", linespacing=1.4)  # fmt: skip
    draw_scale(axes[-1, 0])
    for part, letter in ((top, "a"), (bottom, "b")):
        part.text(0.005, 0.985, letter, fontsize=12, fontweight="bold", ha="left", va="top")
    return figure


def _half_sizes(c: Comparison, view: View) -> np.ndarray:
    """Half the width and height of a picture of structures, **nm**: all of them fit."""
    drawn = [x for name in ROWS for x in c.gallery.structures[name] if len(x)]
    page = [np.abs(view.project(x - x.mean(axis=1, keepdims=True))) for x in drawn]
    widest = np.max([x.max(axis=(0, 1)) for x in page], axis=0)[:2]
    # A stretched chain is no line: its picture is at least half as high as wide.
    return 1.05 * np.fmax(widest, widest.max() / 2)


def _label_row(ax, name: str) -> None:
    """Name of an ensemble beside its row: the axes themselves are off."""
    ax.text(-0.02, 0.5, name, transform=ax.transAxes, rotation=90, color=draw.COLOURS[name],
            ha="right", va="center", fontsize=10)  # fmt: skip


def _draw_profile(ax, c: Comparison) -> None:
    """F(psi_1), the regions, and a tick where each structure was taken."""
    from matplotlib.ticker import MaxNLocator

    draw.draw_profiles(ax, c.curves, 0)
    finite = np.concatenate(
        [line.get_ydata()[np.isfinite(line.get_ydata())] for line in ax.get_lines()]
    )
    ax.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.set_ylim(-BELOW, finite.max() + ABOVE)
    ax.margins(x=0.01)
    ax.spines[["top", "right"]].set_visible(False)
    low, high = ax.get_xlim()
    borders = [low, c.cores.low, c.cores.high, high]
    for k in range(3):
        if k != 1:
            ax.axvspan(borders[k], borders[k + 1], color="0.93", lw=0, zorder=0)
        title = TITLES.get(c.core_names[k], c.core_names[k])
        ax.annotate(title, ((borders[k] + borders[k + 1]) / 2, 0.985), fontsize=9, ha="center",
                    va="top", xycoords=("data", "axes fraction"), color="0.25")  # fmt: skip
    ax.set_xlim(low, high)
    for row, name in enumerate(ROWS):
        taken = np.concatenate([psi[:, 0] for psi in c.gallery.psi[name]])
        height = np.full(len(taken), -BELOW * (0.35 + 0.4 * row))
        ax.plot(taken, height, ls="", marker="|", ms=5, color=draw.COLOURS[name])
    ax.legend(fontsize=8, frameon=False, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))


def _draw_bundle(ax, c: Comparison, name: str, region: int, view: View) -> None:
    """The structures of one region of one ensemble on top of one another."""
    structures = c.gallery.structures[name][region]
    bonds = c.gallery.overlay
    draw_structures(ax, structures, bonds, along_chain(*structures.shape[:2], bonds), view, lw=1.3)
    if not len(structures):
        ax.text(0.5, 0.5, "never visited", transform=ax.transAxes, fontsize=8, ha="center")


def _spread(pairs: dict) -> str:
    """Mean RMSD of pairs of structures, in words."""
    values = ", ".join(f"{name} {number(value, 2)}" for name, value in pairs.items())
    return f"mean RMSD of pairs, nm\n{values}"


def caption(c: Comparison) -> str:
    """What the figure shows."""
    return (
        "a: free energy along the slowest mode, psi_1; bands: one block standard error; grey: "
        f"the cores; ticks: where the structures of b were taken. b: up to {DRAWN} "
        "structures of each region, evenly along its frames, superposed within the region; "
        "blue: first atom, orange: last; fainter: farther from the reader; one scale. Mean RMSD "
        "of pairs: of up to a hundred structures, within and between the ensembles."
    )


def columns(c: Comparison) -> dict:
    """Numbers of the figure: the profile, the mean RMSD of pairs, and all coordinates."""
    found = {k: v for k, v in draw.profile_columns(c.curves).items() if "psi_1" in k}
    pairs = c.gallery.pairwise_rmsd_nm
    found["ensembles (names)"] = list(pairs[0])
    for name, values in zip(c.core_names, pairs, strict=True):
        key = f"{name}: mean RMSD of pairs (nm)"
        found[key] = [np.nan if x is None else x for x in values.values()]
    return found | _coordinates(c)


def _coordinates(c: Comparison) -> dict:
    """One row for each atom of each structure."""
    heads = ["ensemble (name)", "region (name)", "structure (number)",
             "psi_1 of the structure (dimensionless)", "atom (number)"]  # fmt: skip
    heads += [f"{axis} (nm)" for axis in "xyz"]
    rows = [
        (name, c.core_names[k], i + 1, c.gallery.psi[name][k][i, 0], atom + 1, *position)
        for name in ROWS
        for k, structures in enumerate(c.gallery.structures[name])
        for i, xyz in enumerate(structures)
        for atom, position in enumerate(xyz)
    ]
    return dict(zip(heads, zip(*rows, strict=True), strict=True)) if rows else {}
