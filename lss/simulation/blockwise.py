"""The simulation itself: propagate, decode and write, a block of frames at a time.

After each block `simulation.json` says how far the simulation came. Whatever stops it, it goes on
from there: trajectories are cut back to the frames that are noted, and the walkers start from the
last of them. Since the random numbers of a frame follow from the seed, the walker and the number
of the frame, what follows is what would have followed.
"""

import h5py
import numpy as np
from tqdm import tqdm

from cwgan.decoder import TILE
from lss.errors import InputError
from lss.simulation.hdf5_writer import whole_dataset
from lss.simulation.record import FILE
from lss.simulation.table_writers import TABLES
from lss.simulation.trajectory_writers import FORMATS
from lss.storage.full_disk import new_hdf5
from lss.storage.signals import Interrupted
from lss.storage.whole_files import PARTIAL, remove, replacing

WALKERS = 256  # of a group: trajectories simulated side by side
FRAMES = 2**17  # in a block, over all walkers of a group; at least a tile of each
PIECE = 4 * TILE  # frames of one trajectory decoded at once: bounds the memory
CHUNK = 8192  # steps of one compiled call of the sampler, at most


class Simulation:
    """One simulation in its folder.

    Parameters
    ----------
    simulator : lss.LatentSpaceSimulator
    folder : pathlib.Path
    progress : lss.simulation.record.Progress
        Says what to do and how far it came.
    psi0 : np.ndarray, shape (n_trajectories, m)
        Start states.
    stop : list
        Signals that ask to stop; looked at after each block.
    show : bool
        Whether to show a progress bar.
    until : object, optional
        A state, whose `contains` takes psi (..., m) and returns bool (...): a trajectory ends with
        its first frame in it.
    """

    def __init__(self, simulator, folder, progress, psi0, stop, show, until=None):
        self.simulator, self.folder, self.progress = simulator, folder, progress
        self.psi0, self.stop, self.until = psi0, stop, until
        self.settings = progress.record["settings"]
        self.n_frames = self.settings["steps"] + 1
        self.bar = tqdm(
            total=len(psi0) * self.n_frames,
            initial=self.done(),
            unit="frame",
            desc="simulate",
            disable=not show or progress.record["finished"],
        )

    def done(self):
        """Frames written so far, of all trajectories."""
        group, frames = (self.progress.record[key] for key in ("group", "frames"))
        whole = min(group * WALKERS, len(self.psi0))
        return whole * self.n_frames + frames * min(WALKERS, len(self.psi0) - whole)

    def run(self):
        """Do what is left to do."""
        record = self.progress.record
        if record["finished"]:
            return
        with self.bar:
            if record["group"] == record["frames"] == 0:
                self.lay_out()
            for group in range(record["group"], -(-len(self.psi0) // WALKERS)):
                self.run_group(group)
            self.finish()

    def lay_out(self):
        """psi.h5 at its full size, nan in all frames to come; topology.pdb of what is decoded.

        What an earlier simulation left is removed only here, under the record of the new one.
        """
        for other in self.folder.iterdir():
            if other.name != FILE:
                remove(other)
        box, meta = self.simulator.box, self.simulator.box.meta
        if self.settings["format"] in FORMATS:  # those of molecules
            with replacing(self.folder / "topology.pdb") as partial:
                box.reference.save_pdb(str(partial))
        shape = (len(self.psi0), self.n_frames, self.simulator.n_modes)
        with replacing(self.folder / "psi.h5") as partial, new_hdf5(partial) as file:
            psi = whole_dataset(file, "psi", shape, fill=np.nan)
            psi.attrs["lag_time_ps"] = self.simulator.lag_time_ps
            psi.attrs["seed"] = self.settings["seed"]
            psi.attrs["first_walker"] = self.settings["first_walker"]
            psi.attrs["outside_fraction"] = np.nan
            if meta.get("note"):
                psi.attrs["note"] = meta["note"]

    def run_group(self, group):
        """Simulate the walkers of a group from where they are to the end."""
        rows = slice(group * WALKERS, min((group + 1) * WALKERS, len(self.psi0)))
        first, psi = self.progress.record["frames"], self.psi0[rows]
        files = self.files(rows)
        if first:
            with h5py.File(self.folder / "psi.h5") as file:
                psi = file["psi"][rows, first - 1]
                frames = self.frames(file["psi"], rows, first)[: len(files)]
            cut(files, frames, self.progress.record["bytes"])
        n_block = TILE * max(1, FRAMES // (TILE * len(psi)))
        while first < self.n_frames:
            if np.isnan(psi).all():  # every trajectory has ended
                self.note(group, self.n_frames, files)
                return
            block = self.propagate(psi, rows, first, min(n_block, self.n_frames - first))
            for row, file in zip(self.written(rows), files, strict=bool(files)):
                self.write(file, row, block[row - rows.start], first)
            self.write_psi(rows, block, first)
            first, psi = first + block.shape[1], block[:, -1]
            self.note(group, first, files)

    def frames(self, psi, rows, first):
        """Frames of each written trajectory among its first ones: fewer where it ended before."""
        written = self.written(rows)
        if self.until is None:
            return [first] * len(written)
        return [int(np.isfinite(psi[row, :first, 0]).sum()) for row in written]

    def files(self, rows):
        """The trajectory files of a group; none where latent states alone are wanted."""
        kind = self.settings["format"]
        box, lag_ps = self.simulator.box, self.simulator.lag_time_ps
        writers = FORMATS if box.series is None else TABLES
        if kind not in writers:
            return []
        names = [f"traj-{self.number(row):04d}.{kind}" for row in self.written(rows)]
        what = box.reference.topology if box.series is None else box.series
        return [writers[kind](self.folder / n, what, lag_ps, self.n_frames) for n in names]

    def written(self, rows):
        """The trajectories of a group that are decoded and written: all."""
        return range(rows.start, rows.stop)

    def number(self, row):
        """The number of a trajectory in the whole of which this simulation may be a part."""
        return self.settings["first_walker"] + row

    def propagate(self, psi, rows, first, n):
        """Frames `first` to `first` + n of the walkers `rows`: shape (walkers, n, m).

        `psi` is the frame before, or the start states where `first` is 0; nan of a trajectory that
        has ended.
        """
        parts, steps = [], n
        ended = np.isnan(psi[:, 0])
        if ended.any():
            psi = np.where(ended[:, None], self.psi0[rows], psi)
        if first == 0:
            parts, steps = [psi[None]], n - 1
        sampler = self.simulator.sampler
        # Blocks of whatever length, such as the last, run through one compiled loop.
        sampler.chunk_steps = min(CHUNK, TILE * max(1, FRAMES // (TILE * len(psi))))
        before = sampler.counts
        parts += sampler.chunks(
            psi, steps, self.settings["seed"], self.number(rows.start), max(0, first - 1)
        )
        self.progress.record["outside"] += sampler.counts[1] - before[1]
        block = np.concatenate(parts).swapaxes(0, 1)
        if self.until is not None:
            drawn = self.progress.record.get("drawn", 0)
            self.progress.record["drawn"] = drawn + sampler.counts[0] - before[0]
            block = ending(block, self.until.contains(block), ended)
        return block

    def write(self, file, row, psi, first):
        """Decode frames `first` and on of one trajectory and append them to its file."""
        if self.until is not None:
            psi = psi[np.isfinite(psi[:, 0])]
        decoder, record = self.simulator.decoder, self.progress.record
        draws, failed = decoder.draws, decoder.failed
        for begin in range(0, len(psi), PIECE):
            part, number = psi[begin : begin + PIECE], first + begin
            seed = self.settings["seed"]
            file.append(self.simulator.coordinates(part, seed, number, self.number(row)), number)
        # A simulation that an earlier release began has not counted.
        record["draws"] = record.get("draws", 0) + decoder.draws - draws
        record["failed"] = record.get("failed", 0) + decoder.failed - failed

    def write_psi(self, rows, block, first):
        """Write latent states to their places in psi.h5, whose headers stay as they are."""
        path = self.folder / "psi.h5"
        with h5py.File(path) as file:
            start = file["psi"].id.get_offset()
        with open(path, "r+b") as file:
            for row, psi in zip(range(rows.start, rows.stop), block, strict=True):
                file.seek(start + (row * self.n_frames + first) * psi[0].nbytes)
                file.write(np.ascontiguousarray(psi, "<f4"))

    def note(self, group, frames, files):
        """Note a block as written; stop here where a signal asked for it."""
        before = self.done()
        if frames < self.n_frames:
            sizes = [file.path.stat().st_size for file in files]
            self.progress.note(group=group, frames=frames, bytes=sizes)
        else:
            self.progress.note(group=group + 1, frames=0, bytes=[])
        self.bar.update(self.done() - before)
        if self.stop and self.done() < self.bar.total:
            raise Interrupted(
                f"stopped with {self.done()} of {self.bar.total} frames in {self.folder}",
                self.stop[0],
            )

    def finish(self):
        samples = self.progress.record.get("drawn", len(self.psi0) * (self.n_frames - 1))
        with h5py.File(self.folder / "psi.h5", "r+") as file:
            fraction = self.progress.record["outside"] / samples if samples else np.nan
            file["psi"].attrs.modify("outside_fraction", fraction)
        for leftover in self.folder.glob(f"{PARTIAL}*"):
            remove(leftover)
        self.progress.note(finished=True)


def ending(psi, inside, ended):
    """Latent trajectories (n, frames, m) up to their first frame inside, nan after it.

    Parameters
    ----------
    psi : np.ndarray, shape (n, frames, m)
    inside : np.ndarray of bool, shape (n, frames)
    ended : np.ndarray of bool, shape (n,)
        Those that ended before.
    """
    visits = np.cumsum(inside, axis=1) - inside  # before each frame
    return np.where((ended[:, None] | (visits > 0))[..., None], np.float32(np.nan), psi)


def cut(files, n_frames, sizes):
    """Take the files of a group back to the frames and bytes that were noted."""
    for file, frames, size in zip(files, n_frames, sizes, strict=True):
        if not file.path.exists() or file.path.stat().st_size < size:
            raise InputError(
                f"{file.path} is missing or shorter than when it was written; give `force` to "
                "start again"
            )
        file.cut(frames, size)
