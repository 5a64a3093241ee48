"""Trajectories of MDAnalysis in the place of files; frames are read when they are needed."""

import mdtraj as md
import numpy as np
from mdtraj.formats.pdb.pdbfile import PDBTrajectoryFile

from lss.errors import InputError
from lss.trajectories.in_memory import InMemory

_ANGSTROM = np.float32(0.1)  # nm
#: Formats whose headers say nothing sure of times: writers leave them at some default.
_TIMELESS = {"DCD", "LAMMPS"}


def is_universe(given):
    """Whether this is an MDAnalysis Universe or AtomGroup; MDAnalysis need not be installed."""
    return type(given).__module__.split(".")[0] == "MDAnalysis" and hasattr(given, "universe")


def of_universe(given, name):
    """The trajectories of an MDAnalysis Universe or AtomGroup, one for each of its files.

    MDAnalysis reads several files as if they were one trajectory, be they parts of one run or not.
    Only those that it was told to be continuous are one here.
    """
    name = f"{name} (MDAnalysis {type(given).__name__})"
    atoms, reader = given.atoms, getattr(given.universe, "trajectory", None)
    if reader is None or len(atoms) == 0:
        missing = "trajectory" if reader is None else "atoms"
        raise InputError(f"{name} has no {missing}: load or select some first")
    readers = getattr(reader, "readers", [])
    if len(readers) < 2 or hasattr(reader, "_sf"):  # frames at which continuous files begin
        return [FromUniverse(atoms, reader, name)]
    return [FromUniverse(atoms, r, f"{name}, file {k}") for k, r in enumerate(readers, start=1)]


class FromUniverse(InMemory):
    """Atoms of an MDAnalysis Universe and one of its readers.

    Parameters
    ----------
    atoms : MDAnalysis.AtomGroup
    reader : MDAnalysis reader
        That of the Universe, which is left at the frame at which it stands, or one of several.
    name : str
    """

    def __init__(self, atoms, reader, name):
        self.name = name
        self._universe, self._reader, self._indices = atoms.universe, reader, atoms.indices
        self.topology = topology_of(atoms)
        self.n_frames, self.n_atoms = len(reader), len(atoms)

    def times(self):
        readers = getattr(self._reader, "readers", [self._reader])
        if any(reader.format in _TIMELESS for reader in readers):
            return None
        return np.array([step.time for step in self._steps(0, self.n_frames)], dtype=np.float64)

    def read(self, start, stop, atom_indices=None):
        chosen, topology = self._indices, self.topology
        if atom_indices is not None:
            chosen, topology = chosen[np.asarray(atom_indices)], topology.subset(atom_indices)
        xyz, cells = [], []
        for step in self._steps(start, stop):
            xyz.append(step.positions[chosen])
            cells.append(np.zeros(6) if step.dimensions is None else np.array(step.dimensions))
        cells = np.array(cells, np.float32)
        known = cells.any()
        return md.Trajectory(
            np.array(xyz, np.float32) * _ANGSTROM,
            topology,
            unitcell_lengths=cells[:, :3] * _ANGSTROM if known else None,
            unitcell_angles=cells[:, 3:] if known else None,
        )

    def _steps(self, start, stop):
        now = self._universe.trajectory.frame
        yield from self._reader[start:stop]
        self._universe.trajectory[now]


def topology_of(atoms):
    """The atoms of an MDAnalysis AtomGroup as an mdtraj.Topology.

    Names are made standard, as mdtraj does where it reads a PDB or GRO file. Elements are those of
    the Universe, or else guessed from the names; bonds are those of the Universe, or else those
    that the residues are known to have.
    """
    topology, made = md.Topology(), {}
    residues, names = _standard(
        _strings(atoms, "resnames", default="UNK"), _strings(atoms, "names", default="X")
    )
    chains = _chains(atoms)
    numbers = getattr(atoms, "resids", np.ones(len(atoms), int))
    elements = _elements(atoms, names)
    segments = _strings(atoms, "segids", default="")
    chain = residue = here = None
    for i, key in enumerate(zip(chains, atoms.resindices, strict=True)):
        if chain is None or key[0] != here[0]:
            chain = topology.add_chain(key[0] if len(key[0]) == 1 else None)
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


def _standard(residues, names):
    """Names of residues and atoms, of each atom, as mdtraj has them."""
    PDBTrajectoryFile._loadNameReplacementTables()
    known, atoms = (
        PDBTrajectoryFile._residueNameReplacements,
        PDBTrajectoryFile._atomNameReplacements,
    )
    residues = [known.get(name, name) for name in residues]
    pairs = zip(residues, names, strict=True)
    return residues, [atoms.get(residue, {}).get(name, name) for residue, name in pairs]
