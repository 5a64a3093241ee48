"""A topology as a graph: which atoms and residues its bonds join."""

import logging
from collections import deque

from lss.molecule.elements import element_of
from lss.molecule.guessing import RADII
from lss.molecule.names import residue_name, template

logger = logging.getLogger(__name__)

#: Atoms of which each amino acid and each nucleotide has one.
_POLYMER = {"CA", "C1'", "C3'", "P"}


class BondGraph:
    """The bonds of a topology.

    Attributes
    ----------
    topology : mdtraj.Topology
    neighbours : list of list of int
        Bonded atoms of each atom, sorted; metals hold nothing by bonds that torsions turn about.
    polymers : list of mdtraj.core.topology.Residue
        Residues that may be amino acids or nucleotides, by the names of their atoms.
    """

    def __init__(self, topology):
        self.topology = topology
        self.neighbours = [set() for _ in range(topology.n_atoms)]
        pairs = [(a.index, b.index) for a, b in topology.bonds]
        metals = {a.index for a in topology.atoms if _is_metal(a)}
        for i, j in pairs or _by_template(topology):
            if i != j and i not in metals and j not in metals:
                self.neighbours[i].add(j)
                self.neighbours[j].add(i)
        self.neighbours = [sorted(others) for others in self.neighbours]
        atoms = list(topology.atoms)
        self.residue = [a.residue.index for a in atoms]
        self.heavy = [not _is_hydrogen(a) for a in atoms]
        self.atom_names = [a.name.replace("*", "'") for a in atoms]
        self._names = [{} for _ in range(topology.n_residues)]
        for atom, name in zip(atoms, self.atom_names, strict=True):
            self._names[atom.residue.index][name] = atom.index
        self.polymers = [
            r for r in topology.residues if not _POLYMER.isdisjoint(self._names[r.index])
        ]

    def names(self, residue):
        """Atoms of a residue: dict of name -> index; ``C1*`` is called ``C1'``."""
        return self._names[residue]

    def bonded(self, i, j):
        """Whether two atoms are bonded."""
        return j in self.neighbours[i]

    def residues_bonded(self, atom, name):
        """Other residues of which the atom called `name` is bonded to an atom: list of int."""
        return [
            self.residue[other]
            for other in self.neighbours[atom]
            if self.residue[other] != self.residue[atom] and self.atom_names[other] == name
        ]

    def heavy_neighbours(self, atom):
        """Bonded atoms that are no hydrogen."""
        return [i for i in self.neighbours[atom] if self.heavy[i]]

    def connected_within(self, residue, atoms):
        """Whether bonds inside one residue join all these atoms."""
        return set(atoms) <= self.depths(atoms[0], residue).keys()

    def depths(self, root, residue):
        """Number of bonds from an atom to each atom of its residue: dict of index -> int."""
        depth, queue = {root: 0}, deque([root])
        while queue:
            atom = queue.popleft()
            for other in self.neighbours[atom]:
                if other not in depth and self.residue[other] == residue:
                    depth[other] = depth[atom] + 1
                    queue.append(other)
        return depth

    def ring_size(self, i, j, largest):
        """Atoms of the smallest ring with the bond i-j, or 0 where none has up to `largest`."""
        depth, queue = {i: 1}, deque([i])
        while queue:
            atom = queue.popleft()
            for other in self.neighbours[atom]:
                if other == j and atom != i:
                    return depth[atom] + 1
                if other not in depth and other != j and depth[atom] + 2 <= largest:
                    depth[other] = depth[atom] + 1
                    queue.append(other)
        return 0


def _by_template(topology):
    """Bonds by names and order in the file, of a topology that has none: list of pairs."""
    pairs = []
    for chain in topology.chains:
        before = {}
        for residue in chain.residues:
            names = {a.name: a.index for a in residue.atoms}
            for one, two in template(residue.name) or template(residue_name(residue.name)) or ():
                if one in names and two in names:
                    pairs.append((names[one], names[two]))
            if "C" in before and "N" in names:
                pairs.append((before["C"], names["N"]))
            before = names
    if pairs:
        logger.warning(
            "the topology has no bonds: those of the residues that are known by name are taken for "
            "granted, and consecutive residues of a chain are taken for neighbours"
        )
    return pairs


def _is_hydrogen(atom):
    element = element_of(atom)
    if element is None or element.symbol == "VS":
        return atom.name.lstrip("0123456789")[:1] in ("H", "D")
    return element.symbol in ("H", "D")


def _is_metal(atom):
    element = element_of(atom)
    return element is not None and element.symbol not in {*RADII, "VS"}
