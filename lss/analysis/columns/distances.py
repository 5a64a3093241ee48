"""What the sums of one ensemble of columns say, and how far two ensembles are apart."""

from __future__ import annotations

import numpy as np

from lss.analysis.columns.ruler import COARSE, FINE
from lss.analysis.thermodynamics import jensen_shannon_bits, populations

Sums = dict[str, np.ndarray]


def mean_z(s: Sums) -> np.ndarray:
    """Mean of each column, (n,), from that of the data and in its standard deviations."""
    return s["column_moments"][:, 0] / s["frames"]


def sd_z(s: Sums) -> np.ndarray:
    """Standard deviation of each column, (n,), in that of the data."""
    square = s["column_moments"][:, 1] / s["frames"]
    return np.sqrt(np.maximum(square - mean_z(s) ** 2, 0))


def coarse(histogram: np.ndarray) -> np.ndarray:
    """A marginal in few bins, (n, COARSE + 2), with those outside the range."""
    inside = histogram[:, 1:-1].reshape(len(histogram), COARSE, FINE).sum(axis=2)
    return np.concatenate([histogram[:, :1], inside, histogram[:, -1:]], axis=1)


def wasserstein(a: Sums, b: Sums, z_range: np.ndarray) -> np.ndarray:
    """W1 of each column, (n,), in standard deviations of the data.

    W1 = integral of ``|F_a(x) - F_b(x)|`` dx (Vallender, Theory Probab. Appl. 18 (1974) 784-786),
    with straight lines between the edges of the bins. Beyond the range, where the sums hold how far
    frames lie outside it, it is exact where one of the two has the heavier tail throughout.
    """
    share = [populations(s["column_histogram"]) for s in (a, b)]
    apart = np.cumsum(share[0] - share[1], axis=1)[:, :-1]
    width = (z_range[1] - z_range[0]) / (COARSE * FINE)
    beyond = a["column_excess"] / a["frames"] - b["column_excess"] / b["frames"]
    return width * _absolute_area(apart) + np.abs(beyond).sum(axis=1)


def _absolute_area(y: np.ndarray) -> np.ndarray:
    """Integral of the absolute value of the straight lines through values (n, points), 1 apart."""
    left, right = np.abs(y[:, :-1]), np.abs(y[:, 1:])
    total = left + right
    # Lines that cross zero leave two triangles.
    crossed = (left**2 + right**2) / np.where(total > 0, total, 1)
    return np.where(y[:, :-1] * y[:, 1:] < 0, crossed, total).sum(axis=1) / 2


def marginal_bits(a: Sums, b: Sums) -> np.ndarray:
    """Jensen-Shannon divergence of each marginal, (n,), bits."""
    return jensen_shannon_bits(coarse(a["column_histogram"]), coarse(b["column_histogram"]))


def joint_bits(a: Sums, b: Sums) -> np.ndarray:
    """Jensen-Shannon divergence of each joint map, (pairs,), bits."""
    p, q = (s["joint_histogram"].reshape(len(s["joint_histogram"]), -1) for s in (a, b))
    return jensen_shannon_bits(p, q)


def correlations(s: Sums) -> np.ndarray:
    """Correlation coefficients between the columns, (n, n); nan of one that does not vary."""
    mean, sd = mean_z(s), sd_z(s)
    sd = np.where(sd > 0, sd, np.nan)
    return (s["column_products"] / s["frames"] - np.outer(mean, mean)) / np.outer(sd, sd)


def exceedances(s: Sums) -> np.ndarray:
    """Share of the frames above each threshold, (n, quantiles)."""
    return s["above"] / s["frames"]


def dwell_lags(s: Sums) -> np.ndarray:
    """Mean time below and above each threshold at a stretch, (n, quantiles, 2), in lags.

    Frames in the state over those of them that are out of it one lag later. Both are counted where
    one lag later is known: a stay that the end of a series cuts adds its frames and no exit. So
    short series do not make stays shorter: for stationary series the quotient of the expectations
    is the mean length of a stay, whatever the distribution of the lengths.

    Returns
    -------
    np.ndarray
        nan where a state was never left.
    """
    passing = s["passing"]
    stays = passing.sum(axis=-1)
    exits = np.stack([passing[..., 0, 1], passing[..., 1, 0]], axis=-1)
    return np.where(exits > 0, stays / np.where(exits > 0, exits, 1), np.nan)
