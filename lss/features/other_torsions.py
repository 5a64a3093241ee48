"""Torsions that no table of names lists: of modified residues, staples, lactams, disulfides."""

from lss.molecule.atoms import describe_residue
from lss.molecule.names import is_standard_amino_acid, residue_name

#: Bonds of rings up to this size do not turn.
_RIGID_RING = 7
_CAPS = {"ACE", "NME", "NH2", "FOR"}


def other_torsions(graph, known):
    """Find a torsion about each bond of a peptide that turns and that no known torsion turns about.

    They are those of the bonds that close a ring or join two side chains (one about the bond and
    one about each neighbouring bond), and those in residues that are none of the twenty amino
    acids, in caps other than ACE, NME and NH2, and in residues that link others.

    Parameters
    ----------
    graph : lss.molecule.bond_graph.BondGraph
    known : iterable of four atom indices
        The torsions that have names.

    Returns
    -------
    list of (str, list of int)
        ``"chi CA-CB-SG-SG CYS 3 - CYS 11"`` and four atom indices, in the order of the atoms.
    """
    peptide = _peptide_residues(graph)
    standard = {r: is_standard_amino_acid(graph.topology.residue(r).name) for r in peptide}
    standard |= {r: True for r in peptide if _is_cap(graph, r)}
    turned = {frozenset(four[1:3]) for four in known}
    depths, found = {}, []
    for r in sorted(peptide):
        names = graph.names(r)
        depths |= graph.depths(names.get("CA", min(names.values())), r)
    atoms = sorted(i for r in peptide for i in graph.names(r).values() if graph.heavy[i])
    for i in atoms:
        for j in graph.heavy_neighbours(i):
            if j <= i or graph.residue[j] not in peptide or frozenset((i, j)) in turned:
                continue
            if not (_is_special(graph, standard, i, j) and _turns(graph, i, j)):
                continue
            a, b = (i, j) if depths.get(i, 0) <= depths.get(j, 0) else (j, i)
            if graph.residue[i] != graph.residue[j]:
                a, b = sorted((i, j), key=lambda atom: (graph.residue[atom], atom))
            four = [_end(graph, depths, a, b), a, b, _end(graph, depths, b, a)]
            if len(set(four)) == 4:
                found.append((_words(graph, four), four))
    return found


def _peptide_residues(graph):
    """Residues of peptides and those that link or end them; not what hangs on a side chain."""
    amino = {
        r.index for r in graph.topology.residues if {"N", "CA", "C"} <= graph.names(r.index).keys()
    }
    joined, ends = {}, set()
    for atom, others in enumerate(graph.neighbours):
        for other in others:
            one, two = graph.residue[atom], graph.residue[other]
            if one != two:
                joined.setdefault(one, set()).add(two)
                if two in amino and graph.atom_names[other] in ("N", "C"):
                    ends.add(one)
    # Residues that link peptides are left when what hangs on by one bond is taken off, again and
    # again; what is bonded to no peptide goes altogether.
    kept = _reachable(joined, amino)
    while True:
        leaves = {r for r in kept - amino - ends if len(joined.get(r, set()) & kept) < 2}
        if not leaves:
            return {r for r in kept if not graph.topology.residue(r).is_nucleic}
        kept -= leaves


def _reachable(joined, start):
    reached, queue = set(start), list(start)
    while queue:
        for other in joined.get(queue.pop(), ()):
            if other not in reached:
                reached.add(other)
                queue.append(other)
    return reached


def _is_cap(graph, r):
    return residue_name(graph.topology.residue(r).name) in _CAPS


def _is_special(graph, standard, i, j):
    """Whether a bond is one whose torsion the tables of names cannot list."""
    one, two = graph.residue[i], graph.residue[j]
    if _is_main_chain(graph, i, j):
        return False
    if one != two and {graph.atom_names[i], graph.atom_names[j]} == {"C", "N"}:
        return not (standard[one] and standard[two])
    if one != two or not (standard[one] and standard[two]):
        return True
    return _closes(graph, i) or _closes(graph, j)


def _closes(graph, atom):
    """Whether an atom is bonded to another residue other than by a peptide bond."""
    return any(
        graph.residue[other] != graph.residue[atom]
        and {graph.atom_names[atom], graph.atom_names[other]} != {"C", "N"}
        for other in graph.neighbours[atom]
    )


def _is_main_chain(graph, i, j):
    """Whether a bond is N-CA or CA-C of N-CA-C: without phi or psi it ends the chain."""
    pair, names = {graph.atom_names[i], graph.atom_names[j]}, graph.names(graph.residue[i])
    if pair not in ({"N", "CA"}, {"CA", "C"}) or graph.residue[i] != graph.residue[j]:
        return False
    if not (
        graph.bonded(names["CA"], names.get("N")) and graph.bonded(names["CA"], names.get("C"))
    ):
        return False
    return not (_closes(graph, i) or _closes(graph, j))


def _turns(graph, i, j):
    if 0 < graph.ring_size(i, j, _RIGID_RING) <= _RIGID_RING:
        return False
    for a, b in ((i, j), (j, i)):
        ends = [x for x in graph.heavy_neighbours(a) if x != b]
        if not ends or _is_linear(graph, a):
            return False
        # Three like atoms at an end (phosphate, CF3): whichever is called the first, says nothing.
        single = [x for x in ends if len(graph.heavy_neighbours(x)) == 1]
        kinds = {graph.atom_names[x].lstrip("0123456789")[:1] for x in single}
        if len(ends) >= 3 and len(single) == len(ends) and len(kinds) == 1:
            return False
    return True


def _is_linear(graph, atom):
    """Whether an atom has its two bonds in one line: nitriles, alkynes, azides."""
    neighbours = graph.neighbours[atom]
    if len(neighbours) != 2:
        return False
    letter = graph.atom_names[atom].lstrip("0123456789")[:1]
    # Where carbons have no hydrogen in the file, two neighbours say nothing.
    with_hydrogen = any(
        graph.atom_names[i][:1] == "C" and len(graph.heavy_neighbours(i)) < len(graph.neighbours[i])
        for i in graph.names(graph.residue[atom]).values()
    )
    nitrogens = all(graph.atom_names[i].startswith("N") for i in neighbours)
    return (letter == "C" and with_hydrogen) or (letter == "N" and nitrogens)


def _end(graph, depths, atom, other):
    """The neighbour of an atom that a torsion about atom-other ends at."""

    def rank(i):
        away = graph.residue[i] == graph.residue[atom]
        main = graph.atom_names[i] not in ("N", "C", "CA", "CB")
        return away, main, depths.get(i, 99), i

    return min((i for i in graph.heavy_neighbours(atom) if i != other), key=rank)


def _words(graph, four):
    names = "-".join(graph.topology.atom(i).name for i in four)
    residues = list(dict.fromkeys(graph.residue[i] for i in four))
    where = " - ".join(describe_residue(graph.topology.residue(r)) for r in residues)
    return f"chi {names} {where}"
