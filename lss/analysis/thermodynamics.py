"""Free-energy profiles and distances between histograms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lss.analysis.blocks import BlockSums, jackknife
from lss.analysis.weighing import counts


def bin_numbers(values: np.ndarray, low: np.ndarray, high: np.ndarray, n_bins: int) -> np.ndarray:
    """Number of the bin of each value, one range for each row.

    Parameters
    ----------
    values : np.ndarray, shape (..., rows, frames)
        The values.
    low, high : np.ndarray, shape (rows,)
        The range of each row, cut into ``n_bins`` equal bins.

    Returns
    -------
    np.ndarray, shape (..., rows, frames), int32
        0 below the range, 1 to n_bins inside, n_bins + 1 above; ``high`` itself is inside.
    """
    values = np.asarray(values, dtype=np.float32)
    low = np.asarray(low, dtype=np.float32)[..., None]
    high = np.asarray(high, dtype=np.float32)[..., None]
    scaled = (values - low) * np.float32(n_bins) / (high - low)
    inside = np.clip(scaled, 0, n_bins - 1).astype(np.int32) + 1
    inside[values < low] = 0
    inside[values > high] = n_bins + 1
    return inside


def histogram(
    values: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    n_bins: int,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """Counts of each row, with one bin below and one above the range.

    Parameters
    ----------
    values : np.ndarray, shape (rows, frames)
        The values.
    low, high : np.ndarray, shape (rows,)
        The range of each row.
    weights : np.ndarray, shape (k, frames), optional
        Sets of weights of the frames.

    Returns
    -------
    np.ndarray, shape (rows, n_bins + 2), or (k, rows, n_bins + 2) with weights
        The counts; the first and the last column hold what lies outside the range.
    """
    rows = len(values)
    width = n_bins + 2
    cell = bin_numbers(values, low, high, n_bins)
    cell += (np.arange(rows, dtype=np.int32) * width)[:, None]
    found = counts(cell, rows * width, weights)
    return found.reshape(*found.shape[:-1], rows, width)


def histogram_2d(
    cells_x: np.ndarray, cells_y: np.ndarray, n_bins: int, weights: np.ndarray | None = None
) -> np.ndarray:
    """Joint counts of pairs of bin numbers from :func:`bin_numbers`.

    Parameters
    ----------
    cells_x, cells_y : np.ndarray, shape (rows, frames)
        Bin numbers.
    weights : np.ndarray, shape (k, frames), optional
        Sets of weights of the frames.

    Returns
    -------
    np.ndarray, shape (rows, n_bins + 2, n_bins + 2), or (k, ...) with weights
        The counts.
    """
    rows = len(cells_x)
    width = n_bins + 2
    cell = cells_x * width + cells_y
    cell += (np.arange(rows, dtype=np.int32) * width**2)[:, None]
    found = counts(cell, rows * width**2, weights)
    return found.reshape(*found.shape[:-1], rows, width, width)


@dataclass(frozen=True)
class Profile:
    """Free-energy profile F = -ln rho along one coordinate.

    Parameters
    ----------
    edges : np.ndarray, shape (bins + 1,)
        Bin edges, in the unit of the coordinate.
    free_energy_kT : np.ndarray, shape (bins,)
        F in kT, nan in empty bins. The density rho is normalised: no constant is free.
    standard_error_kT : np.ndarray, shape (bins,)
        Block standard error; nan in empty bins.
    population : np.ndarray, shape (bins,)
        Share of the frames in each bin.
    outside : float
        Share of the frames outside the edges.
    """

    edges: np.ndarray
    free_energy_kT: np.ndarray
    standard_error_kT: np.ndarray
    population: np.ndarray
    outside: float

    @property
    def centres(self) -> np.ndarray:
        """Bin centres."""
        return (self.edges[1:] + self.edges[:-1]) / 2


def populations(counts: np.ndarray) -> np.ndarray:
    """Shares of the bins of a histogram whose last axis is the bins, outside ones included."""
    counts = np.asarray(counts)
    total = counts.sum(axis=-1, keepdims=True)
    return counts / np.where(total > 0, total, 1)


def free_energy(sums: BlockSums, key: str, row: int, edges: np.ndarray) -> Profile:
    """Free-energy profile of one row of a histogram kept in blocks.

    The error of F is that of rho divided by rho (first order), so that a bin seen by one
    block alone has an error of 1 kT rather than none.
    """
    share = jackknife(lambda s: populations(s[key][row]), sums)
    inside = share.value[1:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        energy = -np.log(inside / np.diff(edges))
        error = share.standard_error[1:-1] / inside
    empty = inside == 0
    return Profile(
        edges=edges,
        free_energy_kT=np.where(empty, np.nan, energy),
        standard_error_kT=np.where(empty, np.nan, error),
        population=inside,
        outside=float(share.value[0] + share.value[-1]),
    )


def alignment_kT(population: np.ndarray, reference: np.ndarray) -> float:
    """Constant to add to F so that the weighted squared difference to the reference is least.

    Weights are the reference's populations, over the bins that both fill.
    """
    both = (population > 0) & (reference > 0)
    if not both.any():
        return float("nan")
    difference = np.log(population[both]) - np.log(reference[both])
    return float(np.average(difference, weights=reference[both]))


def profile_rmse_kT(counts: np.ndarray, reference: np.ndarray, weighted: bool = True) -> float:
    """Root mean squared difference of two free-energy profiles after alignment, in kT.

    Over the bins that the reference fills. One that only the reference fills counts as if
    it held half a frame: its F is at least as high as that, and to leave it out would make
    an ensemble better by visiting less.

    Parameters
    ----------
    counts, reference : np.ndarray, shape (bins + 2,)
        Histograms on the same edges, the outer bins (outside the range) left out here.
    weighted : bool
        Weigh each bin with the reference's population; else all alike. The profiles are
        aligned by the constant that makes this very figure smallest.

    Returns
    -------
    float
        nan when no bin is filled by both.
    """
    counts, reference = np.asarray(counts, dtype=float), np.asarray(reference, dtype=float)
    filled = reference[1:-1] > 0
    if not (counts[1:-1][filled] > 0).any():
        return float("nan")
    q = reference[1:-1][filled]
    difference = np.log(np.maximum(counts[1:-1][filled], 0.5)) - np.log(q)
    weights = q if weighted else np.ones_like(q)
    centred = difference - np.average(difference, weights=weights)
    return float(np.sqrt(np.average(centred**2, weights=weights)))


def jensen_shannon_bits(counts: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Jensen-Shannon divergence between histograms, in bits (0 equal, 1 disjoint).

    Parameters
    ----------
    counts, reference : np.ndarray, shape (..., bins)
        Counts or densities on the same bins, those outside the range included.

    Returns
    -------
    np.ndarray, shape (...)
    """
    p, q = populations(counts), populations(reference)
    mean = (p + q) / 2
    return (_entropy(mean) - (_entropy(p) + _entropy(q)) / 2).clip(0, 1)


def _entropy(p: np.ndarray) -> np.ndarray:
    return -(p * np.log2(np.where(p > 0, p, 1))).sum(axis=-1)
