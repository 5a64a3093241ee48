"""Choose the lag time and the number of modes of a run: table, figure and numbers."""

import numpy as np
from tqdm import tqdm

from lss.errors import training
from lss.report.wording import time_unit
from lss.run import run_files
from lss.run.stages import planned_srv
from lss.storage.whole_files import replacing, write_json
from lss.units import format_time, lag_in_frames


def choose(run, lags_ps, modes=3, seed=0, steps=None):
    """Scan implied timescales against lag time (paper, section 2.1).

    Writes `lags.json`, `lags.png` and `lags.pdf` in the run folder.

    Parameters
    ----------
    run : lss.run.run_folder.Run
        With its features.
    lags_ps : sequence of float
        Lag times, **ps**.
    modes : int
        Modes to learn at each lag; the table shows where their timescales end.
    seed : int
    steps : int, optional
        Training steps of each SRV; chosen by cross-validation where not given.

    Returns
    -------
    text : str
        The table, and the reasons for the recommendation or why there is none.
    recommended : dict or None
        `lag`, a time with its unit such as "20ns", and `modes`.
    """
    from srv.choice import recommend
    from srv.lagtime import scan_lags

    spacing_ps = run.report("features")["frame_spacing_ps"]
    lags = sorted(lag_in_frames(lag_ps, spacing_ps) for lag_ps in lags_ps)
    with run_files.open_features(run) as file:
        data = run_files.feature_arrays(file)
        middle = lags[len(lags) // 2]
        with training("SRV"):
            srv, validation = planned_srv(data, middle, modes, seed, steps, verbose=False)
            scan = scan_lags(data, lags, srv, seed=seed, progress=bar)

    def words(frames):
        return format_time(float(f"{frames * spacing_ps:.3g}"))

    try:
        advice = recommend(scan, validation, time=words, tested=words(middle))
    except ValueError as error:
        advice = recommended = None
        found = [f"no recommendation: {error}"]
    else:
        lag = words(advice.lag_time).replace(" ", "")
        recommended = {"lag": lag, "modes": advice.n_modes}
        found = [*advice.reasons]
        found += [] if advice.converged else ["no lag of the scan shows flat timescales"]
    write_json(
        run.path / "lags.json",
        {
            "unit": "frames",
            "frame_spacing_ps": spacing_ps,
            "scan": scan.to_dict(),
            "cross_validation": None if validation is None else validation.to_dict(),
            "recommendation": None if advice is None else advice.to_dict(),
        },
    )
    save_figure(run, scan, spacing_ps)
    return "\n".join([table(scan, words), *found]), recommended


def bar(lags):
    return tqdm(lags, desc="lag times", unit="lag")


def table(scan, words):
    """Implied timescales with the 68 % interval of the bootstrap, a row for each lag."""
    m = scan.timescales.shape[1]
    lines = ["lag time".ljust(12) + "".join(f"t_{i + 1}".ljust(30) for i in range(m))]
    for row, lag in enumerate(scan.lags):
        cells = [
            cell(lag, *(a[row, i] for a in (scan.timescales, scan.low, scan.high)), words)
            for i in range(m)
        ]
        lines.append(words(lag).ljust(12) + "".join(text.ljust(30) for text in cells))
    lines.append("in brackets: 68 % interval of the bootstrap")
    return "\n".join(lines)


def cell(lag, value, low, high, words):
    if not np.isfinite(value):
        return "not resolved"
    if value < lag:
        return f"{words(value)}, below the lag"
    interval = f" ({words(low)} to {words(high)})" if np.isfinite([low, high]).all() else ""
    return words(value) + interval


def save_figure(run, scan, spacing_ps):
    """Draw lags.png and lags.pdf, beside lags.json: figures/ belongs to the report."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 4), layout="constrained")
    draw(figure.subplots(), scan, spacing_ps)
    for suffix in ("png", "pdf"):
        with replacing(run.path / f"lags.{suffix}") as partial:
            figure.savefig(partial, dpi=150)


def draw(ax, scan, spacing_ps):
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
