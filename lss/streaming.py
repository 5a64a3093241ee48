"""Synthetic trajectories to files: propagate, decode and write, a block of frames at a time."""

from contextlib import ExitStack
from pathlib import Path

import h5py
import numpy as np
from tqdm import tqdm

from lss.errors import InputError
from lss.files import replacing
from lss.writers import FORMATS

WALKERS = 256  # at once: bounds the number of open files
FRAMES = 4096  # a decoded block: bounds the memory


def simulate(
    simulator,
    to,
    n_steps,
    n_trajectories=1,
    seed=0,
    start=None,
    file_format="xtc",
    latent_only=False,
    first_walker=0,
    force=False,
    progress=True,
):
    """Simulate and write `to/psi.h5`, `to/topology.pdb` and `to/traj-0000.xtc` and on.

    Parameters
    ----------
    simulator : lss.simulator.LatentSpaceSimulator
    to : str or pathlib.Path
        Folder to write. It appears when everything is written.
    n_steps : int
        Steps of one lag time; a trajectory has `n_steps + 1` frames, the first at time 0.
    n_trajectories : int
    seed : int
    start : array_like, shape (m,) or (n_trajectories, m), optional
        Start states; random frames of the training data where not given.
    file_format : {"xtc", "dcd", "h5"}
    latent_only : bool
        Write `psi.h5` only.
    first_walker : int
        Number of the first trajectory, for runs that share out disjoint walkers.
    force : bool
        Replace `to` where it exists.

    Returns
    -------
    dict
        `frames`, `trajectories`, `outside_fraction` (of the latent samples drawn).

    Raises
    ------
    InputError
        For a number below 1, an unknown format, start states of a wrong shape, or where `to`
        exists and `force` was not given.
    """
    to = Path(to)
    check(to, n_steps, n_trajectories, file_format, force)
    psi0 = start_states(simulator, start, n_trajectories, seed, first_walker)
    bar = tqdm(total=n_trajectories * n_steps, unit="frame", desc="simulate", disable=not progress)
    with replacing(to) as folder, bar:
        folder.mkdir()
        with h5py.File(folder / "psi.h5", "w") as file:
            psi = create_psi(file, simulator, n_trajectories, n_steps, seed, first_walker)
            for begin in range(0, n_trajectories, WALKERS):
                rows = slice(begin, min(begin + WALKERS, n_trajectories))
                names = None if latent_only else file_names(folder, rows, first_walker, file_format)
                write_group(simulator, psi, rows, psi0[rows], names, n_steps, seed, bar)
            psi.attrs["outside_fraction"] = simulator.sampler.outside_fraction
        if not latent_only:
            simulator.box.reference.save_pdb(str(folder / "topology.pdb"))
    return {
        "trajectories": n_trajectories,
        "frames": n_trajectories * (n_steps + 1),
        "outside_fraction": float(simulator.sampler.outside_fraction),
    }


def check(to, n_steps, n_trajectories, file_format, force):
    for name, value in (("n_steps", n_steps), ("n_trajectories", n_trajectories)):
        if int(value) != value or value < 1:
            raise InputError(f"{name} is {value}; give a whole number of at least 1")
    if file_format not in FORMATS:
        raise InputError(f"format '{file_format}' is unknown; give one of {', '.join(FORMATS)}")
    if to.exists() and not force:
        raise InputError(f"{to} exists; give --force to overwrite it, or another folder")


def start_states(simulator, start, n_trajectories, seed, first_walker):
    """Start states by walker number, so that a shard starts as in the whole."""
    if start is None:
        return simulator.starts(first_walker + n_trajectories, seed)[first_walker:]
    psi0 = simulator.check_latent(start, "start")
    if len(psi0) not in (1, n_trajectories):
        raise InputError(f"start has {len(psi0)} rows; give one, or one for each trajectory")
    return np.broadcast_to(psi0, (n_trajectories, psi0.shape[1]))


def create_psi(file, simulator, n_trajectories, n_steps, seed, first_walker):
    shape = (n_trajectories, n_steps + 1, simulator.n_modes)
    chunks = (1, min(n_steps + 1, 8192), simulator.n_modes)
    psi = file.create_dataset("psi", shape, np.float32, chunks=chunks)
    psi.attrs["lag_time_ps"] = simulator.lag_time_ps
    psi.attrs["seed"] = seed
    psi.attrs["first_walker"] = first_walker
    if simulator.box.meta.get("note"):
        psi.attrs["note"] = simulator.box.meta["note"]
    return psi


def file_names(folder, rows, first_walker, file_format):
    numbers = range(first_walker + rows.start, first_walker + rows.stop)
    return [folder / f"traj-{number:04d}.{file_format}" for number in numbers]


def write_group(simulator, psi, rows, psi0, names, n_steps, seed, bar):
    """Simulate the walkers `rows` and write each block of their frames as it is done."""
    number = int(psi.attrs["first_walker"]) + rows.start
    with ExitStack() as stack:
        topology, lag_ps = simulator.box.reference.topology, simulator.lag_time_ps
        files = [
            stack.enter_context(FORMATS[name.suffix[1:]](name, topology, lag_ps))
            for name in names or []
        ]
        write_frames(simulator, psi, rows, psi0[:, None], files, 0, number, seed)
        done, parts = 1, []
        for chunk in simulator.sampler.chunks(psi0, n_steps, seed, first_walker=number):
            parts.append(chunk.swapaxes(0, 1))
            waiting = sum(part.shape[1] for part in parts)
            if waiting >= FRAMES or done + waiting == n_steps + 1:
                block = np.concatenate(parts, axis=1)
                write_frames(simulator, psi, rows, block, files, done, number, seed)
                done, parts = done + waiting, []
            bar.update(chunk.shape[0] * chunk.shape[1])


def write_frames(simulator, psi, rows, block, files, first, number, seed):
    """Write frames `first` and on of a group: latent states, and structures where asked for."""
    psi[rows, first : first + block.shape[1]] = block
    time = (first + np.arange(block.shape[1])) * simulator.lag_time_ps
    for walker, write in enumerate(files):
        # The noise of a frame follows from the seed, the walker and the frame alone.
        noise_seed = np.random.SeedSequence([seed, number + walker]).generate_state(1)[0]
        write(simulator.coordinates(block[walker], int(noise_seed), first), time)
