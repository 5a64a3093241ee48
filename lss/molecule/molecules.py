"""Which molecules hold chosen atoms, and whether frames of them are whole."""

import mdtraj as md
import numpy as np

from lss.errors import InputError
from lss.molecule.atoms import describe_atom
from lss.molecule.cells import (
    back,
    cell_vectors,
    has_cell,
    make_whole,
    molecule_bonds,
    molecule_labels,
)

#: A molecule of more heavy atoms is large; others (water, ions) go to where the large ones are.
_SMALL = 3
#: So many are put together by who is next to whom; any more go to where these are.
_MOST_LARGE = 32
#: Molecules alike of which there are more are a solvent or a membrane.
_MOST_ALIKE = 20
#: Atoms of each molecule whose distances tell whether it is where it was.
_ANCHORS = 8
#: A bond may be longer than in the reference structure by this (nm): heat and strain stay far
#: below, and a bond over a face of the cell far above.
_STRETCH = 0.45
#: What is longer in the reference structure is no bond (nm), but joins residues over a gap; the
#: second number is for coarse-grained models, most of whose bonds are longer than the first.
_LONGEST, _LONGEST_BEADS = 0.28, 0.6
#: Without bonds, atoms that follow one another in the file are neighbours below this (nm).
_NEIGHBOURS = 1.2
WRITE_WHOLE = (
    "write the trajectory with whole molecules (gmx trjconv -pbc whole or mol, cpptraj unwrap or "
    "autoimage, MDAnalysis unwrap) before anything is superposed"
)


class Molecules:
    """The molecules that hold chosen atoms.

    Parameters
    ----------
    topology : mdtraj.Topology
    atom_indices : array (n,), optional
        By default all atoms; then waters, ions and what else there are many of are made whole
        but stay where they are.
    reference : mdtraj.Trajectory, optional
        A structure of the topology. With it, bonds are checked in every frame.

    Attributes
    ----------
    atoms : ndarray (k,) of int64
        The atoms of these molecules, in the numbering of the topology, sorted.
    subset : mdtraj.Topology
        Of these atoms.
    bonds : ndarray (n_bonds, 2) of int32
        Tree of bonds, in the numbering of `atoms`.
    large, cores, anchors
        For each large molecule its atoms, the heavy ones of them, and `_ANCHORS` of these.
    small : list of ndarray
        Atoms of each small molecule.
    """

    def __init__(self, topology, atom_indices=None, reference=None):
        self.topology = topology
        self.atoms, self.bonds = molecule_bonds(topology, atom_indices)
        everything = len(self.atoms) == topology.n_atoms
        self.subset = topology if everything else topology.subset(self.atoms)
        self._list_molecules(everything=atom_indices is None)
        self._limits = self._longest_bonds(reference)

    @property
    def several(self):
        """Whether there is anything to put together."""
        return len(self.large) + len(self.small) > 1

    def take(self, trajectory):
        """A copy of frames of the topology with the atoms of the molecules alone."""
        return md.Trajectory(
            trajectory.xyz[:, self.atoms],
            self.subset,
            unitcell_lengths=trajectory.unitcell_lengths,
            unitcell_angles=trajectory.unitcell_angles,
        )

    def describe(self, i):
        """Atom `i` in words."""
        return describe_atom(self.topology.atom(self.atoms[i]))

    def _list_molecules(self, everything):
        atoms = [self.topology.atom(i) for i in self.atoms]
        if self.topology.n_bonds:
            labels = molecule_labels(self.topology)[self.atoms]
        else:
            labels = np.array([a.residue.chain.index for a in atoms])
        order = np.argsort(labels, kind="stable")
        parts = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
        if everything:
            parts = _solute(atoms, parts)
        heavy = np.array([a.element is None or a.element.symbol not in ("H", "VS") for a in atoms])
        cores = [part[heavy[part]] if heavy[part].any() else part for part in parts]
        by_size = sorted(range(len(parts)), key=lambda k: -len(cores[k]))
        large = [k for k in by_size if len(cores[k]) > _SMALL][:_MOST_LARGE] or by_size[:1]
        self.large = [parts[k] for k in large]
        self.cores = [cores[k] for k in large]
        self.small = [parts[k] for k in by_size if k not in large]
        spread = [
            np.linspace(0, len(core) - 1, _ANCHORS).round().astype(int) for core in self.cores
        ]
        picked = [core[some] for core, some in zip(self.cores, spread, strict=True)]
        self.anchors = np.array(picked, dtype=np.int64).reshape(-1, _ANCHORS)

    def _longest_bonds(self, reference):
        """What no bond is longer than, nm; infinite where nothing tells."""
        if reference is None or len(self.bonds) == 0:
            return np.full(len(self.bonds), np.inf)
        frame = self.take(reference)
        lengths = make_whole(frame, self.bonds)[1][0]
        longest = _LONGEST if np.median(lengths) < _LONGEST else _LONGEST_BEADS
        return np.where(lengths <= longest, lengths + _STRETCH, np.inf)

    def check(self, frames, found, name, first):
        """Refuse frames whose molecules are not whole.

        Parameters
        ----------
        frames : mdtraj.Trajectory
            Of the atoms of the molecules, after they were made whole.
        found : tuple
            What `lss.molecule.cells.make_whole` returned.
        name, first
            File and number of the first frame, for messages.

        Raises
        ------
        InputError
            Names the frame and the worst bond.
        """
        if self.topology.n_bonds == 0:
            self._check_unbonded(frames, name, first)
        broken, lengths = found
        if lengths.size == 0 or lengths.max() <= self._limits.min():
            return
        excess = lengths - self._limits
        bad = (excess > 0).any(axis=1)
        if bad.any():
            frame = int(np.argmax(bad))
            bond = int(np.argmax(excess[frame]))
            raise self._too_long(frames, lengths, frame, bond, broken[frame], name, first)

    def _too_long(self, frames, lengths, frame, bond, was_broken, name, first):
        i, j = self.bonds[bond]
        length = lengths[frame, bond]
        if was_broken:
            reason = "although the molecule was made whole: the periodic cell does not fit the "
            reason += "coordinates (were they turned after imaging?)"
        elif has_cell(frames)[frame]:
            reason = "and no face of the periodic cell lies between: the frame is damaged"
        else:
            reason = "and the file holds no periodic cell: the frame is damaged, or the molecule "
            reason += "is broken over a cell that the file lacks"
        return InputError(
            f"{name}: in frame {first + frame} the bond {self.describe(i)} - {self.describe(j)} "
            f"is {length:.2f} nm long {reason}; {WRITE_WHOLE}, or leave the frame out"
        )

    def _check_unbonded(self, frames, name, first):
        """Refuse a chain without bonds that goes on beyond a face of the cell."""
        real = np.flatnonzero(has_cell(frames))
        if len(real) == 0:
            return
        vectors = cell_vectors(frames, real)
        half = np.diagonal(vectors, axis1=1, axis2=2)[:, None] / 2
        for part in self.large + self.small:
            steps = np.diff(frames.xyz[np.ix_(real, part)].astype(np.float64), axis=1)
            for k, i in np.argwhere((np.abs(steps) > half).any(axis=-1)):
                near = steps[k, i] + back(steps[k, i][None], vectors[k][None])[0]
                if np.linalg.norm(near) < _NEIGHBOURS:
                    raise InputError(
                        f"{name}: in frame {first + real[k]} {self.describe(part[i])} and "
                        f"{self.describe(part[i + 1])} lie at opposite faces of the periodic cell, "
                        "and the topology has no bonds along which to make the molecule whole: "
                        f"give a topology with bonds, or {WRITE_WHOLE}"
                    )


def _solute(atoms, parts):
    """Those molecules that are not water, single atoms, or of a kind there are many of."""
    kinds = [tuple(atoms[i].name for i in part) for part in parts]
    names = [atoms[part[0]].residue for part in parts]
    count = {}
    for kind, residue in zip(kinds, names, strict=True):
        count[kind, residue.name] = count.get((kind, residue.name), 0) + 1
    return [
        part
        for part, kind, residue in zip(parts, kinds, names, strict=True)
        if len(part) > 1 and not residue.is_water and count[kind, residue.name] <= _MOST_ALIKE
    ]
