"""Arrays that are given to the analysis: of one or of many trajectories, checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lss.errors import InputError
from lss_base.trajectories import as_weights


class OneOf:
    """One trajectory of an array of trajectories; an HDF5 dataset is read only where sliced."""

    def __init__(self, arrays, number: int) -> None:
        self.arrays, self.number = arrays, number
        self.shape = tuple(arrays.shape[1:])
        self.ndim = len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, frames):
        return self.arrays[self.number, frames]

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return np.array(self.arrays[self.number], dtype=dtype)


def as_trajectories(arrays, name: str, ndim: int) -> list:
    """A list of arrays of one trajectory each, whatever was given; checked.

    Parameters
    ----------
    arrays : array-like or list of array-likes
        One trajectory (``ndim`` axes), an array of trajectories (one axis more), or a list.
    name : str
        Of the argument, for errors.
    ndim : int
        Axes of one trajectory: 2 for psi, 3 for coordinates.

    Raises
    ------
    InputError
        When there are none, or the shapes do not fit.
    """
    if getattr(arrays, "ndim", None) == ndim:
        arrays = [arrays]
    elif getattr(arrays, "ndim", None) == ndim + 1:
        arrays = [OneOf(arrays, i) for i in range(len(arrays))]
    arrays = [x if hasattr(x, "ndim") else np.asarray(x) for x in arrays]
    if not arrays:
        raise InputError(f"{name} is empty; give at least one trajectory")
    for i, x in enumerate(arrays):
        if x.ndim != ndim or x.shape[1:] != arrays[0].shape[1:]:
            raise InputError(
                f"{name}[{i}] has shape {tuple(x.shape)}; wanted {ndim} axes and the last "
                f"as in {name}[0], {tuple(arrays[0].shape)}"
            )
    return arrays


def check_psi(psi, name: str) -> list:
    """Latent trajectories as a list of arrays or HDF5 datasets, free of nan."""
    psi = as_trajectories(psi, name, 2)
    for i, x in enumerate(psi):
        bad = ~np.isfinite(np.asarray(x)).all(axis=1)
        if bad.any():
            raise InputError(
                f"{name}[{i}] is not finite in frame {int(bad.argmax())} "
                f"({int(bad.sum())} frames); train again or leave these frames out"
            )
    return psi


def check_coordinates(coordinates, name: str) -> list:
    """Trajectories of atoms, or series of columns, as a list of what is sliced later.

    Which of the two they are is told by the axes of the first: an array of three, or a list of
    such, is of atoms; an array of two, or a list of such, is of columns.
    """
    coordinates = coordinates if hasattr(coordinates, "ndim") else list(coordinates)
    first = coordinates[:1] if isinstance(coordinates, list) else [coordinates]
    if any(np.ndim(x) == 2 for x in first):
        return as_trajectories(coordinates, name, 2)
    coordinates = as_trajectories(coordinates, name, 3)
    if coordinates[0].shape[2] != 3:
        raise InputError(
            f"{name}[0] has shape {tuple(coordinates[0].shape)}, wanted (frames, atoms, 3)"
        )
    return coordinates


def read_frames(coords: Sequence, trajectory: int, start: int, stop: int) -> np.ndarray:
    """Frames start to stop of one trajectory in single precision, **nm**; nan is an error."""
    xyz = np.asarray(coords[trajectory][start:stop], dtype=np.float32)
    bad = ~np.isfinite(xyz).all(axis=(1, 2))
    if bad.any():
        raise InputError(
            f"coordinates of trajectory {trajectory} are not finite in frame "
            f"{start + int(bad.argmax())}; leave these frames out or decode them again"
        )
    return xyz


def read_values(series: Sequence, number: int, start: int, stop: int) -> np.ndarray:
    """Frames start to stop of one series of columns in double precision; nan is an error."""
    values = np.asarray(series[number][start:stop], dtype=np.float64)
    bad = ~np.isfinite(values).all(axis=1)
    if bad.any():
        raise InputError(
            f"values of series {number} are not finite in frame {start + int(bad.argmax())}; cut "
            "the series there, or decode these frames again"
        )
    return values


def check_weights(weights, psi: Sequence) -> list[np.ndarray]:
    """Weights of the frames of ``psi``, one array (n_i,) a trajectory."""
    try:
        return as_weights("weights", weights, psi)
    except ValueError as error:
        raise InputError(str(error)) from error
