"""The bond graph of a molecule, and what follows from it.

A molecule is a list of bonds between numbered atoms. From it come a spanning tree (positions are
sums of bond vectors along its paths), the rings, the pairs a fixed number of bonds apart, the
centres with three or more neighbours (chirality, planarity) and the bonds that things turn about.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import (
    breadth_first_order,
    connected_components,
    minimum_spanning_tree,
    shortest_path,
)

from lss_base.estimators import refusal

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

logger = logging.getLogger(__name__)

LARGEST_RING = 8


@dataclass(frozen=True)
class BondGraph:
    """Bonds of a molecule together with a spanning tree of its atoms.

    Attributes
    ----------
    n_atoms : int
    bonds : ndarray (n_bonds, 2), int
        The chemical bonds, each once, lower index first, sorted.
    edges : ndarray (n_atoms - 1, 2), int
        Tree edges (parent, child), in breadth-first order.
    pseudo : ndarray (n_atoms - 1,), bool
        Tree edges that are no bonds: they tie separate chains or molecules together.
    steps : ndarray (n_atoms, n_atoms), int
        Number of bonds between two atoms, pseudo-bonds not counted; -1 where there is no path.
    """

    n_atoms: int
    bonds: np.ndarray
    edges: np.ndarray
    pseudo: np.ndarray
    steps: np.ndarray = field(repr=False)

    def path_matrix(self):
        """Matrix that turns the tree's bond vectors into centred positions.

        Returns
        -------
        ndarray (n_atoms, n_atoms - 1), float64
            ``positions = path_matrix @ bond_vectors``; the columns have mean zero, so that the
            centroid of the positions is the origin.
        """
        matrix = np.zeros((self.n_atoms, len(self.edges)))
        for k, (parent, child) in enumerate(self.edges):
            matrix[child] = matrix[parent]
            matrix[child, k] = 1.0
        return matrix - matrix.mean(0)

    def pairs(self, n_bonds):
        """Pairs of atoms exactly `n_bonds` bonds apart, (n_pairs, 2)."""
        return np.argwhere(np.triu(self.steps == n_bonds, 1))

    def nonbonded(self):
        """Whether two atoms are at least four bonds apart or not connected, (n_atoms, n_atoms)."""
        return (self.steps >= 4) | (self.steps < 0)

    def nonbonded_pairs(self):
        """Pairs at least four bonds apart or not connected at all, (n_pairs, 2)."""
        return np.argwhere(np.triu(self.nonbonded(), 1))

    def neighbours(self):
        """List of the sorted neighbours of each atom."""
        lists = [[] for _ in range(self.n_atoms)]
        for a, b in self.bonds:
            lists[a].append(int(b))
            lists[b].append(int(a))
        return [sorted(atoms) for atoms in lists]

    def rings(self):
        """Rings of up to eight atoms, one for each bond that the tree leaves open.

        Returns
        -------
        list of list of int
            Atom indices in the order of the ring.
        """
        in_tree = {frozenset(edge) for edge in self.edges.tolist()}
        found = {}
        for a, b in self.bonds.tolist():
            if frozenset((a, b)) in in_tree:
                continue
            rest = self.bonds[~((self.bonds[:, 0] == a) & (self.bonds[:, 1] == b))]
            _, before = breadth_first_order(_matrix(self.n_atoms, rest), a, directed=False)
            ring = [b]
            while ring[-1] != a and before[ring[-1]] >= 0:
                ring.append(int(before[ring[-1]]))
            if ring[-1] == a and len(ring) <= LARGEST_RING:
                found[frozenset(ring)] = ring
        return list(found.values())

    def ring_pairs(self):
        """Pairs of atoms within one ring, (n_pairs, 2)."""
        pairs = {
            (min(a, b), max(a, b)) for ring in self.rings() for a in ring for b in ring if a != b
        }
        return np.array(sorted(pairs), int).reshape(-1, 2)

    def centres(self):
        """Atoms with at least three neighbours, followed by the first three, (n_centres, 4)."""
        rows = [[a, *near[:3]] for a, near in enumerate(self.neighbours()) if len(near) >= 3]
        return np.array(rows, int).reshape(-1, 4)

    def torsions(self):
        """One chain of four bonded atoms about each bond outside rings, (n_torsions, 4)."""
        neighbours = self.neighbours()
        closed = {
            frozenset((ring[k - 1], ring[k])) for ring in self.rings() for k in range(len(ring))
        }
        rows = []
        for b, c in self.bonds.tolist():
            if frozenset((b, c)) in closed:
                continue
            before = [a for a in neighbours[b] if a != c]
            after = [d for d in neighbours[c] if d != b and d not in before]
            if before and after:
                rows.append([before[0], b, c, after[0]])
        return np.array(rows, int).reshape(-1, 4)


def bond_graph(
    n_atoms: int, bonds: ArrayLike | None = None, reference: ArrayLike | None = None
) -> BondGraph:
    """Build the graph and its spanning tree.

    Parameters
    ----------
    n_atoms : int
    bonds : array-like (n_bonds, 2) of int, optional
        Pairs of atom indices. Without it they are guessed from `reference`, with a warning.
    reference : array-like (n_atoms, 3), optional
        A structure, **nm**. Separate parts are tied together where they are closest in it, or in
        the order of their atoms where it is not given.

    Returns
    -------
    BondGraph

    Raises
    ------
    ValueError
        If an index is out of range, an atom is bonded to itself, both `bonds` and `reference` are
        missing, or `reference` has another shape.
    """
    if reference is not None:
        reference = _checked_reference(reference)
        if len(reference) != n_atoms:
            raise refusal(
                "reference", f"of {len(reference)} atoms", f"n_atoms={n_atoms}", "give all of them"
            )
    if bonds is None:
        if reference is None:
            raise refusal("bonds", "None without a reference", "bonds", "give one of the two")
        bonds = guess_bonds(reference)
        logger.warning("no bonds were given: %d were guessed from the distances", len(bonds))
    bonds = _checked(bonds, n_atoms)
    links = _ties(n_atoms, bonds, reference)
    steps = shortest_path(_matrix(n_atoms, bonds), directed=False, unweighted=True)
    steps = np.where(np.isfinite(steps), steps, -1).astype(np.int32)
    every = np.concatenate([bonds, links])
    matrix = _matrix(n_atoms, every)
    depth = shortest_path(matrix, directed=False, unweighted=True).max(1)
    # From the middle of the molecule the paths are short, and errors of directions add up less.
    order, before = breadth_first_order(matrix, int(depth.argmin()), directed=False)
    edges = np.array([(before[a], a) for a in order[1:]], int).reshape(-1, 2)
    tied = {frozenset(link) for link in links.tolist()}
    pseudo = np.array([frozenset(edge) in tied for edge in edges.tolist()], bool)
    return BondGraph(n_atoms, bonds, edges, pseudo, steps)


def guess_bonds(reference: ArrayLike) -> np.ndarray:
    """The shortest set of links that connects all atoms of a structure.

    Right for chains of evenly spaced beads and for trees of atoms; rings stay open.

    Parameters
    ----------
    reference : array-like (n_atoms, 3)

    Returns
    -------
    ndarray (n_atoms - 1, 2), int
    """
    reference = _checked_reference(reference)
    distance = np.linalg.norm(reference[:, None] - reference[None], axis=-1)
    # A distance of exactly zero would mean "no edge" to the sparse solver.
    tree = minimum_spanning_tree(np.triu(np.maximum(distance, 1e-6), 1)).tocoo()
    return _checked(np.stack([tree.row, tree.col], 1), len(reference))


def _checked_reference(reference):
    reference = np.asarray(reference, float)
    if reference.ndim != 2 or reference.shape[1] != 3 or not len(reference):
        raise refusal(
            "reference",
            f"an array of shape {reference.shape}",
            "shape (n_atoms, 3)",
            "give one frame",
        )
    return reference


def _checked(bonds, n_atoms):
    bonds = np.asarray(bonds)
    if bonds.size == 0:
        return np.zeros((0, 2), int)
    if bonds.ndim != 2 or bonds.shape[1] != 2 or not np.issubdtype(bonds.dtype, np.integer):
        raise refusal(
            "bonds",
            f"an array of shape {bonds.shape} and type {bonds.dtype}",
            "pairs of atom indices, shape (n_bonds, 2)",
            "give two whole numbers for each bond",
        )
    if bonds.min() < 0 or bonds.max() >= n_atoms:
        raise refusal(
            "bonds",
            f"of indices from {bonds.min()} to {bonds.max()}",
            f"0 to {n_atoms - 1} for {n_atoms} atoms",
            "number the decoded atoms from 0",
        )
    if np.any(bonds[:, 0] == bonds[:, 1]):
        raise refusal("bonds", "of an atom to itself", "two different atoms", "leave it out")
    return np.unique(np.sort(bonds, 1), axis=0)


def _matrix(n_atoms, bonds):
    return coo_array((np.ones(len(bonds)), (bonds[:, 0], bonds[:, 1])), (n_atoms, n_atoms)).tocsr()


def _ties(n_atoms, bonds, reference):
    """Pseudo-bonds that join the connected parts into one, (n_parts - 1, 2)."""
    n_parts, part = connected_components(_matrix(n_atoms, bonds), directed=False)
    if n_parts == 1:
        return np.zeros((0, 2), int)
    if reference is None:
        first = [int(np.flatnonzero(part == k)[0]) for k in range(n_parts)]
        last = [int(np.flatnonzero(part == k)[-1]) for k in range(n_parts)]
        return np.stack([last[:-1], first[1:]], 1)
    joined, links = part == 0, []
    while not joined.all():
        inside, outside = np.flatnonzero(joined), np.flatnonzero(~joined)
        gap = np.linalg.norm(reference[inside, None] - reference[None, outside], axis=-1)
        i, j = np.unravel_index(gap.argmin(), gap.shape)
        links.append((inside[i], outside[j]))
        joined |= part == part[outside[j]]
    return np.array(links, int)
