"""Structure statistics of an ensemble of decoded coordinates, streamed into block sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lss.analysis import geometry, tica
from lss.analysis.blocks import BlockSums
from lss.analysis.given import read_frames
from lss.analysis.measures import Measures
from lss.analysis.thermodynamics import bin_numbers, histogram, histogram_2d
from lss.analysis.weighing import total

#: Frames worked on at a time: large enough for numpy, small enough for the cache.
CHUNK = 4096
#: Bins of pair distances, torsions, Rg and RMSD, and of TICA and phi-psi maps (each way).
DISTANCE_BINS, TORSION_BINS, SCALAR_BINS, TICA_BINS, RAMA_BINS = 50, 36, 50, 50, 36


@dataclass(frozen=True)
class Ruler:
    """What all ensembles are measured with, laid out on the training MD.

    Parameters
    ----------
    measures : Measures
        What is measured.
    reference : np.ndarray, shape (atoms, 3)
        Structure for RMSD, **nm**.
    pair_range, rg_range, rmsd_range : np.ndarray, shape (2, rows)
        Smallest and largest values in the MD, **nm**: the range of the histograms.
    tica : tica.TICA
        Fitted on the MD's pair distances.
    tica_range : np.ndarray, shape (2, 2)
        Range of the two leading coordinates in the MD.
    """

    measures: Measures
    reference: np.ndarray
    pair_range: np.ndarray
    rg_range: np.ndarray
    rmsd_range: np.ndarray
    tica: tica.TICA
    tica_range: np.ndarray


def frames_last(xyz: np.ndarray) -> np.ndarray:
    """(frames, atoms, 3) to contiguous float32 (atoms, 3, frames)."""
    return np.ascontiguousarray(np.moveaxis(np.asarray(xyz, dtype=np.float32), 0, 2))


def make_ruler(
    coords: Sequence[np.ndarray],
    lag: int,
    measures: Measures,
    reference: np.ndarray,
    tick: Callable[[int], None] = lambda n: None,
    weights: Sequence[np.ndarray] | None = None,
) -> Ruler:
    """Ranges and TICA coordinates of the training MD, in two passes over its frames.

    Parameters
    ----------
    coords : list of array-likes, shape (n_i, atoms, 3)
        MD coordinates, **nm**.
    lag : int
        Lag in frames of ``coords``.
    measures : Measures
        What is measured.
    reference : np.ndarray, shape (atoms, 3)
        Structure for RMSD, **nm**.
    tick : callable
        Called with the number of frames done, for a progress bar.
    weights : list of np.ndarray, shape (n_i,), optional
        Of the frames, for TICA.
    """
    pairs, rg, rmsd = _Range(), _Range(), _Range()
    covariances = tica.Covariances()
    # Chunks overlap by the lag; longer ones keep the work done twice small.
    size = max(CHUNK, 4 * lag)
    for i, x in enumerate(coords):
        for start in range(0, len(x), size):
            stop = min(start + size, len(x))
            xyz = frames_last(read_frames(coords, i, start, min(stop + lag, len(x))))
            d = geometry.distances(xyz, measures.pairs)
            n_pairs = max(0, d.shape[1] - lag)
            w = None if weights is None else weights[i][start : start + n_pairs]
            covariances.add(d[:, :n_pairs], d[:, lag : lag + n_pairs], w)
            pairs.see(d)
            rg.see(geometry.radius_of_gyration(xyz, measures.masses)[None])
            rmsd.see(geometry.rmsd(xyz, reference)[None])
            tick(stop - start)
    model = covariances.solve(2)
    projected = _Range()
    for x in coords:
        for start in range(0, len(x), CHUNK):
            xyz = frames_last(np.asarray(x[start : start + CHUNK]))
            projected.see(model.project(geometry.distances(xyz, measures.pairs)))
            tick(len(xyz[0, 0]))
    return Ruler(measures, reference, pairs.range, rg.range, rmsd.range, model, projected.range)


class _Range:
    """Running minimum and maximum of rows."""

    def __init__(self) -> None:
        self.low = self.high = None

    def see(self, rows: np.ndarray) -> None:
        low, high = rows.min(axis=1), rows.max(axis=1)
        self.low = low if self.low is None else np.minimum(self.low, low)
        self.high = high if self.high is None else np.maximum(self.high, high)

    @property
    def range(self) -> np.ndarray:
        """Lower and upper ends, a hair apart at least."""
        return np.stack([self.low, np.maximum(self.high, self.low + 1e-6)])


def add_structure_sums(
    sums: BlockSums,
    coords: Sequence[np.ndarray],
    ruler: Ruler,
    basins: Sequence[np.ndarray] | None = None,
    tick: Callable[[int], None] = lambda n: None,
) -> None:
    """Add all structure sums of an ensemble, in one pass.

    Parameters
    ----------
    sums : BlockSums
        With blocks of frames of ``coords``.
    coords : list of array-likes, shape (n_i, atoms, 3)
        Coordinates, **nm**; read in chunks by slicing.
    ruler : Ruler
        From :func:`make_ruler`.
    basins : list of np.ndarray, shape (n_i,), optional
        0 core A, 1 between, 2 core B for each frame.
    tick : callable
        Called with the number of frames done.
    """
    for trajectory, start, stop, block in _chunks(sums):
        xyz = frames_last(read_frames(coords, trajectory, start, stop))
        basin = None if basins is None else basins[trajectory][start:stop]
        weights = sums.weights(trajectory, start, stop)
        for key, amount in measure_chunk(xyz, ruler, basin, weights):
            sums.add(key, block, amount)
        tick(stop - start)


def _chunks(sums: BlockSums) -> Iterator[tuple[int, int, int, int]]:
    for s in sums.segments:
        for start in range(s.start, s.stop, CHUNK):
            yield s.trajectory, start, min(start + CHUNK, s.stop), s.block


def measure_chunk(
    xyz: np.ndarray, ruler: Ruler, basin: np.ndarray | None, weights: np.ndarray | None = None
) -> Iterator[tuple[str, np.ndarray]]:
    """The sums of one chunk of frames, shape (atoms, 3, frames).

    Under k sets of weights of the frames, shape (k, frames), each sum has k rows first.
    """
    m = ruler.measures
    rg = geometry.radius_of_gyration(xyz, m.masses)
    rmsd = geometry.rmsd(xyz, ruler.reference)
    yield "frames", total(np.ones(xyz.shape[2]), weights)
    yield "rg", moments(rg, weights)
    yield "rmsd", moments(rmsd, weights)
    yield "rg_histogram", histogram(rg[None], *ruler.rg_range, SCALAR_BINS, weights)
    yield "rmsd_histogram", histogram(rmsd[None], *ruler.rmsd_range, SCALAR_BINS, weights)
    yield "clashes", total(_any_closer(xyz, m.contacts, m.clash_nm), weights)
    yield from _local(xyz, m, weights)
    d = geometry.distances(xyz, m.pairs)
    yield "pair_histogram", histogram(d, *ruler.pair_range, DISTANCE_BINS, weights)
    cells = bin_numbers(ruler.tica.project(d), *ruler.tica_range, TICA_BINS)
    yield "tica_histogram", histogram_2d(cells[:1], cells[1:2], TICA_BINS, weights)[..., 0, :, :]
    if basin is not None:
        inside = (basin == np.arange(3)[:, None]).astype(np.float64)
        yield "basin_frames", total(inside, weights)
        yield "basin_moments", _basin_moments(inside, np.stack([rg, rmsd]), weights)


def _basin_moments(
    inside: np.ndarray, values: np.ndarray, weights: np.ndarray | None
) -> np.ndarray:
    """Sums of values (2, frames) and of their squares in each region, shape (..., 3, 2, 2)."""
    values = values.astype(np.float64).T
    if weights is not None:
        inside = weights[:, None, :] * inside
    return np.stack([inside @ values, inside @ values**2], axis=-1)


def _local(
    xyz: np.ndarray, m: Measures, weights: np.ndarray | None
) -> Iterator[tuple[str, np.ndarray]]:
    """Bonds, angles, torsions and chirality."""
    if len(m.ca_bonds):
        yield "ca_bonds", moments(geometry.distances(xyz, m.ca_bonds), weights)
    if len(m.bonds):
        yield "bonds", moments(geometry.distances(xyz, m.bonds), weights)
    if len(m.angles):
        yield "angles", moments(geometry.angles(xyz, m.angles), weights)
    if len(m.centres):
        yield "inverted", total(geometry.signed_volume(xyz, m.centres) < 0, weights)
    if len(m.torsions):
        torsion = geometry.torsions(xyz, m.torsions)
        n = len(torsion)
        low, high = np.full(n, -np.pi), np.full(n, np.pi)
        yield "torsion_histogram", histogram(torsion, low, high, TORSION_BINS, weights)
        if len(m.omegas):
            yield "cis", total(np.abs(torsion[m.omegas]) < np.pi / 2, weights)
        if len(m.ramachandran):
            cells = bin_numbers(torsion, low, high, RAMA_BINS)
            phi, psi = m.ramachandran.T
            maps = histogram_2d(cells[phi], cells[psi], RAMA_BINS, weights)
            yield "ramachandran_histogram", maps


def moments(rows: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Sums over frames, the last axis, of values and of their squares, in float64.

    Of shape (..., 2), with k rows first under k sets of weights, shape (k, frames).
    """
    rows = rows.astype(np.float64)
    return np.stack([total(rows, weights), total(rows**2, weights)], axis=-1)


def _any_closer(xyz: np.ndarray, pairs: np.ndarray, limit: float) -> np.ndarray:
    """Whether any of the pairs is closer than the limit, for each frame."""
    close = np.zeros(xyz.shape[2], dtype=bool)
    for i, j in pairs:
        d = xyz[i] - xyz[j]
        d *= d
        close |= d[0] + d[1] + d[2] < limit**2
    return close
