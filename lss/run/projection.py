"""MD seen by a simulator: its modes, and its decoded atoms superposed on the reference."""

import logging
import tempfile
from pathlib import Path

import mdtraj
import numpy as np
from tqdm import tqdm

from lss.analysis.sample import Sample
from lss.molecule import selection
from lss.molecule.atoms import identities, match
from lss.units import lag_in_frames
from lss_base.equilibrium import departure_of
from lss_base.weights import frame_weights

log = logging.getLogger(__name__)
CHUNK = 5000  # frames encoded at once


def project(simulator, trajectories, decoded, file, name="held-out MD"):
    """Encode trajectories and superpose their decoded atoms, in chunks.

    Parameters
    ----------
    simulator : lss.LatentSpaceSimulator
    trajectories : lss.TrajectorySet
        Of the same molecule.
    decoded : mdtraj.Topology
        Of the decoded atoms, with the names that they have in the training MD: the PDB file of a
        box cannot hold long ones.
    file : h5py.File or h5py.Group
        Open for writing; receives the coordinates.
    name : str
        Beside the progress bar.

    Returns
    -------
    lss.analysis.sample.Sample
        Of psi, shape (n_frames, m), float32, and of HDF5 datasets of coordinates, shape (n_frames,
        atoms, 3), float32, in **nm**, superposed on the reference structure of the box. Where the
        training MD was weighted since it did not start in equilibrium, these frames are, if they
        did not either.

    Raises
    ------
    InputError
        Where the molecule is another (the first difference is named), or the lag time of the
        simulator is not a whole number of frames.
    """
    from cwgan.superpose import superpose

    lag = lag_in_frames(simulator.lag_time_ps, trajectories.spacing_ps, "the simulator's lag time")
    found = match(trajectories.topology, decoded)
    reference = simulator.box.reference.xyz[0]
    psi, coordinates = [], []
    with tqdm(total=sum(trajectories.n_frames), desc=name, unit="frame") as bar:
        for i, n_frames in enumerate(trajectories.n_frames):
            shape = (n_frames, *reference.shape)
            states, done = [], 0
            coordinates.append(file.create_dataset(f"{i:06d}", shape, np.float32))
            for xyz, modes in with_modes(simulator.box, trajectories, i, found):
                states.append(modes)
                coordinates[-1][done : done + len(xyz)] = superpose(xyz, reference)
                done += len(xyz)
                bar.update(len(xyz))
            psi.append(np.concatenate(states))
    return Sample(psi, coordinates, lag, **weighing(psi, lag, simulator.box.meta.get("weights")))


def weighing(psi, lag, way):
    """Weights of the frames of MD, found as those of the training MD were, and the method.

    None where the training had none, or the trajectories did start in equilibrium.
    """
    if way == "given":
        log.warning(
            "the training MD had weights of its own, and those of other MD are not known: its "
            "frames count alike"
        )
    if way not in ("rite", "koopman") or not departure_of(psi, lag).significant:
        return {"weights": None, "method": None}
    return {"weights": frame_weights(psi, lag, way)[0], "method": way}


def with_modes(box, trajectories, i, atoms):
    """Read one trajectory in chunks and encode it.

    Yields coordinates (n, atoms, 3), **nm**, of the given atoms, and psi (n, m) of the same frames;
    molecules are whole and in one image.
    """
    featurizer = box.featurizer(trajectories.topology)
    needed = np.union1d(featurizer.atoms, atoms).astype(np.int64)
    ours, theirs = (np.searchsorted(needed, some) for some in (featurizer.atoms, atoms))
    for chunk in trajectories.iterate(i, chunk=CHUNK, atom_indices=needed):
        features = featurizer.compute(mdtraj.Trajectory(chunk.xyz[:, ours], None), selected=True)
        yield chunk.xyz[:, theirs], box.srv.predict(features, batch_size=8192, verbose=0)


def find_decoded(box, md):
    """Numbers of the atoms of MD that a simulator decodes.

    They are those that its selection finds, as of the training MD, if a PDB file would give them
    the names that they have in the box; else those with the names of the box.

    Parameters
    ----------
    box : lss.box.Box
    md : lss.TrajectorySet

    Returns
    -------
    np.ndarray of int, shape (atoms,)

    Raises
    ------
    InputError
        Where the molecule is another; the first difference is named.
    """
    if "atoms" in box.meta:
        found = selection.select(md.topology, box.meta["atoms"])
        if len(found) == box.reference.n_atoms:
            names = names_in_pdb(md.reference.atom_slice(found))
            if names == names_in_pdb(box.reference):
                return found
    return match(md.topology, box.reference.topology)


def names_in_pdb(structure):
    """Names of atoms after they were written as PDB and read again."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "topology.pdb"
        structure.save_pdb(str(path))
        written = mdtraj.load_topology(str(path))
    return identities(written, range(written.n_atoms))
