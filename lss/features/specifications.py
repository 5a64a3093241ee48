"""From the words of a feature list ("torsions", "ca-distances") to the atoms of each feature."""

from __future__ import annotations

import logging
import math
import re
from typing import TYPE_CHECKING

from lss.errors import InputError
from lss.features.other_torsions import other_torsions
from lss.features.torsions import (
    BACKBONE,
    NUCLEIC,
    SIDECHAIN,
    ca_torsions,
    is_nucleotide,
    named_torsions,
    tell_gaps,
)
from lss.molecule.atoms import describe_atom, is_alpha_carbon
from lss.molecule.bond_graph import BondGraph
from lss.molecule.selection import select

if TYPE_CHECKING:
    import mdtraj

logger = logging.getLogger(__name__)

BACKBONE_TORSIONS, SIDECHAIN_TORSIONS = tuple(BACKBONE), tuple(SIDECHAIN)
NUCLEIC_TORSIONS = tuple(NUCLEIC)
#: Specifications that stand for groups of torsions.
_GROUPS = {
    "torsions": BACKBONE_TORSIONS + SIDECHAIN_TORSIONS + NUCLEIC_TORSIONS,
    "backbone-torsions": BACKBONE_TORSIONS,
    "sidechain-torsions": SIDECHAIN_TORSIONS,
    "nucleic-torsions": NUCLEIC_TORSIONS,
    **{kind: (kind,) for kind in BACKBONE_TORSIONS + SIDECHAIN_TORSIONS + NUCLEIC_TORSIONS},
}
#: Groups with the torsions of modified residues and of bonds that close rings.
_WITH_OTHERS = {"torsions", "sidechain-torsions"}
#: Distances of the atoms that stand for residues: CA of amino acids, C1' of nucleotides.
_RESIDUE_DISTANCES = ("ca-distances", "c1-distances", "ca-c1-distances")
_FIXED = (*_GROUPS, *_RESIDUE_DISTANCES, "ca-torsions")
WORDS = (*_FIXED, "distances:SELECTION")
#: More columns than this are a mistake in a selection rather than a wish.
MAX_FEATURES = 20_000
#: Distances are taken by default up to this number.
_FEW = 2000
#: A specification for a molecule that is neither a peptide nor a nucleic acid.
_ANY_DISTANCES = "distances:heavy"


def split_specs(text):
    """Split ``"torsions,distances:name CA, CB"``; commas inside a selection stay.

    Parameters
    ----------
    text : str
        What was given as `features`.

    Returns
    -------
    list of str
    """
    starts = "|".join(re.escape(word) for word in _FIXED)
    # A comma separates where another specification follows; those after "distances:" are not
    # distinguishable from selections otherwise.
    pieces = re.split(rf",\s*(?=(?:(?:{starts})\s*(?:,|$))|distances:)", str(text))
    specs = []
    for piece in pieces:
        specs += [piece] if piece.strip().startswith("distances:") else piece.split(",")
    return [spec.strip() for spec in specs]


def default_specs(topology: mdtraj.Topology) -> list[str]:
    """Choose features for a topology.

    Torsions, and distances of CA atoms, of C1' atoms of nucleic acids, or of both in a complex,
    while these are no more than 2000; CA distances for a CA trace.

    Raises
    ------
    InputError
        If the topology has none of these; a selection for distances must then be given.
    """
    graph = BondGraph(topology)
    n_ca = sum(map(is_alpha_carbon, topology.atoms))
    n_c1 = sum(is_nucleotide(r, graph) for r in graph.polymers)
    if n_c1 == 0 and n_ca > 1 and not has_backbone(topology):
        return ["ca-distances"]
    if n_c1 == 0 and not has_backbone(topology):
        raise InputError(
            "the topology has no protein backbone, no nucleic acid and no CA trace: choose atoms "
            f"whose distances are the features: give `features` such as '{_ANY_DISTANCES}'"
        )
    mixed = "ca-c1-distances" if n_ca else "c1-distances"
    distances = mixed if n_c1 else "ca-distances"
    n = n_ca + n_c1
    if n >= 2 and math.comb(n, 2) <= _FEW:
        return ["torsions", distances]
    if n >= 2 and _n_parts(graph) > 1:
        logger.warning(
            "the features are torsions only, since %s would be %d: they do not tell how the "
            "molecules lie to one another; give `features` such as 'torsions,distances:name CA and "
            "resid 0 10 20' with residues of all of them",
            distances,
            math.comb(n, 2),
        )
    return ["torsions"]


def _n_parts(graph):
    """Molecules with a CA or a C1' atom."""
    of_atom = {}
    for n, atoms in enumerate(graph.topology.find_molecules() if graph.topology.n_bonds else []):
        of_atom |= {a.index: n for a in atoms}
    return len({of_atom.get(i) for i, name in enumerate(graph.atom_names) if name in ("CA", "C1'")})


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
    graph = BondGraph(topology)
    torsions, distances = {}, {}
    for spec in specs:
        spec = str(spec).strip()
        if spec in _GROUPS:
            _add(torsions, _torsions(graph, spec))
        elif spec == "ca-torsions":
            _add(torsions, _ca_torsions(graph))
        elif spec in _RESIDUE_DISTANCES:
            _add(distances, _distances(topology, _residue_atoms(graph, spec), spec))
        elif spec.startswith("distances:"):
            _add(distances, _distances(topology, select(topology, spec.partition(":")[2]), spec))
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


def _torsions(graph, spec):
    found = [torsion for kind in _GROUPS[spec] for torsion in named_torsions(graph, kind)]
    if spec in _WITH_OTHERS:
        kinds = BACKBONE_TORSIONS + SIDECHAIN_TORSIONS
        known = [four for kind in kinds for _, four in named_torsions(graph, kind)]
        found += other_torsions(graph, known)
    tell_gaps(graph)
    if not found:
        raise InputError(f"the topology has no {spec}; {_advice(graph)}")
    return found


def _advice(graph):
    topology = graph.topology
    if has_backbone(topology):
        return "its residues have none: use ca-distances or 'distances:heavy'"
    if any(is_nucleotide(r, graph) for r in graph.polymers):
        return "it is a nucleic acid: use nucleic-torsions or c1-distances"
    if any(map(is_alpha_carbon, topology.atoms)):
        return "it has CA atoms only: use ca-distances or ca-torsions"
    return f"it is not a peptide: use '{_ANY_DISTANCES}' or other atoms"


def _ca_torsions(graph):
    found = ca_torsions(graph)
    if not found:
        raise InputError("ca-torsions need four consecutive CA atoms: use distances:SELECTION")
    return found


def _residue_atoms(graph, spec):
    """Indices of the atoms that stand for residues, in the order of the file."""
    atoms = []
    if spec != "c1-distances":
        atoms += [a.index for a in graph.topology.atoms if is_alpha_carbon(a)]
    if spec != "ca-distances":
        atoms += [graph.names(r.index)["C1'"] for r in graph.polymers if is_nucleotide(r, graph)]
    return sorted(atoms)


def _distances(topology, indices, spec):
    atoms = [topology.atom(i) for i in indices]
    if len(atoms) < 2:
        number = {0: "no atom", 1: "1 atom"}[len(atoms)]
        raise InputError(f"{spec} selects {number}: distances need at least two")
    _check_number(math.comb(len(atoms), 2), spec)
    words = {a.index: describe_atom(a).replace(" of ", " ") for a in atoms}
    return [
        (f"distance {words[a.index]} - {words[b.index]}", [a.index, b.index])
        for i, a in enumerate(atoms)
        for b in atoms[i + 1 :]
    ]
