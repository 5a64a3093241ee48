"""Features: sines and cosines of torsions, and pair distances, of every frame, in words and HDF5.

Torsions come before distances. Distances are in nm.
"""

import logging

import mdtraj as md
import numpy as np
from mdtraj.geometry.distance import compute_distances_core

from lss.errors import InputError
from lss.features.feature_file import dataset_name, featurize
from lss.features.specifications import MAX_FEATURES, WORDS, default_specs, resolve, split_specs
from lss.molecule.atoms import identities, match_names
from lss.molecule.images import Placement
from lss.molecule.molecules import Molecules
from lss.molecule.superposed import turned

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


class Featurizer:
    """Computes features of frames.

    Parameters
    ----------
    topology : mdtraj.Topology
        Of the trajectories to be featurised.
    specs : list of str
        ``torsions`` (the next two together), ``backbone-torsions`` (phi, psi, omega),
        ``sidechain-torsions`` (chi1 to chi4), any one of these seven by its name,
        ``ca-distances``, ``ca-torsions`` (pseudo-torsions of four consecutive CA atoms) or
        ``distances:SELECTION`` with an mdtraj selection.

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

    def __init__(self, topology, specs):
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

    def __len__(self):
        return len(self.names)

    def compute(self, trajectory, *, selected=False, first_frame=0):
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
        wanted = len(self.atoms) if selected else self.topology.n_atoms
        if trajectory.n_atoms != wanted:
            raise InputError(
                f"the trajectory has {trajectory.n_atoms} atoms, the features were defined for "
                f"{wanted}: give a trajectory of the same topology"
            )
        if not selected:
            trajectory = self._select(trajectory, first_frame)
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

    def _select(self, trajectory, first_frame):
        """The atoms of the features, whole and in one image."""
        if self._molecules is None:
            self._molecules = Molecules(self.topology, self.atoms)
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
        return md.Trajectory(frames.xyz[:, np.searchsorted(molecules.atoms, self.atoms)], None)

    def _check(self, values, first_frame):
        if np.isfinite(values.sum(dtype=np.float64)):
            return
        frame, column = np.argwhere(~np.isfinite(values))[0]
        raise InputError(
            f"frame {first_frame + frame}: the feature {self.names[column]!r} is not a finite "
            "number: the coordinates of its atoms are damaged or coincide"
        )

    def to_dict(self):
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
    def from_dict(cls, description, topology):
        """Rebuild what :meth:`to_dict` described for another topology of the same molecule.

        Parameters
        ----------
        description : dict
        topology : mdtraj.Topology
            May hold more atoms than the features need, in another order.

        Raises
        ------
        InputError
            If the description is damaged, or the topology lacks an atom (the first is named).
        """
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


def _indices(features, width, n_atoms):
    """Check stored atom numbers: they may come from a file that somebody else wrote."""
    checked = {}
    for word, atoms in features.items():
        atoms = tuple(int(a) for a in atoms)
        if len(atoms) != width or not all(0 <= a < n_atoms for a in atoms):
            raise ValueError(f"{word}: {atoms}")
        checked[str(word)] = atoms
    return checked
