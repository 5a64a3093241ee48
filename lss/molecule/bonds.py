"""Bonds among chosen atoms."""

import logging
from collections import defaultdict
from itertools import pairwise

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from lss.errors import InputError
from lss.molecule.atoms import describe_atom
from lss.molecule.beads import CA_RANGE
from lss.molecule.guessing import RADII

logger = logging.getLogger(__name__)

#: No bond is longer than this many times the sum of its covalent radii.
_LONGEST_BOND = 2.0


def bonds(topology, reference_xyz, atom_indices):
    """List the bonds among chosen atoms so that each chain hangs together.

    Bonds of the topology come first, but for those that the reference structure shows to be far
    too long (readers bond atoms by name, and names are ambiguous: HT2 may be of either end).
    Atoms that these leave unconnected are bonded where their distance in the reference structure
    is that of a covalent bond. Both are logged as warnings. Consecutive
    residues of a chain that are still apart, as in a CA trace, are joined by their closest atoms;
    over a gap this is logged as a warning. Where the residue numbers start again and nothing joins
    the residues, a chain ends; molecules that are no biopolymers are not joined to others either.

    Parameters
    ----------
    topology : mdtraj.Topology
    reference_xyz : array (n_atoms_of_topology, 3)
        A structure in nm.
    atom_indices : array (n,)
        The chosen atoms, indices into the topology.

    Returns
    -------
    ndarray (n_bonds, 2) of int64
        Pairs i < j in the numbering of the chosen atoms, sorted, each once.

    Raises
    ------
    InputError
        If the reference does not belong to the topology.
    """
    atom_indices = np.asarray(atom_indices, dtype=np.int64)
    xyz = np.asarray(reference_xyz, dtype=np.float64)
    if xyz.shape != (topology.n_atoms, 3):
        raise InputError(
            f"the reference structure has the shape {xyz.shape}, its topology "
            f"{topology.n_atoms} atoms: give one structure (n_atoms, 3)"
        )
    xyz = xyz[atom_indices]
    atoms = [topology.atom(i) for i in atom_indices]
    number = {int(index): i for i, index in enumerate(atom_indices)}
    pairs = {
        tuple(sorted((number[a.index], number[b.index])))
        for a, b in topology.bonds
        if a.index in number and b.index in number and a.index != b.index
    }
    pairs -= _too_long(atoms, xyz, pairs)
    guessed = _covalent_pairs(atoms, xyz, pairs)
    if guessed:
        logger.warning(
            "the topology lacks %d bonds among the chosen atoms; they were guessed from distances "
            "in the reference structure",
            len(guessed),
        )
    pairs |= guessed
    pairs |= _residue_joins(atoms, xyz, pairs, _bonded_residues(topology))
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)


def _labels(n, pairs):
    """Number the connected parts of a graph: labels (n,)."""
    edges = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
    return connected_components(graph, directed=False)[1]


def _radii(atoms):
    return np.array([RADII.get(a.element.symbol if a.element else "C", 0.076) for a in atoms])


def _too_long(atoms, xyz, pairs):
    """Pairs of the topology that cannot be bonds in the reference structure."""
    radii = _radii(atoms)
    beads = {i for i, a in enumerate(atoms) if a.element is None or a.element.symbol == "VS"}
    wrong = {
        (i, j)
        for i, j in pairs
        if np.linalg.norm(xyz[i] - xyz[j]) > _LONGEST_BOND * (radii[i] + radii[j])
        # Coarse-grained sites are joined over longer distances.
        and atoms[i].name != atoms[j].name
        and not beads & {i, j}
    }
    if wrong:
        i, j = min(wrong)
        logger.warning(
            "%d bonds of the topology are far too long in the reference structure and are left "
            "out, the first between %s and %s",
            len(wrong),
            describe_atom(atoms[i]),
            describe_atom(atoms[j]),
        )
    return wrong


def _covalent_pairs(atoms, xyz, pairs):
    """Pairs of unconnected parts at the distance of a covalent bond."""
    labels = _labels(len(atoms), pairs)
    if len(atoms) < 2 or labels.max() == 0 or not np.isfinite(xyz).all():
        return set()
    radii = _radii(atoms)
    near = cKDTree(xyz).query_pairs(2.6 * radii.max(), output_type="ndarray")
    i, j = near[:, 0], near[:, 1]
    distance = np.linalg.norm(xyz[i] - xyz[j], axis=1)
    close = (distance < 1.25 * (radii[i] + radii[j])) & (labels[i] != labels[j])
    close &= ~((radii[i] == RADII["H"]) & (radii[j] == RADII["H"]))
    return {tuple(sorted(map(int, pair))) for pair in near[close]}


def _bonded_residues(topology):
    """Pairs of residue numbers that a bond of the topology joins."""
    joined = {(a.residue.index, b.residue.index) for a, b in topology.bonds}
    return {tuple(sorted(pair)) for pair in joined if pair[0] != pair[1]}


def _residue_joins(atoms, xyz, pairs, bonded):
    """Pairs that join each residue to the next one present in its chain."""
    labels = _labels(len(atoms), pairs)
    residues = defaultdict(list)
    for i, atom in enumerate(atoms):
        residues[atom.residue.chain.index, atom.residue.index].append(i)
    joins, gaps = set(), []
    keys = sorted(residues)
    for key in keys:
        _join_within(residues[key], xyz, labels, joins)
    for (chain, one), (next_chain, two) in pairwise(keys):
        here, there = residues[chain, one], residues[next_chain, two]
        if chain != next_chain or set(labels[here]) & set(labels[there]):
            continue
        neighbours = two == one + 1 and ((one, two) in bonded or _near(atoms, xyz, here, there))
        if not neighbours and not _one_chain(atoms[here[0]].residue, atoms[there[0]].residue):
            continue
        _join_closest(here, there, xyz, labels, joins)
        if not neighbours:
            gaps.append(f"{atoms[here[0]].residue} and {atoms[there[0]].residue}")
    if gaps:
        logger.warning(
            "residues that are not neighbours were joined by a pseudo-bond: %s",
            ", ".join(gaps[:5]) + (", ..." if len(gaps) > 5 else ""),
        )
    return joins


def _one_chain(one, two):
    """Whether two residues that nothing joins are of one chain with a gap."""
    polymer = all(
        r.is_protein or r.is_nucleic or any(a.name == "CA" for a in r.atoms) for r in (one, two)
    )
    return polymer and two.resSeq > one.resSeq


def _near(atoms, xyz, here, there):
    """Whether the CA atoms of two residues are as near as those of neighbours."""
    ca = [[i for i in part if atoms[i].name == "CA"] for part in (here, there)]
    return bool(ca[0] and ca[1] and np.linalg.norm(xyz[ca[0][0]] - xyz[ca[1][0]]) < CA_RANGE[1])


def _join_within(members, xyz, labels, joins):
    """Join the unconnected atoms of one residue, closest first (N and O without their C)."""
    while len(parts := sorted(set(labels[members]))) > 1:
        first = [i for i in members if labels[i] == parts[0]]
        _join_closest(first, [i for i in members if labels[i] != parts[0]], xyz, labels, joins)


def _join_closest(here, there, xyz, labels, joins):
    distances = np.linalg.norm(xyz[here][:, None] - xyz[there][None], axis=-1)
    a, b = np.unravel_index(np.argmin(distances), distances.shape)
    i, j = here[a], there[b]
    labels[labels == labels[j]] = labels[i]
    joins.add((min(i, j), max(i, j)))
