"""The plates of the report: whole figures, made of the panels of figures.py, and saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lss.analysis.curves import Curves
from lss.report import figures as draw
from lss.report import slowest_mode
from lss.report.column_plates import COLUMN_PLATES
from lss.report.figures import row_of_panels
from lss.report.structure_figures import (
    View,
    along_chain,
    best_view,
    dozen,
    draw_path,
    draw_scale,
    draw_structures,
)
from lss.report.training_figures import Panel, draw_panel, panel_columns, training_panels
from lss.report.validation import Comparison
from lss.report.words import Words


@dataclass(frozen=True)
class Plate:
    """A saved figure.

    Parameters
    ----------
    name : str
        File name without suffix.
    caption : str
        What it shows.
    png : Path
        The picture.
    """

    name: str
    caption: str
    png: Path


def make_plates(
    comparison: Comparison, training: dict, folder: Path, note: str | None
) -> Iterator[Plate]:
    """Draw and save every figure the comparison allows.

    Parameters
    ----------
    comparison : Comparison
        The numbers.
    training : dict of dict
        Training curves of each network, and floors of curves (see `training_figures`).
    folder : Path
        Where the files go; must exist.
    note : str, optional
        Printed under each figure.
    """
    for maker in (_slowest_mode, _profiles, _maps, _densities, _timescales, _correlations,
                  _chapman_kolmogorov, _dozen, _path, *COLUMN_PLATES):  # fmt: skip
        made = maker(comparison)
        if made is not None:
            name, caption, figure, columns = made
            yield Plate(name, caption, draw.save(figure, folder, name, columns, note))
    panels = training_panels(training)
    if panels:
        name, caption, figure, columns = _training(panels, comparison.words)
        yield Plate(name, caption, draw.save(figure, folder, name, columns, note))


def _view(c: Comparison) -> View:
    return best_view([s for regions in c.gallery.structures.values() for s in regions])


def _profiles(c: Comparison):
    figure, axes = row_of_panels(c.n_modes)
    for i, ax in enumerate(axes):
        draw.draw_profiles(ax, c.curves, i)
    axes[0].legend(fontsize=7)
    draw.draw_cores(axes[c.cores.coordinate], c.cores, ("A", "", "B"))
    a, _, b = c.core_names
    caption = (
        f"Free energy F = -ln rho along each mode, 50 bins over the range of the {c.words.data}; "
        f"bands: one block standard error{_with_replicas(c)}. The LSS is shifted by the constant "
        "that makes the population-weighted squared difference least. Grey: the cores "
        f"(A: {a}, B: {b})."
    )
    return "free_energy", caption, figure, draw.profile_columns(c.curves)


def _with_replicas(c: Comparison) -> str:
    """What the second band of the LSS is, where there are replicas."""
    if not c.curves.profile_data_kT:
        return ""
    return f", wider for the LSS with what its {c.words.data} leaves open"


def _slowest_mode(c: Comparison):
    if c.gallery is None:
        return None
    figure = slowest_mode.draw_slowest_mode(c, _view(c))
    return "slowest_mode", slowest_mode.caption(c), figure, slowest_mode.columns(c)


def _maps(c: Comparison):
    curves = c.curves
    if curves.tica_edges is None:
        return None
    names = list(curves.tica_populations)
    figure, axes = row_of_panels(len(names), 3.0)
    limits = draw.map_limits(curves)
    for ax, name in zip(axes, names, strict=True):
        _, image = draw.draw_map(ax, curves.tica_edges, curves.tica_populations[name], limits)
        ax.set_title(name, fontsize=9)
    figure.colorbar(image, ax=list(axes), label="F (kT)", extend="max")
    caption = (
        "Free energy over the two leading TICA coordinates of the MD's pair distances at the "
        "lag; white: no frame."
    )
    return "tica", caption, figure, draw.map_columns(curves)


def _densities(c: Comparison):
    if not c.curves.densities:
        return None
    labels = {"rg_nm": "radius of gyration", "rmsd_nm": "RMSD to the reference"}
    figure, axes = row_of_panels(len(labels))
    for ax, (key, label) in zip(axes, labels.items(), strict=True):
        draw.draw_density(ax, c.curves.densities[key], label)
    axes[0].legend(fontsize=7)
    caption = "Size of the molecule and distance from the reference structure."
    return "size", caption, figure, draw.density_columns(c.curves.densities)


def _modes(curves: Curves, symbol: str) -> dict:
    n = curves.correlation[curves.training].value.shape[1]
    return {f"{symbol}_{i + 1}": (slice(None), i) for i in range(n)}


def _timescales(c: Comparison):
    figure, axes = row_of_panels(c.n_modes)
    for i, ax in enumerate(axes):
        draw.draw_timescales(ax, c.curves, i)
    axes[0].legend(fontsize=7)
    caption = (
        f"Implied timescales -t / ln C_i(t) against the lag, bars: one block standard error"
        f"{_with_replicas(c)}; "
        "up to where C_i(t) falls under three standard errors or 0.05. Grey: faster than "
        "the lag. A Markovian propagator gives level lines."
    )
    columns = draw.estimate_columns(
        c.curves.times_ps, c.curves.timescales_ps, _modes(c.curves, "t"), "ps"
    )
    return "timescales", caption, figure, columns


def _correlations(c: Comparison):
    figure, axes = row_of_panels(c.n_modes)
    for i, ax in enumerate(axes):
        draw.draw_estimates(ax, c.curves.times_ps, c.curves.correlation, (slice(None), i))
        ax.axhline(0, color="0.7", lw=0.7, zorder=0)
        ax.set_ylabel(rf"$C_{i + 1}(t)$ (dimensionless)")
    axes[0].legend(fontsize=7)
    caption = "Autocorrelation of each mode; bars: one block standard error."
    columns = draw.estimate_columns(
        c.curves.times_ps, c.curves.correlation, _modes(c.curves, "C"), "dimensionless"
    )
    return "correlation", caption, figure, columns


def _chapman_kolmogorov(c: Comparison):
    figure, axes = row_of_panels(4, columns=2)
    labels = {f"P({'AB'[i]} to {'AB'[j]})": (slice(None), i, j) for i in range(2) for j in range(2)}
    for ax, (label, index) in zip(axes, labels.items(), strict=True):
        draw.draw_estimates(ax, c.curves.ck_times_ps, c.curves.ck_probability, index)
        ax.set_ylabel(f"{label} (dimensionless)")
    axes[0].legend(fontsize=7)
    a, _, b = c.core_names
    caption = (
        "Chapman-Kolmogorov test of the propagator: probability to be in a core 1, 2, 5 and 10 "
        f"lags after being in one (A: {a}, B: {b}); bars: one block standard error."
    )
    columns = draw.estimate_columns(
        c.curves.ck_times_ps, c.curves.ck_probability, labels, "dimensionless"
    )
    return "chapman_kolmogorov", caption, figure, columns


def _dozen(c: Comparison):
    if c.gallery is None:
        return None
    chosen = dozen(c.gallery)
    if not chosen:
        return None
    figure, axes = row_of_panels(len(chosen), 2.2, columns=4)
    figure.set_figwidth(9)
    columns, view, bonds = {}, _view(c), c.gallery.traces
    for k, (ax, (region, structure, psi)) in enumerate(zip(axes, chosen, strict=True)):
        colours = along_chain(1, len(structure), bonds)
        draw_structures(ax, structure[None], bonds, colours, view, lw=1.8)
        draw_scale(ax)
        ax.set_title(f"{c.core_names[region]}, psi_1 = {psi:.2f}", fontsize=7)
        for axis, values in zip("xyz", structure.T, strict=True):
            columns[f"structure {k + 1} {axis} (nm)"] = values
    caption = "Decoded structures of the synthetic trajectories; blue: first atom, orange: last."
    return "structures", caption, figure, columns


def _path(c: Comparison):
    if c.gallery is None or not len(c.gallery.path):
        return None
    figure = draw.new_figure(4, 4)
    draw_path(figure.subplots(), c.gallery, _view(c))
    columns = {
        f"frame {k + 1} {axis} (nm)": values
        for k, frame in enumerate(c.gallery.path)
        for axis, values in zip("xyz", frame.T, strict=True)
    }
    caption = (
        f"Synthetic structures along one passage between the cores: {len(c.gallery.path)} frames, "
        "the first violet, the last orange."
    )
    return "passage", caption, figure, columns


def _training(panels: list[Panel], words: Words):
    figure, axes = row_of_panels(len(panels), 1.7, columns=4)
    figure.set_figwidth(9)
    for ax, panel in zip(axes, panels, strict=True):
        draw_panel(ax, panel)
    caption = (
        "Training curves, each on its own scale. Dashed: the floor of the decoder's energy "
        f"distance, as far as {words.thing} of the {words.data} are from as many others of it."
    )
    return "training", caption, figure, panel_columns(panels)
