"""Edges of what was seen: where the MD of a torsion ends, and beyond them may lie what is new.

The modes of MD that never crossed a barrier do not point over it; a torsion that was never seen
over part of its circle does. MD from the frames at its edges climbs on, a little in each round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lss.adaptive.reach import BINS, WIDTH, Reach, angles_in_bins, torsions_of

_NARROWEST = 18  # bins of a gap that may hold a state: of 90 degrees; barriers alone are narrower
_TAIL = 20  # frames next to a gap that tell how steeply the density falls
_FEWEST = 3  # bins of them, and of starts: MD that was started at an end fills the last one


@dataclass(frozen=True)
class Edge:
    """One end of what was seen of a torsion.

    Attributes
    ----------
    torsion, bin : int
        The last bin that was visited.
    side : {1, -1}
        Whether the gap lies at greater angles or at smaller ones.
    gap : int
        Bins beyond it, up to the next one visited, that were not.
    falls : float
        Of how many e-folds the density would fall over the gap, were it to go on falling as it
        does over the last frames.
    """

    torsion: int
    bin: int
    side: int
    gap: int
    falls: float


def edges(reach: Reach) -> list[Edge]:
    """Both ends of each gap of 90 degrees or more in what was seen of a torsion."""
    found = []
    for torsion, visits in enumerate(reach.visits):
        visited = np.flatnonzero(visits)
        gaps = np.diff(visited, append=visited[:1] + BINS) - 1
        for at, gap, end in zip(visited, gaps, np.roll(visited, -1), strict=True):
            if gap >= _NARROWEST:
                rising = np.roll(visits, -at - 1)[::-1]  # from the last bin before the gap inwards
                falling = np.roll(visits, -end)
                for edge, side, inwards in ((at, 1, rising), (end, -1, falling)):
                    falls = gap / tail_length(inwards[: BINS - gap])
                    found.append(Edge(torsion, int(edge), side, int(gap), falls))
    return found


def tail_length(visits: np.ndarray) -> float:
    """Bins over which the density falls by a factor of e, at the end of what was visited.

    The mean excess of the outermost frames over a threshold, which is that length where the tail is
    exponential.

    Parameters
    ----------
    visits : np.ndarray of int, shape (k,)
        Frames in each bin, from the end inwards.
    """
    total = np.cumsum(visits)
    inside = min(max(int(np.searchsorted(total, _TAIL)) + 1, _FEWEST), len(visits))
    excess = inside - np.arange(inside) - 0.5
    return float(excess @ visits[:inside] / max(total[inside - 1], 1))


def choose_edges(
    found: list[Edge], tries: Sequence[int], number: int, rng: np.random.Generator
) -> tuple[list[int], np.ndarray]:
    """Draw edges, each with a chance that falls with the square of the e-folds over its gap.

    Not with exp(-falls), which would believe an extrapolation over a barrier: near its top it is
    never as steep as at its foot. The chance is divided by the tries + 1: what came no further in k
    runs does so in the next one with a chance of 1 / (k + 2), by Laplace's rule.

    Parameters
    ----------
    found : list of Edge
    tries : sequence of int
        How often MD was started at each of them.
    number : int
    rng : np.random.Generator

    Returns
    -------
    list of int
        Numbers of edges.
    np.ndarray, shape (n_edges,)
        The chances, that of the best being 1.
    """
    chance = np.array([edge.falls for edge in found]) ** -2.0 / (np.array(tries) + 1)
    chosen = rng.choice(len(found), size=number, p=chance / chance.sum())
    return [int(k) for k in chosen], chance / chance.max()


def frames_at(
    features: Sequence[Any], names: Sequence[str], chosen: list[Edge], rng: np.random.Generator
) -> list[tuple[int, int]]:
    """Frames at each edge: the outermost of trajectories that came far, mostly that of the first.

    Where the density falls by e in five degrees hardly any but the first comes further: of alanine
    dipeptide stopped at -8 degrees, three in eight pieces from there crossed the barrier, and none
    in 152 from the other nineteen (-23 to -38 degrees). But one frame alone may have gone up the
    wrong valley.

    Parameters
    ----------
    features, names
        As of `reach`.
    chosen : list of Edge
    rng : np.random.Generator

    Returns
    -------
    list of (int, int)
        Trajectory and frame: drawn from the twenty that came furthest, within 15 degrees of the
        first of them; the k-th with a chance in proportion to log(1 + 1 / k).
    """
    columns = list(torsions_of(names).values())
    used = sorted({edge.torsion for edge in chosen})
    outermost = {edge: {} for edge in chosen}
    for begin, i, angles in angles_in_bins(features, [columns[k] for k in used]):
        for edge, best in outermost.items():
            border = edge.bin + (edge.side > 0)
            inwards = edge.side * (border - angles[:, used.index(edge.torsion)]) % BINS
            j = int(np.argmin(inwards))
            best[i] = min(best.get(i, (np.inf,)), (float(inwards[j]), i, begin + j))
    furthest = {}
    for edge, best in outermost.items():
        found = np.array(sorted(best.values())[:_TAIL])
        furthest[edge] = found[found[:, 0] < found[0, 0] + _FEWEST, 1:].astype(int)
    frames = []
    for edge in chosen:
        rank = int((len(furthest[edge]) + 1) ** rng.random()) - 1
        i, j = furthest[edge][rank]
        frames.append((int(i), int(j)))
    return frames


def in_words(reach: Reach, edge: Edge) -> str:
    """Which torsion was not seen where."""
    low, high = gap_of(edge)
    over = " over 180" if high < low else ""
    return f"{reach.names[edge.torsion]} was never seen from {low:g}{over} to {high:g} degrees"


def unseen(reach: Reach, most: int = 5) -> list[str]:
    """What was not seen of the torsions, as sentences; those with the least steep ends first."""
    ordered = sorted(edges(reach), key=lambda edge: edge.falls)
    sentences = list(dict.fromkeys(in_words(reach, edge) for edge in ordered))
    more = len(sentences) - most
    return sentences[:most] + ([f"and {more} more parts of torsions"] if more > 0 else [])


def gap_of(edge):
    """Where the gap beside an edge begins and ends, in degrees above -180 and up to 180."""
    begins = edge.bin + 1 if edge.side > 0 else edge.bin - edge.gap
    low = (begins % BINS) * WIDTH - 180
    high = ((begins + edge.gap) % BINS) * WIDTH - 180
    return low, 180.0 if high == -180 else high
