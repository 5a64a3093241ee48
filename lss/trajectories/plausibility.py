"""Do the frames of a file belong to the topology? The lengths of the bonds tell.

The bonds of the first frames, made whole, are compared with those of the structure in the
topology file, or with covalent radii where that file has no coordinates.
"""

from dataclasses import dataclass

import mdtraj as md
import numpy as np

from lss.errors import InputError
from lss.molecule.atoms import describe_atom
from lss.molecule.cells import (
    bond_lengths,
    cell_vectors,
    has_cell,
    molecule_bonds,
)
from lss.molecule.molecules import WRITE_WHOLE
from lss.trajectories import formats
from lss.trajectories.faults import is_sound
from lss.trajectories.in_memory import InMemory
from lss.trajectories.wanted_lengths import (
    LONG,
    NO_BOND,
    covalent,
    of_structure,
    whole_lengths,
)

#: Formats of topologies that hold coordinates as well.
_STRUCTURES = {".pdb", ".pdb.gz", ".gro", ".cif", ".mmcif", ".pdbx", ".mol2"} | formats.HDF5
_FRAMES = 3  # of each file
#: Bonds so many times longer than wanted that a few suffice.
_BROKEN = 2.5
#: Share of long bonds, and their number, that no strain explains.
_SHARE, _FEW = 0.03, 3
#: All lengths are multiplied by one number where those of the middle differ by less than this.
_SPREAD = 1.35
_UNITS = "coordinates are about ten times too {}: {}; write them in the unit of the format"
_FACTORS = (
    (7, 14, _UNITS.format("large", "Angstrom were taken for nm")),
    (1 / 14, 1 / 7, _UNITS.format("small", "nm were taken for Angstrom")),
)


@dataclass(frozen=True)
class Known:
    """What bonds of a topology should be like, worked out once for many files.

    Attributes
    ----------
    topology : mdtraj.Topology
    structure : mdtraj.Trajectory or None
        The structure in the topology file.
    pairs : ndarray (n_bonds, 2) of int32
    wanted : ndarray (n_bonds,)
        Lengths, **nm**: those in the structure, or else sums of covalent radii.
    tree : ndarray
        For making molecules whole; see `lss.molecule.cells.molecule_bonds`.
    """

    topology: md.Topology
    structure: md.Trajectory | None
    pairs: np.ndarray
    wanted: np.ndarray
    tree: np.ndarray


def known_bonds(topology, structure=None, path=None):
    """Find what the bonds of a topology should be like.

    Parameters
    ----------
    topology : mdtraj.Topology
    structure : mdtraj.Trajectory, optional
        The structure in the topology file, one frame.
    path : Path, optional
        The topology file, for messages.

    Returns
    -------
    Known

    Raises
    ------
    InputError
        If the structure is in another unit; names the worst bond.
    """
    tree = molecule_bonds(topology)[1]
    pairs, wanted = covalent(topology)
    if structure is None:
        return Known(topology, None, pairs, wanted, tree)
    if len(pairs):
        for lengths in (bond_lengths(structure, pairs), whole_lengths(structure, pairs, tree)):
            reason = _of_one_factor(lengths[0] / wanted, strict=False)
            if reason:
                ratios = lengths[0] / wanted
                raise _refusal(topology, path, 0, pairs, wanted, ratios, reason)
    return Known(topology, structure, *of_structure(structure, tree), tree)


def of_topology_file(top, topology):
    """What the bonds should be like, by the structure in the topology file where there is one."""
    if top is None or formats.suffix(top) not in _STRUCTURES:
        return known_bonds(topology)
    with formats.reading(top):
        frame = formats.load_frame(top, topology, 0)
    if frame.n_atoms == 0 or not is_sound(frame):
        return known_bonds(topology)
    frame.topology = topology
    return known_bonds(topology, frame, top)


def check_file(path, known):
    """Refuse a file whose first frames do not belong to the topology.

    Parameters
    ----------
    path : Path
        A trajectory file.
    known : Known

    Raises
    ------
    InputError
        Names the worst bond, its length, and what is probably wrong.
    """
    topology, pairs, wanted = known.topology, known.pairs, known.wanted
    with formats.reading(path):
        frames = next(formats.iterate(path, topology, _FRAMES), None)
    if frames is None or frames.n_frames == 0 or not np.isfinite(frames.xyz).all():
        return  # whoever reads the frames says so
    frames.topology = topology
    if len(pairs) == 0:
        _check_neighbours(frames, path, known.structure)
        return
    before = bond_lengths(frames, pairs)
    lengths = whole_lengths(frames, pairs, known.tree)
    strict = known.structure is not None
    if not strict and _brings_topology(path):
        reason = _of_one_factor(before[0] / wanted, strict)
        if reason is not None:
            raise _refusal(topology, path, 0, pairs, wanted, before[0] / wanted, reason)
        # The topology of the file itself: its bonds by name may be none.
        some = ~(lengths > LONG * wanted).all(axis=0)
        pairs, wanted, before, lengths = (
            pairs[some],
            wanted[some],
            before[:, some],
            lengths[:, some],
        )
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


def _brings_topology(path):
    return isinstance(path, InMemory) or formats.suffix(path) in formats.WITH_TOPOLOGY


def _check_neighbours(frames, path, structure):
    """Without bonds, atoms that follow one another at least show a wrong unit."""
    if structure is None or frames.n_atoms < _FEW:
        return
    pairs = np.stack([np.arange(frames.n_atoms - 1), np.arange(1, frames.n_atoms)], axis=1)
    wanted = bond_lengths(structure, pairs)[0]
    good = (wanted > 0.02) & (wanted < NO_BOND)
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
    long = lengths[frame] > LONG * wanted
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
    if not strict and low > LONG and high < min(2 * low, 4):
        return False  # sites of a coarse-grained model
    n_long = (ratios > LONG).sum()
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
