"""Trajectories as the encoder sees them: checked, split, read in blocks, never joined."""

import logging
from dataclasses import dataclass, replace

import numpy as np

from lss_base.estimators import check_count, refusal
from lss_base.trajectories import as_sources, check_finite

logger = logging.getLogger(__name__)

# Bytes of float32 features that are read at a time; memory of a pass over the data.
_BLOCK_BYTES = 32 * 2**20
# And never more frames than this, for what is computed from few features.
_BLOCK_FRAMES = 2**18


@dataclass(frozen=True)
class Segment:
    """Consecutive frames start..stop of one trajectory.

    `source` is an array in memory or anything that is read by slicing (an h5py.Dataset); `known`
    holds the deflated modes of the whole trajectory, (n, k), or None; `weights`, (n,), those of the
    pairs that start at the frames of the segment, or None; `number` is that of the trajectory, and
    `parent` the number and the frame of the one that it was started from, or None.
    """

    source: object
    start: int
    stop: int
    known: np.ndarray | None = None
    name: str = "X"
    weights: np.ndarray | None = None
    number: int = 0
    parent: tuple | None = None

    def __len__(self):
        return self.stop - self.start

    @property
    def in_memory(self):
        """Whether the features are a plain array, so that they can be gathered at random."""
        return isinstance(self.source, np.ndarray) and not isinstance(self.source, np.memmap)

    def read(self, first, last):
        """Return frames first..last of the segment, (last - first, d) float32."""
        return np.asarray(self.source[self.start + first : self.start + last], np.float32)

    def read_known(self, first, last):
        """Return the deflated modes of frames first..last, (last - first, k) float64."""
        return np.asarray(self.known[self.start + first : self.start + last], np.float64)

    def read_weights(self, first, last):
        """Return the weights of frames first..last of the segment, (last - first,), or None."""
        return None if self.weights is None else self.weights[first:last]

    def part(self, first, last):
        """Return the segment of its frames first..last."""
        start, weights = self.start, self.read_weights(first, last)
        return replace(self, start=start + first, stop=start + last, weights=weights)


@dataclass(frozen=True)
class Trajectories:
    """Segments that are longer than the lag, and how many were not."""

    segments: tuple
    lag_time: int
    n_skipped: int = 0

    @property
    def n_pairs(self):
        """Number of pairs of frames one lag apart, none across the end of a segment."""
        return sum(len(s) - self.lag_time for s in self.segments)

    @property
    def n_frames(self):
        """Number of frames in the segments that are used."""
        return sum(len(s) for s in self.segments)

    @property
    def in_memory(self):
        """Whether every segment is a plain array."""
        return all(s.in_memory for s in self.segments)

    @property
    def n_known(self):
        """Number of deflated modes."""
        known = self.segments[0].known
        return 0 if known is None else known.shape[1]

    @property
    def is_weighted(self):
        """Whether pairs have weights of their own."""
        return self.segments[0].weights is not None

    def weighted(self, weights):
        """Return the same segments with weights, one array for each."""
        pairs = zip(self.segments, weights, strict=True)
        return replace(self, segments=tuple(replace(s, weights=w) for s, w in pairs))

    def parents(self, stride=1):
        """For each segment another one, and the frame that it was started from, or None.

        Frames are numbered in the segment, and every `stride`-th one counts.
        """
        place, found = {s.number: k for k, s in enumerate(self.segments)}, []
        for number, frame in ((s.parent or (None, 0)) for s in self.segments):
            k = place.get(number)
            inside = k is not None and 0 <= frame - self.segments[k].start < len(self.segments[k])
            found.append((k, (frame - self.segments[k].start) // stride) if inside else None)
        return found

    def blocks(self):
        """Yield (segment number, first frame, features) over all frames in order."""
        for number, segment in enumerate(self.segments):
            width = segment.source.shape[1]
            size = min(max(1, _BLOCK_BYTES // (4 * width)), _BLOCK_FRAMES)
            for first in range(0, len(segment), size):
                yield number, first, segment.read(first, min(first + size, len(segment)))


def check_trajectories(data, input_size, lag_time, *, known=None, parents=None, name="X"):
    """Check the user's data and return it as `Trajectories`.

    Parameters
    ----------
    data : array-like or list of array-likes, each shape=(n_i, input_size)
        A list may mix lengths; those not longer than the lag are skipped, with a warning.
    lag_time : int
        In frames.
    known : array or list of arrays, each shape=(n_i, k), optional
        Modes to deflate, one series for each trajectory in `data`.
    parents : list of (int, int) or None, optional
        As of `SRV.fit`.

    Raises
    ------
    ValueError
        For a wrong shape, type or lag, or where no trajectory is longer than the lag.
    """
    check_count("lag_time", lag_time)
    sources, names = as_sources(name, data, input_size)
    knowns, parents = _check_known(known, sources), _check_parents(parents, sources)
    each = zip(sources, knowns, names, parents, strict=True)
    segments = tuple(
        Segment(source, 0, source.shape[0], z, name, number=number, parent=parent)
        for number, (source, z, name, parent) in enumerate(each)
        if source.shape[0] > lag_time
    )
    n_skipped = len(sources) - len(segments)
    if not segments:
        longest = max(s.shape[0] for s in sources)
        raise refusal(
            "lag_time",
            f"{lag_time} frames",
            f"less than {longest}, the frames of the longest trajectory in {name}",
            "take a shorter lag or longer trajectories",
        )
    if n_skipped:
        logger.warning(
            "%d of %d trajectories are not longer than the lag of %d frames and are not used.",
            n_skipped,
            len(sources),
            lag_time,
        )
    return Trajectories(segments, lag_time, n_skipped)


def _check_known(known, sources):
    if known is None:
        return [None] * len(sources)
    series = list(known) if isinstance(known, (list, tuple)) else [known]
    if len(series) != len(sources):
        raise refusal(
            "deflate",
            f"{len(series)} series",
            f"one for each of the {len(sources)} trajectories in X",
            "give a list of arrays",
        )
    checked = []
    for i, (values, source) in enumerate(zip(series, sources, strict=True)):
        values = np.asarray(values, np.float64)
        values = values[:, None] if values.ndim == 1 else values
        if values.ndim != 2 or values.shape[0] != source.shape[0]:
            raise refusal(
                f"deflate[{i}]",
                f"an array of shape {values.shape}",
                f"shape ({source.shape[0]}, k)",
                "give the value of each known mode at each frame of the trajectory",
            )
        check_finite(f"deflate[{i}]", values)
        checked.append(values)
    widths = sorted({values.shape[1] for values in checked})
    if len(widths) > 1:
        raise refusal("deflate", f"{widths} modes", "as many in each series", "give all of them")
    return checked


def _check_parents(parents, sources):
    if parents is None:
        return [None] * len(sources)
    if len(parents) != len(sources):
        wanted = f"one for each of the {len(sources)} trajectories"
        todo = "give (trajectory, frame) or None for each"
        raise refusal("parents", f"a list of {len(parents)}", wanted, todo)
    for i, parent in enumerate(parents):
        if parent is None:
            continue
        number, frame = parent
        if not (0 <= number < i and 0 <= frame < sources[number].shape[0]):
            raise refusal(
                f"parents[{i}]",
                f"({number}, {frame})",
                "the number of a trajectory before it, and of a frame of that one",
                "count both from 0, and give trajectories in the order in which they were run",
            )
    return parents


def moments(trajectories):
    """Return the mean and the standard deviation of each feature, float64, over all frames.

    Raises
    ------
    ValueError
        For NaN or infinite features; says where the first one is.
    """
    n, mean, scatter = 0, None, None
    for number, first, block in trajectories.blocks():
        block_mean = block.mean(axis=0, dtype=np.float64)
        if not np.isfinite(block_mean).all():
            segment = trajectories.segments[number]
            check_finite(segment.name, block, segment.start + first)
        centred = block - block_mean.astype(np.float32)
        residual = centred.mean(axis=0, dtype=np.float64)
        block_scatter = np.einsum("ij,ij->j", centred, centred, dtype=np.float64)
        block_mean = block_mean.astype(np.float32) + residual
        block_scatter -= len(block) * residual**2
        if n == 0:
            mean, scatter = block_mean, block_scatter
        else:
            shift = block_mean - mean
            scatter = scatter + block_scatter + shift**2 * n * len(block) / (n + len(block))
            mean = mean + shift * len(block) / (n + len(block))
        n += len(block)
    return mean, np.sqrt(np.maximum(scatter, 0) / n)
