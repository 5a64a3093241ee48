"""Which distances, angles, torsions and centres of a molecule are measured."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from cwgan.bonds import BondGraph, bond_graph
from lss.analysis.geometry import signed_volume
from lss.molecule.atoms import is_alpha_carbon

#: At most this many pair distances are compared (evenly chosen from all).
MAX_PAIRS = 500
#: At most this many atoms stand for a molecule without enough alpha carbons.
MAX_SITES = 32
#: A centre is chiral when the unit vectors to three neighbours span more than this volume.
CHIRAL_VOLUME = 0.3
#: Non-bonded contacts closer than this are clashes, **nm**: heavy atoms, alpha carbons.
CLASH_HEAVY_NM, CLASH_CA_NM = 0.25, 0.30
#: With so many residues the alpha-carbon trace shows the fold, and the backbone more than that.
TRACED_RESIDUES = 10


@dataclass(frozen=True)
class Measures:
    """Atom numbers of all that is measured; each array has shape (n, atoms involved).

    Parameters
    ----------
    masses : np.ndarray, shape (atoms,)
        For the radius of gyration; ones where the topology does not tell.
    site_kind : str
        "CA" or "heavy atom": the atoms of ``pairs``.
    pairs : np.ndarray, shape (n, 2)
        For pair-distance histograms and TICA.
    bonds, angles : np.ndarray, shape (n, 2), (n, 3)
        Chemical ones; between neighbouring alpha carbons where there is nothing else.
    ca_bonds : np.ndarray, shape (n, 2)
        Neighbouring alpha carbons.
    torsions : np.ndarray, shape (n, 4)
        Backbone and side-chain torsions, or one about each bond.
    ramachandran : np.ndarray, shape (n, 2)
        Rows of ``torsions`` that are phi and psi of one residue.
    omegas : np.ndarray, shape (n,)
        Rows of ``torsions`` that are omega.
    centres : np.ndarray, shape (n, 4)
        Tetrahedral centre and three neighbours, of positive volume in the reference.
    contacts : np.ndarray, shape (n, 2)
        Pairs of heavy atoms too far apart along the bonds to touch.
    clash_nm : float
        Contacts closer than this are clashes, **nm**.
    trace : np.ndarray, shape (n, 2)
        Pairs to join where many structures are drawn on top of one another: the alpha-carbon
        trace of a protein, the backbone of a peptide, the bonds of any other molecule.
    """

    masses: np.ndarray
    site_kind: str
    pairs: np.ndarray
    bonds: np.ndarray
    ca_bonds: np.ndarray
    angles: np.ndarray
    torsions: np.ndarray
    torsion_names: list[str]
    ramachandran: np.ndarray
    omegas: np.ndarray
    centres: np.ndarray
    contacts: np.ndarray
    clash_nm: float
    trace: np.ndarray


def describe(topology, reference: np.ndarray) -> Measures:
    """List what can be measured on the decoded atoms.

    Parameters
    ----------
    topology : mdtraj.Topology
        Of the decoded atoms.
    reference : np.ndarray, shape (atoms, 3)
        A structure with the right chirality, **nm**.
    """
    atoms = list(topology.atoms)
    ca = np.array([a.index for a in atoms if is_alpha_carbon(a)], dtype=int)
    only_ca = len(ca) == len(atoms)
    heavy = np.array([a.element is None or a.element.symbol != "H" for a in atoms])
    ca_bonds = _ca_bonds(topology)
    graph = _graph(topology, ca_bonds if only_ca else np.empty((0, 2), int))
    sites, kind = _sites(ca, heavy)
    torsions, names, ramachandran, omegas = _torsions(topology, graph, only_ca)
    return Measures(
        masses=_masses(atoms),
        site_kind=kind,
        pairs=_thin(_all_pairs(sites), MAX_PAIRS),
        bonds=graph.bonds,
        ca_bonds=ca_bonds,
        angles=_angles(graph),
        torsions=torsions,
        torsion_names=names,
        ramachandran=ramachandran,
        omegas=omegas,
        centres=_centres(graph, heavy, reference),
        contacts=_contacts(graph, heavy, 3 if only_ca else 4),
        clash_nm=CLASH_CA_NM if only_ca else CLASH_HEAVY_NM,
        trace=_trace(atoms, graph.bonds, ca_bonds),
    )


def _masses(atoms) -> np.ndarray:
    masses = np.array([a.element.mass if a.element is not None else 0.0 for a in atoms])
    return masses if masses.all() else np.ones(len(atoms))


def _ca_bonds(topology) -> np.ndarray:
    """Neighbouring alpha carbons of each chain; none over a gap in the residue numbers."""
    found = []
    for chain in topology.chains:
        trace = [a for a in chain.atoms if is_alpha_carbon(a)]
        found += [
            (a.index, b.index)
            for a, b in pairwise(trace)
            if b.residue.index - a.residue.index == 1 and b.residue.resSeq - a.residue.resSeq <= 1
        ]
    return np.array(found, dtype=int).reshape(-1, 2)


def _trace(atoms, bonds: np.ndarray, ca_bonds: np.ndarray) -> np.ndarray:
    if len(ca_bonds) >= TRACED_RESIDUES - 1:
        return ca_bonds
    main = np.array([a.residue.is_protein and a.name in ("N", "CA", "C") for a in atoms], bool)
    backbone = bonds[main[bonds].all(axis=1)]
    return backbone if len(backbone) else bonds


def _graph(topology, fallback: np.ndarray) -> BondGraph:
    """The bonds of the topology, or those given where it has none."""
    bonds = [(a.index, b.index) for a, b in topology.bonds]
    return bond_graph(topology.n_atoms, np.array(bonds) if bonds else fallback)


def _sites(ca: np.ndarray, heavy: np.ndarray) -> tuple[np.ndarray, str]:
    if len(ca) >= 4:
        return ca, "CA"
    return _thin(np.flatnonzero(heavy), MAX_SITES), "heavy atom"


def _thin(items: np.ndarray, most: int) -> np.ndarray:
    if len(items) <= most:
        return items
    return items[np.linspace(0, len(items) - 1, most).round().astype(int)]


def _all_pairs(sites: np.ndarray) -> np.ndarray:
    i, j = np.triu_indices(len(sites), 1)
    return np.stack([sites[i], sites[j]], axis=1)


def _angles(graph: BondGraph) -> np.ndarray:
    found = [
        (i, centre, j)
        for centre, near in enumerate(graph.neighbours())
        for i, j in combinations(near, 2)
    ]
    return np.array(found, dtype=int).reshape(-1, 3)


def _torsions(topology, graph, only_ca) -> tuple[np.ndarray, list[str], np.ndarray, np.ndarray]:
    """Torsion quadruples, their names, rows of (phi, psi) of one residue, rows of omega."""
    from mdtraj.geometry import dihedral

    if only_ca:
        return (*_bond_torsions(topology, graph), np.empty((0, 2), int), np.empty(0, int))
    rows: list[np.ndarray] = []
    names: list[str] = []
    row_of: dict[tuple[str, int], int] = {}
    for kind, owner in (("phi", 1), ("psi", 1), ("omega", 1), ("chi1", 1), ("chi2", 1)):
        for quad in getattr(dihedral, f"indices_{kind}")(topology):
            residue = topology.atom(int(quad[owner])).residue
            row_of[kind, residue.index] = len(rows)
            rows.append(quad)
            names.append(f"{kind} {residue.name} {residue.resSeq}")
    if not rows:
        return (*_bond_torsions(topology, graph), np.empty((0, 2), int), np.empty(0, int))
    both = [
        (i, row_of["psi", r]) for (k, r), i in row_of.items() if k == "phi" and ("psi", r) in row_of
    ]
    omegas = [i for (k, _), i in row_of.items() if k == "omega"]
    return np.array(rows), names, np.array(both, int).reshape(-1, 2), np.array(omegas, int)


def _bond_torsions(topology, graph: BondGraph) -> tuple[np.ndarray, list[str]]:
    """One torsion about every bond that has neighbours on both sides, those of rings too."""
    near = graph.neighbours()
    rows = []
    for j, k in graph.bonds:
        left = [i for i in near[j] if i != k]
        right = [i for i in near[k] if i not in (j, *left[:1])]
        if left and right:
            rows.append((left[0], j, k, right[0]))
    names = ["-".join(str(topology.atom(int(i))) for i in quad) for quad in rows]
    return np.array(rows, dtype=int).reshape(-1, 4), names


def _centres(graph: BondGraph, heavy: np.ndarray, reference) -> np.ndarray:
    """Rows (centre, three heavy neighbours in the order of a positive reference volume)."""
    found = []
    for centre, near in enumerate(graph.neighbours()):
        near = [i for i in near if heavy[i]]
        if len(near) < 3:
            continue
        row = np.array([centre, *near[:3]])
        volume = float(signed_volume(np.asarray(reference)[:, :, None], row[None])[0, 0])
        if abs(volume) > CHIRAL_VOLUME:
            found.append(row if volume > 0 else row[[0, 2, 1, 3]])
    return np.array(found, dtype=int).reshape(-1, 4)


def _contacts(graph: BondGraph, heavy: np.ndarray, apart: int) -> np.ndarray:
    """Heavy-atom pairs at least ``apart`` bonds from one another, or without a path of bonds."""
    far = (graph.steps >= apart) | (graph.steps < 0)
    return np.argwhere(np.triu(far, 1) & heavy[:, None] & heavy)
