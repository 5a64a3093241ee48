"""The lag time and the number of modes of a run where they are not given: chosen by its data."""

from tqdm import tqdm

from lss.errors import InputError, training
from lss.run import lag_scan, rotation, run_files
from lss.run.planned import chosen, planned_srv
from lss.storage.whole_files import plain
from lss.units import describe_lag, lag_in_frames

# Modes that are tried where their number is chosen.
MOST_MODES = 6


def settle(run, lag_ps=None, modes=3, seed=0, steps=None, weights=None, reversible=None):
    """The lag time and the number of modes of a run.

    What is None is what the encoder of the run was trained with, or what its data choose: the lag
    by `lss.run.lag_scan.choose`, the number of modes by cross-validation at that lag. What was
    chosen is kept in the run folder, and not chosen again.

    Parameters
    ----------
    run : lss.run.run_folder.Run
        With its features.
    lag_ps : float, optional
        Lag time, **ps**.
    modes : int or None
    seed, steps, weights, reversible
        As in `lss.run.lag_scan.choose`.

    Returns
    -------
    lag_ps : float
    modes : int
    said : list of str
        A line for each that was chosen, with the reason.

    Raises
    ------
    InputError
        Where the data choose no lag. The features are kept.
    """
    trained, said = run.settings("srv") if run.finished("srv") else {}, []
    options = {"seed": seed, "steps": steps, "weights": weights, "reversible": reversible}
    if lag_ps is None and trained:
        lag_ps = trained["lag_time_ps"]
        said.append(f"{described(run, lag_ps)}, as trained with")
    elif lag_ps is None:
        lag_ps, reason = chosen_lag(run, modes or 3, options)
        said.append(f"{described(run, lag_ps)}, chosen: {reason[0].lower()}{reason[1:]}")
    if modes is None and trained.get("lag_time_ps") == lag_ps:
        modes = trained["modes"]
    elif modes is None:
        modes, reason = chosen_modes(run, lag_ps, options)
        said.append(reason)
    return lag_ps, modes, said


def described(run, lag_ps):
    return describe_lag(lag_ps, run.report("features")["frame_spacing_ps"])


def chosen_lag(run, modes, options):
    """The recommendation of the run's scan, which is made where there is none, and the reason."""
    if not (run.finished("lags") and "lag_time_ps" in run.report("lags")):
        try:
            lag_scan.choose(run, modes=modes, **options)
        except InputError as error:
            raise refused(run, error) from error
    found = run.report("lags")
    if "lag_time_ps" not in found:
        raise refused(run, found["reasons"][0].removeprefix("no recommendation: "))
    return found["lag_time_ps"], found["reasons"][0]


def refused(run, reason):
    return InputError(
        f"`lag` is auto, and the data choose none ({reason}); give `lag`, a time with its unit, "
        f"and `resume`, since the features in {run.path} are kept"
    )


def chosen_modes(run, lag_ps, options):
    """Stage `modes`: as many as raise the held-out score at a lag, and the reason."""
    from srv.automatic import count_modes

    if options["weights"] not in run_files.WAYS:
        raise InputError(
            f"`modes` is auto and `weights` is {options['weights']}: weights from a file cannot be "
            "cross-validated; give `modes`, a number"
        )
    settings = plain({"lag_time_ps": lag_ps} | chosen(**options))
    if not (run.finished("modes") and run.settings("modes") == settings):
        lag = lag_in_frames(lag_ps, run.report("features")["frame_spacing_ps"])
        with run_files.open_features(run) as file, run.stage("modes", settings) as report:
            data = run_files.feature_arrays(file)
            asked = options["reversible"]
            reversible = rotation.symmetrised(run, data, lag, options["seed"], asked)
            planned = options | {"verbose": False, "reversible": reversible}
            with training("SRV"):
                srv, _ = planned_srv(data, lag, MOST_MODES, **planned)
                modes, validation = count_modes(data, srv, seed=options["seed"], progress=folds)
            report.update(modes=modes, reason=why(modes, validation))
            report["cross_validation"] = validation.to_dict()
    found = run.report("modes")
    return found["modes"], found["reason"]


def folds(sequence):
    return tqdm(sequence, desc="SRV modes", unit="fold")


def why(modes, validation):
    """How many modes, and what each adds to the held-out score, in one line."""
    gains = ", ".join(
        f"{mean:.2f} ± {error:.2f}" for mean, error in zip(*validation.gains, strict=True)
    )
    if modes < len(validation.gains[0]):
        end = f"mode {modes + 1} does not"
    else:
        end = "more were not tried"
    return (
        f"modes {modes}, chosen: so many raise the held-out score by more than two standard "
        f"errors, {end} (modes 1 to {len(validation.gains[0])} add {gains})"
    )
