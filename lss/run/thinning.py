"""What the propagator is trained on: all frames, or of very many those that give it as much."""

import logging

import h5py

from lss.run.run_files import WEIGHTS, datasets
from lss_base.trajectories import stride_within

log = logging.getLogger(__name__)

MOST = 2**21  # frames: training draws each of their pairs some twenty times
PIECE = 100  # lags of the pieces that are taken where frames a lag apart are too many


def read_thinned(run, lag, most=MOST):
    """Modes and weights of the training trajectories: memory does not grow with the frames.

    Of more than `most`, every s-th frame, s the smallest divisor of the lag that will do: pairs one
    lag apart remain, spread over all data. Where frames a lag apart are still too many, every k-th
    piece of a hundred lags is taken.

    Parameters
    ----------
    run : lss.run.run_folder.Run
        With its encoder.
    lag : int, frames
    most : int

    Returns
    -------
    psi : list of np.ndarray, shape (n_frames, m)
    weights : list of np.ndarray, shape (n_frames,), or None
    lag : int
        In frames of what is returned.
    """
    run.require("srv")
    with h5py.File(run.path / "psi.h5") as file:
        psi = datasets(file)
        weights = list(file[WEIGHTS].values()) if WEIGHTS in file else [None] * len(psi)
        n_frames = sum(map(len, psi))
        stride = stride_within(n_frames, lag, most)
        every = -(-n_frames // (stride * most))
        length = PIECE * lag if every > 1 else n_frames
        parts = pieces(map(len, psi), length, stride)[::every]
        taken = [psi[i][rows] for i, rows in parts]
        if weights[0] is not None:
            weights = [weights[i][rows] for i, rows in parts]
    if stride > 1 or every > 1:
        log.info(
            "The propagator is trained on %d of %d frames: %s%s.",
            sum(map(len, taken)),
            n_frames,
            f"one in {stride}" if stride > 1 else "all",
            f" of one in {every} pieces of {PIECE} lag times" if every > 1 else "",
        )
    return taken, None if weights[0] is None else weights, lag // stride


def in_frames(diagnostics, stride):
    """Diagnostics of a propagator of every s-th frame, with their times in frames of the data."""
    return {
        name: _times(value, stride) if name.split("_")[0] in ("lag", "timescales") else value
        for name, value in diagnostics.items()
    }


def _times(value, stride):
    if isinstance(value, list):
        return [_times(x, stride) for x in value]
    return None if value is None else value * stride


def pieces(lengths, length, stride):
    """Every s-th frame of all trajectories in pieces: pairs (trajectory, slice)."""
    return [
        (i, slice(first, min(first + length, n_frames), stride))
        for i, n_frames in enumerate(lengths)
        for first in range(0, n_frames, length)
    ]
