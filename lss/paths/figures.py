"""Figures of the way between two states: each draws on given axes, from numbers."""

import numpy as np

from lss.paths.findings import WALKERS, Findings
from lss.report import figures as draw
from lss.report.structure_figures import along_chain, best_view, draw_scale, draw_structures
from lss.report.wording import time_unit

CELLS = 40
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")


def make_figures(found: Findings):
    """Name, caption, figure and numbers of each figure, one after another."""
    yield committor_map(found)
    yield durations(found)
    yield committor_check(found)
    yield pathways(found)


def _names(found):
    return found.passages.names


def _second(psi):
    """The mode on the second axis: psi_2, or psi_1 of a simulator with one."""
    return min(1, psi.shape[1] - 1)


def committor_map(found: Findings):
    """q and free energy over psi_1 and psi_2, and the paths as a density."""
    psi, k = found.passages.psi, _second(found.passages.psi)
    low, high = np.quantile(psi[:, [0, k]], [0.0005, 0.9995], axis=0)
    edges = [np.linspace(low[i], high[i], CELLS + 1) for i in range(2)]
    counts = np.histogram2d(psi[:, 0], psi[:, k], edges)[0]
    points = found.mesh.points
    cells = np.histogram2d(points[:, 0], points[:, k], edges, weights=found.weights)[0]
    sums = np.histogram2d(points[:, 0], points[:, k], edges, weights=found.weights * found.q)[0]
    q = sums / np.where(cells > 0, cells, np.nan)
    ways = np.concatenate([path.psi for path in found.passages.paths])
    density = np.histogram2d(ways[:, 0], ways[:, k], edges)[0]
    with np.errstate(divide="ignore"):
        energy = -np.log(np.where(counts > 0, counts, np.nan) / counts.max())
    figure = draw.new_figure(9, 3)
    axes = figure.subplots(1, 3, sharex=True, sharey=True)
    for ax, values, label, cmap in (
        (axes[0], energy, "F (kT)", "viridis"),
        (axes[1], q, "q (probability)", "coolwarm"),
        (axes[2], np.where(density > 0, density, np.nan), "frames of paths (number)", "magma_r"),
    ):
        image = ax.pcolormesh(*edges, np.ma.masked_invalid(values).T, cmap=cmap, rasterized=True)
        figure.colorbar(image, ax=ax, label=label)
        ax.set_xlabel(r"$\psi_1$ (dimensionless)")
    axes[0].set_ylabel(rf"$\psi_{k + 1}$ (dimensionless)")
    axes[1].set_facecolor("0.9")
    a, b = _names(found)
    caption = (
        f"Free energy of the simulator over psi_1 and psi_{k + 1}; committor q from {a} to {b}, "
        "equilibrium mean in each cell (grey: no point of the mesh); density of the frames of all "
        "paths."
    )
    centres = [(e[1:] + e[:-1]) / 2 for e in edges]
    columns = {
        "psi_1 (dimensionless)": np.repeat(centres[0], CELLS),
        f"psi_{k + 1} (dimensionless)": np.tile(centres[1], CELLS),
        "F (kT)": energy.ravel(),
        "q (probability)": q.ravel(),
        "frames of paths (number)": density.ravel(),
    }
    return "committor", caption, figure, columns


def durations(found: Findings):
    """How long the paths take, each way."""
    times = [found.passages.durations_ps(k) for k in (0, 1)]
    unit, length = time_unit(float(np.mean(np.concatenate(times))))
    lag = found.passages.lag_ps
    longest = round(float(np.quantile(np.concatenate(times), 0.99)) / lag) + 1
    width = max(1, longest // 30)
    edges = (np.arange(0, longest + 2 * width, width) + 0.5) * lag / length
    figure = draw.new_figure(4.5, 3)
    ax = figure.subplots()
    a, b = _names(found)
    columns = {}
    for values, colour, name in zip(times, COLOURS, (f"{a} to {b}", f"{b} to {a}"), strict=False):
        share = np.histogram(values / length, edges)[0] / len(values)
        ax.stairs(share, edges, color=colour, label=name, lw=1.4)
        columns[f"duration {name} (ps)"] = values
    ax.set_xlabel(f"duration of the path ({unit})")
    ax.set_ylabel("share of the paths")
    ax.legend(fontsize=7)
    caption = (
        "Durations of the paths, from the last frame in the state left to the first in the state "
        "reached. In equilibrium both directions take alike where the dynamics are reversible."
    )
    return "durations", caption, figure, columns


def committor_check(found: Findings):
    """The committor by the propagator and by counting, and the test at one half."""
    figure = draw.new_figure(7.5, 3)
    left, right = figure.subplots(1, 2)
    q = found.q[found.checked]
    error = np.sqrt(found.counted * (1 - found.counted) / WALKERS)
    left.plot([0, 1], [0, 1], color="0.7", lw=0.8)
    left.errorbar(q, found.counted, error, ls="", marker="o", ms=3, color=COLOURS[0], capsize=2)
    left.set_xlabel("q by the propagator (probability)")
    left.set_ylabel("q by counting (probability)")
    columns = {"q by the propagator (probability)": q}
    columns |= {"q by counting (probability)": found.counted}
    edges = np.linspace(0, 1, 21)
    for (name, test), colour in zip(found.tests.items(), COLOURS, strict=False):
        right.hist(test.shares, edges, histtype="step", color=colour, lw=1.4,
                   label=f"one half by {name}: ±{test.spread:.2f}")  # fmt: skip
        columns[f"counted where {name} is one half (probability)"] = test.shares
    right.axvline(0.5, color="0.7", lw=0.8)
    right.set_xlabel("q by counting (probability)")
    right.set_ylabel("points (number)")
    if found.tests:
        right.margins(y=0.35)  # room for the legend above the peaks
        right.legend(fontsize=7, loc="upper right")
    rms, chance = found.committor_error
    caption = (
        f"Left: committor at {len(q)} points, bars: standard errors of {WALKERS} walkers each; "
        f"root mean square difference {rms:.3f}, of which counting alone makes {chance:.3f}. "
        "Right: counted committors where a coordinate says one half. A right coordinate has one "
        "peak at one half; ± is the standard deviation beyond that of counting."
    )
    return "committor_check", caption, figure, columns


def pathways(found: Findings):
    """The mean courses of the pathways."""
    ways = found.pathways
    shown = {
        rf"$\psi_{k + 1}$ (dimensionless)": c for k, c in enumerate(ways.courses.T.swapaxes(1, 2))
    }
    shown |= ways.observed
    across = min(3, len(shown))
    down = -(-len(shown) // across)
    figure = draw.new_figure(3 * across, 2.6 * down)
    axes = figure.subplots(down, across, squeeze=False).ravel()
    for ax in axes[len(shown) :]:
        ax.set_visible(False)
    time = np.linspace(0, 1, ways.courses.shape[1])
    columns = {"time along the path (share)": time}
    for ax, (label, courses) in zip(axes, shown.items(), strict=False):
        for i, (course, colour) in enumerate(zip(courses, COLOURS, strict=False)):
            share = (ways.labels == i).mean()
            ax.plot(time, course, "o-", ms=3, color=colour, label=f"{i + 1}: {share:.0%}")
            columns[f"{label.replace('$', '').replace(chr(92), '')}, pathway {i + 1}"] = course
        ax.set_xlabel("time along the path (share)")
        ax.set_ylabel(label)
    axes[0].legend(fontsize=7)
    a, b = _names(found)
    caption = (
        f"Pathways: mean psi along the paths from {a} to {b}, those from {b} to {a} run backwards. "
        "More than one is shown where clusters of the courses of the faster modes stand apart."
    )
    return "pathways", caption, figure, columns


def transition_states(found: Findings, xyz, bonds):
    """Structures of the transition state on top of one another; xyz (k, atoms, 3), **nm**."""
    figure = draw.new_figure(4, 4)
    ax = figure.subplots()
    colours = along_chain(*xyz.shape[:2], bonds)
    draw_structures(ax, xyz, bonds, colours, best_view([xyz]), lw=1.2)
    draw_scale(ax)
    caption = (
        f"{len(xyz)} structures with q between .4 and .6, superposed on the reference; blue: first "
        "atom, orange: last; fainter: farther from the reader."
    )
    columns = {
        f"structure {k + 1} {axis} (nm)": values
        for k, one in enumerate(xyz)
        for axis, values in zip("xyz", one.T, strict=True)
    }
    return "transition_states", caption, figure, columns
