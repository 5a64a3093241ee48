"""Molecules made whole over a periodic cell, along their bonds.

Where several are looked at together, `lss.molecule.images` puts them into one image.
"""

import mdtraj as md
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

#: Below this a unit cell cannot hold a molecule; such cells are dummies.
SMALLEST_CELL_NM = 1.0


def has_cell(trajectory):
    """Tell which frames have a periodic cell that can hold a molecule: bool (n_frames,)."""
    lengths = trajectory.unitcell_lengths
    if lengths is None:
        return np.zeros(trajectory.n_frames, dtype=bool)
    return np.isfinite(lengths).all(axis=1) & (lengths >= SMALLEST_CELL_NM).all(axis=1)


def molecule_labels(topology):
    """Number the molecules, parts that bonds hold together: int (n_atoms,)."""
    return connected_components(_graph(topology), directed=False)[1]


def _graph(topology):
    pairs = np.array([(a.index, b.index) for a, b in topology.bonds], dtype=np.int64)
    i, j = pairs.reshape(-1, 2).T
    return coo_array((np.ones(len(i)), (i, j)), shape=(topology.n_atoms,) * 2).tocsr()


def molecule_bonds(topology, atom_indices=None):
    """Order the bonds of the molecules that hold the chosen atoms, for making them whole.

    Parameters
    ----------
    topology : mdtraj.Topology
    atom_indices : array (n,), optional
        All atoms by default.

    Returns
    -------
    atoms : ndarray (k,) of int64
        The atoms of these molecules, sorted; the chosen atoms if the topology has no bonds.
    ordered : ndarray (n_bonds, 2) of int32
        Tree of bonds in the numbering of ``atoms``, each parent before its children.
    """
    n = topology.n_atoms
    chosen = np.arange(n) if atom_indices is None else np.unique(atom_indices)
    if topology.n_bonds == 0:
        return chosen, np.empty((0, 2), np.int32)
    graph = _graph(topology)
    labels = connected_components(graph, directed=False)[1]
    atoms = np.flatnonzero(np.isin(labels, labels[chosen]))
    local = np.full(n, -1)
    local[atoms] = np.arange(len(atoms))
    ordered = []
    for root in atoms[np.unique(labels[atoms], return_index=True)[1]]:
        order, parents = breadth_first_order(graph, root, directed=False)
        ordered += [(local[parents[atom]], local[atom]) for atom in order[1:]]
    return atoms, np.array(ordered, dtype=np.int32).reshape(-1, 2)


def widths(trajectory):
    """Return the diagonal of the cell vectors, (n_frames, 3) in nm.

    A vector of the lattice reaches at least so far along the last axis along which it does not
    vanish: what is shorter than half of it, along each axis, lies over no face of the cell.
    """
    lengths, angles = trajectory.unitcell_lengths, trajectory.unitcell_angles
    if (angles == 90).all():
        return lengths
    return np.diagonal(trajectory.unitcell_vectors, axis1=1, axis2=2)


def make_whole(trajectory, ordered_bonds):
    """Undo the breaking of molecules over the faces of a periodic cell, in place.

    Nothing happens to frames without a cell or with a dummy (an edge under 1 nm).

    Parameters
    ----------
    trajectory : mdtraj.Trajectory
    ordered_bonds : array (n_bonds, 2) of int32
        From :func:`molecule_bonds`.

    Returns
    -------
    ndarray (n_frames,) of bool
        The frames in which a molecule was broken.
    """
    broken = has_cell(trajectory)
    if len(ordered_bonds) == 0 or not broken.any():
        return np.zeros_like(broken)
    wide = widths(trajectory)
    # A bond over a face of the cell is nearly as long as a cell edge. Most chunks have none, and
    # to look is far cheaper than to repair.
    parents, children = ordered_bonds.T
    steps = np.abs(trajectory.xyz[:, children] - trajectory.xyz[:, parents])
    if steps.max() < wide[broken].min() / 2:
        return np.zeros_like(broken)
    broken &= (steps >= wide[:, None] / 2).any(axis=(1, 2))
    if broken.any():
        mended = md.Trajectory(  # a slice would copy the topology
            trajectory.xyz[broken],
            trajectory.topology,
            unitcell_lengths=trajectory.unitcell_lengths[broken],
            unitcell_angles=trajectory.unitcell_angles[broken],
        )
        mended.make_molecules_whole(inplace=True, sorted_bonds=ordered_bonds)
        trajectory.xyz[broken] = mended.xyz
    return broken
