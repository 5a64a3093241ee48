"""The stage that trains the encoder: features -> box/srv.keras and psi.h5."""

import logging

from lss.errors import training
from lss.report.equilibrium import SHORT, equilibrium
from lss.run import inputs, messages, rotation, run_files
from lss.run.kinds import kind_of
from lss.run.planned import planned_srv
from lss.simulation.composition import encoder_meta
from lss_base.irreversibility import irreversibility

log = logging.getLogger(__name__)

# What psi.h5 says of the modes, as lss.json does.
KINETICS = ("lag_time_ps", "frame_spacing_ps", "eigenvalues", "timescales_ps")


def train_srv(
    run,
    lag_ps,
    modes=3,
    seed=0,
    steps=None,
    drop_modes=(),
    deflate=None,
    preset="recommended",
    weights=None,
    reversible=None,
    parents=None,
):
    """Stage `srv`: features.h5 -> box/srv.keras and psi.h5 (paper, section 2.1).

    Parameters
    ----------
    run : lss.run.run_folder.Run
        With its features.
    lag_ps : float
        Lag time, **ps**; a whole number of frames.
    modes : int
        Slow modes to learn.
    seed : int
    steps : int, optional
        Training steps; chosen by cross-validation where not given.
    drop_modes : sequence of int
        Modes to leave out after training, 1 for the slowest.
    deflate : str, optional
        File of known modes to leave out of the training (see `lss.run.run_files.read_known`).
    preset : {"recommended", "paper"}
    weights : {"auto", "koopman", "rite"} or str, optional
        Of the frames, where the trajectories did not start in equilibrium: found as `srv.SRV` does,
        or an HDF5 file with one dataset (n_frames,) a trajectory. Where modes are deflated "auto"
        is none.
    reversible : bool, optional
        Whether detailed balance is taken for granted. Where not given: of MD, and of time series
        that do not go round more than by chance (`lss_base.irreversibility`). Otherwise modes are
        singular functions, and their times those of the propagator on them.
    parents : list of (int, int) or None, optional
        For each trajectory an earlier one and the frame of it that it was started from, or None.

    Raises
    ------
    InputError
        Where the features are missing, a setting does not fit the data, or the data are too few.
    """
    from srv.diagnostics import equilibrium_warnings, memorised_warnings

    if deflate is not None and weights == "auto":
        weights = None
    settings = {
        "preset": preset,
        "lag_time_ps": lag_ps,
        "modes": modes,
        "seed": seed,
        "steps": steps,
        "drop_modes": list(drop_modes),
        "deflate": deflate,
        "weights": weights,
    }
    if weights == "auto" and run.finished("srv") and "weights" not in run.settings("srv"):
        del settings["weights"]  # of an earlier version, which had none
    if reversible is not None:
        settings["reversible"] = reversible
    if run.reusable("srv", settings):
        return
    inputs.check_drop_modes(drop_modes, modes)
    features = run.settings("features")
    trajectories, note = inputs.open_data(features["source"])
    kind = kind_of(trajectories)
    lag = inputs.check_lag(lag_ps, trajectories)
    with run_files.open_features(run) as file, run.stage("srv", settings) as report:
        data = run_files.feature_arrays(file)
        known = None if deflate is None else run_files.read_known(deflate, file)
        weights = run_files.weights_asked_for(weights, file)
        turning = irreversibility(kind.instantaneous(data), lag, seed)
        reversible = rotation.settled(reversible, turning, kind.balanced or known is not None)
        with training("SRV"):
            options = {"preset": preset, "weights": weights, "reversible": reversible}
            srv, validation = planned_srv(data, lag, modes, seed, steps, **options)
            srv.fit(data, deflate=known, parents=parents)
        if drop_modes:
            log.info("%s", messages.dropped(srv, drop_modes, trajectories.spacing_ps))
            srv.drop_modes([i - 1 for i in drop_modes])
        described = kind.described_features(run)
        meta = encoder_meta(srv, lag_ps, trajectories.spacing_ps, described)
        found = {key: meta[key] for key in KINETICS}
        run_files.save_network(srv.encoder, run, "srv")
        run_files.write_psi(run, srv, file, srv.weights_, **found)
        if not reversible:
            times = rotation.rotating_times(run, lag, trajectories.spacing_ps, srv.weights_)
            meta, found = meta | times, found | times
        balance = equilibrium(srv, trajectories.n_frames)
        warnings = equilibrium_warnings(srv, srv.departure_, srv.one_way_states_)
        run_files.write_meta(
            run,
            **meta,
            trained_on=kind.trained_on(),
            note=note,
            versions=run.record["versions"],
        )
        report.update(found, history=srv.history, visits=srv.visits_, equilibrium=balance)
        report["reversible"] = reversible
        report["one_way_states"] = [str(state) for state in srv.one_way_states_]
        if balance["weights"] is None and balance["shorter_than_slowest"]:
            warnings.append(SHORT)
        if validation is not None:
            warnings += memorised_warnings(validation)
        warnings += rotation.warnings(turning, reversible, kind.balanced) + kind.warnings(run)
        rotated = rotation.described(turning)
        report["diagnostics"] = {"irreversibility": rotated, "warnings": warnings}
        if validation is not None:
            report["cross_validation"] = validation.to_dict()
