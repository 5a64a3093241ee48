"""How long the bonds of a topology should be, and how long they are."""

import itertools

import numpy as np

from lss.molecule.atoms import is_alpha_carbon
from lss.molecule.cells import back, bond_lengths, cell_vectors, has_cell, make_whole

#: Covalent radii in nm (B. Cordero et al., Dalton Trans. (2008) 2832); metals count as 0.15.
_RADII = {"H": 0.031, "D": 0.031, "C": 0.076, "N": 0.071, "O": 0.066, "F": 0.057, "B": 0.084}
_RADII |= {"Si": 0.111, "P": 0.107, "S": 0.105, "Cl": 0.102, "Se": 0.12, "Br": 0.12, "I": 0.139}
_METAL = 0.15
#: Neighbouring CA atoms of a trace (nm).
_CA_STEP = 0.38
#: What is longer in the structure of the topology file is no bond (nm).
NO_BOND = 0.6
#: A bond as many times longer than wanted is no strained one.
LONG = 1.5


def of_structure(structure, tree):
    """Bonds of a structure and their lengths in it, but for those that are none there."""
    topology = structure.topology
    pairs = _pairs(topology, lambda atom: True)
    if len(pairs) == 0:
        return pairs, np.empty(0)
    lengths = whole_lengths(structure, pairs, tree)[0]
    radii = np.array([_sum_of_radii(topology, pair) for pair in pairs])
    good = (lengths > 0.02) & (lengths < NO_BOND)
    # Bonds by name of atoms that are no neighbours.
    good &= ~((lengths > 0.25) & (lengths > LONG * radii) & (np.median(lengths) < 0.25))
    return pairs[good], lengths[good]


def covalent(topology):
    """Bonds between atoms of known elements, and the lengths that these should have (nm)."""
    pairs = _pairs(topology, lambda atom: atom.element is not None and atom.element.symbol != "VS")
    wanted = [_sum_of_radii(topology, pair) for pair in pairs]
    return pairs, np.array(wanted, dtype=np.float64)


def _pairs(topology, usable):
    """Bonds between usable atoms, and between CA atoms of a trace: int (n, 2)."""
    found = {
        (a.index, b.index) if a.index < b.index else (b.index, a.index)
        for a, b in topology.bonds
        # Readers and force fields also bond the hydrogens of water to each other.
        if usable(a) and usable(b) and not {_symbol(a), _symbol(b)} <= {"H", "D"}
    }
    for chain in topology.chains:
        residues = [r for r in chain.residues if r.n_atoms == 1]
        for one, two in itertools.pairwise(residues):
            a, b = next(one.atoms), next(two.atoms)
            if is_alpha_carbon(a) and is_alpha_carbon(b) and two.resSeq - one.resSeq == 1:
                found.add((a.index, b.index))
    return np.array(sorted(found), dtype=np.int32).reshape(-1, 2)


def _symbol(atom):
    return None if atom.element is None else atom.element.symbol


def _sum_of_radii(topology, pair):
    one, two = (topology.atom(int(i)) for i in pair)
    if is_alpha_carbon(one) and is_alpha_carbon(two):
        return _CA_STEP
    return sum(_RADII.get(_symbol(atom), _METAL) for atom in (one, two))


def whole_lengths(frames, pairs, tree):
    """Lengths of bonds after molecules were made whole: (n_frames, n_bonds)."""
    whole = frames[:]
    make_whole(whole, tree)
    lengths = bond_lengths(whole, pairs)
    real = has_cell(whole)
    if real.any() and lengths[real].max(initial=0) > 1.0:
        # Rings closed over a face, and CA traces without bonds.
        steps = whole.xyz[:, pairs[:, 1]].astype(np.float64) - whole.xyz[:, pairs[:, 0]]
        for frame, vectors in zip(np.flatnonzero(real), cell_vectors(whole, real), strict=True):
            moves = back(steps[frame], np.broadcast_to(vectors, (len(pairs), 3, 3)))
            lengths[frame] = np.linalg.norm(steps[frame] + moves, axis=-1)
    return lengths
