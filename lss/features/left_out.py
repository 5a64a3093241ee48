"""Residues that take no part in what is computed or decoded, named once."""

import logging
from collections import defaultdict

from lss.molecule.atoms import describe_residue, is_alpha_carbon
from lss.molecule.names import quoted, residue_name
from lss.molecule.solvent import is_ion, is_water

logger = logging.getLogger(__name__)

_CAPS = {"ACE", "NME", "NH2", "FOR"}
#: Groups named in one message.
_SHOWN = 8
#: All CA atoms of larger molecules make too many distances; so many of them are proposed then.
_FEW_CA, _ANCHORS = 60, 10


def name_left_out(topology, atoms, what, selection):
    """Warn of residues other than water and ions of which hardly an atom is among those used.

    Ligands, cofactors, lipids and glycans are named by their kind, nucleic acids and proteins
    where none of a chain's residues are used. Single residues of a chain that is used otherwise
    (glycines without a side chain) and caps are nothing to tell.

    Parameters
    ----------
    topology : mdtraj.Topology
    atoms : array (n,) of int
        The atoms that are used.
    what : str
        ``"features"`` or ``"decoded atoms"``.
    selection : str
        The selection, or features, in use; the message shows what would bring the residues in.

    Returns
    -------
    list of str
        The residues in words, one for each kind and chain.
    """
    used = defaultdict(int)
    for i in atoms:
        used[topology.atom(int(i)).residue.index] += 1
    groups, counts = {}, defaultdict(int)
    for chain in topology.chains:
        residues = [r for r in chain.residues if not (is_water(r) or is_ion(r))]
        polymer = [r for r in residues if _is_polymer(r) and residue_name(r.name) not in _CAPS]
        if polymer and not any(used[r.index] for r in polymer):
            groups[f"chainid {chain.index}"] = (
                f"{describe_residue(polymer[0])} to {describe_residue(polymer[-1])}"
            )
        for r in residues:
            # One atom may be the end of a torsion of its neighbour.
            if not _is_polymer(r) and used[r.index] < min(2, r.n_atoms):
                counts[r.name] += 1
    for name, n in counts.items():
        groups[f"resname {quoted(name)}"] = f"{n} x {name}"
    if groups:
        shown = list(groups)[:_SHOWN]
        more = f" and {len(groups) - _SHOWN} more" if len(groups) > _SHOWN else ""
        logger.warning(
            "these take no part in the %s (%s): %s%s; to bring them in, give %r",
            what, selection, ", ".join(groups[g] for g in shown), more,
            _bringing(topology, what, selection, shown),
        )  # fmt: skip
    return list(groups.values())


def _is_polymer(residue):
    if residue.is_protein or residue.is_nucleic:
        return True
    names = {a.name.replace("*", "'") for a in residue.atoms}
    return {"N", "CA", "C"} <= names or {"C1'", "C3'", "O3'", "P"} <= names


def _bringing(topology, what, selection, groups):
    them = " or ".join(groups)
    if what == "decoded atoms":
        return f"({selection}) or (heavy and ({them}))"
    # A few CA atoms of a large protein tell where a ligand is; all would be too many distances.
    trace = [a.residue.index for a in topology.atoms if is_alpha_carbon(a)]
    some = trace[:: max(1, -(-len(trace) // _ANCHORS))]
    anchors = "name CA"
    if len(trace) > _FEW_CA:
        anchors = f"(name CA and resid {' '.join(map(str, some))})"
    return f"{selection},distances:{anchors} or (heavy and ({them}))"
