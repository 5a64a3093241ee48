"""Batches of random pairs one lag apart, for Keras fit.

Data in memory: a batch is an array of frame numbers, and the compiled training step gathers the
features.  Data on disk: contiguous blocks from random places are read into a buffer of fixed
size, whose pairs are shuffled; memory does not grow with the data.
"""

import keras
import numpy as np

from lss_base.allocation import keep_freed_memory

# Bytes of features held at a time when streaming, and the number of places that they come from.
_BUFFER_BYTES = 64 * 2**20
_BLOCKS_PER_BUFFER = 16


class PairIndices(keras.utils.PyDataset):
    """Batches of first frames of pairs, as numbers into the pool of `pool(trajectories)`.

    Parameters
    ----------
    trajectories : Trajectories
    batch_size : int
        Pairs in a batch; a last, smaller batch is dropped.
    n_batches : int
        Batches in an epoch; at its end a new order is drawn.
    seed : int or None
        None: in order and one epoch only, for validation.  Otherwise without end, batch i being
        the same whenever it is asked for: Keras reads ahead, and asks for the first ones twice.
    """

    def __init__(self, trajectories, batch_size, n_batches, seed=None):
        super().__init__()
        starts = np.cumsum([0] + [len(s) for s in trajectories.segments])
        self._first_frames = np.concatenate(
            [
                np.arange(start, start + len(s) - trajectories.lag_time, dtype=np.int32)
                for start, s in zip(starts, trajectories.segments, strict=False)
            ]
        )
        self._batch_size, self._n_batches, self._seed = batch_size, n_batches, seed
        self._epoch, self._order = None, self._first_frames

    @property
    def num_batches(self):
        """Number of batches; None for without end."""
        return self._n_batches if self._seed is None else None

    def __getitem__(self, index):
        epoch, number = divmod(index, self._n_batches)
        if self._seed is not None and epoch != self._epoch:
            rng = np.random.default_rng([self._seed, epoch])
            self._order, self._epoch = rng.permutation(self._first_frames), epoch
        first = number * self._batch_size
        return (self._order[first : first + self._batch_size],)


class PairBlocks(keras.utils.PyDataset):
    """Batches of features read from disk: (both ends (batch_size, 2, d), known modes likewise)."""

    def __init__(self, trajectories, batch_size, n_batches, seed=None):
        super().__init__()
        self._trajectories, self._seed = trajectories, seed
        self._batch_size, self._n_batches = batch_size, n_batches
        width = trajectories.segments[0].source.shape[1]
        # Both ends of each pair are held, hence the 8 bytes a feature.
        in_buffer = max(_BUFFER_BYTES // (8 * width), batch_size)
        self._block = max(1, in_buffer // _BLOCKS_PER_BUFFER)
        self._blocks_per_buffer = -(-batch_size // self._block) + _BLOCKS_PER_BUFFER
        self._places = [
            (number, first)
            for number, segment in enumerate(trajectories.segments)
            for first in range(0, len(segment) - trajectories.lag_time, self._block)
        ]
        self._epoch = None

    @property
    def num_batches(self):
        """Number of batches; None for without end."""
        return self._n_batches if self._seed is None else None

    def __getitem__(self, index):
        epoch, number = divmod(index, self._n_batches)
        if epoch != self._epoch or number < self._next_number - 1:
            self._restart(epoch)
        while number >= self._next_number:
            self._advance()
        return self._batch

    def _restart(self, epoch):
        self._epoch, self._next_number, self._next_place, self._rest = epoch, 0, 0, None
        if self._seed is None:
            self._rng, self._order = None, np.arange(len(self._places))
        else:
            self._rng = np.random.default_rng([self._seed, epoch])
            self._order = self._rng.permutation(len(self._places))

    def _advance(self):
        """Cut the next batch off the buffer, refilling it where it runs short."""
        if self._rest is None or len(self._rest[0]) < self._batch_size:
            self._refill()
        parts = [part[: self._batch_size] for part in self._rest]
        self._rest = [part[self._batch_size :] for part in self._rest]
        weights = (parts.pop(),) if self._trajectories.is_weighted else ()
        both = np.stack(parts[:2], axis=1)
        # Keras takes no None: modes that are not known have no columns.
        known = np.stack(parts[2:], axis=1) if len(parts) > 2 else np.zeros((len(both), 2, 0))
        self._batch = (both, known, *weights) if weights or known.size else (both,)
        self._next_number += 1

    def _refill(self):
        """Read the usual number of blocks, and more where short trajectories make them small."""
        parts = [] if self._rest is None else [self._rest]
        n_pairs = sum(len(part[0]) for part in parts)
        enough = self._next_place + self._blocks_per_buffer
        while self._next_place < len(self._order) and (
            self._next_place < enough or n_pairs < self._batch_size
        ):
            parts.append(self._read(*self._places[self._order[self._next_place]]))
            n_pairs += len(parts[-1][0])
            self._next_place += 1
        joined = [np.concatenate(columns) for columns in zip(*parts, strict=True)]
        if self._rng is not None:
            order = self._rng.permutation(len(joined[0]))
            joined = [column[order] for column in joined]
        self._rest = joined

    def _read(self, number, first):
        """Return the features (and known modes) at both ends of a block of pairs."""
        segment, lag = self._trajectories.segments[number], self._trajectories.lag_time
        n_pairs = min(self._block, len(segment) - lag - first)
        if lag < n_pairs:  # the ends overlap: read once
            block = segment.read(first, first + n_pairs + lag)
            parts = [block[:n_pairs], block[lag:]]
        else:
            starts = first, first + lag
            parts = [segment.read(start, start + n_pairs) for start in starts]
        if segment.known is not None:
            starts = first, first + lag
            parts += [segment.read_known(start, start + n_pairs) for start in starts]
        if segment.weights is not None:
            parts.append(segment.read_weights(first, first + n_pairs))
        return parts


def pool(trajectories):
    """Return all frames in memory end to end, (n, d) float32, and the known modes or None."""
    segments = trajectories.segments
    if len(segments) == 1:
        features = segments[0].read(0, len(segments[0]))
    else:
        features = np.concatenate([s.read(0, len(s)) for s in segments])
    if segments[0].known is None:
        return features, None
    return features, np.concatenate([s.read_known(0, len(s)) for s in segments])


def pair_batches(trajectories, batch_size, n_batches, seed=None):
    """Return the dataset that suits where the trajectories are."""
    keep_freed_memory()
    kind = PairIndices if trajectories.in_memory else PairBlocks
    return kind(trajectories, batch_size, n_batches, seed)
