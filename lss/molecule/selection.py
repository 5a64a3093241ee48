"""Atom selections: mdtraj's language, with "heavy" and a backbone whatever its names."""

import logging
import re

import numpy as np

from lss.errors import InputError
from lss.molecule.elements import element_of
from lss.molecule.names import quoted
from lss.molecule.solvent import waters_and_ions

logger = logging.getLogger(__name__)

_INCOMPLETE = {"name", "element", "type", "symbol", "mass", "index", "residue", "resSeq", "resid"}
_INCOMPLETE |= {"resi", "resn", "resname", "code", "rescode", "chainid", "n_bonds", "segment_id"}
#: Names of the backbone oxygen, first the usual one, then those of terminal residues.
_OXYGENS = ("O", "OT1", "OC1", "O1", "OT")
_HYDROGEN_NAME = re.compile(r"\d*[HD]")
#: Words that mean a whole molecule, not what surrounds it.
_WHOLE = re.compile(r"\b(heavy|all|everything)\b")
#: Names that follow the words for the name of a residue or of an atom.
_NAMED = r"\b(?:{})\b\s*(?:==|=|eq|in|\bis\b)?\s*(.*?)(?=\band\b|\bor\b|\bnot\b|$)"


def select(topology, selection):
    """Find atoms by an mdtraj selection.

    Parameters
    ----------
    topology : mdtraj.Topology
    selection : str
        Any mdtraj selection, in which ``heavy`` may stand for all but hydrogen. A selection that
        says ``heavy`` or ``all`` leaves out water and ions, unless it names them (``heavy or
        water``, ``heavy or resname NA``) or there is nothing else. ``backbone`` alone means N, CA,
        C and one O of every residue, whatever a force field calls that O.

    Returns
    -------
    ndarray (n,) of int64
        Atom indices, sorted.

    Raises
    ------
    InputError
        If the selection cannot be understood or matches no atom.
    """
    text = str(selection).strip()
    if not text:
        raise InputError("an atom selection is empty: write one like 'name CA' or 'backbone'")
    indices = _backbone(topology) if text == "backbone" else _evaluate(topology, text)
    indices = np.unique(np.asarray(indices, dtype=np.int64))
    if _WHOLE.search(text):
        indices = _without_solvent(topology, text, indices)
    if len(indices) == 0:
        names = sorted({a.name for a in topology.atoms})
        shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
        raise InputError(
            f"the selection {text!r} matches none of the {topology.n_atoms} atoms (their names: "
            f"{shown}): try 'name CA', 'backbone', 'heavy' or 'all'"
        )
    return indices


def solute_heavy(topology):
    """The selection of all heavy atoms but those of water, where there is any."""
    return "heavy and not water" if any(r.is_water for r in topology.residues) else "heavy"


def _without_solvent(topology, text, indices):
    """Leave out water and ions that a selection of everything does not name."""
    waters, ions = (np.array(kind, dtype=np.int64) for kind in waters_and_ions(topology))
    solvent = np.concatenate([waters, ions])
    if len(solvent) == topology.n_atoms:
        return indices
    others = {topology.atom(i).name for i in np.setdiff1d(np.arange(topology.n_atoms), solvent)}
    kinds, left_out = {}, {}
    for i in solvent.tolist():
        residue = topology.atom(i).residue
        word = "water" if residue.is_water else f"resname {quoted(residue.name)}"
        kinds.setdefault(word, []).append(i)
    for word, kind in kinds.items():
        taken = np.intersect1d(kind, indices).astype(np.int64)
        if len(taken) and not _names(topology, text, taken, others, word):
            indices = np.setdiff1d(indices, taken)
            left_out[word] = len({topology.atom(i).residue.index for i in taken})
    if left_out:
        bring = " or ".join(left_out)
        _tell(text, left_out, bring)
        if len(indices) == 0:
            raise InputError(
                f"the selection {text!r} matches nothing but water and ions, which 'heavy' and "
                f"'all' leave out: name them, like {bring!r}"
            )
    return indices


def _tell(text, left_out, bring):
    what = ", ".join(f"{n} of {word.removeprefix('resname ')}" for word, n in left_out.items())
    logger.info(
        "the selection %r leaves out water and ions (%s): '(%s) or %s' would bring them in",
        text, what, text, bring,
    )  # fmt: skip


def _names(topology, text, solvent, others, word):
    """Whether a selection names a kind of solvent, by the word or by names of residues or atoms."""
    if word == "water" and re.search(r"\b(is_)?waters?\b", text):
        return True
    atoms = [topology.atom(i) for i in solvent]
    if {a.residue.name for a in atoms} & _tokens("resname|resn|residue name", text):
        return True
    return bool(({a.name for a in atoms} - others) & _tokens("name", text))


def _tokens(words, text):
    """Names that a selection gives after one of these words."""
    found = re.findall(_NAMED.format(words), text)
    return {token.strip("'\"()[],") for part in found for token in re.split(r"[\s,]+", part)}


def _evaluate(topology, text):
    if text in _INCOMPLETE:
        # mdtraj takes any name or number but 0 for "yes" and would select every atom.
        raise InputError(f"the selection {text!r} lacks what to compare with: write '{text} ...'")
    if re.search(r"\bheavy\b", text):
        text = re.sub(r"\bheavy\b", _heavy(topology), text)
    try:
        return topology.select(text)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError, SyntaxError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"cannot understand the selection {text[:200]!r} ({reason[:120]}): write an mdtraj "
            "selection like 'name CA', 'backbone', 'heavy' or 'resid 0 to 9 and name CB'"
        ) from error


def _heavy(topology):
    """Write `heavy` as a selection; by index where the topology does not know its elements."""
    known = (a.element is not None and a.element.symbol != "VS" for a in topology.atoms)
    if all(known) and all(a.element is element_of(a) for a in topology.atoms):
        return "(not element H)"
    return f"({_as_ranges([a.index for a in topology.atoms if not _is_hydrogen(a)])})"


def _is_hydrogen(atom):
    element = element_of(atom)
    if element is None or element.symbol == "VS":
        return bool(_HYDROGEN_NAME.match(atom.name))
    return element.symbol in ("H", "D")


def _as_ranges(indices):
    if not indices:
        return "index < 0"
    breaks = np.flatnonzero(np.diff(indices) > 1)
    starts = np.asarray(indices)[np.r_[0, breaks + 1]]
    stops = np.asarray(indices)[np.r_[breaks, len(indices) - 1]]
    return " or ".join(f"(index {a} to {b})" for a, b in zip(starts, stops, strict=True))


def _backbone(topology):
    indices = []
    for residue in topology.residues:
        atoms = {}
        for atom in residue.atoms:
            atoms.setdefault(atom.name, atom.index)
        if not residue.is_protein and not {"N", "CA", "C"} <= atoms.keys():
            continue
        indices += [atoms[name] for name in ("N", "CA", "C") if name in atoms]
        oxygen = next((name for name in _OXYGENS if name in atoms), None)
        # A lone "O" in something that is not an amino acid is no backbone.
        if oxygen is not None and "CA" in atoms:
            indices.append(atoms[oxygen])
    return indices
