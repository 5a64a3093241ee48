"""Where torsions have been: a histogram of each, and the round in which each bin was reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

BINS = 72  # on the circle
WIDTH = 360 / BINS  # degrees
_CHUNK = 10_000  # frames at once
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Reach:
    """Which part of its circle each torsion was seen on.

    Attributes
    ----------
    names : list of str
        Of the torsions.
    visits : np.ndarray of int, shape (n_torsions, BINS)
        Frames in each bin, the first of which begins at -180 degrees.
    first : np.ndarray of int, shape (n_torsions, BINS)
        Round in which each bin was first visited; the largest integer for one that never was.
    """

    names: list
    visits: np.ndarray
    first: np.ndarray


def torsions_of(names: Sequence[str]) -> dict[str, int]:
    """Torsions among features, each with the column of its cosine, that of its sine being next."""
    found = {}
    for column, (name, after) in enumerate(zip(names, [*names[1:], ""], strict=True)):
        word = name.removeprefix("cos ")
        if word != name and after == f"sin {word}":
            found[word] = column
    return found


def reach(features: Sequence[Any], names: Sequence[str], rounds: Sequence[int]) -> Reach:
    """Where the torsions of a run have been.

    Parameters
    ----------
    features : sequence of arrays or HDF5 datasets, each shape (n_frames, n_features)
    names : sequence of str
        Of the features; torsions are a "cos ..." followed by the "sin ..." of the same words.
    rounds : sequence of int
        Of each trajectory.

    Returns
    -------
    Reach
        Of no torsions, where there are none among the features.
    """
    torsions = torsions_of(names)
    n = len(torsions)
    visits, first = np.zeros((n, BINS), int), np.full((n, BINS), _NEVER)
    for _, i, angles in angles_in_bins(features, list(torsions.values())):
        bins = angles.astype(int) + BINS * np.arange(n)
        seen = np.bincount(bins.ravel(), minlength=n * BINS)
        seen = seen.reshape(n, BINS)
        visits += seen
        first[seen > 0] = np.minimum(first[seen > 0], rounds[i])
    return Reach(list(torsions), visits, first)


def angles_in_bins(
    features: Sequence[Any], columns: list[int]
) -> Iterator[tuple[int, int, np.ndarray]]:
    """Yield first frame, trajectory and angles (n, n_torsions), in bins, of parts, one by one.

    Parameters
    ----------
    features : sequence of arrays or HDF5 datasets, each shape (n_frames, n_features)
    columns : list of int
        Of the cosines; the sines are next to them.
    """
    for i, data in enumerate(features):
        for begin in range(0, len(data) if columns else 0, _CHUNK):
            part = np.asarray(data[begin : begin + _CHUNK], np.float64)
            turns = np.arctan2(part[:, np.add(columns, 1)], part[:, columns]) / (2 * np.pi)
            yield begin, i, (turns + 0.5) * BINS % BINS
