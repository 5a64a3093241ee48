"""What features that are computed from structures have in common."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np
from tqdm import tqdm

from lss.errors import InputError
from lss.molecule.cells import molecule_bonds
from lss.molecule.images import Placement
from lss.molecule.molecules import Molecules
from lss.molecule.superposed import turned
from lss.trajectories.trajectory_set import TrajectorySet

logger = logging.getLogger(__name__)

#: Frames are read so many at a time that their coordinates take about this much.
_READ_BYTES = 8 * 1024 * 1024


class Features:
    """Features of frames; see `lss.Featurizer`, and `FromFunction` for those of the user's own.

    Attributes
    ----------
    names : list of str
    atoms : ndarray (k,) of int64
        The atoms needed, sorted.
    own, shareable, everything : bool
        Whether they are the user's own, whether other processes may compute them, and whether they
        are given all atoms, of which the solvent stays where it is.
    """

    own, shareable, everything = False, True, False
    _molecules, _told = None, False

    def __len__(self):
        return len(self.names)

    def values(self, trajectories: TrajectorySet, i: int) -> Iterator[np.ndarray]:
        """Compute the features of one trajectory in chunks.

        Parameters
        ----------
        trajectories : lss.TrajectorySet
        i : int
            Which trajectory.

        Yields
        ------
        ndarray (n, n_features) of float32
        """
        # To make molecules whole, all their atoms are read.
        atoms = len(molecule_bonds(trajectories.topology, self.atoms)[0])
        chunk = int(np.clip(_READ_BYTES // (12 * atoms + 4 * len(self)), 1, 10_000))
        done = 0
        wanted = None if self.everything else self.atoms
        for frames in trajectories.iterate(i, chunk, wanted):
            try:
                yield self.compute(frames, selected=True, first_frame=done)
            except InputError as error:
                raise InputError(f"{trajectories.names[i]}: {error}") from error
            done += len(frames)

    def transform(self, trajectories: TrajectorySet) -> list[np.ndarray]:
        """Compute the features of all frames of a set of trajectories, in memory.

        Parameters
        ----------
        trajectories : lss.TrajectorySet
            Of the same molecule; its atoms are found by residue and atom name.

        Returns
        -------
        list of ndarray (n_frames, n_features) of float32
            One array a trajectory. `lss.featurize` writes what is larger than memory to a file.

        Raises
        ------
        InputError
            If an atom is missing, a trajectory cannot be read, or a feature is not finite.
        """
        if not isinstance(trajectories, TrajectorySet):
            raise InputError(
                f"`trajectories` is a {type(trajectories).__name__}, wanted a TrajectorySet; open "
                "files with lss.open_trajectories"
            )
        here, arrays = self.of(trajectories), []
        with tqdm(total=sum(trajectories.n_frames), desc="features", unit="frame") as bar:
            for i in range(len(trajectories.n_frames)):
                parts = []
                for values in here.values(trajectories, i):
                    parts.append(values)
                    bar.update(len(values))
                arrays.append(np.concatenate(parts))
        return arrays

    def of(self, trajectories):
        """The features for these trajectories: themselves, where they cannot be carried over."""
        return self

    def _whole(self, trajectory, first_frame):
        """The molecules that hold the atoms of the features, whole and in one image."""
        if self._molecules is None:
            self._molecules = Molecules(self.topology, None if self.everything else self.atoms)
        molecules = self._molecules
        frames = molecules.take(trajectory)
        sample = frames[:: max(1, len(frames) // 5)] if molecules.several else frames[:0]
        superposed = turned(sample, molecules.bonds) == "superposed"
        if superposed and not self._told:
            self._told = True
            logger.warning(
                "the frames were superposed after they were imaged: their periodic cell no longer "
                "fits the coordinates, and molecules are left where they are"
            )
        placement = Placement(molecules, superposed)
        molecules.check(frames, placement.apply(frames), "the trajectory", first_frame)
        return frames

    def _check_atoms(self, trajectory, selected):
        wanted = len(self.atoms) if selected else self.topology.n_atoms
        if trajectory.n_atoms != wanted:
            raise InputError(
                f"the trajectory has {trajectory.n_atoms} atoms, the features were defined for "
                f"{wanted}: give a trajectory of the same topology"
            )

    def fingerprints(self, trajectories: TrajectorySet) -> list[dict]:
        """Files and functions that the features depend on beside the trajectories: none."""
        return []
