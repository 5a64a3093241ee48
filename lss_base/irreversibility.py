"""Does a process look the same when its film runs backwards?

Detailed balance makes the lagged covariance C = E[x(t) x(t+tau)'] of a stationary process
symmetric. What is antisymmetric in it is rotation, and is lost where covariances are symmetrised.
"""

from dataclasses import dataclass

import numpy as np

from lss_base.moments import dealt, pair_blocks
from lss_base.trajectories import stride_within

#: Columns that are looked at; of more, the leading principal components.
COLUMNS = 50
_FRAMES = 200_000
_ENTRIES = 10_000_000  # of features that are in memory at once
_FLIPS = 4999

#: From this number on, and less likely by chance than that, rotation matters.
LARGE, RARE = 0.1, 0.01


@dataclass(frozen=True)
class Irreversibility:
    """How much a process goes round."""

    number: float
    """||C - C'|| / ||C + C'||, Frobenius norms, whitened: 0 in detailed balance."""
    error: float
    """Its standard error, by the jackknife over 20 blocks; nan of a single block."""
    chance: float
    """With which a process in detailed balance, in such blocks, shows as much."""

    @property
    def matters(self):
        return self.number >= LARGE and self.chance < RARE


def irreversibility(trajectories, lag, seed=0):
    """Measure the rotation of trajectories over one lag time.

    Both norms are freed of what noise adds to them: products of different blocks alone are summed.
    The chance is that of an exact randomisation test: in detailed balance a block is as likely as
    the same block backwards, which turns the sign of its antisymmetric part.

    Parameters
    ----------
    trajectories : list of array-like, shape (n_i, d)
        Arrays, or datasets that are read where sliced. Stationary: trajectories that relax from
        chosen starts look irreversible.
    lag : int, frames
    seed : int

    Returns
    -------
    Irreversibility or None
        None where no trajectory is longer than the lag, or nothing varies.
    """
    trajectories = [x for x in trajectories if len(x) > lag]
    if not trajectories:
        return None
    step = stride_within(_count(trajectories), lag, _FRAMES)
    white = _whitening(trajectories)
    if white is None:
        return None
    pieces = [_projected(x, step, *white) for x in trajectories]
    lagged = _blocks(pieces, lag // step)
    even, odd = ((lagged + sign * lagged.swapaxes(1, 2)) / 2 for sign in (1, -1))
    signs = np.random.default_rng(seed).choice([-1, 1], (_FLIPS, len(lagged)))
    products = odd.reshape(len(odd), -1) @ odd.reshape(len(odd), -1).T
    seen = np.einsum("fi,ij,fj->f", signs, products, signs)
    chance = (1 + np.count_nonzero(seen >= products.sum() * (1 - 1e-9))) / (1 + _FLIPS)
    number = _ratio(odd, even)
    left_out = [_ratio(np.delete(odd, i, 0), np.delete(even, i, 0)) for i in range(len(odd))]
    error = np.sqrt((len(odd) - 1) * np.var(left_out)) if len(odd) > 1 else np.nan
    return Irreversibility(float(number), float(error), float(chance))


def _count(trajectories):
    return sum(map(len, trajectories))


def _whitening(trajectories):
    """Mean and basis in which the leading components have unit variance; None of constants."""
    width = trajectories[0].shape[1]
    step = -(-_count(trajectories) * width // _ENTRIES)
    x = np.concatenate([np.asarray(x[::step], np.float64) for x in trajectories])
    mean = x.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(x.T, ddof=0).reshape(x.shape[1], -1))
    kept = np.flatnonzero(values > 1e-6 * values[-1])[-COLUMNS:]
    if not values[-1] > 0:
        return None
    return mean, vectors[:, kept] / np.sqrt(values[kept])


def _projected(x, step, mean, basis):
    """Every s-th frame in that basis; of a file no more than a part is in memory."""
    size = step * max(1, _ENTRIES // len(mean))
    parts = [x[i : i + size : step] for i in range(0, len(x), size)]
    return np.concatenate([(np.asarray(part, np.float64) - mean) @ basis for part in parts])


def _blocks(trajectories, lag):
    """Summed lagged products of some 20 blocks, (B, d, d)."""
    products = [
        trajectories[i][first:last].T @ trajectories[i][first + lag : last + lag]
        for i, first, last in pair_blocks([len(x) for x in trajectories], lag)
    ]
    return dealt(products)


def _ratio(odd, even):
    """Ratio of the norms of two sums over blocks, without the squares of single blocks."""
    odd, even = (_norm(part) for part in (odd, even))
    return odd / even if even > 0 else np.nan


def _norm(parts):
    total = np.sum(parts.sum(axis=0) ** 2)
    n = len(parts)
    if n > 1:
        # n (n - 1) of the n^2 products are of different blocks.
        total = (total - np.sum(parts**2)) * n / (n - 1)
    return np.sqrt(max(total, 0.0))
