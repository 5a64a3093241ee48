"""Covalent bonds by distance, each atom with no more of them than its element has."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lss.molecule.elements import element_of
from lss.molecule.names import residue_name, template
from lss.molecule.periodic import bond_lengths, close_pairs

#: Covalent radii in nm (B. Cordero et al., Dalton Trans. (2008) 2832).
RADII = {"H": 0.031, "D": 0.031, "B": 0.084, "C": 0.076, "N": 0.071, "O": 0.066, "F": 0.057}
RADII |= {"Si": 0.111, "P": 0.107, "S": 0.105, "Cl": 0.102, "As": 0.119, "Se": 0.120}
RADII |= {"Br": 0.120, "I": 0.139}
#: The most bonds that an atom of these elements has.
_VALENCE = {"H": 1, "D": 1, "F": 1, "Cl": 1, "Br": 1, "I": 1, "O": 2, "Se": 2, "P": 5, "S": 6}
#: Metals are held by a residue of several atoms (a haem), up to this distance, nm.
_METAL_BOND = 0.26
#: Longest bonds in sums of the covalent radii: within a residue; of its hydrogens, which have one
#: bond, to the nearest atom; between residues, where a contact of two side chains is no bond;
#: between C and N of two residues; the shortest.
_WITHIN, _HYDROGEN, _BETWEEN, _PEPTIDE, _SHORTEST = 1.3, 1.8, 1.2, 1.35, 0.5
#: Carbons of side chains that bond another residue in a structure without hydrogen.
_ACYL = {("ASP", "CG"), ("ASN", "CG"), ("GLU", "CD"), ("GLN", "CD")}


@dataclass
class Atoms:
    """What is known of each atom of a topology, as arrays (n_atoms,)."""

    name: np.ndarray
    symbol: np.ndarray  # "" where neither element nor name tells a main group element
    known_element: np.ndarray
    radius: np.ndarray
    residue: np.ndarray  # number of the residue
    solvent: np.ndarray  # water or ion
    open_to: np.ndarray  # bonds that the template of the residue has; a large number without one
    known: np.ndarray  # the residue has a template
    acyl: np.ndarray  # carbons of carbonyl groups in residues with a template

    @classmethod
    def of(cls, topology, solvent):
        """Collect the arrays; `solvent` are the indices of waters and of ions."""
        n = topology.n_atoms
        solvents = np.zeros(n, dtype=bool)
        for indices in solvent:
            solvents[indices] = True
        name, symbol, element, residue = [], [], [], []
        open_to, known, acyl = np.full(n, 99), np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        for r in topology.residues:
            bonds = _template_degrees(r.name)
            # Readers take BB, a site of MARTINI, for boron, and the SC1 beside it for sulphur.
            sites = any(a.name in ("BB", "BB1") for a in r.atoms)
            for a in r.atoms:
                own = element_of(a)
                element.append(not sites and own is not None and own.symbol != "VS")
                by_name = "" if sites else _symbol_by_name(a.name)
                symbol.append(own.symbol if element[-1] else by_name)
                name.append(a.name)
                residue.append(r.index)
                if bonds and not solvents[a.index]:
                    known[a.index] = True
                    open_to[a.index] = bonds.get(a.name, 99)
                    acyl[a.index] = a.name == "C" or (residue_name(r.name), a.name) in _ACYL
        symbol, element = np.array(symbol, dtype="U3"), np.array(element, dtype=bool)
        radius = np.array([RADII.get(s, 0.15) for s in symbol.tolist()])
        radius[~element & (symbol == "")] = RADII["C"]
        return cls(
            np.array(name), symbol, element, radius, np.array(residue), solvents,
            open_to, known, acyl,
        )  # fmt: skip


def _template_degrees(name):
    bonds = template(name) or template(residue_name(name)) or template("D" + residue_name(name))
    if bonds is None:
        return None
    degrees = {}
    for pair in bonds:
        for atom in pair:
            degrees[atom] = degrees.get(atom, 0) + 1
    return degrees


def _symbol_by_name(name):
    letter = name.lstrip("0123456789")[:1].upper()
    return letter if letter in ("H", "C", "N", "O", "S", "P") else ""


def covalent(atoms, xyz, bonds, cell):
    """Find the covalent bonds that a list of bonds lacks.

    Atoms of one residue are bonded where the bonds do not hold it together yet. Of several bonds
    that an atom could have, the shortest are taken. A bond over a face of the cell must join what
    no bond within the cell joins.

    Parameters
    ----------
    atoms : Atoms
    xyz : array (n_atoms, 3), **nm**
    bonds : array (n_bonds, 2) of int64
    cell : array (3, 3) or None

    Returns
    -------
    ndarray (k, 2) of int64
        Pairs i < j, sorted.
    """
    none = np.empty((0, 2), dtype=np.int64)
    covalent_ones = np.isin(atoms.symbol, list(RADII))
    metal = (atoms.symbol != "") & ~covalent_ones & ~np.isin(atoms.symbol, ["He", "Ne", "Ar", "Kr"])
    chosen = np.flatnonzero((covalent_ones | metal) & ~atoms.solvent)
    if len(chosen) < 2 or not np.isfinite(xyz).all():
        return none
    cutoff = max(2 * _PEPTIDE * atoms.radius[chosen][covalent_ones[chosen]].max(initial=0), 0.27)
    pairs, lengths = close_pairs(xyz[chosen], min(cutoff, 0.4), cell)
    pairs = chosen[pairs]
    near = _near_enough(atoms, metal, bonds, pairs, lengths)
    pairs, lengths = pairs[near], lengths[near]
    ratio = lengths / (atoms.radius[pairs[:, 0]] + atoms.radius[pairs[:, 1]])
    # A hydrogen belongs to its own residue rather than to a near one of another.
    other = atoms.residue[pairs[:, 0]] != atoms.residue[pairs[:, 1]]
    ratio = ratio + 0.3 * (other & np.isin(atoms.symbol[pairs], ["H", "D"]).any(axis=1))
    order = np.argsort(ratio, kind="stable")
    pairs, lengths = pairs[order], lengths[order]
    filling = _Filling(atoms, bonds)
    inside = bond_lengths(xyz, pairs, None) < lengths + 1e-3
    added = filling.take(pairs[inside])
    if cell is not None and not inside.all():
        direct = bond_lengths(xyz, bonds, None) < bond_lengths(xyz, bonds, cell) + 1e-3
        n = len(xyz)
        edges = np.concatenate([bonds[direct], np.array(added, np.int64).reshape(-1, 2)])
        graph = coo_array((np.ones(len(edges)), tuple(edges.T)), shape=(n, n))
        labels = connected_components(graph, directed=False)[1]
        over = pairs[~inside]
        added += filling.take(over[labels[over[:, 0]] != labels[over[:, 1]]])
    return np.array(sorted(added), dtype=np.int64).reshape(-1, 2) if added else none


def _near_enough(atoms, metal, bonds, pairs, lengths):
    """Mark the pairs that are no bonds yet and may be, by elements and distance."""
    i, j = pairs.T
    ratio = lengths / (atoms.radius[i] + atoms.radius[j])
    hydrogen = np.isin(atoms.symbol, ["H", "D"])
    same = atoms.residue[i] == atoms.residue[j]
    names = np.sort(atoms.name[pairs], axis=1)
    peptide = (names[:, 0] == "C") & (names[:, 1] == "N") if len(pairs) else same
    within = np.where(hydrogen[i] | hydrogen[j], _HYDROGEN, _WITHIN)
    longest = np.where(same, within, np.where(peptide, _PEPTIDE, _BETWEEN))
    sulphurs = (atoms.symbol[i] == "S") & (atoms.symbol[j] == "S")
    longest = np.where(sulphurs & ~same, 1.25, longest)
    near = (ratio < longest) & (ratio > _SHORTEST) & ~(hydrogen[i] & hydrogen[j])
    metals = metal[i] | metal[j]
    near = np.where(metals, same & (lengths < _METAL_BOND) & ~(hydrogen[i] | hydrogen[j]), near)
    near &= ~same | _unconnected(atoms, bonds)[atoms.residue[i]]
    n = len(atoms.name)
    return near & ~np.isin(i * n + j, bonds[:, 0] * n + bonds[:, 1])


def _unconnected(atoms, bonds):
    """Which residues their own bonds do not hold together: bool (n_residues,)."""
    own = bonds[atoms.residue[bonds[:, 0]] == atoms.residue[bonds[:, 1]]]
    n = len(atoms.residue)
    graph = coo_array((np.ones(len(own)), tuple(own.T)), shape=(n, n))
    labels = connected_components(graph, directed=False)[1]
    parts = np.unique(np.stack([atoms.residue, labels]), axis=1)[0]
    return np.bincount(parts, minlength=atoms.residue.max() + 1) > 1


class _Filling:
    """Bonds given to atoms one after another, while they have any to spare."""

    def __init__(self, atoms, bonds):
        n = len(atoms.name)
        self.atoms = atoms
        self.n_bonds = np.bincount(bonds.ravel(), minlength=n)
        self.limit = np.array([_VALENCE.get(s, 4) for s in atoms.symbol.tolist()])
        self.limit[~np.isin(atoms.symbol, list(RADII))] = 8  # metals
        heavy_of_hydrogen = bonds[np.isin(atoms.symbol[bonds], ["H", "D"]).any(axis=1)]
        carbons = heavy_of_hydrogen[(atoms.symbol[heavy_of_hydrogen] == "C").any(axis=1)]
        self.with_hydrogen = np.zeros(atoms.residue.max() + 1, dtype=bool)
        self.with_hydrogen[atoms.residue[carbons.ravel()]] = True

    def take(self, pairs):
        """Return those pairs that become bonds, as a list of tuples."""
        return [(i, j) for i, j in pairs.tolist() if self._bond(i, j)]

    def _bond(self, i, j):
        between = self.atoms.residue[i] != self.atoms.residue[j]
        if not (self._free(i, between) and self._free(j, between)):
            return False
        self.n_bonds[i] += 1
        self.n_bonds[j] += 1
        return True

    def _free(self, i, between):
        atoms = self.atoms
        limit = self.limit[i]
        if between and atoms.known[i]:
            limit = min(limit, atoms.open_to[i])
            # Without hydrogen nothing tells which carbon of a known residue is bonded to another.
            carbon = atoms.symbol[i] == "C" and not atoms.acyl[i]
            if carbon and not self.with_hydrogen[atoms.residue[i]]:
                return False
        return self.n_bonds[i] < limit
