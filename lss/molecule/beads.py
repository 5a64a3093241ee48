"""Bonds between the sites of coarse-grained chains, for making them whole and for their torsions.

Nothing but the order in the file and the distances tells these bonds; where both do not agree, none
are made.
"""

from itertools import pairwise

import numpy as np

from lss.molecule.atoms import is_alpha_carbon
from lss.molecule.names import residue_name
from lss.molecule.periodic import bond_lengths, close_pairs

#: Consecutive CA atoms are 0.38 nm apart over a trans peptide bond, 0.29 nm over a cis one.
CA_RANGE = (0.24, 0.45)
#: Sites of one residue, and those of consecutive residues, are not further apart, nm.
_WITHIN, _BETWEEN = 0.6, 0.8
#: Steps along a chain differ by no more than this factor from their median.
_IRREGULAR = 1.3
#: Sites of a chain have two neighbours and a few contacts; more is a fluid or a lattice.
_CROWD = 4


def links(topology, atoms, xyz, bonds, cell):
    """Find bonds between sites: consecutive CA atoms, sites of one residue, steps of a chain.

    Parameters
    ----------
    topology : mdtraj.Topology
    atoms : lss.molecule.guessing.Atoms
    xyz : array (n_atoms, 3), **nm**
    bonds : array (n_bonds, 2) of int64
        Bonds that are known.
    cell : array (3, 3) or None

    Returns
    -------
    ndarray (k, 2) of int64
        Pairs i < j.
    """
    found = []
    if np.isfinite(xyz).all():
        joined = {tuple(p) for p in np.sort(atoms.residue[bonds], axis=1).tolist()}
        bonded = np.bincount(bonds.ravel(), minlength=len(xyz)) > 0
        for chain in topology.chains:
            residues = [r for r in chain.residues if not atoms.solvent[next(r.atoms).index]]
            found += _ca_steps(residues, joined, xyz, cell)
            sites = [r for r in residues if _is_sites(r, atoms, bonded)]
            for residue in sites:
                found += _tree([a.index for a in residue.atoms], xyz, cell)
            found += _steps(sites, joined, xyz, cell)
    return np.sort(np.array(found, dtype=np.int64).reshape(-1, 2), axis=1)


def _ca_steps(residues, joined, xyz, cell):
    """Consecutive CA atoms of residues that lack the peptide bond between them."""
    steps = []
    for one, two in pairwise(residues):
        here = next((a for a in one.atoms if is_alpha_carbon(a)), None)
        there = next((a for a in two.atoms if is_alpha_carbon(a)), None)
        if here is None or there is None or (one.index, two.index) in joined:
            continue
        peptide = {a.name for a in one.atoms} >= {"C"} and {a.name for a in two.atoms} >= {"N"}
        if not peptide:
            steps.append((here.index, there.index))
    if not steps:
        return []
    lengths = bond_lengths(xyz, np.array(steps), cell)
    return [s for s, d in zip(steps, lengths, strict=True) if CA_RANGE[0] < d < CA_RANGE[1]]


def _is_sites(residue, atoms, bonded):
    """Whether no atom of a residue has a bond, and it is no alpha carbon or single atom."""
    indices = [a.index for a in residue.atoms]
    if bonded[indices].any() or any(map(is_alpha_carbon, residue.atoms)):
        return False
    return len(indices) > 1 or not atoms.known_element[indices[0]] or _is_biopolymer(residue)


def _is_biopolymer(residue):
    return residue.is_protein or residue.is_nucleic or len(residue_name(residue.name)) == 1


def _tree(indices, xyz, cell):
    """Join the sites of one residue, closest first."""
    joined, rest, pairs = [indices[0]], list(indices[1:]), []
    while rest:
        options = np.array([(i, j) for i in joined for j in rest])
        lengths = bond_lengths(xyz, options, cell)
        best = int(np.argmin(lengths))
        if lengths[best] > _WITHIN:
            break
        pairs.append(tuple(options[best].tolist()))
        joined.append(pairs[-1][1])
        rest.remove(pairs[-1][1])
    return pairs


def _steps(residues, joined, xyz, cell):
    """Join the first sites of consecutive residues where all steps are about as long."""
    firsts = [_first_site(r) for r in residues]
    steps = np.array(
        [
            (i, j)
            for one, two, i, j in zip(residues, residues[1:], firsts, firsts[1:], strict=False)
            if two.index == one.index + 1
            and (one.index, two.index) not in joined
            and _may_follow(one, two)
        ],
        dtype=np.int64,
    ).reshape(-1, 2)
    if len(steps) == 0:
        return []
    lengths = bond_lengths(xyz, steps, cell)
    median = np.median(lengths)
    if not all(map(_is_biopolymer, residues)):
        regular = np.abs(lengths - median) < 0.1 * median
        close = close_pairs(xyz[firsts], min(1.1 * median, _BETWEEN), cell)[0]
        if regular.mean() < 0.8 or 2 * len(close) > _CROWD * len(firsts):
            return []
    good = (lengths < _IRREGULAR * median) & (lengths < _BETWEEN)
    return [tuple(step) for step in steps[good].tolist()]


def _may_follow(one, two):
    single = one.n_atoms == two.n_atoms == 1
    return single or (_is_biopolymer(one) and _is_biopolymer(two))


def _first_site(residue):
    atoms = list(residue.atoms)
    return next((a for a in atoms if a.name in ("BB", "BB1")), atoms[0]).index
