"""The pentapeptide WLALL: slow modes against a Markov state model, and two decoders judged."""

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lss.analysis.blocks import BlockSums, assign_blocks
from lss.analysis.kinetics import add_lagged_sums
from lss.analysis.kinetics import timescales as block_timescales
from lss.report.figures import COLOURS, new_figure, save
from lss.report.wording import NOTHING, estimate, number, plus_minus
from lss.run import inputs
from lss.run.run_files import read_psi
from lss.run.run_folder import Run
from lss.simulation.xtc_frames import read_synthetic
from lss.simulator import LatentSpaceSimulator
from lss.storage.whole_files import remove, replacing
from lss.units import lag_in_frames
from reproduction import wlall_msm
from reproduction.results import Results, cost, recorded

#: Lag of the simulator and of the Markov state model, ps; slow modes, states.
LAG_PS, MODES, STATES = 500.0, 3, 200
#: The atoms that are decoded, one run each.
ATOMS = ("backbone", "heavy")
#: Figures of the report that a page of the documentation shows.
PICTURES = ("slowest_mode", "tica")
NANOSECOND = 1000.0
#: Frames of the figure.
SHOWN = 3000
SHARED = ("features", "srv", "mdn")


def branch(run, name, force=False):
    """A run beside another one that shares its modes and its propagator.

    Parameters
    ----------
    run : lss.run.run_folder.Run
        Trained as far as the propagator.
    name : str
        Of the new folder, beside that of `run`.
    force : bool
        Begin anew where there is such a folder; else it is gone on with.

    Returns
    -------
    lss.run.run_folder.Run
    """
    path = run.path.with_name(name)
    if force:
        remove(path)
    if not (path / "run.json").exists():
        with replacing(path) as partial:
            partial.mkdir()
            shutil.copytree(run.box, partial / "box")
            for file in ("features.h5", "psi.h5"):
                shutil.copy(run.path / file, partial / file)
            stages = {stage: run.record["stages"][stage] for stage in SHARED}
            Run(partial, run.record | {"stages": stages}).write()
    return Run.open(path)


@dataclass(frozen=True)
class Modes:
    """The slow modes of encoder and Markov state model along training and held-out MD.

    Parameters
    ----------
    psi, functions : dict of list of np.ndarray, shape (n_i, m)
        For ``training`` and ``held-out``: of the encoder, and of the Markov state model (nan in
        states that are not connected).
    model : reproduction.wlall_msm.MarkovModel
        Of the training MD.
    heldout_ps : np.ndarray, shape (m,)
        Timescales of the held-out MD on the same states, **ps**.
    """

    psi: dict
    functions: dict
    model: wlall_msm.MarkovModel
    heldout_ps: np.ndarray


def compare_modes(run, held_out, seed, n_states):
    """Slow modes of a run and of a Markov state model, on what they saw and on what not."""
    training, _ = inputs.open_data(run.settings("features")["source"])
    second = inputs.open_held_out(held_out, training)
    lag = inputs.check_lag(LAG_PS, training)
    simulator = LatentSpaceSimulator.load(run.box)
    psi = {"training": read_psi(run), "held-out": encode(simulator, second)}
    features = wlall_msm.torsions(training)
    n_modes = psi["training"][0].shape[1]
    model = wlall_msm.make_model(features, lag, training.spacing_ps, n_modes, n_states, seed)
    labels = {
        "training": [wlall_msm.assign(x, model.centres) for x in features],
        "held-out": [wlall_msm.assign(x, model.centres) for x in wlall_msm.torsions(second)],
    }
    functions = {name: [model.along(x) for x in own] for name, own in labels.items()}
    heldout_ps = wlall_msm.refit(model, labels["held-out"], lag, training.spacing_ps)
    return Modes(psi, functions, model, heldout_ps)


def encode(simulator, trajectories):
    """Modes of a simulator along trajectories: list of arrays (n_i, m)."""
    return [
        np.concatenate([simulator.encode(x) for x in trajectories.iterate(i, chunk=5000)])
        for i in range(len(trajectories.files))
    ]


def write(runs, held_out, folder, seed):
    """Compare, and write numbers, tables and pictures.

    Parameters
    ----------
    runs : list of lss.run.run_folder.Run
        With their reports, one for each of `ATOMS`.
    held_out : list of str
        Files of MD that was not trained on.
    folder : path
        Results that are there are replaced.
    seed : int
        Of the clustering.

    Returns
    -------
    str
        The tables.
    """
    modes = compare_modes(runs[0], held_out, seed, STATES)
    reports = [json.loads((run.path / "report.json").read_text("utf-8")) for run in runs]
    found = Results(
        {
            "settings": {r.path.name: r.record["stages"]["cwgan"]["settings"] for r in runs},
            "cost": {run.path.name: cost(run) for run in runs},
            "versions": runs[0].record["versions"],
            "quantities": {
                run.path.name: report["quantities"]
                for run, report in zip(runs, reports, strict=True)
            },
            "ensembles": reports[0]["ensembles"],
            "connected_states": modes.model.n_states,
            "seed": seed,
        }
    )
    lag = lag_in_frames(LAG_PS, runs[0].report("features")["frame_spacing_ps"])
    rows = timescale_rows(modes, read_synthetic(runs[0].path / "synthetic")[0], lag)
    head = [f"t_{i + 1}, ns" for i in range(len(rows[0]) - 1)]
    found.add("timescales", ["", *head], rows)
    found.add("overlaps", *_overlaps(modes))
    found.add("ratios", *_ratios(runs, reports))
    with tempfile.TemporaryDirectory() as scratch:
        drawn, columns = figure(modes)
        png = save(drawn, Path(scratch), "modes", columns)
        pictures = [png, png.with_suffix(".csv")]
        for run in runs:
            for name in PICTURES:
                picture = run.path / "figures" / f"{name}.png"
                if picture.exists():
                    copy = Path(scratch) / f"{name}-{run.path.name}.png"
                    pictures.append(shutil.copy(picture, copy))
        found.write(folder, pictures)
    return f"{found.text()}\nresults: {folder}"


def timescales_along(series, lag, lag_ps):
    """Timescales of time series (n_i, m), **ps**, with block errors: an Estimate (m,)."""
    sums = BlockSums(assign_blocks([len(x) for x in series]))
    add_lagged_sums(sums, "lagged", series, [lag])
    return block_timescales(sums, "lagged", lag_ps)


def timescale_rows(modes, synthetic, lag):
    """Timescales in ns of the Markov model, of the encoder's modes, and of the simulator."""
    rows = [
        _row("Markov model, training MD", modes.model.timescales_ps,
             modes.model.standard_errors_ps),
        _row("Markov model, held-out MD on the same states", modes.heldout_ps),
    ]  # fmt: skip
    for name in ("training", "held-out"):
        for label, series in (
            ("its eigenfunctions", modes.functions[name]),
            ("modes of the encoder", modes.psi[name]),
        ):
            # A frame in a state that is not connected counts as the mean of an eigenfunction.
            found = timescales_along([np.nan_to_num(x) for x in series], lag, LAG_PS)
            rows.append(_row(f"{label} along {name} MD", found.value, found.standard_error))
    found = timescales_along(list(synthetic), 1, LAG_PS)
    rows.append(_row("modes along synthetic trajectories", found.value, found.standard_error))
    return rows


def _row(label, times_ps, errors_ps=None):
    errors = [np.nan] * len(times_ps) if errors_ps is None else errors_ps
    cells = [
        plus_minus(t / NANOSECOND, e / NANOSECOND) if np.isfinite(e) else number(t / NANOSECOND)
        for t, e in zip(times_ps, errors, strict=True)
    ]
    return [label, *cells]


def _overlaps(modes):
    """Correlations of the encoder's modes with the eigenfunctions of the Markov model."""
    rows = []
    for name in ("training", "held-out"):
        psi, functions = (np.concatenate(x[name]) for x in (modes.psi, modes.functions))
        correlations, canonical = wlall_msm.overlaps(psi, functions)
        for i, row in enumerate(correlations):
            rows.append([f"psi_{i + 1} along {name} MD", *(f"{v:.3f}" for v in row)])
        rows.append([f"canonical correlations along {name} MD", *(f"{v:.3f}" for v in canonical)])
    head = [f"eigenfunction {j + 1}" for j in range(len(rows[0]) - 1)]
    return ["correlation with", *head], rows


def _ratios(runs, reports):
    """Ratio to a second MD run of each quantity that has one, for each decoder."""
    names = [run.path.name for run in runs]
    keys = dict.fromkeys(key for report in reports for key in report["quantities"])
    rows = []
    for key in keys:
        known = [report["quantities"].get(key) for report in reports]
        one = next(q for q in known if q)
        if one["ratio_to_second_md_run"] is None:
            continue
        cells = []
        for q in known:
            cells += [NOTHING] * 3 if q is None else [
                *(number(q[name], 2) for name in ("md_to_heldout", "lss_to_heldout")),
                estimate(recorded(q["ratio_to_second_md_run"]), ""),
            ]  # fmt: skip
        rows.append([one["label"], one["distance_unit"], *cells])
    head = [f"{name}: {what}" for name in names
            for what in ("MD to held-out", "LSS to held-out", "ratio")]  # fmt: skip
    return ["", "unit", *head], rows


def figure(modes):
    """The encoder's modes against the eigenfunctions, frame by frame of the held-out MD.

    Returns
    -------
    figure : matplotlib.figure.Figure
    columns : dict of array-like
        Its numbers, of every so many frames.
    """
    psi, functions = (np.concatenate(x["held-out"]) for x in (modes.psi, modes.functions))
    known = np.flatnonzero(np.isfinite(functions).all(axis=1))
    shown = known[:: max(1, len(known) // SHOWN)]
    drawn = new_figure(9, 3)
    columns = {}
    for i, ax in enumerate(drawn.subplots(1, psi.shape[1], squeeze=False)[0]):
        x = functions[shown, i]
        signed = np.corrcoef(psi[known, i], functions[known, i])[0, 1]
        y = np.sign(signed) * psi[shown, i]
        ax.plot(x, y, ".", ms=3, alpha=0.4, mew=0, color=COLOURS["held-out MD"])
        ax.set(xlabel=f"eigenfunction {i + 1} of the Markov model", ylabel=rf"$\psi_{i + 1}$")
        ax.set_title(f"held-out MD: correlation {abs(signed):.3f}", fontsize=9)
        columns |= {f"eigenfunction {i + 1}": x, f"psi_{i + 1}": y}
    return drawn, columns
