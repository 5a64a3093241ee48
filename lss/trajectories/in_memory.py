"""Trajectories in memory in the place of files."""

import hashlib

import numpy as np

from lss.errors import InputError

#: A hash covers at most this many frames, spread over the trajectory.
_HASH_FRAMES = 64


class InMemory:
    """One `mdtraj.Trajectory` in the place of a file.

    Attributes
    ----------
    name : str
        What it is called in messages.
    topology : mdtraj.Topology
    n_frames, n_atoms : int
    """

    def __init__(self, trajectory, name):
        self._trajectory = trajectory
        self.name = name
        self.topology = trajectory.topology
        self.n_frames, self.n_atoms = trajectory.n_frames, trajectory.n_atoms
        if self.topology is None:
            raise InputError(f"{name}: it has no topology: give one that knows its atoms")

    def __str__(self):
        return self.name

    def absolute(self):
        """As of a path, which is another one in another folder."""
        return self

    def times(self):
        """Times of all frames in ps, shape (n_frames,); None where there are none."""
        return np.asarray(self._trajectory.time)

    def read(self, start, stop, atom_indices=None):
        """A copy of the frames from `start` to `stop`, in nm."""
        piece = self._trajectory[start:stop]
        return piece if atom_indices is None else piece.atom_slice(atom_indices)

    def digest(self):
        """Size and hash of the coordinates, as `file_search.digest` of a file."""
        chosen = np.linspace(0, self.n_frames - 1, min(self.n_frames, _HASH_FRAMES)).astype(int)
        size = 12 * self.n_frames * self.n_atoms
        hashed = hashlib.sha256(str(size).encode())
        for frame in chosen:
            hashed.update(self.read(frame, frame + 1).xyz.astype("<f4").tobytes())
        return {"bytes": size, "sha256": hashed.hexdigest()}
