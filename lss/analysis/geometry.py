"""Distances, angles, torsions and volumes of many frames at once.

Coordinates have the frames last, shape (atoms, 3, frames), so that every operation runs
over contiguous memory.
"""

from __future__ import annotations

import numpy as np


def distances(xyz: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Distances of atom pairs; xyz (atoms, 3, frames) to (pairs, frames), in **nm**."""
    out = np.empty((len(pairs), xyz.shape[2]), dtype=xyz.dtype)
    for row, (i, j) in zip(out, pairs, strict=True):
        d = xyz[i] - xyz[j]
        d *= d
        np.sqrt(d[0] + d[1] + d[2], out=row)
    return out


def angles(xyz: np.ndarray, triples: np.ndarray) -> np.ndarray:
    """Angles at the middle atoms; (atoms, 3, frames) to (triples, frames), in **radians**."""
    a = xyz[triples[:, 0]] - xyz[triples[:, 1]]
    b = xyz[triples[:, 2]] - xyz[triples[:, 1]]
    return np.arctan2(_norm(_cross(a, b)), (a * b).sum(axis=1))


def torsions(xyz: np.ndarray, quads: np.ndarray) -> np.ndarray:
    """Torsion angles (IUPAC sign); (atoms, 3, frames) to (quads, frames), in **radians**."""
    b1, b2, b3 = (xyz[quads[:, k + 1]] - xyz[quads[:, k]] for k in range(3))
    normal = _cross(b2, b3)
    sine = (b1 * normal).sum(axis=1) * _norm(b2)
    return np.arctan2(sine, (_cross(b1, b2) * normal).sum(axis=1))


def signed_volume(xyz: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Triple product of the unit vectors from each centre to three neighbours, in [-1, 1]."""
    unit = []
    for k in (1, 2, 3):
        v = xyz[centres[:, k]] - xyz[centres[:, 0]]
        unit.append(v / np.maximum(_norm(v), 1e-12)[:, None])
    return (_cross(unit[0], unit[1]) * unit[2]).sum(axis=1)


def radius_of_gyration(xyz: np.ndarray, masses: np.ndarray) -> np.ndarray:
    """Mass-weighted radius of gyration of each frame, in **nm**."""
    weights = (masses / masses.sum()).astype(xyz.dtype)
    centred = xyz - np.tensordot(weights, xyz, axes=1)
    return np.sqrt(np.tensordot(weights, (centred**2).sum(axis=1), axes=1))


def rmsd(xyz: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """RMSD of each frame to a structure after the best superposition, in **nm**.

    The largest root of the quaternion matrix's characteristic polynomial, by Newton's method
    from above (Theobald, Acta Cryst. A 61 (2005) 478-480), for all frames at once.

    Parameters
    ----------
    xyz : np.ndarray, shape (atoms, 3, frames)
        Frames, **nm**.
    reference : np.ndarray, shape (atoms, 3)
        Structure to superpose them on, **nm**.
    """
    # Single precision would blur the RMSD of equal structures to 1e-4 nm.
    target = np.asarray(reference, dtype=np.float64)
    target = target - target.mean(axis=0)
    centred = (xyz - xyz.mean(axis=0)).astype(np.float64)
    n_atoms = len(target)
    inner = np.tensordot(target.T, centred, axes=1).transpose(2, 0, 1)
    squares = (centred**2).sum(axis=(0, 1))
    start = (squares + (target**2).sum()) / 2
    root = _largest_root(inner, start)
    return np.sqrt(np.maximum(2 * (start - root), 0) / n_atoms)


def _largest_root(inner: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Largest eigenvalue of the quaternion matrix of inner products (frames, 3, 3)."""
    gram = inner.transpose(0, 2, 1) @ inner
    trace = np.trace(gram, axis1=1, axis2=2)
    c2, c1 = -2 * trace, -8 * np.linalg.det(inner)
    c0 = 2 * (gram**2).sum(axis=(1, 2)) - trace**2
    x = start.copy()
    for _ in range(100):
        slope = (4 * x * x + 2 * c2) * x + c1
        value = ((x * x + c2) * x + c1) * x + c0
        step = np.where(slope > 0, value / np.where(slope > 0, slope, 1), 0)
        x -= step
        if np.all(np.abs(step) <= 1e-12 * start):
            break
    return x


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.stack(
        [
            a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1],
            a[:, 2] * b[:, 0] - a[:, 0] * b[:, 2],
            a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0],
        ],
        axis=1,
    )


def _norm(v: np.ndarray) -> np.ndarray:
    return np.sqrt((v * v).sum(axis=1))
