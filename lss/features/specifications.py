"""From the words of a feature list ("torsions", "ca-distances") to the atoms of each feature."""

import logging
import math
import re

import numpy as np
from mdtraj.geometry import dihedral

from lss.errors import InputError
from lss.molecule.atoms import describe_atom, describe_residue, is_alpha_carbon
from lss.molecule.selection import select, solute_heavy

logger = logging.getLogger(__name__)

BACKBONE_TORSIONS = ("phi", "psi", "omega")
SIDECHAIN_TORSIONS = ("chi1", "chi2", "chi3", "chi4")
#: Specifications that stand for groups of torsions.
_GROUPS = {
    "torsions": BACKBONE_TORSIONS + SIDECHAIN_TORSIONS,
    "backbone-torsions": BACKBONE_TORSIONS,
    "sidechain-torsions": SIDECHAIN_TORSIONS,
    **{kind: (kind,) for kind in BACKBONE_TORSIONS + SIDECHAIN_TORSIONS},
}
WORDS = (*_GROUPS, "ca-distances", "ca-torsions", "distances:SELECTION")
#: More columns than this are a mistake in a selection rather than a wish.
MAX_FEATURES = 20_000


def split_specs(text):
    """Split ``"torsions,distances:name CA, CB"``; commas inside a selection stay.

    Parameters
    ----------
    text : str
        What was given to ``--features``.

    Returns
    -------
    list of str
    """
    starts = "|".join(re.escape(word) for word in (*_GROUPS, "ca-distances", "ca-torsions"))
    # A comma separates where another specification follows; those after "distances:" are not
    # distinguishable from selections otherwise.
    pieces = re.split(rf",\s*(?=(?:(?:{starts})\s*(?:,|$))|distances:)", str(text))
    specs = []
    for piece in pieces:
        specs += [piece] if piece.strip().startswith("distances:") else piece.split(",")
    return [spec.strip() for spec in specs]


def default_specs(topology):
    """Choose features for a topology: torsions, or CA distances for a CA trace.

    Raises
    ------
    InputError
        If the topology has neither; a selection for distances must then be given.
    """
    if has_backbone(topology):
        return ["torsions", "ca-distances"] if _few_enough(topology) else ["torsions"]
    if sum(map(is_alpha_carbon, topology.atoms)) > 1:
        return ["ca-distances"]
    raise InputError(
        "the topology has no protein backbone and no CA trace: choose atoms whose distances are "
        f"the features, like --features '{_any_distances(topology)}'"
    )


def _any_distances(topology):
    """A specification for a molecule that is not a peptide."""
    return f"distances:{solute_heavy(topology)}"


def _few_enough(topology, limit=2000):
    n = sum(map(is_alpha_carbon, topology.atoms))
    return n >= 2 and math.comb(n, 2) <= limit


def has_backbone(topology):
    """Whether any residue has the atoms N, CA and C of a peptide backbone."""
    return any({"N", "CA", "C"} <= {a.name for a in r.atoms} for r in topology.residues)


def resolve(topology, specs):
    """Find the atoms of all features.

    Parameters
    ----------
    topology : mdtraj.Topology
    specs : list of str
        See :data:`WORDS`. What two specifications have in common is taken once.

    Returns
    -------
    torsions : dict
        Name in words (``"phi ALA 3"``) -> four atom indices.
    distances : dict
        Name in words (``"distance CA ALA 2 - CA TYR 3"``) -> two atom indices.

    Raises
    ------
    InputError
        If a specification is unknown, matches nothing, or the features are too many.
    """
    if isinstance(specs, str) or not list(specs):
        raise InputError(f"features are {specs!r}: give a list, each one of {', '.join(WORDS)}")
    torsions, distances = {}, {}
    for spec in specs:
        spec = str(spec).strip()
        if spec in _GROUPS:
            _add(torsions, _torsions(topology, spec))
        elif spec == "ca-torsions":
            _add(torsions, _ca_torsions(topology))
        elif spec == "ca-distances":
            _add(distances, _distances(topology, "name CA", spec))
        elif spec.startswith("distances:"):
            _add(distances, _distances(topology, spec.partition(":")[2], spec))
        else:
            raise InputError(f"unknown feature {spec!r}: use {', '.join(WORDS)}")
        _check_number(2 * len(torsions) + len(distances), ", ".join(map(str, specs)))
    return torsions, distances


def _add(features, more):
    """Add features by their atoms; a name that two of them share gets atom numbers."""
    known = set(map(tuple, features.values()))
    for name, atoms in more:
        if tuple(atoms) in known:
            continue
        if name in features:
            name += " atoms " + "-".join(str(a + 1) for a in atoms)
        features[name] = tuple(int(a) for a in atoms)
        known.add(tuple(atoms))


def _check_number(n, what):
    if n > MAX_FEATURES:
        raise InputError(
            f"{what} would give {n} features, more than {MAX_FEATURES}: choose fewer atoms, like "
            "ca-distances, or 'distances:name CA and resid 0 to 99'"
        )


def _torsions(topology, spec):
    found, resseq = [], []
    for kind in _GROUPS[spec]:
        # phi is C-N-CA-C, psi N-CA-C-N, omega CA-C-N-CA, chi1 N-CA-CB-CG: the third atom of phi
        # and the second of the others belong to the residue it is named after.
        owner = 2 if kind == "phi" else 1
        for atoms in np.asarray(getattr(dihedral, f"indices_{kind}")(topology)).reshape(-1, 4):
            residues = [topology.atom(int(a)).residue for a in atoms]
            if residues[-1].resSeq - residues[0].resSeq > 1:
                resseq.append(f"{kind} {residues[owner]}")
                continue
            found.append((f"{kind} {describe_residue(residues[owner])}", atoms.tolist()))
    if resseq:
        logger.warning("torsions over gaps in the chain are left out: %s", ", ".join(resseq[:10]))
    if not found:
        if has_backbone(topology):
            advice = "its residues have none: use ca-distances or 'distances:heavy'"
        elif any(map(is_alpha_carbon, topology.atoms)):
            advice = "it has CA atoms only: use ca-distances or ca-torsions"
        else:
            advice = f"it is not a peptide: use '{_any_distances(topology)}' or other atoms"
        raise InputError(f"the topology has no {spec}; {advice}")
    return found


def _ca_torsions(topology):
    found = []
    for chain in topology.chains:
        trace = [a for a in chain.atoms if is_alpha_carbon(a)]
        for four in zip(trace, trace[1:], trace[2:], trace[3:], strict=False):
            steps = np.diff([a.residue.resSeq for a in four])
            if (steps <= 1).all():
                inner = " - ".join(describe_residue(a.residue) for a in four[1:3])
                found.append((f"ca-torsion {inner}", [a.index for a in four]))
    if not found:
        raise InputError("ca-torsions need four consecutive CA atoms: use distances:SELECTION")
    return found


def _distances(topology, selection, spec):
    atoms = [topology.atom(i) for i in select(topology, selection)]
    if spec == "ca-distances":
        atoms = [a for a in atoms if is_alpha_carbon(a)]
    if len(atoms) < 2:
        atom = "atom" if len(atoms) == 1 else "atoms"
        raise InputError(f"{spec} selects {len(atoms)} {atom}: distances need at least two")
    _check_number(math.comb(len(atoms), 2), spec)
    words = {a.index: describe_atom(a).replace(" of ", " ") for a in atoms}
    return [
        (f"distance {words[a.index]} - {words[b.index]}", [a.index, b.index])
        for i, a in enumerate(atoms)
        for b in atoms[i + 1 :]
    ]
