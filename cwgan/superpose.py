"""Superposition of structures: centre, then turn onto a reference (Kabsch).

Training on superposed frames spares the networks the six coordinates that mean nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lss_base.estimators import check_count, refusal
from lss_base.trajectories import check_finite

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

CHUNK = 16384


def superpose(coords, reference):
    """Centre frames and turn each onto a reference by the rotation of least squares.

    Reflections are never used. Where the best rotation is not unique (two atoms, collinear or
    coinciding atoms) one of the best is taken.

    Parameters
    ----------
    coords : array-like (n_frames, n_atoms, 3)
        Positions, **nm**; read in chunks, so a memory map or an HDF5 dataset will do.
    reference : array-like (n_atoms, 3)
        **nm**; it is centred first.

    Returns
    -------
    ndarray (n_frames, n_atoms, 3), float32

    Raises
    ------
    ValueError
        On shapes that do not fit and on positions that are not finite.
    """
    reference = _reference(reference)
    shape = np.shape(coords)
    if len(shape) != 3 or shape[1:] != reference.shape:
        raise refusal(
            "coords",
            f"an array of shape {tuple(shape)}",
            f"shape (n_frames, {len(reference)}, 3) as the reference has",
            "give the same atoms",
        )
    out = np.empty(shape, np.float32)
    for start in range(0, shape[0], CHUNK):
        out[start : start + CHUNK] = _turned(coords[start : start + CHUNK], reference, start)
    return out


def mean_structure(coords: ArrayLike, n_iter: int = 3) -> np.ndarray:
    """Mean of frames superposed on their own mean, iterated from the first frame.

    Parameters
    ----------
    coords : array-like (n_frames, n_atoms, 3)
        **nm**; read in chunks, once for each iteration.
    n_iter : int

    Returns
    -------
    ndarray (n_atoms, 3), float64
        Centred, **nm**.

    Raises
    ------
    ValueError
        On a wrong shape, no frames, positions that are not finite, or `n_iter` below 1.
    """
    shape = np.shape(coords)
    check_count("n_iter", n_iter)
    if len(shape) != 3 or shape[2] != 3 or not shape[0]:
        raise refusal(
            "coords",
            f"an array of shape {tuple(shape)}",
            "shape (n_frames, n_atoms, 3) with at least one frame",
            "give positions of atoms",
        )
    mean = _reference(coords[0])
    for _ in range(n_iter):
        total = np.zeros_like(mean)
        for start in range(0, len(coords), CHUNK):
            total += _turned(coords[start : start + CHUNK], mean, start).sum(0)
        mean = total / len(coords)
    return mean


def _reference(reference):
    reference = np.asarray(reference, float)
    if reference.ndim != 2 or reference.shape[1] != 3:
        raise refusal(
            "reference",
            f"an array of shape {reference.shape}",
            "shape (n_atoms, 3)",
            "give one frame",
        )
    check_finite("reference", reference)
    return reference - reference.mean(0)


def _turned(chunk, reference, start):
    chunk = np.asarray(chunk, float)
    check_finite("coords", chunk, start)
    chunk = chunk - chunk.mean(1, keepdims=True)
    left, _, right = np.linalg.svd(np.swapaxes(chunk, 1, 2) @ reference)
    # Flipping the axis of the smallest singular value turns a reflection into a rotation.
    left[:, :, 2] *= np.sign(np.linalg.det(left @ right))[:, None]
    return chunk @ (left @ right)
