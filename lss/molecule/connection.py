"""The bonds of a topology, completed and corrected once, by a structure.

Readers of topology files bond atoms by names: they join the ends of two chains that a file does not
part, leave residues that they do not know without any bond, and miss the bonds that close a ring.
"""

import logging

import mdtraj as md
import numpy as np

from lss.errors import InputError
from lss.molecule import beads, guessing
from lss.molecule.atoms import describe_atom
from lss.molecule.elements import element_of
from lss.molecule.periodic import bond_lengths, real_cell
from lss.molecule.solvent import waters_and_ions

logger = logging.getLogger(__name__)

#: A bond of the file is kept within a residue up to this many times the sum of the covalent radii,
#: since names tell there what is bonded, less with a hydrogen (second; C-H 0.17 nm), and between
#: residues up to the third (C-N 0.24 nm), since readers join there whatever follows in the file.
#: Atoms that no bond holds are further apart. Readers make disulfides of sulphurs up to 0.3 nm
#: apart; a real one is 0.21 nm long (fourth; 0.27 nm).
_LONGEST_WITHIN, _LONGEST_HYDROGEN, _LONGEST_BETWEEN, _LONGEST_DISULFIDE = 2.0, 1.6, 1.6, 1.3
#: No two sites of a coarse-grained model that are bonded are further apart, nm.
_LONGEST_BEADS = 1.5
#: Where the median of the bonds is longer, they are not covalent, nm.
_COVALENT_MEDIAN = 0.22
#: Atoms of one residue that are bonded by name and further apart than this (nm) are not in one
#: image of a cell.
_BROKEN = 1.0


def completed(topology, xyz, unitcell_vectors=None):
    """Return a topology with the bonds that a structure has.

    Bonds that the structure shows to be none are left out (the ends of two chains). Missing ones
    are added where the distance is that of a covalent bond and both atoms have a bond to spare:
    in residues whose bonds the topology lacks, between residues (peptide bonds wherever they are
    in the file, disulfides, lactams, phosphodiesters, glycosides), and between the consecutive
    sites of coarse-grained chains. Water and ions get none. What is left out and what is added is
    logged.

    Parameters
    ----------
    topology : mdtraj.Topology
    xyz : array (n_atoms, 3)
        A structure, **nm**; it may be wrapped into the cell.
    unitcell_vectors : array (3, 3), optional
        Rows are the edges of the periodic cell, **nm**; edges under 1 nm are no cell.

    Returns
    -------
    mdtraj.Topology
        A copy with the same atoms, residues and chains in the same order, and elements corrected
        where a reader took HG for mercury; the topology itself where nothing is to be done.

    Raises
    ------
    InputError
        If the structure has another number of atoms, or is broken over a cell that is not given.
    """
    xyz = np.asarray(xyz, dtype=np.float64)
    if xyz.shape != (topology.n_atoms, 3):
        raise InputError(
            f"the reference structure has the shape {xyz.shape}, its topology "
            f"{topology.n_atoms} atoms: give one structure (n_atoms, 3)"
        )
    cell = real_cell(unitcell_vectors)
    atoms = guessing.Atoms.of(topology, waters_and_ions(topology))
    orders = {tuple(sorted((b[0].index, b[1].index))): b for b in topology.bonds}
    pairs = np.array(sorted(orders), dtype=np.int64).reshape(-1, 2)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    good = _possible(topology, atoms, xyz, pairs, cell)
    _tell_impossible(topology, pairs[~good])
    kept = pairs[good]
    added = guessing.covalent(atoms, xyz, kept, cell)
    kept_and_added = np.concatenate([kept, added])
    sites = beads.links(topology, atoms, xyz, kept_and_added, cell)
    misread = any(a.element is not element_of(a) for a in topology.atoms)
    if good.all() and len(added) == len(sites) == 0 and not misread:
        return topology
    _tell_added(topology, added, sites)
    return _with_bonds(topology, np.concatenate([kept_and_added, sites]), orders)


def complete_by(topology, structure, read_frame):
    """Complete a topology by the structure in its file, or by a frame of the trajectories.

    The frame serves where there is no structure, where the structure is broken over a cell that it
    does not tell, and where the frame alone has a cell: a structure wrapped into it looks as if
    chains ended at its faces.

    Parameters
    ----------
    topology : mdtraj.Topology
    structure : mdtraj.Trajectory or None
        One frame, as it is in the file.
    read_frame : callable
        Returns the first frame of the trajectories, an mdtraj.Trajectory, as it is in the file.

    Returns
    -------
    topology : mdtraj.Topology
        See :func:`completed`.
    reference : mdtraj.Trajectory
        The structure, or the frame where the structure is broken or missing.

    Raises
    ------
    InputError
        As of :func:`completed`, for the frame.
    """
    with_cell = structure is not None and real_cell(_cell(structure)) is not None
    frame = None if with_cell else read_frame()
    if structure is not None and (with_cell or real_cell(_cell(frame)) is None):
        try:
            return completed(topology, structure.xyz[0], _cell(structure)), structure
        except InputError as error:
            logger.warning("%s; the first frame of the trajectories is the reference", error)
    frame = read_frame() if frame is None else frame
    found = completed(topology, frame.xyz[0], _cell(frame))
    if structure is None or with_cell or _is_broken(found, structure, frame):
        return found, frame
    return found, structure


def _is_broken(topology, structure, frame):
    """Whether bonds of a frame are much longer in a structure that has no cell."""
    pairs = np.array([(a.index, b.index) for a, b in topology.bonds], np.int64).reshape(-1, 2)
    usual = bond_lengths(frame.xyz[0].astype(np.float64), pairs, real_cell(_cell(frame)))
    if not (bond_lengths(structure.xyz[0], pairs, None) > 2 * usual + 0.2).any():
        return False
    logger.warning(
        "the structure in the topology file is broken over a periodic cell that the file does not "
        "tell; the first frame of the trajectories is the reference"
    )
    return True


def _cell(frame):
    return None if frame.unitcell_vectors is None else frame.unitcell_vectors[0]


def _possible(topology, atoms, xyz, pairs, cell):
    """Which bonds of the file can be bonds in the structure: bool (n_pairs,)."""
    if len(pairs) == 0 or not np.isfinite(xyz).all():
        return np.ones(len(pairs), dtype=bool)
    i, j = pairs.T
    lengths = bond_lengths(xyz, pairs, cell)
    within = atoms.residue[i] == atoms.residue[j]
    sites = _between_sites(atoms, pairs, lengths)
    broken = within & ~sites & ~atoms.solvent[i] & (lengths > _BROKEN)
    if broken.any():
        a, b = pairs[np.argmax(broken)]
        raise InputError(
            f"in the reference structure {describe_atom(topology.atom(a))} and "
            f"{describe_atom(topology.atom(b))}, which are bonded, are "
            f"{lengths[broken][0]:.1f} nm apart: the molecule is broken over a periodic cell that "
            "its file does not tell; write it whole (gmx trjconv -pbc whole) or with its cell"
        )
    hydrogen = np.isin(atoms.symbol[pairs], ["H", "D"]).any(axis=1)
    longest = np.where(hydrogen, _LONGEST_HYDROGEN, _LONGEST_WITHIN)
    sulphurs = (atoms.symbol[pairs] == "S").all(axis=1)
    longest = np.where(within, longest, np.where(sulphurs, _LONGEST_DISULFIDE, _LONGEST_BETWEEN))
    longest = longest * (atoms.radius[i] + atoms.radius[j])
    return lengths <= np.where(sites, _LONGEST_BEADS, longest)


def _between_sites(atoms, pairs, lengths):
    """Which bonds of the file join sites of a coarse-grained model: bool (n_pairs,).

    Readers take sites for elements by the first letter of their names.
    """
    i, j = pairs.T
    solute = ~atoms.solvent[i]
    if solute.any() and np.median(lengths[solute]) > _COVALENT_MEDIAN:
        return np.ones(len(pairs), dtype=bool)
    alike = (atoms.name[i] == atoms.name[j]) & (atoms.symbol[i] != "S")
    return ~atoms.known_element[i] | ~atoms.known_element[j] | alike


def _tell_impossible(topology, pairs):
    """Chain ends and a hydrogen called like another are nothing to worry about; others are."""
    harmless = {True: [], False: []}
    for pair in pairs:
        names = {topology.atom(i).name for i in pair}
        harmless[names == {"C", "N"} or any(n[:1] == "H" for n in names)].append(pair)
    for usual, wrong in harmless.items():
        if wrong:
            logger.log(
                logging.INFO if usual else logging.WARNING,
                "%d bonds of the topology are no bonds in the reference structure, where their "
                "atoms are too far apart, and are left out, the first between %s and %s",
                len(wrong),
                *(describe_atom(topology.atom(i)) for i in wrong[0]),
            )


def _tell_added(topology, added, sites):
    for pairs, what in ((added, "covalent bonds"), (sites, "bonds between sites of a chain")):
        if len(pairs):
            logger.info(
                "the topology lacks %d %s; they are taken from the distances in the reference "
                "structure, the first between %s and %s",
                len(pairs),
                what,
                *(describe_atom(topology.atom(i)) for i in pairs[0]),
            )


def _with_bonds(topology, pairs, orders):
    # mdtraj's own copy joins the atoms of the original.
    out = md.Topology()
    for chain in topology.chains:
        new = out.add_chain(chain.chain_id)
        for residue in chain.residues:
            r = out.add_residue(residue.name, new, residue.resSeq, residue.segment_id)
            for a in residue.atoms:
                _add_atom(out, a, r)
    atoms = list(out.atoms)
    for i, j in sorted(map(tuple, pairs.tolist())):
        old = orders.get((i, j))
        kind = {} if old is None else {"type": old.type, "order": old.order}
        out.add_bond(atoms[i], atoms[j], **kind)
    return out


def _add_atom(topology, atom, residue):
    topology.add_atom(
        atom.name, element_of(atom), residue,
        serial=atom.serial, formal_charge=atom.formal_charge,
    )  # fmt: skip
