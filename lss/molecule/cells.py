"""Molecules made whole over a periodic cell, along their bonds.

Where several are looked at together, `lss.molecule.images` puts them into one image.
"""

import numpy as np
from mdtraj.geometry.distance import compute_distances_core
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
    # One search from a node that is joined to one atom of each molecule, not one search for each.
    roots = atoms[np.unique(labels[atoms], return_index=True)[1]]
    i, j = graph.nonzero()
    i, j = np.concatenate([i, np.full(len(roots), n)]), np.concatenate([j, roots])
    joined = coo_array((np.ones(len(i)), (i, j)), shape=(n + 1, n + 1)).tocsr()
    order, parents = breadth_first_order(joined, n, directed=False)
    children = order[1:][parents[order[1:]] != n]
    ordered = np.stack([local[parents[children]], local[children]], axis=1)
    return atoms, ordered.astype(np.int32)


def cell_vectors(trajectory, frames=slice(None)):
    """Return the cell vectors of chosen frames as rows, (n_frames, 3, 3) of float64 in nm.

    The first lies along x and the second in the plane of x and y, as mdtraj has it, whose own
    conversion takes longer than reading the frames.
    """
    a, b, c = trajectory.unitcell_lengths[frames].astype(np.float64).T
    angles = trajectory.unitcell_angles[frames].astype(np.float64).T
    alpha, beta, gamma = np.where(angles == 90, 0, np.cos(np.radians(angles)))
    sine = np.sqrt(1 - gamma**2)
    y = (alpha - beta * gamma) / sine
    zero = np.zeros_like(a)
    rows = [
        [a, zero, zero],
        [b * gamma, b * sine, zero],
        [c * beta, c * y, c * np.sqrt(np.maximum(1 - beta**2 - y**2, 0))],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


def back(steps, vectors):
    """Return the translations (n, 3) that bring steps over faces of the cell back.

    Exact where a step, brought back, is along each axis shorter than half the diagonal of the
    cell vectors: a vector of the lattice reaches at least so far along the last axis along which
    it does not vanish.

    Parameters
    ----------
    steps : array (n, 3) of float64
        In **nm**.
    vectors : array (n, 3, 3)
        From :func:`cell_vectors`.
    """
    moves = np.zeros_like(steps)
    for axis in (2, 1, 0):
        edge = vectors[:, axis]
        times = np.round((steps[:, axis] + moves[:, axis]) / edge[:, axis])
        moves -= times[:, None] * edge
    return moves


def bond_lengths(trajectory, pairs):
    """Return the lengths of bonds as the coordinates are, (n_frames, n_bonds) in nm."""
    return compute_distances_core(trajectory.xyz, pairs, periodic=False)


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
    broken : ndarray (n_frames,) of bool
        The frames in which a bond was so long that it may have lain over a face.
    lengths : ndarray (n_frames, n_bonds) of float32
        Of the bonds, afterwards, **nm**.
    """
    real = has_cell(trajectory)
    lengths = bond_lengths(trajectory, ordered_bonds)
    # A bond over a face of the cell is nearly as long as a cell edge. Most chunks have none, and
    # to look is far cheaper than to repair.
    if lengths.size == 0 or not real.any():
        return np.zeros_like(real), lengths
    half = np.full(len(real), np.inf)
    half[real] = np.diagonal(cell_vectors(trajectory, real), axis1=1, axis2=2).min(axis=1) / 2
    if lengths.max() < half.min():
        return np.zeros_like(real), lengths
    broken = lengths.max(axis=1) >= half
    if broken.any():
        frames = np.flatnonzero(broken)
        mended = _mend(trajectory, frames, lengths[frames] >= half[frames, None], ordered_bonds)
        lengths[frames] = compute_distances_core(mended, ordered_bonds, periodic=False)
        trajectory.xyz[frames] = mended
    return broken, lengths


def _mend(trajectory, frames, over_face, ordered_bonds):
    """Coordinates of frames after the atoms beyond a bond over a face were brought back."""
    xyz, vectors = trajectory.xyz[frames], cell_vectors(trajectory, frames)
    moves = np.zeros((len(frames), len(ordered_bonds), 3))
    one, two = np.nonzero(over_face)
    parents, children = ordered_bonds[two].T
    steps = xyz[one, children].astype(np.float64) - xyz[one, parents]
    moves[one, two] = back(steps, vectors[one])
    total = np.zeros((xyz.shape[1], len(frames), 3))
    for bond, (parent, child) in enumerate(ordered_bonds):
        total[child] = total[parent] + moves[:, bond]
    return xyz + total.swapaxes(0, 1).astype(np.float32)
