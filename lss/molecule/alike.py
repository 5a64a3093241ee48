"""The same atoms under other names: numbers shifted, residues and hydrogens called otherwise."""

import logging
import re
from collections import defaultdict
from dataclasses import dataclass, field

from lss.molecule.names import atom_name, residue_name
from lss.molecule.solvent import is_ion, is_water

logger = logging.getLogger(__name__)


@dataclass
class _Residue:
    """A residue that is looked for, or that is there."""

    chain: str
    number: int
    name: str  # as its program calls it
    atoms: list = field(default_factory=list)  # (name, position or index)

    @property
    def kind(self):
        return residue_name(self.name)


def find_alike(topology, wanted):
    """Find atoms whose residues are numbered from elsewhere or named by another program.

    Each run of residues of one chain must be there once, all its numbers shifted by the same, with
    residues and atoms of the same meaning: HID for HIS, CYX for CYS, HN for H, OT1 for O.

    Parameters
    ----------
    topology : mdtraj.Topology
    wanted : list of (chain letter, residue number, residue name, atom name)

    Returns
    -------
    found : dict or None
        Position in `wanted` -> index of the atom; None where the atoms are not all there, once.
    problem : str or None
        The first difference in words, where half of a run of residues fits before it.
    """
    runs = _runs(_wanted_residues(wanted))
    segments = [run for run in _runs(_residues_there(topology, wanted)) if run]
    places = [_places(run, segments) for run in runs]
    found, taken = {}, set()
    for run, (fits, best) in zip(runs, places, strict=True):
        alike = [i for i, other in enumerate(runs) if _signature(other) == _signature(run)]
        fits = _prefer(run, fits, [f for f in fits if not taken & set(f.indices)], len(alike))
        if not fits:
            return None, best
        if len(fits) > 1:
            if any(f.shift == 0 for f in fits):
                return None, None  # copies, of which the given names do not tell one
            first = ", ".join(_words(f.residues[0]) for f in fits[:4])
            return None, f"{_words(run[0])} and what follows could begin at {first} there"
        taken |= set(fits[0].indices)
        found |= fits[0].atoms
    _tell(runs, found, topology)
    return found, None


def _tell(runs, found, topology):
    first = runs[0][0]
    there = topology.atom(found[first.atoms[0][1]]).residue
    logger.info(
        "residues and atoms are numbered or named otherwise than in the simulator: its %s is %s "
        "there, and so on",
        _words(first),
        f"{there.name} {there.resSeq}",
    )


def _words(residue):
    return f"{residue.name} {residue.number}"


def _wanted_residues(wanted):
    residues, key = [], None
    for position, (chain, number, name, atom) in enumerate(wanted):
        again = residues and atom in {a for a, _ in residues[-1].atoms}
        if (chain, number, name) != key or again:
            key = (chain, number, name)
            residues.append(_Residue(chain, number, name))
        residues[-1].atoms.append((atom, position))
    return residues


def _residues_there(topology, wanted):
    kinds = {residue_name(name) for _, _, name, _ in wanted}
    residues = []
    for chain in topology.chains:
        for r in chain.residues:
            if (is_water(r) or is_ion(r)) and residue_name(r.name) not in kinds:
                continue
            atoms = [(a.name, a.index) for a in r.atoms]
            residues.append(_Residue(chain.chain_id or f"#{chain.index}", r.resSeq, r.name, atoms))
    return residues


def _runs(residues):
    """Split residues where the chain changes or the numbers start again."""
    runs = []
    for r in residues:
        if not runs or runs[-1][-1].chain != r.chain or r.number < runs[-1][-1].number:
            runs.append([])
        runs[-1].append(r)
    return runs


def _signature(run):
    return tuple((r.kind, r.number - run[0].number) for r in run)


@dataclass
class _Fit:
    shift: int  # of the numbers where it begins
    residues: list = field(default_factory=list)
    atoms: dict = field(default_factory=dict)  # position -> index

    @property
    def indices(self):
        return self.atoms.values()


def _places(run, segments):
    """Everywhere that a run fits, and in words where the best of the others first differs."""
    fits, furthest, best = [], 0, None
    for s, segment in enumerate(segments):
        for k, start in enumerate(segment):
            if start.kind != run[0].kind:
                continue
            fit, problem = _walk(run, segments, s, k)
            if problem is None:
                fits.append(fit)
            elif len(fit.residues) >= furthest + (fit.shift != 0):
                furthest, best = len(fit.residues), problem
    return fits, best if 2 * furthest >= len(run) else None


def _walk(run, segments, s, k):
    """Lay a run along the residues there, from one of them; a chain may end and the next follow."""
    segment, used = segments[s], k
    shift = segment[k].number - run[0].number
    fit, problem = _Fit(shift), None
    for r in run:
        at = next(
            (i for i in range(used, len(segment)) if segment[i].number >= r.number + shift), None
        )
        if at is None and segment[-1] in fit.residues and s + 1 < len(segments):
            s, at = s + 1, 0
            segment = segments[s]
            shift = segment[0].number - r.number
        there = None if at is None else segment[at]
        if there is None or there.number != r.number + shift:
            problem = f"there is no residue in the place of {_words(r)} there"
        elif there.kind != r.kind:
            problem = f"the residue in the place of {_words(r)} is {_words(there)} there"
        else:
            atoms, missing = _pair_atoms(r, there)
            if missing is None:
                fit.atoms |= atoms
                fit.residues.append(there)
                used = at + 1
                continue
            same = "" if _words(r) == _words(there) else f" is {_words(there)} there, which"
            problem = f"{_words(r)}{same} has no atom {missing}"
        break
    return fit, problem


def _prefer(run, fits, free, n_alike):
    """Of several places, those with the given numbers, or in order where all copies have one."""
    if len(free) > 1:
        same = [f for f in free if f.shift == 0]
        letter = [f for f in same if f.residues[0].chain == run[0].chain]
        for better in (letter, same):
            if len(better) == 1:
                return better
    if len(free) > 1 and len(fits) == n_alike:
        return free[:1]
    return free


def _pair_atoms(wanted, there):
    """Pair the atoms of two residues: (position -> index, None), or ({}, first missing name)."""
    raw = dict(there.atoms)
    if len(raw) == len(there.atoms) and all(name in raw for name, _ in wanted.atoms):
        return {position: raw[name] for name, position in wanted.atoms}, None
    ours, theirs = _canonical(wanted), _canonical(there)
    pairs = {position: theirs[name] for name, position in ours.items() if name in theirs}
    missing = {name: position for name, position in ours.items() if name not in theirs}
    for stem in {_stem(name) for name in missing}:
        group, other = _of_stem(ours, stem), _of_stem(theirs, stem)
        if not stem.startswith("H") or len(group) != len(other):
            continue
        pairs |= {ours[a]: theirs[b] for a, b in zip(group, other, strict=True)}
        missing = {n: p for n, p in missing.items() if _stem(n) != stem}
    if missing:
        position = min(missing.values())
        return {}, next(name for name, p in wanted.atoms if p == position)
    return pairs, None


def _canonical(residue):
    """Names that mean the same in all programs, or its own where two would be called alike."""
    counts = defaultdict(int)
    for name, _ in residue.atoms:
        counts[atom_name(residue.kind, name)] += 1
    out = {}
    for name, value in residue.atoms:
        common = atom_name(residue.kind, name)
        out[common if counts[common] == 1 else name] = value
    return out


def _stem(name):
    return re.sub(r"\d$", "", re.sub(r"^(\d)(H.*)$", r"\2\1", name))


def _of_stem(atoms, stem):
    return sorted(name for name in atoms if _stem(name) == stem)
