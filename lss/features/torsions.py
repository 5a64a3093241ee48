"""Torsions along the bonds of a topology: of peptides, of nucleic acids and of CA traces.

Names of atoms say which torsion is which, bonds say what follows what: residue numbers and the
order in the file decide nothing.
"""

import logging
from itertools import pairwise

from lss.molecule.atoms import describe_residue, is_alpha_carbon

logger = logging.getLogger(__name__)

#: Atoms of each torsion; ``-`` and ``+`` mean the residue bonded before and after.
BACKBONE = {
    "phi": [("-C", "N", "CA", "C")],
    "psi": [("N", "CA", "C", "+N")],
    "omega": [("CA", "C", "+N", "+CA")],
}
SIDECHAIN = {
    "chi1": [("N", "CA", "CB", last) for last in ("CG", "CG1", "SG", "OG", "OG1")],
    "chi2": [
        *(("CA", "CB", "CG", last) for last in ("CD", "CD1", "OD1", "ND1", "SD")),
        ("CA", "CB", "CG1", "CD1"),
    ],
    "chi3": [
        *(("CB", "CG", "CD", last) for last in ("NE", "CE", "OE1")),
        ("CB", "CG", "SD", "CE"),
    ],
    "chi4": [("CG", "CD", "NE", "CZ"), ("CG", "CD", "CE", "NZ")],
}
NUCLEIC = {
    "alpha": [("-O3'", "P", "O5'", "C5'")],
    "beta": [("P", "O5'", "C5'", "C4'")],
    "gamma": [("O5'", "C5'", "C4'", "C3'")],
    "delta": [("C5'", "C4'", "C3'", "O3'")],
    "epsilon": [("C4'", "C3'", "O3'", "+P")],
    "zeta": [("C3'", "O3'", "+P", "+O5'")],
    # Of purines, pyrimidines, and pseudouridine, which is bonded by its C5.
    "chi": [(*("O4'", "C1'"), *base) for base in (("N9", "C4"), ("N1", "C2"), ("C5", "C4"))],
}
#: What joins a residue to the next one: the atom here, the atom there.
_JOINTS = {"peptide": ("C", "N"), "nucleic": ("O3'", "P")}
_KINDS = BACKBONE | SIDECHAIN | NUCLEIC


def named_torsions(graph, kind):
    """Find all torsions of one kind, in the order of the residues that they are named after.

    Parameters
    ----------
    graph : lss.molecule.bond_graph.BondGraph
    kind : str
        ``"phi"`` to ``"chi4"``, ``"alpha"`` to ``"zeta"``, or ``"chi"`` of a nucleotide.

    Returns
    -------
    list of (str, list of int)
        Name in words (``"phi ALA 3"``) and four atom indices.
    """
    found, joint = [], _JOINTS["nucleic" if kind in NUCLEIC else "peptide"]
    for residue in graph.polymers:
        if kind in NUCLEIC and not is_nucleotide(residue, graph):
            continue
        # A residue has one torsion of a kind: hydroxyproline has the chi2 of proline.
        options = (_along(graph, residue, pattern, joint) for pattern in _KINDS[kind])
        first = next(filter(None, map(list, options)), [])
        found += [(f"{kind} {describe_residue(residue)}", atoms) for atoms in first]
    return found


def _along(graph, residue, pattern, joint):
    """Yield the four atoms of a pattern that starts in, before or after a residue, if bonded."""
    here, there = joint
    names = graph.names(residue.index)
    others = [residue.index]
    if pattern[0][0] == "-":
        others = graph.residues_bonded(names[there], here) if there in names else []
    elif pattern[-1][0] == "+":
        others = graph.residues_bonded(names[here], there) if here in names else []
    for other in others:
        atoms = [
            graph.names(other if name[0] in "+-" else residue.index).get(name.lstrip("+-"))
            for name in pattern
        ]
        if None not in atoms and all(map(graph.bonded, atoms, atoms[1:])):
            yield atoms


def is_nucleotide(residue, graph):
    """Whether a residue has a C1' and is called a nucleotide or joined to another as one is.

    A cofactor with a nucleotide in it (ATP, NAD) is none.
    """
    names = graph.names(residue.index)
    if "C1'" not in names:
        return False
    if residue.is_nucleic:
        return True
    here, there = _JOINTS["nucleic"]
    after = here in names and graph.residues_bonded(names[here], there)
    return bool(after or (there in names and graph.residues_bonded(names[there], here)))


def ca_torsions(graph):
    """Find four consecutive CA atoms each: list of (name, four atom indices).

    Consecutive are the CA atoms of residues that a peptide bond joins, and CA atoms bonded to each
    other. Of a topology without either, those that follow each other in the file.
    """
    topology, following = graph.topology, {}
    trace = [a for a in topology.atoms if is_alpha_carbon(a)]
    indices = {a.index for a in trace}
    of_residue = {a.residue.index: a.index for a in trace}
    for atom in trace:
        names = graph.names(atom.residue.index)
        after = graph.residues_bonded(names["C"], "N") if "C" in names else []
        after = [of_residue[r] for r in after if r in of_residue]
        after += [i for i in graph.neighbours[atom.index] if i > atom.index and i in indices]
        if after:
            following[atom.index] = after[0]
    if not following and topology.n_bonds == 0:
        following = {
            a.index: b.index
            for a, b in pairwise(trace)
            if a.residue.chain is b.residue.chain and b.residue.resSeq - a.residue.resSeq <= 1
        }
    found = []
    for atom in trace:
        four = [atom.index]
        while len(four) < 4 and four[-1] in following:
            four.append(following[four[-1]])
        if len(set(four)) == 4:
            inner = " - ".join(describe_residue(topology.atom(i).residue) for i in four[1:3])
            found.append((f"ca-torsion {inner}", four))
    return found


def tell_gaps(graph):
    """Warn of consecutive residues of a chain that no bond joins: no torsion spans them."""
    gaps, torn = [], []
    for chain in graph.topology.chains:
        peptides = [r for r in chain.residues if {"N", "CA", "C"} <= graph.names(r.index).keys()]
        for residue in peptides:
            names = graph.names(residue.index)
            if not graph.connected_within(residue.index, [names["N"], names["CA"], names["C"]]):
                torn.append(describe_residue(residue))
        for one, two in pairwise(peptides):
            joined = two.index in graph.residues_bonded(graph.names(one.index)["C"], "N")
            if two.index == one.index + 1 and not joined:
                gaps.append(f"{describe_residue(one)} and {describe_residue(two)}")
    for which, what in (
        (gaps, "no bond joins these residues, and torsions over the gaps are left out"),
        (torn, "the topology lacks bonds of these residues, and their torsions are left out"),
    ):
        if which:
            logger.warning("%s: %s%s", what, ", ".join(which[:5]), ", ..." * (len(which) > 5))
