"""Vectors between atoms, and pairs of close atoms, in a periodic cell."""

from itertools import product

import numpy as np
from scipy.spatial import cKDTree

#: Below this an edge of a cell cannot hold a molecule; such cells are dummies, nm.
_SMALLEST_EDGE = 1.0
_SHIFTS = np.array(list(product((-1, 0, 1), repeat=3)), dtype=np.float64)


def real_cell(vectors):
    """Return the edges of a cell (3, 3), **nm**, or None where they are none or a dummy."""
    if vectors is None:
        return None
    vectors = np.asarray(vectors, dtype=np.float64).reshape(3, 3)
    if not np.isfinite(vectors).all():
        return None
    edges = np.linalg.norm(vectors, axis=1)
    volume = abs(np.linalg.det(vectors))
    return vectors if edges.min() >= _SMALLEST_EDGE and volume > 1e-3 * edges.prod() else None


def nearest_image(differences, cell):
    """Vectors (n, 3) as they are without a cell, else the shortest of their images."""
    if cell is None or len(differences) == 0:
        return differences
    reduced = differences - np.round(differences @ np.linalg.inv(cell)) @ cell
    # In a skewed cell the reduced vector need not be the shortest.
    if np.allclose(cell, np.diag(np.diag(cell)), atol=1e-6):
        return reduced
    best, shortest = reduced.copy(), (reduced**2).sum(1)
    for shift in _SHIFTS @ cell:
        image = reduced + shift
        length = (image**2).sum(1)
        shorter = length < shortest
        best[shorter], shortest[shorter] = image[shorter], length[shorter]
    return best


def bond_lengths(xyz, pairs, cell):
    """Distances of pairs (n, 2) of atoms, of the nearest images where there is a cell: (n,)."""
    return np.linalg.norm(nearest_image(xyz[pairs[:, 1]] - xyz[pairs[:, 0]], cell), axis=1)


def close_pairs(xyz, cutoff, cell):
    """All pairs of points nearer than a cutoff, images included, each once.

    Parameters
    ----------
    xyz : array (n, 3)
    cutoff : float
        Less than half the smallest edge of the cell.
    cell : array (3, 3) or None

    Returns
    -------
    pairs : ndarray (k, 2) of int64
        i < j.
    lengths : ndarray (k,)
    """
    if cell is None or len(xyz) == 0:
        pairs = cKDTree(xyz).query_pairs(cutoff, output_type="ndarray") if len(xyz) else []
        pairs = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
        return pairs, bond_lengths(xyz, pairs, None)
    fractions = xyz @ np.linalg.inv(cell)
    fractions -= np.floor(fractions)
    # Images of atoms near a face are needed on the other side of it; `margin` is the cutoff in
    # units of the distance between the two faces.
    margin = cutoff * np.linalg.norm(np.linalg.inv(cell), axis=0)
    points, numbers = [fractions @ cell], [np.arange(len(xyz))]
    for shift in _SHIFTS:
        if not shift.any():
            continue
        image = fractions + shift
        near = ((image > -margin) & (image < 1 + margin)).all(axis=1)
        points.append(image[near] @ cell)
        numbers.append(np.flatnonzero(near))
    points, numbers = np.concatenate(points), np.concatenate(numbers)
    found = cKDTree(points).query_pairs(cutoff, output_type="ndarray").astype(np.int64)
    found = found[(found < len(xyz)).any(axis=1)]
    pairs = np.sort(numbers[found], axis=1)
    pairs = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
    return pairs, bond_lengths(xyz, pairs, cell)
