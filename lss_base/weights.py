"""Weights for trajectories that did not start in equilibrium.

A pair of frames one lag apart has the weight of its first frame. The weights are such that the ends
of the pairs are distributed as their starts are: averages over weighted pairs are averages in
equilibrium, whatever the starts were, as long as every state is both entered and left.
"""

from __future__ import annotations

import numpy as np

from lss_base.moments import LaggedMoments
from lss_base.rite import iterated, random_cells, rite_weights

#: Directions of a covariance under this fraction of the largest are not resolved.
RANK_TOLERANCE = 1e-6
# Iterations of RiteWeight for a sample of the bootstrap, which begins near its weights; the later
# half is averaged. Then 20 % of the spread over the samples is left as error of the iteration.
_BOOTSTRAP_ITERATIONS = 40


def frame_weights(
    psi: list[np.ndarray],
    lag_time: int,
    method: str,
    seed: int = 0,
    first: list[np.ndarray] | None = None,
) -> tuple[list[np.ndarray], float]:
    """Weights of frames by which the pairs that start there become those of an equilibrium.

    Parameters
    ----------
    psi : list of np.ndarray, each shape=(n_i, m)
        Modes along the trajectories: "rite" makes its cells in their space, "koopman" solves in
        the span of them, their products, and the constant.
    lag_time : int
        In frames.
    method : {"rite", "koopman"}
    seed : int
        Of the random cells of "rite".
    first : list of np.ndarray, each shape=(n_i,), optional
        Weights that "rite" begins with; default equal ones. Pairs of weight 0 keep it, and decide
        nothing.

    Returns
    -------
    weights : list of np.ndarray, each shape=(n_i,)
        Not negative, 1 on average over the pairs; 0 in trajectories that are not longer than the
        lag. The last `lag_time` frames of a trajectory start no pair: they have the weight of the
        last pair.
    clipped : float
        Share of the pairs whose weight was negative and is 0.
    """
    first = [np.ones(len(p)) for p in psi] if first is None else first
    first = _of_pairs(first, lag_time)
    if method == "koopman":
        kept = first > 0
        found = _koopman(psi, lag_time, kept)(np.ones(len(psi), int)) * kept
    else:
        found = rite_weights(*_ends(psi, lag_time), seed, first)
    clipped = float(np.mean(found < 0))
    return _of_frames(np.maximum(found, 0), psi, lag_time), clipped


def bootstrap_weights(
    psi: list[np.ndarray],
    lag_time: int,
    weights: list[np.ndarray],
    method: str,
    n_samples: int,
    seed: int,
    used: list[np.ndarray] | None = None,
) -> list[list[np.ndarray]]:
    """Yield weights of the frames in random samples of the trajectories, for errors by bootstrap.

    A sample has as many trajectories as there are, drawn with replacement; else as
    `weights_of_samples`, with `n_samples` in place of the samples.
    """
    rng, n = np.random.default_rng(seed), len(psi)
    drawn = (np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(n_samples))
    return weights_of_samples(psi, lag_time, weights, method, drawn, seed, used)


def weights_of_samples(psi, lag_time, weights, method, samples, seed=0, used=None):
    """Yield weights of the frames in samples of the trajectories.

    The weights of a sample are found anew, since that they had to be found is part of the error of
    what is averaged with them.

    Parameters
    ----------
    psi : list of np.ndarray, each shape=(n_i, m)
        Modes along the trajectories.
    lag_time : int
        In frames.
    weights : list of np.ndarray, each shape=(n_i,)
        Of the frames, found for all trajectories. Pairs of weight 0 are in no sample.
    method : {"rite", "koopman"} or None
        How they were found; None where they were given: they are then only multiplied.
    samples : iterable of np.ndarray of int, shape=(n_trajectories,)
        How often each trajectory is in the sample.
    seed : int
    used : list of np.ndarray of bool, each shape=(n_i,), optional
        Weights of the pairs that start where it is False are only multiplied.

    Yields
    ------
    list of np.ndarray, each shape=(n_i,)
        0 in a trajectory that is not in the sample, times k in one that is in it k times. With a
        method 1 on average over the pairs.
    """
    first = _of_pairs(weights, lag_time)
    kept = first > 0
    if used is not None:
        kept &= _of_pairs(used, lag_time)
    if method == "koopman":
        koopman = _koopman(psi, lag_time, kept)
    elif method == "rite":
        # The same cells for all samples: to sort pairs into cells is most of the work.
        cells = list(random_cells(*_ends(psi, lag_time), _BOOTSTRAP_ITERATIONS, seed))
    for times in samples:
        if method is None:
            yield [k * w for k, w in zip(times, weights, strict=True)]
            continue
        often = np.repeat(times, [max(len(p) - lag_time, 0) for p in psi])
        if method == "koopman":
            found = often * np.maximum(koopman(times), 0) * kept
        else:
            found = iterated(often * first * kept, cells, _BOOTSTRAP_ITERATIONS // 2)
        found *= (often * first)[kept].sum() / found.sum()
        yield _of_frames(np.where(kept, found, often * first), psi, lag_time)


def _koopman(psi, lag_time, kept):
    """What returns the weights of all pairs, of how often each trajectory was drawn.

    `kept`, (n_pairs,), tells which pairs count.
    """
    parts, first = [], 0
    psi = [_with_products(p) for p in psi]
    starts = _ends(psi, lag_time)[0]
    for p in psi:
        parts.append(LaggedMoments(lag_time, np.zeros(p.shape[1])))
        n_pairs = max(len(p) - lag_time, 0)
        parts[-1].update(p, np.append(kept[first : first + n_pairs], np.zeros(lag_time)))
        first += n_pairs

    def weights(times):
        found = LaggedMoments.combined(parts, times).covariances(reversible=False)
        vector = koopman_vector(found.mean_0, found.mean_t, found.c_00, found.c_0t)
        return 1 + (starts - found.mean_0) @ vector

    return weights


def _with_products(psi):
    """Psi and its products, (n, m (m + 3) / 2).

    In the span of psi alone the weights of the alanine dipeptide's alpha_R came out half as large
    again as in truth; with products they are those of RiteWeight.
    """
    psi = np.asarray(psi, np.float64)
    one, other = np.triu_indices(psi.shape[1])
    return np.concatenate([psi, psi[:, one] * psi[:, other]], axis=1)


def _ends(psi, lag_time):
    """The starts and the ends of all pairs."""
    return (
        np.concatenate([p[:-lag_time] for p in psi]),
        np.concatenate([p[lag_time:] for p in psi]),
    )


def _of_pairs(values, lag_time):
    """Values of frames, one array a trajectory, at the starts of all pairs, end to end."""
    return np.concatenate([v[:-lag_time] for v in values])


def _of_frames(values, psi, lag_time):
    """Weights of the frames of each trajectory from those of all pairs, with mean 1."""
    values, found, first = values / values.mean(), [], 0
    for p in psi:
        part = values[first : first + max(len(p) - lag_time, 0)]
        last = np.full(lag_time, part[-1]) if len(part) else np.zeros(len(p))
        found.append(np.append(part, last))
        first += len(part)
    return found


def koopman_vector(
    mean_0: np.ndarray, mean_t: np.ndarray, c_00: np.ndarray, c_0t: np.ndarray
) -> np.ndarray:
    """Weights of Koopman reweighting as an affine function of functions f of the data.

    Wu et al., J. Chem. Phys. 146, 154104 (2017), algorithm 1: the weight is the left eigenvector of
    the Koopman operator, in the span of f and the constant, at the eigenvalue 1.

    Parameters
    ----------
    mean_0, mean_t : np.ndarray, shape=(m,)
        Of f at the starts and at the ends of the pairs.
    c_00, c_0t : np.ndarray, shape=(m, m)
        Mean-free covariances of f at the starts, and of starts with ends.

    Returns
    -------
    vector : np.ndarray, shape=(m,)
        The weight of a frame is 1 + (f - mean_0) vector: 1 on average over the starts. It may be
        negative where the data do not determine it.
    """
    values, vectors = np.linalg.eigh(c_00)
    kept = values > RANK_TOLERANCE * values[-1]
    whiten = vectors[:, kept] / np.sqrt(values[kept])
    # With f whitened and mean-free the operator is [[K, 0], [shift, 1]]: its left eigenvector
    # (u, 1) at 1 obeys u K + shift = u.
    operator = whiten.T @ c_0t @ whiten
    shift = (mean_t - mean_0) @ whiten
    return whiten @ np.linalg.solve(np.eye(len(shift)) - operator.T, shift)


def effective_size(weights: np.ndarray) -> float:
    """Return how many equal weights tell as much: (sum w)^2 / sum w^2 (Kish)."""
    weights = np.asarray(weights, np.float64)
    return float(weights.sum() ** 2 / (weights**2).sum())
