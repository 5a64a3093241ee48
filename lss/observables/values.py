"""The values of observables along trajectories; structures are thrown away block by block."""

import mdtraj
import numpy as np

from cwgan.decoder import TILE
from lss.errors import InputError
from lss.run.projection import find_decoded


def synthetic_values(simulator, psi, observables, seed, first_walker=0, tick=lambda n: None):
    """Values along synthetic trajectories, of the structures that `simulate` writes.

    Parameters
    ----------
    simulator : lss.LatentSpaceSimulator
    psi : sequence of array-like, shape (n_i, m)
        Latent trajectories; read where they are sliced. Frames behind the first nan are left out.
    observables : list of Observable
    seed, first_walker : int
        As of the simulation.
    tick : callable
        Told the number of frames done.

    Returns
    -------
    list of np.ndarray, shape (n_i, observables), float64
    """
    found = []
    for number, whole in enumerate(psi):
        rows = []
        for first in range(0, len(whole), TILE):
            part = np.asarray(whole[first : first + TILE])
            part = part[np.isfinite(part[:, 0])]
            if not len(part):
                break
            frames = simulator.decode(part, seed, first, first_walker + number)
            rows.append(values_of(frames, observables))
            tick(len(part))
        found.append(np.concatenate(rows))
    return found


def md_values(simulator, md, observables, tick=lambda n: None):
    """Values along MD trajectories, of the atoms that the simulator decodes.

    Parameters
    ----------
    simulator : lss.LatentSpaceSimulator
    md : lss.TrajectorySet
    observables : list of Observable
    tick : callable

    Returns
    -------
    list of np.ndarray, shape (n_i, observables), float64
    """
    atoms = find_decoded(simulator.box, md)
    needed = np.sort(atoms)
    order, topology = np.searchsorted(needed, atoms), simulator.box.reference.topology
    found = []
    for i in range(len(md.n_frames)):
        rows = []
        for chunk in md.iterate(i, chunk=TILE, atom_indices=needed):
            frames = mdtraj.Trajectory(chunk.xyz[:, order], topology, time=chunk.time)
            rows.append(values_of(frames, observables))
            tick(len(frames))
        found.append(np.concatenate(rows))
    return found


def values_of(frames, observables):
    """Values of all observables of some frames, checked: (n, observables)."""
    columns = []
    for observable in observables:
        try:
            column = np.asarray(observable.function(frames), np.float64)
        except (TypeError, ValueError) as error:
            raise InputError(f"the observable {observable.name!r} failed: {error}") from error
        if column.shape != (len(frames),):
            raise InputError(
                f"the observable {observable.name!r} has the shape {column.shape}, wanted "
                f"({len(frames)},): one number for each frame"
            )
        if not np.isfinite(column).all():
            raise InputError(f"the observable {observable.name!r} is not finite in every frame")
        columns.append(column)
    return np.stack(columns, axis=1)
