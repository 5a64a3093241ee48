"""Synthetic trajectories to a folder: begin, go on with what is there, or refuse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from lss.errors import InputError
from lss.simulation import on_cluster
from lss.simulation.blockwise import Simulation
from lss.simulation.record import Progress, digest, fingerprint
from lss.simulation.table_writers import TABLES
from lss.simulation.trajectory_writers import FORMATS
from lss.storage import processes
from lss.storage.signals import noted_signals

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from lss.simulator import LatentSpaceSimulator


def simulate(
    simulator: LatentSpaceSimulator,
    to: str | Path,
    n_steps: int,
    n_trajectories: int = 1,
    seed: int = 0,
    start: ArrayLike | None = None,
    file_format: str | None = None,
    latent_only: bool = False,
    first_walker: int = 0,
    force: bool = False,
    resume: bool = False,
    progress: bool = True,
    scheduler: str | None = None,
    until: Any = None,
) -> dict:
    """Simulate and write `to/psi.h5`, `to/topology.pdb` and `to/traj-0000.xtc` and on.

    Of a time series there is no `topology.pdb`, and the others are tables: `to/traj-0000.csv`.

    Parameters
    ----------
    simulator : lss.LatentSpaceSimulator
    to : str or pathlib.Path
        Folder to write. Its `simulation.json` says whether the simulation is finished, and how far
        it came.
    n_steps : int
        Steps of one lag time; a trajectory has `n_steps + 1` frames, the first at time 0.
    n_trajectories : int
    seed : int
    start : array_like, shape (m,) or (n_trajectories, m), optional
        Start states; random frames of the training data where not given.
    file_format : {"xtc", "dcd", "h5"}, or of a time series {"csv", "npz", "nc"}
        The first where not given.
    latent_only : bool
        Write `psi.h5` only.
    first_walker : int
        Number of the first trajectory, for runs that share out disjoint walkers.
    force : bool
        Replace the simulation in `to` (with `resume`: where it is another).
    resume : bool
        Go on with the simulation in `to`, if there is one: with the same settings and networks the
        files become, byte for byte, those of a simulation that was never interrupted.
    scheduler : str, optional
        Address of a Dask scheduler whose workers decode and write, an eighth of the trajectories
        each; the files are the same, byte for byte. They must see `to` under the same name.
    until : object, optional
        A state, such as of `lss.define_states`: a trajectory ends with its first frame in it, at
        the latest after `n_steps`. Behind its end psi.h5 holds nan.

    Returns
    -------
    dict
        `frames`, `trajectories`, `outside_fraction` (of the latent samples drawn); where atoms are
        decoded from a box that says how close they may come, `draws_per_frame`, and
        `clashing_frames` among them, whose atoms are closer in each of twenty draws.

    Raises
    ------
    InputError
        For a number below 1, an unknown format, start states of a wrong shape; where `to` holds a
        simulation and neither `force` nor `resume` was given, or `resume` with other settings;
        where it holds anything else; for `until` together with `scheduler`.
    Interrupted
        After SIGINT or SIGTERM, when the block under way is written.
    """
    to = Path(to)
    series = simulator.box.series is not None
    file_format = file_format or ("csv" if series else "xtc")
    check(n_steps, n_trajectories, seed, file_format, TABLES if series else FORMATS)
    psi0 = start_states(simulator, start, n_trajectories, seed, first_walker)
    settings = {
        "steps": n_steps,
        "trajectories": n_trajectories,
        "first_walker": first_walker,
        "seed": seed,
        "format": "latent only" if latent_only else file_format,
        "start": digest([psi0]),
        **fingerprint(simulator),
    }
    if until is not None:
        settings["until"] = until.describe()
        if scheduler is not None:
            raise InputError(
                "`until` cannot be combined with `scheduler`, wanted one of them; share the "
                "trajectories out in parts instead"
            )
    if scheduler is not None:
        processes.check(scheduler)
    state = Progress.open(to, settings, force, resume)
    with noted_signals() as stop:
        simulation = Simulation(simulator, to, state, psi0, stop, progress, until)
        if scheduler is None:
            simulation.run()
        else:
            on_cluster.run(simulation, scheduler)
    with h5py.File(to / "psi.h5") as file:
        outside = float(file["psi"].attrs["outside_fraction"])
        frames = n_trajectories * (n_steps + 1)
        if until is not None:
            frames = sum(int(np.isfinite(row[:, 0]).sum()) for row in file["psi"])
    done = {"trajectories": n_trajectories, "frames": frames, "outside_fraction": outside}
    if simulator.decoder.contacts is not None and not latent_only:
        done["draws_per_frame"] = state.record["draws"] / frames
        done["clashing_frames"] = state.record["failed"]
    return done


def check(n_steps, n_trajectories, seed, file_format, formats=FORMATS):
    for name, value in (("n_steps", n_steps), ("n_trajectories", n_trajectories)):
        if int(value) != value or value < 1:
            raise InputError(f"{name} is {value}; give a whole number of at least 1")
    if int(seed) != seed or not 0 <= seed < 2**64:
        raise InputError(f"seed is {seed}; give a whole number from 0 to 2**64 - 1")
    if file_format not in formats:
        of = "a time series" if formats is TABLES else "a molecule"
        raise InputError(
            f"`file_format` is {file_format}, none of {of}; give one of {', '.join(formats)}"
        )


def start_states(simulator, start, n_trajectories, seed, first_walker):
    """Start states by walker number, so that a shard starts as in the whole."""
    if start is None:
        return simulator.starts(first_walker + n_trajectories, seed)[first_walker:]
    psi0 = simulator.check_latent(start, "start")
    if len(psi0) not in (1, n_trajectories):
        raise InputError(f"start has {len(psi0)} rows; give one, or one for each trajectory")
    return np.broadcast_to(psi0, (n_trajectories, psi0.shape[1]))
