"""Analysis of one ensemble: psi and coordinates in, block sums of everything out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lss.analysis.blocks import N_BLOCKS, BlockSums, assign_blocks
from lss.analysis.given import coordinate_stride
from lss.analysis.kinetics import (
    add_lagged_sums,
    autocorrelation,
    correlation_lags,
    implied_timescale,
)
from lss.analysis.structure import Ruler, structure_sums
from lss.analysis.thermodynamics import histogram
from lss.analysis.transitions import Cores, add_staying_sums, add_transition_sums, find_cores
from lss.errors import InputError

#: Equal bins of the free-energy profile of each mode, over the range of the training MD.
PSI_BINS = 50
#: Multiples of the lag at which the propagator is tested (Chapman-Kolmogorov).
CK_LAGS = (1, 2, 5, 10)
#: Of more frames than about twice this, the cores are found from some.
CORE_FRAMES = 1_000_000


@dataclass(frozen=True)
class LatentRuler:
    """What latent trajectories are measured with, laid out on the training MD.

    Parameters
    ----------
    psi_range : np.ndarray, shape (2, m)
        Range of the histograms.
    lags : np.ndarray of int
        Multiples of the lag at which autocorrelations are computed; begins with 1.
    cores : Cores
        On the slowest mode.
    """

    psi_range: np.ndarray
    lags: np.ndarray
    cores: Cores


@dataclass(frozen=True)
class Ensemble:
    """Block sums of one ensemble.

    Parameters
    ----------
    name : str
        For headings: MD, LSS, held-out MD.
    latent : BlockSums
        From psi.
    structure : BlockSums or None
        From coordinates, where there are any.
    n_frames, n_trajectories : int
        Of psi.
    frame_ps : float
        Time between frames of psi, **ps**.
    """

    name: str
    latent: BlockSums
    structure: BlockSums | None
    n_frames: int
    n_trajectories: int
    frame_ps: float

    @property
    def blocks(self) -> str:
        """How the blocks behind the errors were made, in words."""
        n = self.latent.n_blocks
        if self.n_trajectories >= n:
            return f"{n} groups of whole trajectories"
        return f"{n} contiguous blocks"


def make_latent_ruler(
    psi: Sequence[np.ndarray], lag: int, lss_psi: Sequence[np.ndarray], cores: Cores | None = None
) -> LatentRuler:
    """Ranges, lags and cores, laid out on the training MD.

    Parameters
    ----------
    psi : list of array-likes, shape (n_i, m)
        Latent trajectories of the MD.
    lag : int
        The lag in frames of ``psi``.
    lss_psi : list of array-likes, shape (k_i, m)
        Latent synthetic trajectories, one frame a lag.
    cores : Cores, optional
        Found on psi_1 of the MD where not given.

    Raises
    ------
    InputError
        When the MD or the LSS has no trajectory longer than the lag, or a mode of the MD never
        changes.
    """
    longest = min((max(map(len, psi)) - 1) // lag, max(map(len, lss_psi)) - 1)
    if longest < 1:
        raise InputError(
            f"no trajectory is longer than the lag of {lag} frames; choose a shorter lag, or "
            "simulate at least 2 frames"
        )
    sums = BlockSums(assign_blocks([len(x) for x in psi]))
    add_lagged_sums(sums, "lagged", psi, [lag])
    slowest = implied_timescale(autocorrelation(sums.total()["lagged"])[0], 1.0)
    slowest = np.nanmax(slowest) if np.isfinite(slowest).any() else np.nan
    low = np.min([np.min(x, axis=0) for x in psi], axis=0).astype(np.float64)
    high = np.max([np.max(x, axis=0) for x in psi], axis=0).astype(np.float64)
    if not (high > low).all():
        raise InputError(
            f"psi_{1 + int(np.argmin(high > low))} of the MD never changes; train the SRV again"
        )
    return LatentRuler(
        psi_range=np.stack([low, high]),
        lags=correlation_lags(slowest, max(1, longest // 2)),
        cores=_cores(psi) if cores is None else cores,
    )


def _cores(psi: Sequence) -> Cores:
    """Cores on psi_1, from all frames, or from every s-th where there are very many."""
    first = np.cumsum([0, *map(len, psi)])
    stride = max(1, int(first[-1]) // CORE_FRAMES)
    # Every s-th of all frames end to end: of short trajectories not always the first one.
    parts = [
        np.asarray(x)[-start % stride :: stride, 0]
        for x, start in zip(psi, first[:-1], strict=True)
    ]
    return find_cores(np.concatenate(parts))


def latent_sums(
    psi: Sequence[np.ndarray], lag: int, ruler: LatentRuler, n_blocks: int = N_BLOCKS
) -> BlockSums:
    """All latent sums of an ensemble.

    Parameters
    ----------
    psi : list of array-likes, shape (n_i, m)
        Latent trajectories; HDF5 datasets are read one at a time.
    lag : int
        The lag in frames of ``psi``.
    ruler : LatentRuler
        From :func:`make_latent_ruler`.
    n_blocks : int
        Blocks behind the errors.
    """
    sums = BlockSums(assign_blocks([len(x) for x in psi], n_blocks))
    for s in sums.segments:
        x = psi[s.trajectory][s.start : s.stop]
        sums.add("psi_histogram", s.block, histogram(x.T, *ruler.psi_range, PSI_BINS))
        label = ruler.cores.label(x)
        sums.add("basins", s.block, [(label == k).sum() for k in (0, -1, 1)])
    add_lagged_sums(sums, "lagged", psi, ruler.lags * lag)
    add_lagged_sums(sums, "ck_lagged", psi, np.multiply(CK_LAGS, lag))
    add_transition_sums(sums, "transitions", psi, lag, ruler.cores)
    add_staying_sums(sums, "staying", psi, np.multiply(CK_LAGS, lag), ruler.cores)
    return sums


def basins(psi: Sequence[np.ndarray], stride: int, cores: Cores) -> list[np.ndarray]:
    """0 core A, 1 between, 2 core B, for every ``stride``-th frame."""
    number = np.array([0, 2, 1], dtype=np.int8)
    return [number[cores.label(x[::stride])] for x in psi]


def analyse(
    name: str,
    psi: Sequence[np.ndarray],
    lag: int,
    lag_ps: float,
    ruler: LatentRuler,
    coords: Sequence | None = None,
    structure_ruler: Ruler | None = None,
    n_blocks: int = N_BLOCKS,
    tick: Callable[[int], None] = lambda n: None,
) -> Ensemble:
    """Block sums of one ensemble, latent and structural.

    Parameters
    ----------
    name : str
        For headings.
    psi : list of array-likes, shape (n_i, m)
        Latent trajectories; HDF5 datasets are read one at a time.
    lag : int
        The lag in frames of ``psi``.
    lag_ps : float
        The lag, **ps**.
    ruler : LatentRuler
        From :func:`make_latent_ruler`.
    coords : list of array-likes, shape (k_i, atoms, 3), optional
        Coordinates of the first trajectories, of every frame or every s-th, **nm**.
    structure_ruler : Ruler, optional
        Needed with ``coords``.
    n_blocks : int
        Blocks behind the errors.
    tick : callable
        Called with the number of frames of coordinates done.
    """
    structure = None
    if coords is not None:
        stride = coordinate_stride(psi, coords, f"coordinates of {name}")
        where = basins(psi[: len(coords)], stride, ruler.cores)
        structure = structure_sums(coords, structure_ruler, where, n_blocks, tick)
    return Ensemble(
        name=name,
        latent=latent_sums(psi, lag, ruler, n_blocks),
        structure=structure,
        n_frames=sum(map(len, psi)),
        n_trajectories=len(psi),
        frame_ps=lag_ps / lag,
    )
