"""From trained outputs to slow modes: one streaming pass over the data, signs, visits."""

from dataclasses import dataclass, replace

import numpy as np

from srv.koopman import LaggedMoments, reversible_modes, singular_modes, vamp2

# Frames evaluated at a time; the last, shorter chunk is padded, so that a frame's outputs do not
# depend on which chunk of the data it came with.
_CHUNK = 8192
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


def evaluate(model, features):
    """Return the model's outputs, (n, m) float32, for features (n, d) in inference mode.

    The features may be on disk; they are read a chunk at a time.
    """
    n = features.shape[0]
    out = np.empty((n, model.output_shape[1]), np.float32)
    for first in range(0, n, _CHUNK):
        chunk = np.asarray(features[first : first + _CHUNK], np.float32)
        filled = len(chunk)
        if filled < _CHUNK:
            chunk = np.pad(chunk, ((0, _CHUNK - filled), (0, 0)))
        out[first : first + filled] = model.predict_on_batch(chunk)[:filled]
    return out


def evaluate_blocks(model, blocks):
    """Evaluate many blocks of features, short ones together.

    A chunk of fixed size for each of thousands of short trajectories would cost many times more.

    Parameters
    ----------
    model : keras.Model
    blocks : iterable of tuple
        Whose last entry is the features, (n, d).

    Yields
    ------
    tuple
        The entries of the block, and the outputs (n, m), float32.
    """
    group, n_frames = [], 0
    for block in blocks:
        group.append(block)
        n_frames += block[-1].shape[0]
        if n_frames >= _CHUNK:
            yield from _evaluated(model, group)
            group, n_frames = [], 0
    yield from _evaluated(model, group)


def _evaluated(model, group):
    if len(group) == 1:
        yield (*group[0], evaluate(model, group[0][-1]))
    elif group:
        outputs = evaluate(model, np.concatenate([np.asarray(b[-1], np.float32) for b in group]))
        cuts = np.cumsum([block[-1].shape[0] for block in group])[:-1]
        for block, part in zip(group, np.split(outputs, cuts), strict=True):
            yield (*block, part)


class OutputPass:
    """Outputs of a network over all frames, block by block, with what they came from.

    For data in memory they are kept, so that a second pass costs nothing; for data on disk they
    are computed again, so that memory does not grow with the data.
    """

    def __init__(self, network, trajectories):
        self._network, self._trajectories = network, trajectories
        self._kept = [] if trajectories.in_memory else None

    def __iter__(self):
        """Yield (segment number, first frame, features, outputs)."""
        blocks = self._trajectories.blocks()
        if self._kept:
            for block, outputs in zip(blocks, self._kept, strict=True):
                yield (*block, outputs)
            return
        fresh = []
        for entry in evaluate_blocks(self._network, blocks):
            if self._kept is not None:
                fresh.append(entry[-1])
            yield entry
        self._kept = None if self._kept is None else fresh


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
    """
    lag, n_known = trajectories.lag_time, trajectories.n_known
    moments, shape = LaggedMoments(lag), _Shape()
    stride = max(1, trajectories.n_frames // _SHAPE_FRAMES)
    current = None
    for number, first, features, block in outputs:
        if number != current:
            moments.start()
            current = number
        shape.update(block[::stride], features[::stride])
        if n_known:
            known = trajectories.segments[number].read_known(first, first + len(block))
            block = np.hstack([block.astype(np.float64), known])
        weights = trajectories.segments[number].read_weights(first, first + len(block))
        moments.update(block, weights)
    covariances = moments.covariances(reversible)
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

    def update(self, outputs, features):
        outputs = outputs.astype(np.float64)
        if self._sums is None:
            self._shift = outputs.mean(axis=0)
            self._origin = features.mean(axis=0, dtype=np.float64)
        f, m = outputs - self._shift, outputs.shape[1]
        x = features - self._origin.astype(np.float32)
        second = (f[:, :, None] * f[:, None, :]).reshape(len(f), m * m)
        sums = [
            f.sum(axis=0),
            second.sum(axis=0).reshape(m, m),
            (second.T @ f).reshape(m, m, m),
            x.sum(axis=0, dtype=np.float64),
            np.einsum("ij,ij->j", x, x, dtype=np.float64),
            (f.astype(np.float32).T @ x).astype(np.float64),
        ]
        self._n += len(f)
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
    covariances = moments.covariances(reversible=False)
    if joined is not None:
        covariances = covariances.crossed(n_modes)
    if kind == "vamp2":
        return vamp2(covariances)
    variance = np.diag(covariances.c_00) * np.diag(covariances.c_tt)
    squares = np.diag(covariances.c_0t) ** 2
    return 1.0 + float(np.sum(squares[variance > 0] / variance[variance > 0]))
