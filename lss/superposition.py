"""Superposition of a few structures on a reference."""

from __future__ import annotations

import numpy as np


def superposed(xyz: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Structures (k, atoms, 3) centred and rotated onto the reference (Kabsch)."""
    target = np.asarray(reference, dtype=np.float64)
    target = target - target.mean(axis=0)
    centred = xyz - xyz.mean(axis=1, keepdims=True)
    u, _, vt = np.linalg.svd(np.swapaxes(centred, 1, 2) @ target)
    flip = np.ones(u.shape[:2])
    flip[:, -1] = np.sign(np.linalg.det(u @ vt))
    return centred @ ((u * flip[:, None, :]) @ vt)
