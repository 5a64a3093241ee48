"""A simulation on a cluster: trajectories in parts, each in a folder of its own, joined at the end.

Latent states are cheap, structures and files are not: the tasks of a group of trajectories all
propagate the whole group, and each decodes and writes its own part of it. Rounding depends on how
many walkers go side by side, so that what is joined is, byte for byte, what one process writes. A
part that is begun again goes on from where it was.
"""

import functools
import os
import threading

import h5py
import numpy as np

from lss.errors import InputError
from lss.simulation.blockwise import WALKERS, Simulation
from lss.simulation.record import Progress, digest
from lss.storage import processes
from lss.storage.locks import locked
from lss.storage.signals import Interrupted
from lss.storage.whole_files import PARTIAL

PARTS = 8  # of a group of trajectories
BLOCK = 2**20  # frames joined at once
_ONE_AT_A_TIME = threading.Lock()  # of the threads of a worker; TensorFlow has its own


class Part(Simulation):
    """A simulation of one group of trajectories that writes those in the range `mine`."""

    def __init__(self, *arguments, mine):
        super().__init__(*arguments)
        self.mine = mine

    def written(self, rows):
        """The trajectories that are decoded and written."""
        return self.mine


def run(simulation, scheduler):
    """Do what is left to do of a `lss.simulation.blockwise.Simulation` on a Dask cluster."""
    record, folder = simulation.progress.record, simulation.folder.absolute()
    if record["finished"]:
        return
    if record["group"] or record["frames"]:
        raise InputError(
            f"the simulation in {folder} was begun without `scheduler`; continue without it"
        )
    box, parts = folder / f"{PARTIAL}box.lss", folder / f"{PARTIAL}parts"
    with simulation.bar as bar:
        if not parts.exists():
            simulation.lay_out()
            simulation.simulator.save(box)
            parts.mkdir()
        n = len(simulation.psi0)
        groups = [range(i, min(i + WALKERS, n)) for i in range(0, n, WALKERS)]
        shares = [(group, part) for group in groups for part in divided(group)]
        tasks = [task(simulation, box, parts, *share) for share in shares]
        names = [f"trajectories {part.start} to {part.stop - 1}" for _, part in shares]
        outside, counts = {}, np.zeros(2, int)
        for share, outcome in zip(
            shares, processes.share(simulate, tasks, names, scheduler), strict=True
        ):
            outside[share[0].start] = outcome[0]
            counts += outcome[1:]
            join(simulation, parts, *share)
            if simulation.stop:
                raise Interrupted(f"stopped; the parts so far are in {folder}", simulation.stop[0])
            bar.update(len(share[1]) * simulation.n_frames)
        record["outside"] = sum(outside.values())
        record["draws"], record["failed"] = counts.tolist()
        simulation.progress.note(group=len(groups), frames=0, bytes=[])
        simulation.finish()


def divided(group):
    """At most `PARTS` parts of a group, of about the same size."""
    n = min(PARTS, len(group))
    return [group[len(group) * k // n : len(group) * (k + 1) // n] for k in range(n)]


def task(simulation, box, parts, group, part):
    """Arguments of `simulate`."""
    psi0 = simulation.psi0[group.start : group.stop]
    settings = simulation.settings | {
        "trajectories": len(group),
        "first_walker": simulation.number(group.start),
        "start": digest([psi0]),
    }
    mine = range(part.start - group.start, part.stop - group.start)
    load = type(simulation.simulator).load
    return load, box, parts / f"{part.start:06d}", settings, psi0, mine


def simulate(load, box, to, settings, psi0, mine):
    """Simulate a part, or go on with it, in another process.

    Returns
    -------
    outside : int
        Samples of the whole group whose first draw fell outside the training range.
    draws, failed : int
        Draws of the structures of the part, and structures that clash in all of them.
    """
    with _ONE_AT_A_TIME, locked(to.with_name(f"{to.name}.lock")):
        networks = (settings[k] for k in ("outside", "propagator", "decoder"))
        simulator = _simulator(load, box, *networks)
        progress = Progress.open(to, settings, force=True, resume=True)
        Part(simulator, to, progress, psi0, [], False, mine=mine).run()
    # A part that an earlier release finished has not counted draws.
    return tuple(progress.record.get(key, 0) for key in ("outside", "draws", "failed"))


@functools.lru_cache(maxsize=1)
def _simulator(load, box, outside, *networks):
    """Load a simulator; `networks` are the digests that tell one from another in its place."""
    return load(box, outside=outside)


def join(simulation, parts, group, part):
    """Take the files and the latent states of a part over."""
    folder, rows = parts / f"{part.start:06d}", slice(part.start, part.stop)
    with h5py.File(folder / "psi.h5") as file:
        mine, length = slice(part.start - group.start, part.stop - group.start), BLOCK // len(part)
        for first in range(0, simulation.n_frames, length):
            block = file["psi"][mine, first : first + length]
            simulation.write_psi(rows, np.ascontiguousarray(block), first)
    for path in folder.glob("traj-*"):
        os.replace(path, simulation.folder / path.name)
