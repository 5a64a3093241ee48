"""Transition matrices on the bins of one coordinate: of a mixture density network, and counted."""

import numpy as np

from lss.analysis.blocks import BlockSums, assign_blocks, jackknife
from lss.analysis.kinetics import implied_timescale


def binned_matrix(model, starts, weights, edges):
    """Probabilities of a one-dimensional mixture density network to go from bin to bin.

    Parameters
    ----------
    model : callable
        x (n, 1) -> dict of `logits` (n, C), `loc` and `scale` (n, C, 1): `mdn.Propagator.model`.
    starts : np.ndarray, shape=(n_bins, k)
        Points in each bin from which to go.
    weights : np.ndarray, shape=(n_bins, k)
        Their weights, which add up to 1 in each bin.
    edges : np.ndarray, shape=(n_bins + 1,)

    Returns
    -------
    np.ndarray, shape=(n_bins, n_bins)
        Row i: from bin i to each bin j; what goes beyond the edges is left out, as a sampler that
        draws again leaves it.
    """
    from scipy.special import ndtr

    matrix = 0
    for start, weight in zip(starts.T, weights.T, strict=True):
        out = model(start.astype(np.float32)[:, None])
        out = {name: np.asarray(values, np.float64) for name, values in out.items()}
        alpha = np.exp(out["logits"] - out["logits"].max(axis=1, keepdims=True))
        alpha /= alpha.sum(axis=1, keepdims=True)
        below = ndtr((edges[:, None, None] - out["loc"][None, ..., 0]) / out["scale"][None, ..., 0])
        inside = np.diff((below * alpha).sum(axis=-1).T, axis=1)
        matrix = matrix + weight[:, None] * inside / inside.sum(axis=1, keepdims=True)
    return matrix


def matrix_figures(matrix, lag):
    """The three slowest implied timescales of a transition matrix and its stationary weights.

    Parameters
    ----------
    matrix : np.ndarray, shape=(n_bins, n_bins)
        Of probabilities to go from i to j in one lag.
    lag : int
        In steps; the unit of the timescales.

    Returns
    -------
    timescales : np.ndarray, shape=(3,)
    weight : np.ndarray, shape=(n_bins,)
    """
    values, left = np.linalg.eig(matrix.T)
    order = np.argsort(-values.real)
    stationary = np.abs(left[:, order[0]].real)
    return implied_timescale(values.real[order][1:4], lag), stationary / stationary.sum()


def row_distance(matrix, exact, weight):
    """Total variation distance of the rows of two transition matrices, weighted."""
    return float(weight @ np.abs(matrix - exact).sum(axis=1) / 2)


def distance(p, q):
    """Total variation distance of two distributions over bins."""
    return float(np.abs(p - q).sum() / 2)


def counted(bins, lag, n_bins, n_blocks=10):
    """Transition counts of one trajectory, apart for each of some contiguous blocks.

    Parameters
    ----------
    bins : np.ndarray of int, shape=(n,)
    lag : int
        In frames.
    n_bins : int
    n_blocks : int, default=10

    Returns
    -------
    lss.analysis.blocks.BlockSums
        With `counts`, shape (blocks, n_bins, n_bins).
    """
    sums = BlockSums(assign_blocks([len(bins)], n_blocks))
    bins = bins.astype(np.int64)
    for segment in sums.segments:
        stop = min(segment.stop, len(bins) - lag)
        pair = bins[segment.start : stop] * n_bins + bins[segment.start + lag : stop + lag]
        rows = np.bincount(pair, minlength=n_bins**2).reshape(n_bins, n_bins)
        sums.add("counts", segment.block, rows)
    return sums


def counted_timescales(sums, lag):
    """Three implied timescales of counts, of reversible dynamics, with block errors.

    Parameters
    ----------
    sums : lss.analysis.blocks.BlockSums
        From :func:`counted`.
    lag : float
        Its unit is that of the result.

    Returns
    -------
    lss.analysis.blocks.Estimate, shape (3,)
    """
    return jackknife(lambda s: implied_timescale(_reversible(s["counts"]), lag), sums)


def _reversible(counts):
    """Eigenvalues 2 to 4 of the symmetrised counts between the bins that were seen."""
    counts = counts + counts.T
    total = counts.sum(axis=1)
    seen = total > 0
    root = np.sqrt(total[seen])
    return np.linalg.eigvalsh(counts[seen][:, seen] / np.outer(root, root))[-2:-5:-1]


def probabilities(counts):
    """Counts to probabilities row by row; a bin never left has a row of zeros."""
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
