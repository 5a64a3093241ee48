"""Analysis of one ensemble: psi and coordinates in, block sums of everything out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lss.analysis.blocks import BlockSums
from lss.analysis.columns.ruler import ColumnRuler
from lss.analysis.columns.sums import add_column_sums
from lss.analysis.kinetics import (
    add_lagged_sums,
    autocorrelation,
    correlation_lags,
    implied_timescale,
)
from lss.analysis.named import add_named_sums
from lss.analysis.rotation import add_cross_sums
from lss.analysis.sample import Sample
from lss.analysis.structure import Ruler, add_structure_sums
from lss.analysis.thermodynamics import histogram
from lss.analysis.transitions import Cores, add_staying_sums, add_transition_sums, find_cores
from lss.analysis.weighing import total
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
    states : tuple
        States that the user named; see :func:`lss.analysis.named.add_named_sums`.
    """

    psi_range: np.ndarray
    lags: np.ndarray
    cores: Cores
    states: tuple = ()


@dataclass(frozen=True)
class Ensemble:
    """Block sums of one ensemble.

    Parameters
    ----------
    name : str
        For headings: MD, LSS, held-out MD; of time series data, LSS, held-out data.
    latent : BlockSums
        From psi.
    structure : BlockSums or None
        From coordinates, or the values of columns, where there are any.
    n_frames, n_trajectories : int
        Of psi.
    frame_ps : float
        Time between frames of psi, **ps**.
    unweighted : BlockSums or None
        As ``latent``, with all frames alike; None where they are alike.
    reweighted : bool
        Whether weights were found anew for each block that is left out.
    replicas : tuple of lss.analysis.Ensemble
        Of an LSS: the ensembles of propagators that were trained on other bootstrap samples.
    """

    name: str
    latent: BlockSums
    structure: BlockSums | None
    n_frames: int
    n_trajectories: int
    frame_ps: float
    unweighted: BlockSums | None = None
    reweighted: bool = False
    replicas: tuple[Ensemble, ...] = ()

    @property
    def crossings(self) -> float:
        """Core-to-core crossings that were seen, at the time resolution of the lag."""
        counts = (self.unweighted or self.latent).total()["transitions"]
        return float(counts[0, 1] + counts[1, 0])

    @property
    def blocks(self) -> str:
        """How the blocks behind the errors were made, in words."""
        n = self.latent.n_blocks
        again = ", the others reweighted without it" if self.reweighted else ""
        if self.n_trajectories >= n:
            return f"{n} groups of whole trajectories{again}"
        return f"{n} contiguous blocks{again}"


def make_latent_ruler(
    md: Sample, lss: Sample, name: str = "MD", states: Sequence = ()
) -> LatentRuler:
    """Ranges, lags and cores, laid out on the training MD.

    Parameters
    ----------
    md, lss : Sample
        The training MD, and the synthetic trajectories: the autocorrelations go as far as both.
    name : str
        Of the first, for errors.
    states : sequence
        States that the user named.

    Raises
    ------
    InputError
        When the MD or the LSS has no trajectory longer than the lag, or a mode of the MD never
        changes.
    """
    psi, lag = md.psi, md.lag
    longest = min(md.steps, lss.steps)
    if longest < 1:
        raise InputError(
            f"no trajectory is longer than the lag of {lag} frames; choose a shorter lag, or "
            "simulate at least 2 frames"
        )
    sums = md.new_sums()
    add_lagged_sums(sums, "lagged", psi, [lag])
    slowest = implied_timescale(autocorrelation(sums.total()["lagged"])[0], 1.0)
    slowest = np.nanmax(slowest) if np.isfinite(slowest).any() else np.nan
    low = np.min([np.min(x, axis=0) for x in psi], axis=0).astype(np.float64)
    high = np.max([np.max(x, axis=0) for x in psi], axis=0).astype(np.float64)
    if not (high > low).all():
        raise InputError(
            f"psi_{1 + int(np.argmin(high > low))} of the {name} never changes; train the SRV again"
        )
    return LatentRuler(
        psi_range=np.stack([low, high]),
        lags=correlation_lags(slowest, max(1, longest // 2)),
        cores=_cores(psi),
        states=tuple(states),
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


def add_latent_sums(sums: BlockSums, psi: Sequence, lag: int, ruler: LatentRuler) -> None:
    """Add all latent sums of an ensemble.

    Parameters
    ----------
    sums : BlockSums
        With blocks of frames of ``psi``.
    psi : list of array-likes, shape (n_i, m)
        Latent trajectories; HDF5 datasets are read one at a time.
    lag : int
        The lag in frames of ``psi``.
    ruler : LatentRuler
        From :func:`make_latent_ruler`.
    """
    for s in sums.segments:
        x = psi[s.trajectory][s.start : s.stop]
        weights = sums.weights(s.trajectory, s.start, s.stop)
        found = histogram(x.T, *ruler.psi_range, PSI_BINS, weights)
        sums.add("psi_histogram", s.block, found)
        inside = ruler.cores.label(x) == np.array([[0], [-1], [1]])
        sums.add("basins", s.block, total(inside, weights))
    add_lagged_sums(sums, "lagged", psi, ruler.lags * lag)
    add_lagged_sums(sums, "ck_lagged", psi, np.multiply(CK_LAGS, lag))
    labels = [ruler.cores.label(np.asarray(x)) for x in psi]
    add_transition_sums(sums, "transitions", labels, lag)
    add_staying_sums(sums, "staying", psi, np.multiply(CK_LAGS, lag), ruler.cores)
    add_cross_sums(sums, psi, lag)
    add_named_sums(sums, psi, lag, ruler.states)


def basins(sample: Sample, cores: Cores) -> list[np.ndarray]:
    """0 core A, 1 between, 2 core B, for every frame that has coordinates."""
    number = np.array([0, 2, 1], dtype=np.int8)
    return [number[cores.label(x)] for x in sample.psi_of_coordinates()]


def analyse(
    name: str,
    sample: Sample,
    lag_ps: float,
    ruler: LatentRuler,
    structure_ruler: Ruler | ColumnRuler | None = None,
    tick: Callable[[int], None] = lambda n: None,
) -> Ensemble:
    """Block sums of one ensemble, latent and structural.

    Parameters
    ----------
    name : str
        For headings.
    sample : Sample
        What is analysed.
    lag_ps : float
        The lag, **ps**.
    ruler : LatentRuler
        From :func:`make_latent_ruler`.
    structure_ruler : Ruler or ColumnRuler, optional
        From :func:`lss.analysis.structure.make_ruler`, needed where there are coordinates, or from
        :func:`lss.analysis.columns.ruler.make_column_ruler`, where these are values of columns.
    tick : callable
        Called with the number of frames of coordinates done.
    """
    latent, unweighted, structure = sample.new_sums(), None, None
    add_latent_sums(latent, sample.psi, sample.lag, ruler)
    if sample.weights is not None:
        unweighted = BlockSums(latent.segments)
        add_latent_sums(unweighted, sample.psi, sample.lag, ruler)
    if sample.coordinates is not None:
        structure = sample.new_sums(of_coordinates=True)
        coordinates = sample.coordinates
        if isinstance(structure_ruler, ColumnRuler):
            lag = sample.lag // sample.stride
            add_column_sums(structure, coordinates, lag, structure_ruler, tick)
        else:
            where = basins(sample, ruler.cores)
            add_structure_sums(structure, coordinates, structure_ruler, where, tick)
    return Ensemble(
        name=name,
        latent=latent,
        structure=structure,
        n_frames=sum(map(len, sample.psi)),
        n_trajectories=len(sample.psi),
        frame_ps=lag_ps / sample.lag,
        unweighted=unweighted,
        reweighted=sample.method is not None,
    )
