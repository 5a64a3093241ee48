"""From trained outputs to slow modes: one streaming pass over the data, signs, visits."""

from dataclasses import dataclass, replace

import numpy as np

from lss_base.estimators import DivergedError, refusal
from lss_base.moments import LaggedMoments
from srv.evaluation import evaluate, evaluate_blocks
from srv.koopman import rayleigh, reversible_modes, singular_modes, vamp2

# Frames that signs are decided from, evenly spread; the moments of the modes use all.
_SHAPE_FRAMES = 200_000
# Skewness under which a mode has no rare end to speak of.
_SYMMETRIC = 0.2
# Fraction of the distance between the two ends that separates the cores from the boundary.
_CORE_MARGIN = 0.25


@dataclass(frozen=True)
class Modes:
    """Solution of the eigenproblem for the outputs f of a network.

    `values` (m,) eigenvalues or singular values; `left`, `right` (n_outputs, m) with psi =
    (f - mean) left of unit variance and mean_0, mean_t the means; `skewness` (m,) of the left
    functions, positive where the sign was chosen by it.
    """

    values: np.ndarray
    mean_0: np.ndarray
    mean_t: np.ndarray
    left: np.ndarray
    right: np.ndarray
    skewness: np.ndarray

    def select(self, kept):
        """Return the modes of the numbers in the list `kept`."""
        return replace(
            self,
            values=self.values[kept],
            left=self.left[:, kept],
            right=self.right[:, kept],
            skewness=self.skewness[kept],
        )


def kept_modes(dropped, n_modes):
    """Numbers of the modes that are left when the numbers in `dropped` are taken away.

    Raises
    ------
    ValueError
        Where they are not some, but not all, of the modes.
    """
    dropped = {int(i) for i in dropped}
    if not dropped <= set(range(n_modes)) or len(dropped) == n_modes:
        wanted = f"some but not all of 0 to {n_modes - 1}"
        raise refusal("modes", sorted(dropped), wanted, "name those to remove, 0 for the slowest")
    return [i for i in range(n_modes) if i not in dropped]


def solve(outputs, trajectories, n_modes, reversible):
    """Solve for the slow modes in the span of a network's outputs.

    Parameters
    ----------
    outputs : OutputPass
    trajectories : Trajectories
        Their deflated modes, if any, are what the result is orthogonal to.
    n_modes : int
    reversible : bool

    Returns
    -------
    Modes
        The sign of each mode is such that its rarer, longer tail is positive; for a symmetric
        mode, such that the feature that correlates most with it correlates positively.

    Raises
    ------
    DegenerateOutputsError
    DivergedError
        Where outputs are not finite.
    """
    lag, n_known = trajectories.lag_time, trajectories.n_known
    moments, shape = LaggedMoments(lag), _Shape()
    stride = max(1, trajectories.n_frames // _SHAPE_FRAMES)
    current = None
    for number, first, features, block in outputs:
        if number != current:
            moments.start()
            current = number
        weights = trajectories.segments[number].read_weights(first, first + len(block))
        some = None if weights is None else weights[::stride]
        shape.update(block[::stride], features[::stride], some)
        if n_known:
            known = trajectories.segments[number].read_known(first, first + len(block))
            block = np.hstack([block.astype(np.float64), known])
        moments.update(block, weights)
    covariances = moments.covariances(reversible)
    if not np.isfinite(covariances.c_00).all():
        raise DivergedError(
            "the outputs of the network are not finite, wanted finite numbers; take a smaller "
            "`learning_rate`, or look for values in the data that are far larger than the others"
        )
    if reversible:
        values, left = reversible_modes(covariances, n_modes, n_known)
        right = left
    else:
        values, left, right = singular_modes(covariances, n_modes)
    n_outputs = left.shape[0]
    skewness = shape.skewness(left)
    sign = shape.signs(left, skewness)
    return Modes(
        values,
        covariances.mean_0[:n_outputs],
        covariances.mean_t[:n_outputs],
        left * sign,
        right * sign,
        skewness * sign,
    )


class _Shape:
    """Third moments of the outputs and their covariances with the features, streaming."""

    def __init__(self):
        self._n = 0
        self._sums = None

    def update(self, outputs, features, weights=None):
        outputs = outputs.astype(np.float64)
        if self._sums is None:
            self._shift = outputs.mean(axis=0)
            self._origin = features.mean(axis=0, dtype=np.float64)
        f, m = outputs - self._shift, outputs.shape[1]
        x = features - self._origin.astype(np.float32)
        wf, wx, n = f, x, len(f)
        if weights is not None:
            wf, wx, n = weights[:, None] * f, weights[:, None] * x, float(weights.sum())
        second = (wf[:, :, None] * f[:, None, :]).reshape(len(f), m * m)
        sums = [
            wf.sum(axis=0),
            second.sum(axis=0).reshape(m, m),
            (second.T @ f).reshape(m, m, m),
            wx.sum(axis=0, dtype=np.float64),
            np.einsum("ij,ij->j", wx, x, dtype=np.float64),
            (f.astype(np.float32).T @ wx).astype(np.float64),
        ]
        self._n += n
        old = self._sums
        self._sums = sums if old is None else [a + b for a, b in zip(old, sums, strict=True)]

    def skewness(self, vectors):
        """Third central moment of (f - mean) v over the cube of its standard deviation."""
        first, second, third = (s / self._n for s in self._sums[:3])
        mean = first @ vectors
        square = np.einsum("ab,ai,bi->i", second, vectors, vectors)
        cube = np.einsum("abc,ai,bi,ci->i", third, vectors, vectors, vectors)
        variance = np.maximum(square - mean**2, 1e-300)
        return (cube - 3 * mean * square + 2 * mean**3) / variance**1.5

    def signs(self, vectors, skewness):
        """Return +1 or -1 for each column of `vectors`."""
        first, _, _, x, xx, fx = (s / self._n for s in self._sums)
        variance = xx - x**2
        live = variance > 1e-12 * (xx + x**2)
        cross = vectors.T @ (fx - np.outer(first, x))
        correlation = np.where(live, cross / np.sqrt(np.where(live, variance, 1)), 0)
        by_feature = correlation[np.arange(len(correlation)), np.abs(correlation).argmax(axis=1)]
        deciding = np.where(np.abs(skewness) > _SYMMETRIC, skewness, by_feature)
        return np.where(deciding < 0, -1.0, 1.0)


def count_visits(outputs, modes):
    """Count how often the trajectories came to the rarer end of each mode.

    A mode of unit variance whose skewness is s would, if it had two states only, take the values
    a = (s + sqrt(s^2 + 4)) / 2 and -1/a.  A visit begins where psi rises past three quarters of
    the way from -1/a to a and ends where it falls under one quarter; a trajectory that begins
    there counts as a visit.

    Parameters
    ----------
    outputs : OutputPass
    modes : Modes

    Returns
    -------
    np.ndarray of int, shape=(m,)
    """
    skewness = np.abs(modes.skewness)
    direction = np.where(modes.skewness < 0, -1.0, 1.0)
    rare = (skewness + np.sqrt(skewness**2 + 4)) / 2
    common = -1 / rare
    enter = rare - _CORE_MARGIN * (rare - common)
    leave = common + _CORE_MARGIN * (rare - common)
    visits = np.zeros(len(rare), int)
    current, last = None, None
    for number, _, _, block in outputs:
        if number != current:
            current, last = number, np.zeros(len(rare), int)
        psi = (block - modes.mean_0) @ modes.left * direction
        label = (psi > enter).astype(int) - (psi < leave)
        for i in range(len(rare)):
            core = label[:, i][label[:, i] != 0]
            if len(core):
                before = np.concatenate([[last[i]], core[:-1]])
                visits[i] += int(((core == 1) & (before != 1)).sum())
                last[i] = core[-1]
    return visits


def score_modes(left, right, trajectories, n_modes, kind):
    """Score the first modes of the encoders on data; see `SRV.score`."""
    lag = trajectories.lag_time
    joined = None if left is right else right
    moments, current = LaggedMoments(lag), None
    for number, _, features, outputs in evaluate_blocks(left, trajectories.blocks()):
        if number != current:
            moments.start()
            current = number
        psi = outputs[:, :n_modes]
        if joined is not None:
            psi = np.hstack([psi, evaluate(joined, features)[:, :n_modes]])
        moments.update(psi)
    if kind == "rayleigh" and joined is None:
        return rayleigh(moments.covariances())
    covariances = moments.covariances(reversible=False)
    if joined is not None:
        covariances = covariances.crossed(n_modes)
    if kind == "vamp2":
        return vamp2(covariances)
    variance = np.diag(covariances.c_00) * np.diag(covariances.c_tt)
    varies = variance > 0
    correlations = np.diag(covariances.c_0t)[varies] / np.sqrt(variance[varies])
    return 1.0 + float(np.sum(correlations if kind == "rayleigh" else correlations**2))
