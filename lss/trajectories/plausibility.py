"""Do the frames of a file belong to the topology? The lengths of the bonds tell.

The bonds of the first frames, made whole, are compared with those of the structure in the
topology file, or with covalent radii where that file has no coordinates.
"""

import itertools

import numpy as np

from lss.errors import InputError
from lss.molecule.atoms import describe_atom, is_alpha_carbon
from lss.molecule.cells import (
    back,
    bond_lengths,
    cell_vectors,
    has_cell,
    make_whole,
    molecule_bonds,
)
from lss.molecule.molecules import WRITE_WHOLE
from lss.trajectories import formats

_FRAMES = 3  # of each file
#: Covalent radii in nm (B. Cordero et al., Dalton Trans. (2008) 2832); metals count as 0.15.
_RADII = {"H": 0.031, "D": 0.031, "C": 0.076, "N": 0.071, "O": 0.066, "F": 0.057, "B": 0.084}
_RADII |= {"Si": 0.111, "P": 0.107, "S": 0.105, "Cl": 0.102, "Se": 0.12, "Br": 0.12, "I": 0.139}
_METAL = 0.15
#: Neighbouring CA atoms of a trace (nm).
_CA_STEP = 0.38
#: What is longer in the structure of the topology file is no bond (nm).
_NO_BOND = 0.6
#: A bond as many times longer than wanted is no strained one; so many times longer, a few suffice.
_LONG, _BROKEN = 1.5, 2.5
#: Share of long bonds, and their number, that no strain explains.
_SHARE, _FEW = 0.03, 3
#: All lengths are multiplied by one number where those of the middle differ by less than this.
_SPREAD = 1.35
_UNITS = "coordinates are about ten times too {}: {}; write them in the unit of the format"
_FACTORS = (
    (7, 14, _UNITS.format("large", "Angstrom were taken for nm")),
    (1 / 14, 1 / 7, _UNITS.format("small", "nm were taken for Angstrom")),
)


def check_structure(structure, path):
    """Refuse a topology file whose own coordinates are in another unit.

    Parameters
    ----------
    structure : mdtraj.Trajectory
        One frame, with the topology of the file.
    path : Path
        For messages.

    Raises
    ------
    InputError
        Names the worst bond.
    """
    pairs, wanted = _covalent(structure.topology)
    if len(pairs):
        ratios = _whole_lengths(structure, pairs)[0] / wanted
        reason = _of_one_factor(ratios, strict=False)
        if reason:
            raise _refusal(structure.topology, path, 0, pairs, wanted, ratios, reason)


def check_file(path, topology, structure=None):
    """Refuse a file whose first frames do not belong to the topology.

    Parameters
    ----------
    path : Path
        A trajectory file.
    topology : mdtraj.Topology
    structure : mdtraj.Trajectory, optional
        The structure in the topology file, if it has one.

    Raises
    ------
    InputError
        Names the worst bond, its length, and what is probably wrong.
    """
    with formats.reading(path):
        frames = next(formats.iterate(path, topology, _FRAMES), None)
    if frames is None or frames.n_frames == 0 or not np.isfinite(frames.xyz).all():
        return  # whoever reads the frames says so
    frames.topology = topology
    pairs, wanted = _covalent(topology) if structure is None else _of_structure(structure)
    if len(pairs) == 0:
        _check_neighbours(frames, path, structure)
        return
    before = bond_lengths(frames, pairs)
    lengths = _whole_lengths(frames, pairs)
    strict = structure is not None
    # A file that brings its own topology may have bonds by name that are none.
    own = structure is None and formats.suffix(path) in formats.WITH_TOPOLOGY
    if own:
        never = (lengths > _LONG * wanted).all(axis=0)
        pairs, wanted, lengths = pairs[~never], wanted[~never], lengths[:, ~never]
        before = before[:, ~never]
        if len(pairs) == 0:
            return
    ratios = lengths / wanted
    bad = [_of_one_factor(r, strict) is not None or _torn(r, strict) for r in ratios]
    if not any(bad):
        return
    frame = int(np.argmax(bad))
    # In another unit, molecules that are whole would be broken up by the cell.
    for found in (before[frame] / wanted, ratios[frame]):
        reason = _scaled(frames[frame], pairs, wanted) or _of_one_factor(found, strict)
        if reason is not None:
            raise _refusal(topology, path, frame, pairs, wanted, found, reason)
    reason = _reason(frames, frame, bad, before, lengths, wanted)
    raise _refusal(topology, path, frame, pairs, wanted, ratios[frame], reason)


def _check_neighbours(frames, path, structure):
    """Without bonds, atoms that follow one another at least show a wrong unit."""
    if structure is None or frames.n_atoms < _FEW:
        return
    pairs = np.stack([np.arange(frames.n_atoms - 1), np.arange(1, frames.n_atoms)], axis=1)
    wanted = bond_lengths(structure, pairs)[0]
    good = (wanted > 0.02) & (wanted < _NO_BOND)
    if good.sum() >= _FEW:
        pairs, wanted = pairs[good], wanted[good]
        ratios = bond_lengths(frames, pairs)[0] / wanted
        reason = _scaled(frames[0], pairs, wanted) or _of_ten(ratios)
        if reason:
            raise _refusal(frames.topology, path, 0, pairs, wanted, ratios, reason)


def _reason(frames, frame, bad, before, lengths, wanted):
    """Why some bonds are too long and others are not."""
    sound = "" if all(bad) else "; other frames are sound, so leave this one out if it is damaged"
    if _over_cell(before, lengths, wanted, frame):
        if has_cell(frames)[frame]:
            reason = "the periodic cell does not fit the coordinates (were they turned after "
            reason += "imaging, or is the cell in another unit?)"
        else:
            reason = "the molecule is broken over a periodic cell that the file lacks"
        return f"{reason}, or the frame is damaged: {WRITE_WHOLE}{sound}"
    if sound:
        return "other frames are sound, so this one is damaged: leave it out, or repair the file"
    return (
        "the atoms are probably in another order than in the topology: give the topology of the "
        "program that wrote the trajectory; or the frame is damaged"
    )


def _over_cell(before, lengths, wanted, frame):
    """Whether most bonds are sound and the others reach over a cell."""
    long = lengths[frame] > _LONG * wanted
    return long.mean() < 0.2 and before[frame][long].min() > max(1.0, 5 * np.median(wanted))


def _refusal(topology, path, frame, pairs, wanted, ratios, reason):
    worst = int(np.argmax(np.abs(np.log(np.maximum(ratios, 1e-9)))))
    one, two = (describe_atom(topology.atom(i)) for i in pairs[worst])
    length = ratios[worst] * wanted[worst]
    return InputError(
        f"{path}: in frame {frame} the bond {one} - {two} is {length:.3g} nm long, wanted about "
        f"{wanted[worst]:.2g} nm: {reason}"
    )


def _of_one_factor(ratios, strict):
    """What is wrong where all bonds are as many times too long or too short, or None."""
    reason = _of_ten(ratios)
    if reason is not None:
        return reason
    low, middle, high = np.quantile(ratios, [0.1, 0.5, 0.9])
    uniform = high < _SPREAD * max(low, 1e-9)
    # Sites of coarse-grained models are further apart than the elements they are taken for.
    limits = (1 / _SPREAD, _SPREAD) if strict else (0.5, 6)
    if uniform and not limits[0] < middle < limits[1]:
        return (
            f"coordinates are about {middle:.3g} times as large as they should be: write them in "
            "the unit of the format"
        )
    if middle < 0.5:
        return "coordinates are far too small: write them in the unit of the format"
    return None


def _of_ten(ratios):
    """What is wrong where all lengths are about ten times too large or too small, or None."""
    low, middle, high = np.quantile(ratios, [0.1, 0.5, 0.9])
    for least, most, reason in _FACTORS:
        if least < middle < most and high < _SPREAD**2 * max(low, 1e-9):
            return reason
    return None


def _torn(ratios, strict):
    """Whether so many bonds are so long that no strain explains it."""
    low, high = np.quantile(ratios, [0.1, 0.9])
    if not strict and low > _LONG and high < min(2 * low, 4):
        return False  # sites of a coarse-grained model
    n_long = (ratios > _LONG).sum()
    return bool(n_long >= max(_FEW, _SHARE * len(ratios)) or (ratios > _BROKEN).any())


def _scaled(frame, pairs, wanted):
    """What is wrong where the coordinates are fractions of the edges of the cell, or None."""
    if not has_cell(frame)[0]:
        return None
    for unit in (1, 10):  # fractions that were taken for nm, and for Angstrom
        steps = unit * (frame.xyz[0, pairs[:, 1]] - frame.xyz[0, pairs[:, 0]]).astype(np.float64)
        steps -= np.round(steps)
        lengths = np.linalg.norm(steps @ cell_vectors(frame)[0], axis=1)
        if 0.9 < np.median(lengths / wanted) < 1.1:
            return (
                "these are scaled coordinates, fractions of the cell: write them unscaled (in "
                "LAMMPS `dump ... x y z` or `xu yu zu`, not `xs ys zs`)"
            )
    return None


def _of_structure(structure):
    """Bonds of a structure and their lengths in it, but for those that are none there."""
    topology = structure.topology
    pairs = _pairs(topology, lambda atom: True)
    lengths = _whole_lengths(structure, pairs)[0] if len(pairs) else np.empty(0)
    covalent = np.array([_sum_of_radii(topology, pair) for pair in pairs])
    good = (lengths > 0.02) & (lengths < _NO_BOND)
    # Bonds by name of atoms that are no neighbours.
    good &= ~((lengths > 0.25) & (lengths > _LONG * covalent) & (np.median(lengths) < 0.25))
    return pairs[good], lengths[good]


def _covalent(topology):
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
    return np.array(sorted(found), dtype=np.int64).reshape(-1, 2)


def _symbol(atom):
    return None if atom.element is None else atom.element.symbol


def _sum_of_radii(topology, pair):
    one, two = (topology.atom(int(i)) for i in pair)
    if is_alpha_carbon(one) and is_alpha_carbon(two):
        return _CA_STEP
    return sum(_RADII.get(_symbol(atom), _METAL) for atom in (one, two))


def _whole_lengths(frames, pairs):
    """Lengths of bonds after molecules were made whole: (n_frames, n_bonds)."""
    whole = frames[:]
    make_whole(whole, molecule_bonds(frames.topology)[1])
    lengths = bond_lengths(whole, pairs)
    real = has_cell(whole)
    if real.any() and lengths[real].max(initial=0) > 1.0:
        # Rings closed over a face, and CA traces without bonds.
        steps = whole.xyz[:, pairs[:, 1]].astype(np.float64) - whole.xyz[:, pairs[:, 0]]
        for frame, vectors in zip(np.flatnonzero(real), cell_vectors(whole, real), strict=True):
            moves = back(steps[frame], np.broadcast_to(vectors, (len(pairs), 3, 3)))
            lengths[frame] = np.linalg.norm(steps[frame] + moves, axis=-1)
    return lengths
