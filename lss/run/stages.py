"""The stages from trajectories to a judged simulator, from files to files in one run folder."""

from lss.errors import InputError, training
from lss.features.featurizer import featurize
from lss.run import inputs, run_files
from lss.run.kinds import kind_of
from lss.run.planned import chosen, discarded_frames
from lss.run.srv_stage import train_srv
from lss.run.thinning import in_frames, read_thinned
from lss.simulation.composition import decoder_meta, propagator_meta
from lss.units import lag_in_frames

__all__ = ["make_features", "make_synthetic", "train_cwgan", "train_mdn", "train_srv"]


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
    preset : {"recommended", "paper", "predictive"}
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
