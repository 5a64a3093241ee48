"""The decoded atoms of all frames, superposed on one structure, in memory or in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lss.molecule.bonds import bonds
from lss.run.inputs import decoded_atoms, default_atoms

if TYPE_CHECKING:
    import mdtraj

    from lss.trajectories.trajectory_set import TrajectorySet

REFERENCE_SAMPLE = 2000  # frames from which the reference structure is chosen
BLOCK = 50_000  # frames superposed at once


def superposed(
    trajectories: TrajectorySet, atoms: str | None = None
) -> tuple[list[np.ndarray], mdtraj.Trajectory, np.ndarray]:
    """Coordinates of chosen atoms, superposed on one structure: what `cwgan.MolGen` learns from.

    Parameters
    ----------
    trajectories : lss.TrajectorySet
    atoms : str, optional
        "backbone", "heavy", "all", or an mdtraj selection. Where not given, the CA atoms if there
        are at least four, else all heavy atoms but those of water.

    Returns
    -------
    coordinates : list of np.ndarray, shape (n_frames, n_atoms, 3), float32
        One array a trajectory, **nm**.
    reference : mdtraj.Trajectory
        One frame: the real structure that is closest to the mean of all.
    bonds : np.ndarray, shape (n_bonds, 2), int
        Between these atoms, numbered from 0.

    Raises
    ------
    InputError
        Where `atoms` selects fewer than three, or a trajectory cannot be read.
    """
    topology = trajectories.topology
    selected = decoded_atoms(topology, atoms or default_atoms(topology))
    coordinates = [np.empty((n, len(selected), 3), np.float32) for n in trajectories.n_frames]
    reference = superpose_all(trajectories, selected, coordinates)
    return coordinates, reference, bonds(topology, trajectories.reference.xyz[0], selected)


def superpose_all(trajectories, atoms, stores, together=()):
    """Read the coordinates of atoms, and superpose them where they are stored.

    Parameters
    ----------
    trajectories : lss.TrajectorySet
    atoms : np.ndarray of int, shape (n_atoms,)
    stores : list of np.ndarray or h5py.Dataset, shape (n_frames, n_atoms, 3), float32
        One for each trajectory; filled, **nm**.
    together : array of int
        Atoms of the features: molecules that hold them go into one image with the others, so that
        the decoder sees the coordinates that the features were computed from.

    Returns
    -------
    mdtraj.Trajectory
        The reference, one frame.
    """
    from cwgan.superpose import mean_structure, superpose

    read(trajectories, atoms, stores, together)
    stride = max(1, sum(trajectories.n_frames) // REFERENCE_SAMPLE)
    sample = np.concatenate([data[::stride] for data in stores])
    mean = mean_structure(sample)
    closest = np.argmin(((superpose(sample, mean) - mean) ** 2).sum((1, 2)))
    reference = trajectories.reference.atom_slice(atoms)
    reference.xyz = superpose(sample[closest : closest + 1], mean)
    for data in stores:
        for begin in range(0, len(data), BLOCK):
            block = slice(begin, begin + BLOCK)
            data[block] = superpose(data[block], reference.xyz[0])
    return reference


def read(trajectories, atoms, stores, together):
    """Fill stores with the coordinates of atoms, in one image with other atoms."""
    needed = np.union1d(atoms, together).astype(np.int64)
    kept = np.searchsorted(needed, atoms)
    for i, data in enumerate(stores):
        done = 0
        for chunk in trajectories.iterate(i, atom_indices=needed):
            data[done : done + len(chunk)] = chunk.xyz[:, kept]
            done += len(chunk)
