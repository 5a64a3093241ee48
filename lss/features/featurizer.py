"""Features: sines and cosines of torsions, and pair distances, of every frame, in words and HDF5.

Torsions come before distances. Distances are in nm.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import mdtraj as md
import numpy as np
from mdtraj.geometry.distance import compute_distances_core

from lss.errors import InputError
from lss.features.base import Features
from lss.features.feature_file import dataset_name, featurize
from lss.features.specifications import MAX_FEATURES, WORDS, default_specs, resolve, split_specs
from lss.molecule.atoms import identities, match_names

if TYPE_CHECKING:
    from lss.trajectories.trajectory_set import TrajectorySet

logger = logging.getLogger(__name__)

__all__ = [
    "MAX_FEATURES",
    "WORDS",
    "Featurizer",
    "dataset_name",
    "default_features",
    "featurize",
    "split_specs",
]

default_features = default_specs


class Featurizer(Features):
    """Computes features of frames.

    Parameters
    ----------
    topology : mdtraj.Topology
        Of the trajectories to be featurised.
    specs : list of str
        ``torsions`` (the next three together), ``backbone-torsions`` (phi, psi, omega),
        ``sidechain-torsions`` (chi1 to chi4, and those about other bonds of modified residues and
        about bonds that close rings), ``nucleic-torsions`` (alpha to zeta, chi), any one of these
        by its name, ``ca-distances``, ``c1-distances`` (C1' of nucleotides), ``ca-c1-distances``
        (both, one with another), ``ca-torsions`` (pseudo-torsions of four consecutive CA atoms)
        or ``distances:SELECTION`` with an mdtraj selection. Torsions follow the bonds of the
        topology; `TrajectorySet` completes these by a structure.

    Attributes
    ----------
    names : list of str
        One for each column: ``cos phi ALA 3``, ``sin phi ALA 3``,
        ``distance CA ALA 2 - CA TYR 3``; with the chain where there are several.
    atoms : ndarray (k,) of int64
        The atoms needed, sorted.

    Raises
    ------
    InputError
        If a specification is unknown, matches nothing, or gives more than 20,000 features.
    """

    def __init__(self, topology: md.Topology, specs: list[str]):
        torsions, distances = resolve(topology, specs)
        self.specs = [str(s).strip() for s in specs]
        self._set(topology, torsions, distances)

    def _set(self, topology, torsions, distances):
        self.topology = topology
        self._words = (list(torsions), list(distances))
        self._torsions = np.array(list(torsions.values()), dtype=np.int64).reshape(-1, 4)
        self._distances = np.array(list(distances.values()), dtype=np.int64).reshape(-1, 2)
        self.names = [f"{f} {word}" for word in torsions for f in ("cos", "sin")] + list(distances)
        self.atoms = np.unique(np.concatenate([self._torsions.ravel(), self._distances.ravel()]))
        self._molecules, self._told = None, False

    def compute(
        self, trajectory: md.Trajectory, *, selected: bool = False, first_frame: int = 0
    ) -> np.ndarray:
        """Compute the features of every frame.

        Parameters
        ----------
        trajectory : mdtraj.Trajectory
            Frames of this topology, in nm. It is not changed. Molecules broken over a periodic
            cell are made whole first, and those that features need are put into one image, as
            consecutive frames (see `lss.molecule.images`); distances are plain.
        selected : bool
            The trajectory holds the atoms ``self.atoms`` only, whole and in one image, instead of
            all.
        first_frame : int
            Number of the first frame, for error messages.

        Returns
        -------
        ndarray (n_frames, n_features) of float32

        Raises
        ------
        InputError
            If the trajectory has another number of atoms, a molecule cannot be made whole, or a
            feature is not finite; the frame and the feature are named.
        """
        self._check_atoms(trajectory, selected)
        if not selected:
            frames = self._whole(trajectory, first_frame)
            kept = np.searchsorted(self._molecules.atoms, self.atoms)
            trajectory = md.Trajectory(frames.xyz[:, kept], None)
        torsions = np.searchsorted(self.atoms, self._torsions)
        distances = np.searchsorted(self.atoms, self._distances)
        out = np.empty((trajectory.n_frames, len(self.names)), dtype=np.float32)
        n_angles = 2 * len(torsions)
        if len(torsions):
            angles = md.compute_dihedrals(trajectory, torsions, periodic=False)
            np.cos(angles, out=out[:, 0:n_angles:2])
            np.sin(angles, out=out[:, 1:n_angles:2])
        if len(distances):
            # The core, since compute_distances works out the cell even where it is unused.
            out[:, n_angles:] = compute_distances_core(trajectory.xyz, distances, periodic=False)
        self._check(out, first_frame)
        return out

    def of(self, trajectories: TrajectorySet) -> Features:
        """The same features of another topology of the molecule."""
        return Featurizer.from_dict(self.to_dict(), trajectories.topology)

    def _check(self, values, first_frame):
        if np.isfinite(values.sum(dtype=np.float64)):
            return
        frame, column = np.argwhere(~np.isfinite(values))[0]
        raise InputError(
            f"frame {first_frame + frame}: the feature {self.names[column]!r} is not a finite "
            "number: the coordinates of its atoms are damaged or coincide"
        )

    def to_dict(self) -> dict:
        """Describe the features so that they can be found in any topology of the molecule.

        Returns
        -------
        dict
            Plain lists and strings (JSON). Atoms are named by chain letter, residue number,
            residue name and atom name.
        """
        torsions = np.searchsorted(self.atoms, self._torsions).tolist()
        distances = np.searchsorted(self.atoms, self._distances).tolist()
        return {
            "specs": self.specs,
            "names": self.names,
            "atoms": identities(self.topology, self.atoms),
            "torsions": dict(zip(self._words[0], torsions, strict=True)),
            "distances": dict(zip(self._words[1], distances, strict=True)),
        }

    @classmethod
    def from_function(
        cls,
        function: Callable[[md.Trajectory], np.ndarray],
        topology: md.Topology,
        names: list[str] | None = None,
    ) -> Features:
        """Features that a function of yours computes.

        A simulator trained on them takes features in `encode`, not structures.

        Parameters
        ----------
        function : callable
            Takes an `mdtraj.Trajectory` of all atoms, molecules whole, and returns an array
            (n_frames, n_features), or (n_frames,) of one feature. It is called for a few thousand
            frames at a time.
        topology : mdtraj.Topology
            Of the trajectories to be featurised.
        names : list of str, optional
            Of the features; ``feature 1`` and on where not given.

        Returns
        -------
        Featurizer
        """
        from lss.features.function import FromFunction

        return FromFunction(function, topology, names)

    @classmethod
    def from_dict(cls, description: dict, topology: md.Topology) -> Features:
        """Rebuild what :meth:`to_dict` described for another topology of the same molecule.

        Parameters
        ----------
        description : dict
        topology : mdtraj.Topology
            May hold more atoms than the features need, in another order.

        Raises
        ------
        InputError
            If the description is damaged, or the topology lacks an atom (the first is named); or if
            the features are those of `from_function` or of files.
        """
        if is_own(description):
            raise InputError(
                f"the features are the user's own ({own_specs(description)}), which cannot be "
                "computed from structures: compute them as for the training MD and give the "
                "simulator features, or train on features that it computes itself"
            )
        try:
            wanted = [(str(c), int(n), str(r), str(a)) for c, n, r, a in description["atoms"]]
            torsions = _indices(description["torsions"], 4, len(wanted))
            distances = _indices(description["distances"], 2, len(wanted))
            specs = [str(s) for s in description["specs"]]
            names = [str(n) for n in description["names"]]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"the description of the features is damaged ({error!r})") from error
        found = match_names(topology, wanted)
        self = cls.__new__(cls)
        self.specs = specs
        self._set(
            topology,
            {word: found[list(atoms)] for word, atoms in torsions.items()},
            {word: found[list(atoms)] for word, atoms in distances.items()},
        )
        if names != self.names:
            raise InputError("the description of the features is damaged: its names do not agree")
        return self


def is_own(description):
    """Whether features, as a box describes them, are not ones that are computed from structures."""
    known = {"atoms", "torsions", "distances"}
    return isinstance(description, dict) and "names" in description and not known & set(description)


def own_specs(description):
    """What the features of the user's own are called, as a box describes them."""
    return ", ".join(map(str, description.get("specs") or ["not described"]))


def _indices(features, width, n_atoms):
    """Check stored atom numbers: they may come from a file that somebody else wrote."""
    checked = {}
    for word, atoms in features.items():
        atoms = tuple(int(a) for a in atoms)
        if len(atoms) != width or not all(0 <= a < n_atoms for a in atoms):
            raise ValueError(f"{word}: {atoms}")
        checked[str(word)] = atoms
    return checked
