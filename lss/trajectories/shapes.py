"""Frames compared by their shape: whether two of them, wherever they are stored, are the same.

The shape is the distances among atoms spread over the largest molecule. It is the same after a
rotation, a fit, a change of format, or another choice of the periodic image.
"""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lss.molecule.cells import make_whole, molecule_bonds
from lss.trajectories import formats

_ATOMS = 24
#: Coordinates that are twice rounded to 0.001 nm (XTC, GRO) change no distance by more (nm).
TOLERANCE_NM = 3.5e-3


def shape_atoms(topology):
    """Atoms whose distances are the shape: at most 24, spread over the largest molecule."""
    pairs = np.array([(a.index, b.index) for a, b in topology.bonds], dtype=np.int64)
    atoms = np.arange(topology.n_atoms)
    if len(pairs):
        n = topology.n_atoms
        graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
        labels = connected_components(graph, directed=False)[1]
        atoms = np.flatnonzero(labels == np.argmax(np.bincount(labels)))
    chosen = np.linspace(0, len(atoms) - 1, min(len(atoms), _ATOMS)).round().astype(int)
    return atoms[chosen]


def shapes(xyz):
    """Distances among all atoms of each frame: (n, k, 3) to (n, k (k - 1) / 2), nm."""
    i, j = np.triu_indices(xyz.shape[1], 1)
    return np.linalg.norm(xyz[:, i] - xyz[:, j], axis=-1)


def same(one, two):
    """Whether two shapes (d,) are equal within the rounding of file formats."""
    return bool((np.abs(one - two) <= TOLERANCE_NM).all())


def pairs_of_same(some, others):
    """Find the equal shapes of two lists (n, d) and (m, d).

    Returns
    -------
    rows, columns : ndarray of int
        Numbers in `some` and in `others`, a pair each.
    """
    order = np.argsort(others.mean(axis=1))
    others = others[order]
    means = others.mean(axis=1)
    low = np.searchsorted(means, some.mean(axis=1) - TOLERANCE_NM, "left")
    high = np.searchsorted(means, some.mean(axis=1) + TOLERANCE_NM, "right")
    rows = np.repeat(np.arange(len(some)), high - low)
    columns = np.arange(len(rows)) - np.repeat(np.cumsum(high - low) - (high - low), high - low)
    columns += low[rows]
    for some_distances in (slice(0, None, 40), slice(None)):  # a few of them tell most apart
        distances = some[rows, some_distances] - others[columns, some_distances]
        kept = (np.abs(distances) <= TOLERANCE_NM).all(axis=1)
        rows, columns = rows[kept], columns[kept]
    return rows, order[columns]


class Frames:
    """Shapes of single frames of files, each read once.

    Parameters
    ----------
    sources : list of Path or InMemory
    topology : mdtraj.Topology
    """

    def __init__(self, sources, topology):
        self._sources, self._topology = sources, topology
        chosen = shape_atoms(topology)
        self._molecule, self._ordered = molecule_bonds(topology, chosen)
        self._chosen = np.searchsorted(self._molecule, chosen)
        self._known = {}

    def __call__(self, i, j):
        """The shape of frame `j` of file `i`."""
        if (i, j) not in self._known:
            with formats.reading(self._sources[i]):
                frame = formats.load_frame(self._sources[i], self._topology, j)
            frame = frame.atom_slice(self._molecule)
            make_whole(frame, self._ordered)
            self._known[i, j] = shapes(frame.xyz[:, self._chosen])[0]
        return self._known[i, j]

    def differ(self, i, n_frames):
        """Whether first and last frame of a file differ: else its shapes tell nothing."""
        return n_frames > 1 and not same(self(i, 0), self(i, n_frames - 1))

    def equal(self, some, others):
        """Pairs of equal frames of two lists of (i, j): list of (number in one, in the other)."""
        if not some or not others:
            return []
        one, two = (np.array([self(*place) for place in places]) for places in (some, others))
        return [tuple(map(int, pair)) for pair in zip(*pairs_of_same(one, two), strict=True)]
