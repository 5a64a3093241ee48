"""Fig. 2 of the paper, and the modes of the encoder, for one four-well dynamics."""

from pathlib import Path

import numpy as np

from lss.report.figures import COLOURS, new_figure, save
from reproduction import paper

#: Positions, one in each well, from which transition densities are drawn.
WELLS = (-0.75, -0.25, 0.25, 0.75)
#: Steps of one lag shown of each trajectory.
SHOWN = 1000


def draw(study, folder):
    """Write fig2-NAME and modes-NAME as PNG, PDF and CSV.

    Parameters
    ----------
    study : reproduction.four_well_study.Study
    folder : path
        Must exist.

    Returns
    -------
    list of pathlib.Path
        Of the pictures and their numbers.
    """
    made = []
    for name, (figure, columns) in (("fig2", figure_2(study)), ("modes", modes(study))):
        png = save(figure, Path(folder), f"{name}-{study.reference.name}", columns)
        made += [png, png.with_suffix(".csv")]
    return made


def figure_2(study):
    """Fig. 2 (a) to (d): densities, trajectories, transition densities and timescales.

    Returns
    -------
    figure : matplotlib.figure.Figure
    columns : dict of array-like
        Its numbers.
    """
    figure = new_figure(9, 6.4)
    axes = figure.subplot_mosaic([["a", "b"], ["a", "c"], ["d", "e"], ["d", "e"]])
    columns = draw_density(axes["a"], study)
    columns |= draw_trajectories(axes["b"], axes["c"], study)
    columns |= draw_transitions(axes["d"], study)
    columns |= draw_timescales(axes["e"], study)
    for letter, key in zip("abcd", "abde", strict=True):
        axes[key].set_title(f"({letter})", loc="left", fontsize=10)
    figure.suptitle(f"Four wells, {study.reference.title}", fontsize=11)
    return figure, columns


def draw_density(ax, study):
    """(a) Stationary density: exact, of the data, of the synthetic trajectory."""
    r = study.reference
    width = np.diff(r.edges)
    exact, data, synthetic = (
        p / width for p in (r.weight, study.densities["data"], study.densities["synthetic"])
    )
    ax.fill_between(r.centres, exact, color="0.85", lw=0, label="exact")
    ax.plot(r.centres, data, color=COLOURS["MD"], lw=1.2, label="data")
    ax.plot(r.centres, synthetic, color=COLOURS["LSS"], lw=1.2, label="synthetic")
    ax.set(xlabel="x", ylabel=r"stationary density $\rho(x)$", xlim=_shown(r))
    ax.set_ylim(bottom=0)
    ax.legend(fontsize=8)
    return {"x": r.centres, "density exact": exact, "density data": data,
            "density synthetic": synthetic}  # fmt: skip


def draw_trajectories(above, below, study):
    """(b) The first steps of the data, one frame a lag, and of the synthetic trajectory."""
    shown = min(SHOWN, len(study.trajectory), len(study.synthetic))
    columns = {"trajectory time (steps)": np.arange(shown) * paper.FOUR_WELL_LAG}
    time = columns["trajectory time (steps)"] / 1000
    for ax, label, x, colour in (
        (above, "data", study.trajectory, COLOURS["MD"]),
        (below, "synthetic", study.synthetic, COLOURS["LSS"]),
    ):
        ax.plot(time, x[:shown], ".", ms=2, color=colour)
        ax.set(ylabel=f"x, {label}", ylim=_shown(study.reference), xlim=(0, time[-1]))
        columns[f"x {label}"] = x[:shown]
    above.tick_params(labelbottom=False)
    below.set_xlabel("time (1,000 steps)")
    return columns


def draw_transitions(ax, study):
    """(c) Densities of x one lag after four starts: exact, of the MDN, counted in the data."""
    r = study.reference
    width = np.diff(r.edges)
    columns = {}
    colours = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
    for x, colour in zip(WELLS, colours, strict=True):
        row = int(r.label(np.array([x]))[0])
        exact, mdn, data = (
            m[row] / width for m in (r.matrix, study.matrices["mdn"], study.matrices["data"])
        )
        ax.fill_between(r.centres, exact, color=colour, alpha=0.2, lw=0)
        ax.plot(r.centres, mdn, color=colour, lw=1.3, label=f"x = {x:g}")
        ax.plot(r.centres, data, ".", color=colour, ms=2.5)
        for name, values in (("exact", exact), ("MDN", mdn), ("data", data)):
            columns[f"density after {x:g}, {name}"] = values
    ax.set(xlabel="y", ylabel=r"density of y one lag after x", xlim=_shown(r))
    # Room above the peaks for the legend.
    ax.set_ylim(0, 1.35 * ax.get_ylim()[1])
    ax.legend(fontsize=8, ncols=4, title="shade: exact, line: MDN, dots: data", title_fontsize=8,
              loc="upper center", columnspacing=1, handlelength=1.2)  # fmt: skip
    return columns


def draw_timescales(ax, study):
    """(d) Implied timescales of the three slowest modes."""
    times = study.numbers["timescales_steps"]
    modes = np.arange(1, 4)
    for mode, exact in zip(modes, times["exact"], strict=True):
        ax.hlines(exact, mode - 0.4, mode + 0.4, color="0.6", lw=4, zorder=0,
                  label="exact" if mode == 1 else None)  # fmt: skip
    drawn = (
        ("data", "counted in the data", COLOURS["MD"], "o"),
        ("mdn", "MDN, its densities", COLOURS["LSS"], "s"),
        ("synthetic", "counted in the synthetic", COLOURS["LSS"], "^"),
        ("encoder", "encoder (SRV)", COLOURS["held-out MD"], "D"),
    )
    columns = {"mode": modes, "timescale exact (steps)": times["exact"]}
    for k, (key, label, colour, marker) in enumerate(drawn):
        errors = times.get(f"{key}_standard_error")
        ax.errorbar(modes + 0.15 * (k - 1.5), times[key], errors, fmt=marker, color=colour, ms=5,
                    mfc="none", capsize=2, label=label)  # fmt: skip
        columns[f"timescale {label} (steps)"] = times[key]
    ax.set_yscale("log")
    ax.set_yticks(times["exact"], [f"{t:.0f}" for t in times["exact"]])
    ax.minorticks_off()
    ax.set(xlabel="mode", ylabel="implied timescale (steps)", xticks=modes)
    ax.legend(fontsize=8)
    return columns


def modes(study):
    """The three eigenfunctions, exact and as the encoder has them.

    Returns
    -------
    figure : matplotlib.figure.Figure
    columns : dict of array-like
        Its numbers.
    """
    r = study.reference
    figure = new_figure(9, 2.8)
    columns = {"x": r.centres}
    # Outside of where data are, there is nothing to learn from.
    seen = study.densities["data"] > 0
    for i, ax in enumerate(figure.subplots(1, 3)):
        ax.plot(r.centres[seen], r.functions[seen, i], color="0.6", lw=4, label="exact")
        ax.plot(r.centres[seen], study.functions[seen, i], color=COLOURS["held-out MD"], lw=1.3,
                label="encoder")  # fmt: skip
        overlap = study.numbers["encoder_overlap"][i]
        ax.set(xlabel="x", ylabel=rf"$\psi_{i + 1}(x)$", xlim=_shown(r))
        ax.set_title(f"overlap {overlap:.4f}", fontsize=9)
        columns |= {f"psi_{i + 1} exact": r.functions[:, i],
                    f"psi_{i + 1} encoder": study.functions[:, i]}  # fmt: skip
    figure.axes[0].legend(fontsize=8)
    figure.suptitle(f"Four wells, {r.title}", fontsize=11)
    return figure, columns


def _shown(reference):
    """From the first to the last bin that is visited at all."""
    inside = np.flatnonzero(reference.weight > 1e-6)
    return reference.edges[inside[0]], reference.edges[inside[-1] + 1]
