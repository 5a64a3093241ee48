"""Parts of trajectories, in memory or on disk, for cross-validation."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Window:
    """Consecutive frames of something that is read by slicing, itself read by slicing."""

    source: object
    start: int
    stop: int

    @property
    def shape(self):
        """Shape of the window."""
        return (self.stop - self.start, *self.source.shape[1:])

    @property
    def dtype(self):
        """Type of the values."""
        return self.source.dtype

    def __getitem__(self, key):
        first, last, _ = key.indices(self.stop - self.start)
        return self.source[self.start + first : self.start + last]


def windows(source, ranges):
    """Return the parts of a trajectory in the ranges (first, last) that are not empty.

    Views of arrays in memory; `Window` objects otherwise.
    """
    ranges = [(first, last) for first, last in ranges if last > max(first, 0)]
    if isinstance(source, np.ndarray):
        return [source[first:last] for first, last in ranges]
    return [Window(source, first, last) for first, last in ranges]
