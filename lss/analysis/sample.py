"""The data of one ensemble as they are given to the analysis, checked once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral

import numpy as np

from lss.analysis.blocks import BlockSums, Segment, assign_blocks
from lss.analysis.given import check_coordinates, check_psi, check_weights
from lss.analysis.weighing import WeightedSums, left_out_weights
from lss.errors import InputError


def coordinate_stride(
    lengths: Sequence[int], given: Sequence[int], stride: int | None = None
) -> int:
    """The stride with which trajectories of so many frames become as short as those given.

    Parameters
    ----------
    lengths, given : sequence of int
        Frames of each trajectory of psi, and of the coordinates of the first or all of them.
    stride : int, optional
        The only one that may be.

    Raises
    ------
    InputError
        When there is none, or several, as of very short trajectories.
    """
    pairs = list(zip(lengths, given, strict=False))
    if stride is None:
        # Every s-th of n frames are k where n / k <= s < n / (k - 1).
        least = max([1, *(-(-n // k) for n, k in pairs if k)])
        most = min((-(-n // (k - 1)) - 1 for n, k in pairs if k > 1), default=least)
    else:
        least = most = stride
    fits = len(given) <= len(lengths) and all(len(range(0, n, least)) == k for n, k in pairs)
    if fits and least < most:
        raise InputError(
            f"coordinates of {list(given)[:5]} frames fit psi of {list(lengths)[:5]} frames with "
            f"any stride from {least} to {most}; give `stride`"
        )
    if not fits:
        every = "s" if stride is None else stride
        raise InputError(
            f"coordinates has {list(given)[:5]} frames, psi {list(lengths)[:5]}; give the "
            f"coordinates of every frame of psi, or of every {every}-th in all trajectories"
        )
    return least


@dataclass(eq=False)
class Sample:
    """The data of one ensemble: MD, held-out MD or synthetic trajectories.

    Whatever is given is checked here, and here alone; whether coordinates are finite, as they are
    read. Arrays are kept as they are; HDF5 datasets, memory maps and the like are read only where
    they are sliced.

    Parameters
    ----------
    psi : array-like, shape (n, m) or (trajectories, n, m), or list of array-likes, shape (n_i, m)
        Latent trajectories.
    coordinates : array-like or list of array-likes, shape (k_i, atoms, 3), optional
        Coordinates of the decoded atoms, **nm**, of every frame of ``psi`` or of every s-th, of
        all trajectories or the first ones. Of a time series: the values of its columns in their
        units, a list of arrays (k_i, n_columns).
    lag : int
        The lag in frames of ``psi``: 1 for synthetic trajectories.
    stride : int, optional
        The s of ``coordinates``, which is found where the lengths tell; 1 without coordinates.
    weights : list of array-likes, shape (n_i,), optional
        Of the frames of ``psi``; equal where not given. Then coordinates must be of all
        trajectories.
    method : {"rite", "koopman"}, optional
        How the weights were found, for errors that hold what they are uncertain by; None where
        they are exact.

    Raises
    ------
    InputError
        When there are no trajectories, shapes do not fit together, a frame of ``psi`` is not
        finite, a weight is negative or not finite, ``lag`` or ``stride`` is no number of frames, or
        several strides would do.
    """

    psi: list
    coordinates: list | None = None
    lag: int = 1
    stride: int | None = None
    weights: list | None = None
    method: str | None = None

    def __post_init__(self) -> None:
        stride = 1 if self.stride is None else self.stride
        for name, value in (("lag", self.lag), ("stride", stride)):
            if not (isinstance(value, Integral) and value >= 1):
                raise InputError(f"{name} is {value}, wanted a whole number of frames, at least 1")
        self.psi = check_psi(self.psi, "psi")
        if self.weights is not None:
            self.weights = check_weights(self.weights, self.psi)
        if self.coordinates is None:
            self.stride = 1
            return
        self.coordinates = check_coordinates(self.coordinates, "coordinates")
        lengths, given = ([len(x) for x in arrays] for arrays in (self.psi, self.coordinates))
        self.stride = coordinate_stride(lengths, given, self.stride)
        if self.weights is not None and len(given) < len(lengths):
            raise InputError(
                f"coordinates are of {len(given)} of {len(lengths)} weighted trajectories, wanted "
                "all; give those of the others too"
            )

    @property
    def n_modes(self) -> int:
        """Columns of psi."""
        return self.psi[0].shape[1]

    @property
    def steps(self) -> int:
        """Whole lags in the longest trajectory."""
        return (max(map(len, self.psi)) - 1) // self.lag

    @property
    def coordinate_lag(self) -> int:
        """The lag in frames of the coordinates; InputError where it is not a whole number."""
        if self.lag % self.stride:
            raise InputError(
                f"coordinates of the MD are of every {self.stride}-th frame, which does not divide "
                f"the lag of {self.lag} frames; choose a stride that does"
            )
        return self.lag // self.stride

    def new_sums(self, of_coordinates: bool = False) -> BlockSums:
        """Empty sums over the blocks of the frames of psi, or of those that have coordinates."""
        if self.weights is None:
            arrays = self.coordinates if of_coordinates else self.psi
            return BlockSums(assign_blocks([len(x) for x in arrays]))
        step = self.stride if of_coordinates else 1
        segments = [
            Segment(s.trajectory, -(-s.start // step), -(-s.stop // step), s.block)
            for s in self._blocks
        ]
        return WeightedSums(segments, [w[:, ::step] for w in self._left_out_weights])

    @property
    def weights_of_coordinates(self) -> list[np.ndarray] | None:
        """Weights of the frames that have coordinates, (k_i,) each; None where all are equal."""
        return None if self.weights is None else [w[:: self.stride] for w in self.weights]

    @cached_property
    def _blocks(self) -> list[Segment]:
        return assign_blocks([len(x) for x in self.psi])

    @cached_property
    def _left_out_weights(self) -> list[np.ndarray]:
        return left_out_weights(self.psi, self.lag, self.weights, self.method, self._blocks)

    def psi_of_coordinates(self) -> Iterator[np.ndarray]:
        """psi of the frames that have coordinates, one array (k_i, m) after another."""
        return (x[:: self.stride] for x in self.psi[: len(self.coordinates)])
