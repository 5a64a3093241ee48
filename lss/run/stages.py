"""The stages from trajectories to a judged simulator, from files to files in one run folder."""

import logging

from lss.errors import InputError, training
from lss.features.featurizer import featurize
from lss.report.equilibrium import SHORT, equilibrium
from lss.run import inputs, messages, run_files
from lss.run.kinds import kind_of
from lss.run.planned import chosen, discarded_frames, planned_srv
from lss.run.thinning import in_frames, read_thinned
from lss.simulation.composition import decoder_meta, encoder_meta, propagator_meta
from lss.units import lag_in_frames

log = logging.getLogger(__name__)

# What psi.h5 says of the modes, as lss.json does.
KINETICS = ("lag_time_ps", "frame_spacing_ps", "eigenvalues", "timescales_ps")


def make_features(run, source, specs=None):
    """Stage `features`: trajectories, or time series, -> features.h5.

    Parameters
    ----------
    run : lss.run.run_folder.Run
    source : dict
        What `lss.run.inputs.open_data` takes.
    specs : list of str or lss.Featurizer, optional
        See `lss.features.own.featurizer_for`; by the topology where not given. Not of time series.
    """
    trajectories, note = inputs.open_data(source)
    kind = kind_of(trajectories)
    featurizer = kind.featurizer(specs)
    settings = {"source": source, "features": featurizer.specs}
    settings["data"] = trajectories.fingerprints() + featurizer.fingerprints(trajectories)
    if run.reusable("features", settings):
        return
    kind.name_left_out(featurizer)
    with run.stage("features", settings) as report:
        featurize(trajectories, featurizer, run.path / "features.h5", scheduler=run.scheduler)
        report["n_features"] = len(featurizer.names)
        report["n_frames"] = list(trajectories.n_frames)
        report["frame_spacing_ps"] = trajectories.spacing_ps
        report.update(note=note, own=featurizer.to_dict() if featurizer.own else None)


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
        with training("SRV"):
            options = {"preset": preset, "weights": weights}
            srv, validation = planned_srv(data, lag, modes, seed, steps, **options)
            srv.fit(data, deflate=known)
        if drop_modes:
            log.info("%s", messages.dropped(srv, drop_modes, trajectories.spacing_ps))
            srv.drop_modes([i - 1 for i in drop_modes])
        described = kind.described_features(run)
        meta = encoder_meta(srv, lag_ps, trajectories.spacing_ps, described)
        found = {key: meta[key] for key in KINETICS}
        run_files.save_network(srv.encoder, run, "srv")
        run_files.write_psi(run, srv, file, srv.weights_, **found)
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
        if balance["weights"] is None and balance["shorter_than_slowest"]:
            warnings.append(SHORT)
        if validation is not None:
            warnings += memorised_warnings(validation)
        warnings += kind.warnings(run)
        report["diagnostics"] = {"warnings": warnings}
        if validation is not None:
            report["cross_validation"] = validation.to_dict()


def train_mdn(
    run, components=24, seed=0, steps=None, force=False, preset="recommended", replicas=0
):
    """Stage `mdn`: psi.h5 -> box/mdn.keras (paper, section 2.2).

    Parameters
    ----------
    run : lss.run.run_folder.Run
        With its encoder.
    components : int
        Gaussians of the mixture.
    seed : int
    steps : int, optional
        Training steps, if not those of the preset.
    force : bool
        Train again where the stage is finished.
    preset : {"recommended", "paper"}
    replicas : int
        Propagators to train on bootstrap samples of the trajectories, for error bars, at least 2;
        all of them together cost as much as the propagator.

    Raises
    ------
    InputError
        For one replica, which has no spread.
    """
    from mdn import Propagator, train_replicas

    if replicas == 1:
        raise InputError("`replicas` is 1, wanted 0 or at least 2: one has no spread; give 8")
    settings = {"preset": preset, "components": components, "seed": seed, "steps": steps}
    if replicas:
        settings["replicas"] = replicas
    if run.reusable("mdn", settings, force):
        return
    run.require("srv")
    spacing_ps = run.report("features")["frame_spacing_ps"]
    lag = lag_in_frames(run.settings("srv")["lag_time_ps"], spacing_ps)
    with run.stage("mdn", settings) as report:
        psi, weights, thinned = read_thinned(run, lag)
        propagator = Propagator.from_preset(
            preset,
            psi[0].shape[1],
            n_components=components,
            lag_time=thinned,
            seed=seed,
            **chosen(n_updates=steps),
        )
        with training("MDN"):
            propagator.fit(psi)
            others = []
            if replicas:
                method = run_files.weighing_method(run)
                options = {"weights": weights, "method": method}
                others = train_replicas(propagator, psi, replicas, seed, **options)
        run_files.save_network(propagator.model, run, "mdn")
        run_files.write_replicas(run, others)
        diagnostics = in_frames(propagator.diagnose(psi, weights=weights), lag // thinned)
        meta = propagator_meta(propagator, psi, seed, weights)
        run_files.write_meta(run, **meta, mdn_warnings=diagnostics["warnings"])
        report.update(history=propagator.history, diagnostics=diagnostics)


def train_cwgan(
    run,
    atoms=None,
    noise_dim=50,
    seed=0,
    steps=None,
    force=False,
    preset="recommended",
    discard_ps=None,
):
    """Stage `cwgan`: psi.h5 and the data -> box/cwgan.keras (paper, section 2.3).

    Parameters
    ----------
    run : lss.run.run_folder.Run
        With its encoder.
    atoms : str, optional
        Selection of the atoms to decode; see `lss.run.inputs.default_atoms`. Not of time series.
    noise_dim : int
        Random numbers that the decoder draws for each structure.
    seed : int
    steps : int, optional
        Training steps, if not those of the preset.
    force : bool
        Train again where the stage is finished.
    preset : {"recommended", "paper"}
    discard_ps : float, optional
        Time to leave out at the start of each trajectory, in which it comes to local equilibrium,
        **ps**. Where not given one lag time if frames have weights, and nothing if not.
    """
    run.require("srv")
    trajectories, _ = inputs.open_data(run.settings("features")["source"])
    decoded = kind_of(trajectories).decoder(atoms)
    settings = {
        "preset": preset,
        **decoded.settings,
        "noise_dim": noise_dim,
        "seed": seed,
        "steps": steps,
    }
    if discard_ps is not None:
        settings["discard_ps"] = discard_ps
    if run.reusable("cwgan", settings, force):
        return
    with run.stage("cwgan", settings) as report:
        decoded.prepare(run)
        discard = discarded_frames(run, trajectories.spacing_ps, discard_ps)
        psi, coordinates = run_files.read_frames(run, seed, discard)
        options = {"noise_dim": noise_dim, "seed": seed, **chosen(n_updates=steps)}
        molgen = decoded.molgen(preset, psi.shape[1], **options)
        with training("cWGAN"):
            molgen.fit(psi, coordinates)
        run_files.save_network(molgen.generator, run, "cwgan")
        decoded.describe(run)
        diagnostics = molgen.diagnose(psi, coordinates)
        warnings = diagnostics["warnings"]
        run_files.write_meta(run, **decoder_meta(molgen), cwgan_warnings=warnings)
        report.update(history=molgen.history, diagnostics=diagnostics)


def make_synthetic(run, length_ps=None, n_trajectories=100, seed=0, force=False):
    """Stage `synthetic`: box -> synthetic/, as many trajectories of the given length.

    Parameters
    ----------
    run : lss.run.run_folder.Run
        With its three networks.
    length_ps : float, optional
        Of each trajectory, **ps**; that of the longest MD trajectory where not given.
    n_trajectories, seed : int
    force : bool
        Simulate again where the stage is finished.
    """
    from lss.simulator import LatentSpaceSimulator

    features = run.report("features")
    longest_ps = (max(features["n_frames"]) - 1) * features["frame_spacing_ps"]
    settings = {
        "length_ps": length_ps or longest_ps,
        "trajectories": n_trajectories,
        "seed": seed,
    }
    if run.reusable("synthetic", settings, force):
        return
    with run.stage("synthetic", settings) as report:
        simulator = LatentSpaceSimulator.load(run.box)
        n_steps = inputs.steps_of(settings["length_ps"], simulator.lag_time_ps)
        # What was interrupted goes on, unless its settings or networks were others.
        options = {"force": True, "resume": not force, "scheduler": run.cluster()}
        folder = run.path / "synthetic"
        report.update(simulator.simulate(folder, n_steps, n_trajectories, seed, **options))
