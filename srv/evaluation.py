"""Outputs of a network over all frames, in chunks of one size, whatever the trajectories."""

import numpy as np

from lss_base.estimators import refusal
from lss_base.precision import full_precision
from lss_base.trajectories import as_sources

# Frames evaluated at a time; the last, shorter chunk is padded, so that a frame's outputs do not
# depend on which chunk of the data it came with.
_CHUNK = 8192


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


@full_precision()
def encode(model, X, width):
    """The model's outputs for the user's trajectories, a list; refuses what is not finite.

    Parameters
    ----------
    model : keras.Model
    X : array-like or list of array-likes, each shape=(n_i, width)

    Raises
    ------
    ValueError
    """
    outputs = []
    sources, names = as_sources("X", X, width)
    for name, _, found in evaluate_blocks(model, zip(names, sources, strict=True)):
        outputs.append(found)
        # Checked where they come out: the features may be larger than the memory.
        bad = np.flatnonzero(~np.isfinite(found).all(axis=1))
        if len(bad):
            found = f"not finite in frame {bad[0]}"
            raise refusal(name, found, "finite numbers", "leave such frames out")
    return outputs


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
