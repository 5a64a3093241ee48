"""Rows of a mesh set right: with the mean and the spread that the propagator says.

The points that a row stands on are random, and so are its mean and its variance; a drift that is
not there, in every row of a barrier, would move passage times by tens of percent. Both moments are
known of a mixture of Gaussians in closed form, and the weights of a row are changed least, in the
sense of least squares, to have them (the calibration of J.-C. Deville and C.-E. Sarndal, J. Am.
Stat. Assoc. 87 (1992) 376-382).
"""

import numpy as np
from scipy.special import ndtr

#: Largest change of a weight, as a factor; more would say that a row has too few points.
MOST = 10.0
_RIDGE = 1e-6


def truncated_moments(logits, loc, scale, low, high):
    """Mean and mean square, coordinate by coordinate, of a mixture confined to a range.

    Parameters
    ----------
    logits : np.ndarray, shape (n, C)
    loc, scale : np.ndarray, shape (n, C, m)
    low, high : np.ndarray, shape (m,)
        What falls outside is drawn again.

    Returns
    -------
    np.ndarray, shape (n, 2 m)
        Means, then mean squares.
    """
    logits, loc, scale = (np.asarray(a, np.float64) for a in (logits, loc, scale))
    a, b = (low - loc) / scale, (high - loc) / scale
    inside = np.maximum(ndtr(b) - ndtr(a), 1e-300)
    bell_a, bell_b = (np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi) for x in (a, b))
    shift = (bell_a - bell_b) / inside
    first = loc + scale * shift
    second = loc**2 + 2 * loc * scale * shift + scale**2 * (1 + (a * bell_a - b * bell_b) / inside)
    weight = np.exp(logits - logits.max(axis=1, keepdims=True)) * inside.prod(axis=2)
    weight /= weight.sum(axis=1, keepdims=True)
    return np.concatenate(
        [np.einsum("nc,ncm->nm", weight, moment) for moment in (first, second)], axis=1
    )


def calibrated(rows, points, moments):
    """Rows of transition probabilities with given moments.

    Parameters
    ----------
    rows : np.ndarray, shape (n, N)
        Each sums to 1.
    points : np.ndarray, shape (N, m)
    moments : np.ndarray, shape (n, 2 m)
        As of `truncated_moments`.

    Returns
    -------
    np.ndarray, shape (n, N)
        Not negative, each summing to 1.
    """
    # About their centre, since mean squares far from zero would round.
    centre, spread = points.mean(axis=0), points.std(axis=0)
    x = (points - centre) / spread
    g = np.concatenate([x, x**2], axis=1)
    m = points.shape[1]
    mean, square = moments[:, :m], moments[:, m:]
    wanted = np.concatenate(
        [(mean - centre) / spread, (square - 2 * mean * centre + centre**2) / spread**2], axis=1
    )
    k = g.shape[1]
    found = rows @ g
    products = (g[:, :, None] * g[:, None, :]).reshape(len(g), k * k)
    cov = (rows @ products).reshape(-1, k, k) - found[:, :, None] * found[:, None, :]
    diagonal = np.einsum("nii->ni", cov)
    diagonal *= 1 + _RIDGE
    diagonal += 1e-12
    slope = np.linalg.solve(cov, (wanted - found)[..., None])[..., 0]
    factor = slope @ g.T
    factor += 1 - np.einsum("nk,nk->n", slope, found)[:, None]
    np.clip(factor, 0, MOST, out=factor)
    factor *= rows
    return factor / factor.sum(axis=1, keepdims=True)
