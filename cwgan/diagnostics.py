"""Measures of how well a set of structures agrees with another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cwgan.features import distances, in_chunks, volumes
from lss_base.estimators import refusal

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def energy_distance(a: ArrayLike, b: ArrayLike, within_b: float | None = None) -> float:
    """Energy distance of two samples, ``2 E|a - b| - E|a - a'| - E|b - b'|``.

    Never negative: two samples of n frames of one distribution are about ``E|a - a'| (1/n + 1/n)``
    apart, the floor for samples of that size. The norm is Euclidean, over the square root of the
    number of features.

    Parameters
    ----------
    a, b : array-like (n_frames, n_features)
    within_b : float, optional
        `mean_distance(b, b)` where it is known already.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        On samples of other shapes, or without frames.
    """
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or not (len(a) and len(b)):
        raise refusal(
            "a, b",
            f"arrays of shapes {a.shape} and {b.shape}",
            "shape (n_frames, n_features) each, of the same n_features and at least one frame",
            "measure the same features of both",
        )
    within_b = mean_distance(b, b) if within_b is None else within_b
    return float(max(2 * mean_distance(a, b) - mean_distance(a, a) - within_b, 0.0))


def mean_distance(a, b, chunk=256):
    """Mean of |a_i - b_j| over all pairs, over the square root of the number of features."""
    if a.shape[1] == 0:
        return 0.0
    total, b_squared = 0.0, (b**2).sum(1)
    for start in range(0, len(a), chunk):
        part = a[start : start + chunk]
        squared = (part**2).sum(1)[:, None] + b_squared - 2 * part @ b.T
        total += float(np.sqrt(np.maximum(squared, 0)).sum(dtype=np.float64))
    return total / (len(a) * len(b) * np.sqrt(a.shape[1]))


def variance_over(values, others):
    """Total variance of `values` over that of `others`; nan where the others do not vary."""
    total = others.var(0).sum(dtype=float)
    return float(values.var(0).sum(dtype=float) / total) if total > 0 else float("nan")


def stereocentres(graph, coords):
    """Centres with three neighbours that keep their handedness throughout the data.

    Parameters
    ----------
    graph : BondGraph
    coords : ndarray (n_frames, n_atoms, 3), **nm**

    Returns
    -------
    centres : ndarray (n_centres, 4), int
    signs : ndarray (n_centres,)
        -1 or 1: sign of the triple product of the vectors to the three neighbours.
    """
    centres = graph.centres()
    if not len(centres):
        return centres, np.zeros(0)
    v = in_chunks(lambda x: volumes(x, centres), coords)
    mean = v.mean(0)
    # A planar group crosses zero; a stereocentre stays many deviations away from it.
    stays = np.abs(mean) > 4 * v.std(0)
    return centres[stays], np.sign(mean[stays])


def wrong_hands(coords, centres, signs):
    """Where a stereocentre has turned over, (n_frames, n_centres) bool."""
    if not len(centres):
        return np.zeros((len(coords), 0), bool)
    return in_chunks(lambda x: volumes(x, centres), coords) * signs <= 0


def pair_distances(coords, pairs):
    """Distances (n_frames, n_pairs), **nm**."""
    if not len(pairs):
        return np.zeros((len(coords), 0), np.float32)
    return in_chunks(lambda x: distances(x, pairs), coords)


def radius_of_gyration(coords):
    """Radius of gyration with equal weights, (n_frames,), **nm**."""
    centred = coords - coords.mean(1, keepdims=True)
    return np.sqrt((centred**2).sum(-1).mean(1))


def psi_bins(psi, edges_from, n_bins=20):
    """Number of the bin of each frame along each slow coordinate, (n_frames, latent_dim).

    The bins are quantiles of `edges_from`, so that each holds as many frames.
    """
    levels = np.linspace(0, 1, n_bins + 1)[1:-1]
    edges = np.quantile(edges_from, levels, axis=0).T
    return np.stack([np.searchsorted(e, c) for e, c in zip(edges, psi.T, strict=True)], 1)


def variance_ratios(psi, values, psi_md, values_md, n_bins=20):
    """Variance of `values` within each bin of psi over the data's, (latent_dim, n_bins).

    Parameters
    ----------
    psi, values : ndarray (n, latent_dim), (n, n_features)
        Of the drawn structures.
    psi_md, values_md : ndarray
        Of the data; their quantiles make the bins.
    n_bins : int

    Returns
    -------
    ndarray (latent_dim, n_bins)
        Sum of the variances over the features; nan where there are too few frames.
    """
    ratios = np.full((psi.shape[1], n_bins), np.nan)
    bins, bins_md = psi_bins(psi, psi_md, n_bins), psi_bins(psi_md, psi_md, n_bins)
    for j, k in np.ndindex(ratios.shape):
        a, b = values[bins[:, j] == k], values_md[bins_md[:, j] == k]
        if len(a) > 1 and len(b) > 1:
            ratios[j, k] = variance_over(a, b)
    return ratios


def variance_ratio(psi, values, psi_md, values_md, n_bins=20):
    """Mean of `variance_ratios`: near 1, and below it where modes are lost."""
    ratios = variance_ratios(psi, values, psi_md, values_md, n_bins)
    return float(np.nanmean(ratios)) if np.isfinite(ratios).any() else float("nan")


def explained_variance(psi, values, n_bins=20):
    """Part of the variance of `values` that lies between bins of psi; mean over coordinates."""
    if values.shape[1] == 0:
        return float("nan")
    bins, total = psi_bins(psi, psi, n_bins), values.var(0).sum() + 1e-30
    parts = []
    for column in bins.T:
        counts = np.bincount(column, minlength=n_bins)
        means = np.stack([np.bincount(column, v, n_bins) for v in values.T], 1)
        means = means / np.maximum(counts, 1)[:, None] - values.mean(0)
        parts.append((counts[:, None] * means**2).sum() / len(values) / total)
    return float(np.mean(parts))
