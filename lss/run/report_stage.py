"""The last stage: the simulator of a run compared with its MD, and with MD held out."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import h5py
import mdtraj
import numpy as np
from tqdm import tqdm

from lss.features.featurizer import Featurizer
from lss.molecule import selection
from lss.molecule.atoms import match
from lss.report.training_figures import FLOORS
from lss.run import inputs, run_files

NETWORKS = ("SRV", "MDN", "cWGAN")


def make_report(run, held_out=None, force=False):
    """Stage `report`: synthetic trajectories and MD -> report.html, report.json, figures/.

    Parameters
    ----------
    run : lss.run.run_folder.Run
        With its synthetic trajectories.
    held_out : list of str, optional
        Files of MD that was not trained on: the second MD run that the simulator is compared with.
    force : bool
        Make the report again where it is finished with other held-out MD.

    Returns
    -------
    str
        The summary table, the verdict, what the networks' diagnostics found, and where the report
        is.

    Raises
    ------
    InputError
        Where an earlier stage is not finished, or the held-out MD cannot be read or is of another
        molecule.
    """
    from lss.report import write_report
    from lss.report.tables import summary_table
    from lss.report.verdict import judge

    settings = {"held_out": held_out}
    if not run.reusable("report", settings, force):
        with run.stage("report", settings) as report:
            comparison = compare_with_md(run, held_out)
            stages = {name: run.report(name.lower()) for name in NETWORKS}
            diagnostics = {n: s["diagnostics"] for n, s in stages.items() if "diagnostics" in s}
            warned = {n: found["warnings"] for n, found in diagnostics.items() if found["warnings"]}
            write_report(
                run.path,
                comparison,
                title=f"Latent space simulator {run.path.name}",
                note=run.report("features")["note"],
                training={name: curves(stage["history"]) for name, stage in stages.items()},
                diagnostics=diagnostics,
                settings={name: stage["settings"] for name, stage in run.record["stages"].items()},
                versions=run.record["versions"],
            )
            report["summary"] = summary_table(comparison)
            areas = judge(comparison, warned).areas.items()
            report["verdict"] = [f"{area}: {sentence}" for area, (_, sentence) in areas]
            report["verdict"] += [f"{n}: {text}" for n, found in warned.items() for text in found]
            run_files.write_meta(run, ratios_to_second_md_run=ratios(comparison))
    found, note = run.report("report"), run.report("features")["note"]
    lines = [found["summary"], *([f"note: {note}"] if note else [])]
    lines += ["", "verdict (the findings are in the report)"]
    lines += [f"  {line}" for line in found["verdict"]]
    return "\n".join([*lines, "", f"report: {run.path / 'report.html'}"])


def curves(history):
    """Those parts of a training history that were recorded all along, and their floors."""
    lists = {name: values for name, values in history.items() if isinstance(values, list)}
    length = max(map(len, lists.values()), default=0)
    found = {name: values for name, values in lists.items() if len(values) == length}
    floors = {f: history[f] for name, f in FLOORS.items() if name in found and f in history}
    return found | floors


def ratios(comparison):
    """Ratio to a second MD run of each quantity that has one, by its label."""
    rows = [row for row in comparison.rows if row.ratio is not None]
    return {row.quantity.label: row.ratio.value for row in rows}


def compare_with_md(run, held_out=None):
    """Compare the synthetic trajectories of a run with its MD; see `validation.compare`."""
    from lss.box import load_box
    from lss.report.validation import compare, frames_to_do

    trajectories, _ = inputs.open_data(run.settings("features")["source"])
    atoms = selection.select(trajectories.topology, run.settings("cwgan")["atoms"])
    native = trajectories.reference.atom_slice(atoms)
    lag_ps = run.settings("srv")["lag_time_ps"]
    lss_psi, lss_coords = run_files.read_synthetic(run)
    held_psi, held_coords = None, None
    # The MD stays in files, of which chunks are read.
    with ExitStack() as stack:
        md_psi = stack.enter_context(run_files.open_psi(run))
        md_coords = stack.enter_context(run_files.open_coordinates(run))
        if held_out:
            second = inputs.open_held_out(held_out, trajectories)
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            file = stack.enter_context(h5py.File(Path(folder) / "coords.h5", "w"))
            held_psi, held_coords = project(load_box(run.box), second, native.topology, file)
        total = frames_to_do(md_coords, lss_coords, held_coords)
        bar = stack.enter_context(tqdm(total=total, desc="report", unit="frame"))
        return compare(
            md_psi,
            lss_psi,
            inputs.check_lag(lag_ps, trajectories),
            lag_ps,
            md_coords=md_coords,
            lss_coords=lss_coords,
            topology=native.topology,
            reference=native.xyz[0],
            heldout_psi=held_psi,
            heldout_coords=held_coords,
            eigenvalues=run.report("srv")["eigenvalues"],
            tick=bar.update,
        )


def project(box, trajectories, decoded, file):
    """Encode trajectories and superpose their decoded atoms, in chunks.

    Parameters
    ----------
    box : lss.box.Box
    trajectories : lss.TrajectorySet
        Of the same molecule.
    decoded : mdtraj.Topology
        Of the decoded atoms, with the names that they have in the training MD: the PDB file of a
        box cannot hold long ones.
    file : h5py.File
        Open for writing; receives the coordinates.

    Returns
    -------
    psi : list of np.ndarray, shape (n_frames, m), float32
    coordinates : list of h5py.Dataset, shape (n_frames, atoms, 3), float32
        In **nm**, superposed on the reference structure of the box.

    Raises
    ------
    InputError
        Where the molecule is another; the first difference is named.
    """
    from cwgan.superpose import superpose

    found = match(trajectories.topology, decoded)
    reference = box.reference.xyz[0]
    psi, coordinates = [], []
    with tqdm(total=sum(trajectories.n_frames), desc="held-out MD", unit="frame") as bar:
        for i, n_frames in enumerate(trajectories.n_frames):
            shape = (n_frames, *reference.shape)
            states, done = [], 0
            coordinates.append(file.create_dataset(f"{i:06d}", shape, np.float32))
            for xyz, modes in with_modes(box, trajectories, i, found):
                states.append(modes)
                coordinates[-1][done : done + len(xyz)] = superpose(xyz, reference)
                done += len(xyz)
                bar.update(len(xyz))
            psi.append(np.concatenate(states))
    return psi, coordinates


def with_modes(box, trajectories, i, atoms):
    """Read one trajectory in chunks and encode it.

    Yields coordinates (n, atoms, 3), **nm**, of the given atoms, and psi (n, m) of the same frames;
    molecules are whole and in one image.
    """
    featurizer = Featurizer.from_dict(box.meta["features"], trajectories.topology)
    needed = np.union1d(featurizer.atoms, atoms)
    ours = np.searchsorted(needed, featurizer.atoms)
    for chunk in trajectories.iterate(i, chunk=5000, atom_indices=needed):
        features = featurizer.compute(mdtraj.Trajectory(chunk.xyz[:, ours], None), selected=True)
        psi = box.srv.predict(features, batch_size=8192, verbose=0)
        yield chunk.xyz[:, np.searchsorted(needed, atoms)], psi
