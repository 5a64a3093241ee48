"""Choose the lag time of a run: implied timescales at several lags as table, figure and numbers."""

import json

import numpy as np
from tqdm import tqdm

from lss.errors import InputError, training
from lss.report.lag_figure import Choice, make_figure
from lss.run import messages, rotation, run_files
from lss.run.planned import planned_srv
from lss.storage.whole_files import replacing, write_json
from lss.units import format_time, lag_in_frames


def choose(run, lags_ps=None, modes=3, seed=0, steps=None, weights=None, reversible=None):
    """Stage `lags`: scan implied timescales against lag time (paper, section 2.1).

    Writes `lags.json`, `lags.png` and `lags.pdf` in the run folder.

    Parameters
    ----------
    run : lss.run.run_folder.Run
        With its features.
    lags_ps : sequence of float, optional
        Lag times, **ps**; those of `srv.automatic.candidate_lags` where not given.
    modes : int
        Modes to learn at each lag; the table shows where their timescales end.
    seed : int
    steps : int, optional
        Training steps of each SRV; chosen by cross-validation at one of the lags where not given.
    weights : str, optional
        Of the frames, as in `lss.run.stages.train_srv`.
    reversible : bool, optional
        As in `lss.run.stages.train_srv`. Timescales of what is not symmetrised are the decays of
        the propagator on the modes.

    Returns
    -------
    text : str
        The table, and the reasons for the recommendation or why there is none.
    recommended : dict or None
        `lag`, a time with its unit such as "20ns", and `modes`.

    Raises
    ------
    InputError
        Where the trajectories are too short for a scan, or no lag can be trained at.
    """
    spacing_ps = run.report("features")["frame_spacing_ps"]
    settings = {"lags_ps": lags_ps, "modes": modes, "seed": seed, "steps": steps}
    if weights is not None:
        settings["weights"] = weights
    if reversible is not None:
        settings["reversible"] = reversible

    def words(frames):
        return format_time(frames * spacing_ps, 3)

    with run.stage("lags", settings) as report:
        options = seed, steps, weights, reversible
        scan, validation, tested = scanned(run, lags_ps, modes, *options)
        advice, found = advised(scan, validation, tested, words)
        recommended = None
        if advice is not None:
            report["lag_time_ps"] = advice.lag_time * spacing_ps
            lag = format_time(report["lag_time_ps"]).replace(" ", "")
            recommended = {"lag": lag, "modes": advice.n_modes}
        report["reasons"] = found
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
    return "\n".join([messages.scan_table(scan, words), *found]), recommended


def advised(scan, validation, tested, words):
    """What is recommended, and the reasons; None, and why nothing is."""
    from srv.choice import recommend

    try:
        advice = recommend(scan, validation, time=words, tested=words(tested))
    except ValueError as error:
        return None, [f"no recommendation: {error}"]
    flat = [] if advice.converged else ["no lag of the scan shows flat timescales"]
    return advice, [*advice.reasons, *flat]


def scanned(run, lags_ps, modes, seed, steps, weights, reversible):
    """The scan of a run's features, the cross-validation, and the lag that it was made at."""
    from srv.automatic import candidate_lags
    from srv.lagtime import scan_lags

    with run_files.open_features(run) as file:
        data = run_files.feature_arrays(file)
        lengths = [len(x) for x in data]
        if lags_ps is None:
            lags = candidate_lags(lengths)
            check_some(lags, lengths)
            tested = lags[(len(lags) - 1) // 3]  # longer ones may be longer than every timescale
        else:
            spacing_ps = run.report("features")["frame_spacing_ps"]
            lags = sorted(lag_in_frames(lag_ps, spacing_ps) for lag_ps in lags_ps)
            tested = lags[len(lags) // 2]
        options = {
            "weights": run_files.weights_asked_for(weights, file),
            "reversible": rotation.symmetrised(run, data, tested, seed, reversible),
        }
        with training("SRV"):
            srv, validation = planned_srv(data, tested, modes, seed, steps, False, **options)
            if lags_ps is None and validation is not None:
                lags = candidate_lags(lengths, slowest_timescale(validation, tested))
            return scan_lags(data, lags, srv, seed=seed, progress=bar), validation, tested


def check_some(lags, lengths):
    if not lags:
        raise InputError(
            f"the trajectories are too short for a scan of lags, with {sum(lengths)} frames in all "
            f"and a median of {int(np.median(lengths))}; give longer ones"
        )


def slowest_timescale(validation, lag):
    """That of the trainings of a cross-validation, in frames; infinite where nothing decays."""
    from lss_base.kinetics import implied_timescales

    eigenvalue = np.sqrt(np.mean(validation.training[:, 0]) - 1)
    return np.nan_to_num(implied_timescales(eigenvalue, lag), nan=np.inf)


def bar(lags):
    return tqdm(lags, desc="lag times", unit="lag")


def read_choice(run):
    """What a run's data chose, as the report shows it, or None."""
    from srv.lagtime import LagScan

    scan, spacing_ps, reasons = None, run.report("features")["frame_spacing_ps"], []
    if run.finished("lags"):
        data = json.loads((run.path / "lags.json").read_text(encoding="utf-8"))
        scan, reasons = LagScan.from_dict(data["scan"]), run.report("lags")["reasons"]
    if run.finished("modes"):
        reasons = [*reasons, run.report("modes")["reason"]]
    return Choice(scan, spacing_ps, reasons) if reasons else None


def save_figure(run, scan, spacing_ps):
    """Draw lags.png and lags.pdf, beside lags.json: figures/ belongs to the report."""
    figure = make_figure(scan, spacing_ps)
    for suffix in ("png", "pdf"):
        with replacing(run.path / f"lags.{suffix}") as partial:
            figure.savefig(partial, dpi=150)
