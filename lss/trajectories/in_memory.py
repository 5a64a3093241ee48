"""Trajectories of MDAnalysis and mdtraj in the place of files."""

import hashlib

import mdtraj as md
import numpy as np

from lss.errors import InputError

_ANGSTROM = 0.1  # nm
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
        """Times of all frames in ps, shape (n_frames,)."""
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


class FromUniverse(InMemory):
    """The atoms of an MDAnalysis Universe (or AtomGroup); frames are read when they are needed."""

    def __init__(self, atoms, name):
        self._atoms = atoms.atoms
        self._reader = self._atoms.universe.trajectory
        self.name = name
        self.topology = topology_of(self._atoms)
        self.n_frames, self.n_atoms = len(self._reader), len(self._atoms)

    def times(self):
        return np.array([step.time for step in self._reader], dtype=np.float64)

    def read(self, start, stop, atom_indices=None):
        chosen = slice(None) if atom_indices is None else np.asarray(atom_indices)
        topology = self.topology if atom_indices is None else self.topology.subset(atom_indices)
        # The reader stays at its last frame, in which this object's positions are looked up.
        now = self._reader.frame
        xyz, cells = [], []
        for step in self._reader[start:stop]:
            xyz.append(self._atoms.positions[chosen])
            cells.append(np.zeros(6) if step.dimensions is None else np.array(step.dimensions))
        self._reader[now]
        cells = np.array(cells, np.float32)
        lengths, angles = (cells[:, :3] * _ANGSTROM, cells[:, 3:]) if cells.any() else (None, None)
        return md.Trajectory(
            np.array(xyz, np.float32) * np.float32(_ANGSTROM),
            topology,
            unitcell_lengths=lengths,
            unitcell_angles=angles,
        )


def in_memory(given, name):
    """Return what a user gave as a trajectory in memory; None where it is something else.

    Parameters
    ----------
    given : object
        An `mdtraj.Trajectory`, or an `MDAnalysis` Universe or AtomGroup.
    name : str
    """
    if isinstance(given, InMemory):
        return given
    if isinstance(given, md.Trajectory):
        return InMemory(given, f"{name} (mdtraj.Trajectory)")
    if type(given).__module__.split(".")[0] == "MDAnalysis" and hasattr(given, "universe"):
        return FromUniverse(given, f"{name} (MDAnalysis {type(given).__name__})")
    return None


def topology_of(atoms):
    """The atoms of an MDAnalysis AtomGroup as an mdtraj.Topology.

    Elements are those of the Universe, or else guessed from the names; bonds are those of the
    Universe, or else those that the residues are known to have.
    """
    topology, made = md.Topology(), {}
    names = _strings(atoms, "names", default="X")
    residues, chains = _strings(atoms, "resnames", default="UNK"), _chains(atoms)
    numbers = getattr(atoms, "resids", np.ones(len(atoms), int))
    elements = _elements(atoms, names)
    segments = _strings(atoms, "segids", default="")
    chain = residue = here = None
    for i, key in enumerate(zip(chains, atoms.resindices, strict=True)):
        if chain is None or key[0] != here[0]:
            chain = topology.add_chain(key[0] or None)
        if key != here:
            residue = topology.add_residue(residues[i], chain, int(numbers[i]), segments[i])
        here = key
        made[int(atoms.indices[i])] = topology.add_atom(names[i], elements[i], residue)
    bonds = getattr(atoms, "bonds", ())
    if len(bonds) == 0:
        topology.create_standard_bonds()
    for one, two in getattr(bonds, "indices", ()):
        if int(one) in made and int(two) in made:
            topology.add_bond(made[int(one)], made[int(two)])
    return topology


def _strings(atoms, attribute, default):
    values = getattr(atoms, attribute, None)
    return [default] * len(atoms) if values is None else [str(value) for value in values]


def _chains(atoms):
    """A chain's letter, or where there is none its segment, of each atom."""
    letters = _strings(atoms, "chainIDs", default="")
    return letters if any(letters) else _strings(atoms, "segids", default="")


def _elements(atoms, names):
    """Elements of all atoms; `mdtraj.element.virtual` where nobody knows."""
    known = _strings(atoms, "elements", default="")
    found = []
    sizes = np.bincount(atoms.resindices)[atoms.resindices]
    for symbol, name, size in zip(known, names, sizes, strict=True):
        # Of 1HB2 and CA the first letter is the element, but for ions, which are alone.
        letters = name.strip("0123456789+-*")
        guess = symbol or (letters if size == 1 else letters[:1])
        try:
            found.append(md.element.get_by_symbol(guess))
        except KeyError:
            found.append(md.element.virtual)
    return found
