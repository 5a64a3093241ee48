"""A stretch of the synthetic trajectory to play in the report."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cwgan.superpose import superpose
from lss.analysis.sample import Sample
from lss.analysis.transitions import Cores, transition_paths
from lss.report.structure_figures import chain_colours
from lss.report.wording import duration

#: At most so many frames, and so many coordinates of atoms, go into the page.
MAX_FRAMES, MAX_ATOMS = 300, 20_000


@dataclass(frozen=True)
class Movie:
    """Consecutive decoded frames.

    Parameters
    ----------
    xyz : np.ndarray, shape (frames, atoms, 3)
        Superposed on the reference, **nm**.
    psi_1 : np.ndarray, shape (frames,)
        The slowest mode.
    times_ps : np.ndarray, shape (frames,)
        Times in the synthetic trajectory, **ps**.
    trajectory : int
        Its number.
    bonds : np.ndarray, shape (bonds, 2)
        Atom pairs to join.
    """

    xyz: np.ndarray
    psi_1: np.ndarray
    times_ps: np.ndarray
    trajectory: int
    bonds: np.ndarray


def make_movie(
    sample: Sample,
    cores: Cores,
    reference: np.ndarray,
    bonds: np.ndarray,
    lag_ps: float,
) -> Movie:
    """Frames around the first passage between the cores, or the first frames of all.

    Parameters
    ----------
    sample : Sample
        Synthetic trajectories with coordinates.
    cores : Cores
        On psi_1.
    reference : np.ndarray, shape (atoms, 3)
        Structure to superpose on, **nm**.
    bonds : np.ndarray, shape (bonds, 2)
        Atom pairs to join.
    lag_ps : float
        The lag, **ps**.
    """
    coords, wanted = sample.coordinates, max(1, min(MAX_FRAMES, MAX_ATOMS // len(reference)))
    chosen, start = 0, 0
    for i, x in enumerate(sample.psi_of_coordinates()):
        paths = transition_paths(x, cores)
        if len(paths):
            chosen, start = i, max(0, int(paths[0, :2].mean()) - wanted // 2)
            break
    n = len(coords[chosen])
    start = max(0, min(start, n - wanted))
    frames = np.arange(start, min(start + wanted, n))
    xyz = np.asarray(coords[chosen][frames[0] : frames[-1] + 1], dtype=np.float64)
    return Movie(
        xyz=superpose(xyz, reference),
        psi_1=np.asarray(sample.psi[chosen])[frames * sample.stride, 0],
        times_ps=frames * sample.stride * (lag_ps / sample.lag),
        trajectory=chosen,
        bonds=bonds,
    )


def movie_data(movie: Movie) -> dict:
    """What the player of the page takes: coordinates in Angstrom, as its viewer wants them."""
    from matplotlib.colors import to_hex

    frames = np.round(movie.xyz.reshape(len(movie.xyz), -1) * 10, 2)
    shades = chain_colours(np.linspace(0, 1, movie.xyz.shape[1]))
    labels = [
        f"t = {duration(float(t))}, psi_1 = {p:.2f}"
        for t, p in zip(movie.times_ps, movie.psi_1, strict=True)
    ]
    return {
        "frames": frames.tolist(),
        "bonds": movie.bonds.tolist(),
        "colours": [to_hex(c) for c in shades],
        "labels": labels,
    }


def movie_caption(movie: Movie) -> str:
    """Which frames they are, and how they are coloured."""
    first, last = (duration(float(movie.times_ps[k])) for k in (0, -1))
    return (
        f"Synthetic trajectory {movie.trajectory}, {len(movie.xyz)} consecutive frames from "
        f"{first} to {last}; blue: first atom, orange: last."
    )
