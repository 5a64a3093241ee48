"""A stretch of the synthetic trajectory to play in the report."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from importlib.resources import files

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


def player(movie: Movie) -> str:
    """HTML of an interactive player: the frames, 3Dmol.js and a few controls, all inside."""
    last = len(movie.xyz) - 1
    caption = (
        f"Synthetic trajectory {movie.trajectory}, {len(movie.xyz)} consecutive frames from "
        f"{duration(float(movie.times_ps[0]))} to {duration(float(movie.times_ps[-1]))}; blue: "
        "first atom, orange: last. Drag to turn, scroll to zoom. Viewer: 3Dmol.js (BSD-3-Clause)."
    )
    # JSON inside a script element must not contain the end of one.
    data = json.dumps(_data(movie), separators=(",", ":")).replace("<", "\\u003c")
    return (
        '<figure class="player"><div id="player" data-state="loading"></div>'
        '<p class="controls"><button id="player-play" type="button">Play</button>'
        f'<input id="player-frame" type="range" min="0" max="{last}" value="0" '
        'aria-label="frame"><span id="player-label"></span></p>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
        f'<script type="application/json" id="movie">{data}</script>'
        f"<script>{_asset('3dmol', '3Dmol-min.js')}</script>"
        f"<script>{_asset('player', 'player.js')}</script>"
    )


def _asset(folder: str, name: str) -> str:
    return files("lss").joinpath("data", folder, name).read_text(encoding="utf-8")


def _data(movie: Movie) -> dict:
    """Coordinates in Angstrom, as the viewer wants them."""
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
