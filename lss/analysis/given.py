"""What is given to the analysis: arrays of one or of many trajectories, checked once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lss.errors import InputError


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


def coordinate_stride(psi: Sequence[np.ndarray], coords: Sequence, name: str) -> int:
    """Stride s such that ``coords[i]`` belongs to ``psi[i][::s]`` for every i.

    Raises
    ------
    InputError
        When there is none.
    """
    n, k = len(psi[0]), max(len(coords[0]), 1)
    for stride in {max(1, n // k), max(1, -(-n // k)), max(1, (n - 1) // k)}:
        strided = [len(range(0, len(x), stride)) for x in psi[: len(coords)]]
        if strided == [len(c) for c in coords]:
            return stride
    raise InputError(
        f"{name} has {[len(c) for c in coords][:5]} frames, psi {[len(x) for x in psi][:5]}; "
        "give the coordinates of every frame of psi, or of every s-th in all trajectories"
    )


def coordinate_lag(psi: Sequence[np.ndarray], coords: Sequence, lag: int) -> int:
    """The lag in frames of coordinates that may be every s-th of psi.

    Raises
    ------
    InputError
        When s does not divide the lag.
    """
    stride = coordinate_stride(psi, coords, "md_coords")
    if lag % stride:
        raise InputError(
            f"md_coords holds every {stride}-th frame, which does not divide the lag of {lag} "
            "frames; choose a stride that does"
        )
    return lag // stride


def check_modes(named: dict[str, list[np.ndarray] | None]) -> None:
    """All latent trajectories must have as many modes as the first ones."""
    (first, psi), *others = named.items()
    m = psi[0].shape[1]
    for name, other in others:
        if other is not None and other[0].shape[1] != m:
            raise InputError(
                f"{name} has {other[0].shape[1]} modes, {first} {m}; give psi of the same encoder"
            )


def check_coords(named: dict, topology, reference) -> dict[str, list | None]:
    """Coordinates as lists of trajectories, or None for all.

    Parameters
    ----------
    named : dict
        ``md_coords``, ``lss_coords`` and ``heldout_coords``, each as given or None.
    topology : mdtraj.Topology or None
        Of the decoded atoms.
    reference : array-like, shape (atoms, 3), or None
        Reference structure, **nm**.

    Raises
    ------
    InputError
        When some are given and others, needed with them, are not, or shapes do not fit.
    """
    if all(coords is None for coords in named.values()):
        return dict(named)
    needed = {k: named[k] for k in ("md_coords", "lss_coords")}
    for name, thing in {**needed, "topology": topology, "reference": reference}.items():
        if thing is None:
            raise InputError(f"structures are compared only with {name}; give it as well")
    wanted = (topology.n_atoms, 3)
    if topology.n_atoms < 3:
        raise InputError(
            f"topology has {topology.n_atoms} atoms; structures are compared from 3 atoms on: "
            "decode more of them"
        )
    if np.shape(reference) != wanted:
        raise InputError(f"reference has shape {np.shape(reference)}; the topology wants {wanted}")
    found = {}
    for name, coords in named.items():
        found[name] = None if coords is None else as_trajectories(coords, name, 3)
        if coords is not None and tuple(found[name][0].shape[1:]) != wanted:
            raise InputError(
                f"{name} has frames of shape {tuple(found[name][0].shape[1:])}; the topology "
                f"wants {wanted}"
            )
    return found


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
