"""The files of one trajectory, read one after another.

Most trajectories are one file. The parts of one run may be joined to one trajectory; where a later
part goes over the same time again, as after a restart from a checkpoint, the frames of the earlier
one end where the later one begins.
"""

from dataclasses import dataclass
from pathlib import Path

from lss.errors import InputError
from lss.trajectories import formats
from lss.trajectories.in_memory import InMemory


@dataclass(frozen=True)
class Part:
    """One file of a trajectory.

    Attributes
    ----------
    source : Path or InMemory
    n_frames : int
        Frames that belong to the trajectory, from the first on.
    n_stored : int
        Frames in the file.
    """

    source: Path | InMemory
    n_frames: int
    n_stored: int


def iterate(parts, topology, chunk, atom_indices=None):
    """Read the parts of one trajectory in chunks, as they are stored.

    Parameters
    ----------
    parts : list of Part
    topology : mdtraj.Topology
    chunk : int
        Frames at a time.
    atom_indices : array (n,) of int, optional

    Yields
    ------
    source : Path or InMemory
    first : int
        Number of the first frame of the chunk in its file.
    frames : mdtraj.Trajectory

    Raises
    ------
    InputError
        If a file cannot be read, or has not the frames that it had when it was opened.
    """
    for part in parts:
        done = 0
        pieces = formats.iterate(part.source, topology, chunk, atom_indices)
        while True:
            # Around each read, not around the yield, where the caller's code runs.
            with formats.reading(part.source):
                piece = next(pieces, None)
            if piece is None:
                break
            left = part.n_frames - done
            if left > 0:
                yield part.source, done, piece if piece.n_frames <= left else piece[:left]
            done += piece.n_frames
        if done != part.n_stored:
            raise InputError(
                f"{part.source}: {done} frames could be read, {part.n_stored} were there when the "
                "file was opened: start again when it is complete"
            )


def find(parts, j):
    """Return (source, number in that file) of frame `j` of a trajectory."""
    for part in parts:
        if j < part.n_frames:
            return part.source, j
        j -= part.n_frames
    raise IndexError(j)
