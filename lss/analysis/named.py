"""States that the user named: how often each is visited, and how long the way is between two."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from lss.analysis.blocks import BlockSums
from lss.analysis.transitions import add_transition_sums
from lss.analysis.weighing import products


def add_named_sums(sums: BlockSums, psi: Sequence, lag: int, states: Sequence) -> None:
    """Add frames in each state and in each two, and crossings between each two.

    Parameters
    ----------
    sums : BlockSums
        Gets ``named``, (blocks, states + 1, states + 1): frames in both of two states, the last of
        which is all of psi; and for each pair :func:`between`, as of
        :func:`lss.analysis.transitions.add_transition_sums`.
    psi : list of array-likes, shape (n_i, m)
    lag : int
        In frames.
    states : sequence
        Each with ``name`` and ``contains``, which takes psi (..., m) and returns bool (...).
    """
    if not states:
        return
    inside = [
        np.array([s.contains(np.asarray(x)) for s in states] + [[True] * len(x)]) for x in psi
    ]
    for s in sums.segments:
        rows = inside[s.trajectory][:, s.start : s.stop].astype(np.float64)
        weights = sums.weights(s.trajectory, s.start, s.stop)
        sums.add("named", s.block, products(rows, rows, weights))
    for i, j in combinations(range(len(states)), 2):
        labels = [np.where(x[i], 0, np.where(x[j], 1, -1)) for x in inside]
        add_transition_sums(sums, between(states[i], states[j]), labels, lag)


def between(first, second) -> str:
    """Key of the crossings between two states."""
    return f"between_{first.name}_{second.name}"
