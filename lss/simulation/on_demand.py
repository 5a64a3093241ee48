"""Structures that are made where they are sliced, and not kept."""

import numpy as np


class FramesOnDemand:
    """An array (frames, atoms, 3), **nm**, of which no more is in memory than is asked for.

    Or (frames, columns) of a time series.

    Its own kinds say in `read(start, stop)` how consecutive frames are come by.

    Parameters
    ----------
    n_frames : int
    shape : tuple of int
        Of one frame.
    """

    def __init__(self, n_frames, shape):
        self.shape = (n_frames, *shape)
        self.ndim = len(self.shape)

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, frames):
        """A frame by its number, or a slice of frames."""
        if not isinstance(frames, slice):
            return self[frames : frames + 1][0]
        start, stop, step = frames.indices(len(self))
        if start >= stop:
            return np.empty((0, *self.shape[1:]), np.float32)
        return self.read(start, stop)[::step]
