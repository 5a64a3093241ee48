"""Atoms by name: what they are called, and the same atoms in another topology."""

from collections import defaultdict

import numpy as np

from lss.errors import InputError
from lss.molecule.alike import find_alike
from lss.molecule.names import atom_name, residue_name

#: Names of the residue that a calcium ion is.
_CALCIUM = {"CA", "CA2", "CA2+", "CAL"}
_SAME = "give a trajectory of the molecule that the simulator was trained on"


def describe_atom(atom):
    """Return an atom in words: ``"CA of ALA 3"``, with the chain where there are several."""
    return f"{atom.name} of {describe_residue(atom.residue)}"


def describe_residue(residue):
    """Return a residue in words: ``"ALA 3"``, ``"ALA 3 chain B"`` where there are several chains.

    Where chains lack a letter or share one, all are called by their number from 1.
    """
    words = f"{residue.name} {residue.resSeq}"
    chain = residue.chain
    topology = chain.topology
    if topology is None or topology.n_chains < 2:
        return words
    letters = [(c.chain_id or "").strip() for c in topology.chains]
    if "" in letters or len(set(letters)) < len(letters):
        return f"{words} chain {chain.index + 1}"
    return f"{words} chain {chain.chain_id}"


def is_alpha_carbon(atom):
    """Whether an atom is called CA and is not a calcium ion, which has the same name."""
    return atom.name == "CA" and not is_calcium(atom)


def is_calcium(atom):
    """Whether an atom called CA is an ion; readers may take an ion for carbon, or the reverse."""
    if atom.residue.name.upper() in _CALCIUM:
        return True
    calcium = atom.element is not None and atom.element.symbol == "Ca"
    return calcium and not atom.residue.is_protein


def _identity(atom):
    residue = atom.residue
    return (residue.chain.chain_id or "", residue.resSeq, residue.name, atom.name)


def identities(topology, atom_indices):
    """Return (chain letter, residue number, residue name, atom name) of atoms, as plain lists."""
    return [list(_identity(topology.atom(i))) for i in atom_indices]


def match(trajectory_topology, box_topology):
    """Find the atoms of one topology in another by residue number, residue name and atom name.

    Where these do not all agree, atoms are found whose residue numbers are shifted by the same and
    whose residues and atoms other programs name otherwise (see `lss.molecule.alike`).

    Parameters
    ----------
    trajectory_topology : mdtraj.Topology
        Where to look; may hold more atoms (solvent, side chains).
    box_topology : mdtraj.Topology
        What to look for.

    Returns
    -------
    ndarray (n_box_atoms,) of int64
        Indices into ``trajectory_topology``, in the order of the box.

    Raises
    ------
    InputError
        Names the first atom that is missing, or that could be several.
    """
    return match_names(trajectory_topology, [_identity(a) for a in box_topology.atoms])


def match_names(topology, wanted):
    """Find atoms by (chain letter, residue number, residue name, atom name); see :func:`match`."""
    try:
        return _match_exactly(topology, wanted)
    except InputError as error:
        found, problem = find_alike(topology, [tuple(name) for name in wanted])
        if found is not None:
            return np.array([found[i] for i in range(len(wanted))], dtype=np.int64)
        if problem is None:
            raise
        raise InputError(
            f"the simulator's molecule is not the given one: {problem}; {_SAME}"
        ) from (error)


def _match_exactly(topology, wanted):
    present, asked = defaultdict(list), defaultdict(list)
    for atom in topology.atoms:
        present[_identity(atom)[1:]].append(atom)
    for position, name in enumerate(wanted):
        asked[tuple(name[1:])].append((position, name[0]))
    found = np.empty(len(wanted), dtype=np.int64)
    for key, positions in asked.items():
        everywhere = candidates = present.get(key, [])
        if len(candidates) > len(positions):
            letters = {letter for _, letter in positions}
            candidates = [a for a in candidates if (a.residue.chain.chain_id or "") in letters]
        if len(candidates) != len(positions):
            raise _mismatch(topology, key, positions[0][0], len(everywhere))
        by_letter = {a.residue.chain.chain_id or "": a for a in candidates}
        in_order = len(by_letter) < len(candidates) or {c for _, c in positions} != set(by_letter)
        for (position, letter), atom in zip(positions, candidates, strict=True):
            found[position] = (atom if in_order else by_letter[letter]).index
    return found


def _mismatch(topology, key, position, n_candidates):
    number, residue, name = key
    wanted = f"atom {position + 1} of the simulator is {name} of {residue} {number}"
    if n_candidates:
        return InputError(
            f"{wanted}: the number of such atoms in the given topology is {n_candidates}: give a "
            "trajectory of as many copies of the molecule as the simulator knows"
        )
    there = [r for r in topology.residues if r.resSeq == number]
    same = next((r for r in there if r.name == residue), None)
    if same is not None:
        problem = f"there {residue} {number} has no atom {name}"
    elif there:
        problem = f"residue {number} is {there[0].name} there"
    else:
        problem = f"there is no residue {number} there"
    return InputError(f"{wanted}, {problem}: {_SAME}")


def check_same(topology, other, source, other_source):
    """Refuse two topologies of which one does not name the same atoms in the same order.

    Names are the same where they mean the same: HIE and HIS, HN and H.

    Raises
    ------
    InputError
        Names the files and the first difference.
    """
    if topology.n_atoms != other.n_atoms:
        raise InputError(
            f"{source} has {topology.n_atoms} atoms, {other_source} has {other.n_atoms}: "
            "give files of one molecule"
        )
    for one, two in zip(topology.atoms, other.atoms, strict=True):
        if _meaning(one) != _meaning(two):
            raise InputError(
                f"atom {one.index + 1} is {describe_atom(one)} in {source} but "
                f"{describe_atom(two)} in {other_source}: give files of one molecule"
            )


def _meaning(atom):
    residue = residue_name(atom.residue.name)
    return residue, atom_name(residue, atom.name)
