"""Errors of what is said of time series: jackknife and bootstrap over trajectories."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from lss_base.kinetics import implied_timescales, moduli, resolved_eigenvalues
from lss_base.moments import LaggedMoments

# With fewer trajectories than this, each is cut into blocks, and those are resampled.
_FEW_TRAJECTORIES = 10
_BLOCKS = 20


def jackknife(
    value: np.ndarray, left_out: np.ndarray, sizes: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Value without its bias, and variance, of a statistic of several blocks.

    Delete-m_j jackknife: F. Busing, E. Meijer and R. van der Leeden, Stat. Comput. 9 (1999) 3-8,
    eq. 8. For the mean over equal blocks it is the usual standard error of the block means.

    Parameters
    ----------
    value : np.ndarray, any shape
        The statistic of all blocks.
    left_out : np.ndarray, shape (blocks, ...)
        The statistic with one block left out.
    sizes : np.ndarray, shape (blocks,), optional
        Frames of each block; equal where not given.

    Returns
    -------
    centre, variance : np.ndarray, shape of `value`
        The variance is nan with a single block.
    """
    n = len(left_out)
    if n < 2:
        return value, np.full_like(value, np.nan)
    if sizes is None:
        return n * value - (n - 1) * left_out.mean(axis=0), (n - 1) * np.var(left_out, axis=0)
    h = (sizes.sum() / sizes).reshape((-1,) + (1,) * value.ndim)
    pseudo = h * value - (h - 1) * left_out
    centre = (pseudo / h).sum(axis=0)
    return centre, ((pseudo - centre) ** 2 / (h - 1)).mean(axis=0)


def jackknife_error(estimate, sums):
    """An estimate from all blocks, and its standard error from leaving out one at a time.

    Parameters
    ----------
    estimate : callable
        One set of sums -> np.ndarray.
    sums : tuple
        As of `lss_base.moments.BlockMoments.sums`.

    Returns
    -------
    value, error : np.ndarray
        The error is nan with a single block.
    """
    all_of, all_but = sums
    value = estimate(all_of)
    _, variance = jackknife(value, np.array([estimate(part) for part in all_but]))
    return value, np.sqrt(variance)


def bootstrap_timescales(
    psi: list[np.ndarray],
    lag: int,
    n_bootstrap: int = 200,
    seed: int = 0,
    weights: list[np.ndarray] | None = None,
    reversible: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the 16th and 84th percentiles of the timescales of modes, (m,) each, in frames.

    NaN for a mode that has a timescale in at most half of the resamples.

    Parameters
    ----------
    psi : list of np.ndarray, each shape=(n_i, m)
        Modes along the trajectories.
    lag : int
        In frames.
    weights : list of np.ndarray, each shape=(n_i,), optional
        Of the pairs that start at these frames; the same in every resample.
    reversible : bool
        Whether covariances are symmetrised; otherwise a timescale is that in which a mode decays
        while it may turn.
    """
    parts = []
    n_modes = psi[0].shape[1]
    for first, last, number in units([len(p) for p in psi], lag):
        moments = LaggedMoments(lag, shift=np.zeros(n_modes))
        part = slice(first, last + lag)
        moments.update(psi[number][part], None if weights is None else weights[number][part])
        parts.append(moments)
    rng = np.random.default_rng(seed)
    times = np.full((n_bootstrap, n_modes), np.nan)
    for row in times:
        counts = np.bincount(rng.integers(len(parts), size=len(parts)), minlength=len(parts))
        # A resample may lack a mode altogether; what it has is counted from the slowest.
        covariances = LaggedMoments.combined(parts, counts).covariances(reversible)
        values = resolved_eigenvalues(covariances) if reversible else moduli(covariances)
        row[: len(values)] = implied_timescales(values, lag)
    low, high = np.full((2, n_modes), np.nan)
    enough = np.isfinite(times).mean(axis=0) > 0.5
    if enough.any():
        low[enough], high[enough] = np.nanpercentile(times[:, enough], [16, 84], axis=0)
    return low, high


def units(lengths, lag):
    """What is resampled: trajectories, or some 20 blocks where there are fewer than ten.

    Parameters
    ----------
    lengths : list of int
        Frames of the trajectories.
    lag : int
        In frames.

    Yields
    ------
    first, last, number : int
        Pairs that start at frames first to last (not included) of a trajectory, and its number.
        Each pair is in one unit.
    """
    used = [(n - lag, i) for i, n in enumerate(lengths) if n > lag]
    total = sum(n for n, _ in used)
    size = max(lag, -(-total // _BLOCKS)) if len(used) < _FEW_TRAJECTORIES else total
    for n, number in used:
        pieces = max(1, round(n / size))
        edges = np.linspace(0, n, pieces + 1).round().astype(int)
        for first, last in pairwise(edges):
            yield first, last, number
