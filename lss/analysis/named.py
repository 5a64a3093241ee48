"""States that the user named: how often each is visited, and how long the way is between two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from lss.analysis.blocks import BlockSums
from lss.analysis.transitions import add_transition_sums
from lss.analysis.weighing import total


@dataclass(frozen=True)
class Pair:
    """Two states as the cores between which crossings are counted."""

    first: object
    second: object

    @property
    def key(self) -> str:
        return f"between_{self.first.name}_{self.second.name}"

    def label(self, psi: np.ndarray) -> np.ndarray:
        """0 in the first, 1 in the second, -1 elsewhere; psi of shape (..., m)."""
        return np.where(self.first.contains(psi), 0, np.where(self.second.contains(psi), 1, -1))

    def apart(self, psi: Sequence[np.ndarray]) -> bool:
        """Whether no frame is in both."""
        return not any((self.first.contains(x) & self.second.contains(x)).any() for x in psi)


@dataclass(frozen=True)
class NamedStates:
    """States with a name each.

    Parameters
    ----------
    states : tuple
        Each with ``name`` and ``contains``, which takes psi (..., m) and returns bool (...).
    pairs : tuple of Pair
        Those that have nothing in common.
    """

    states: tuple = ()
    pairs: tuple[Pair, ...] = ()

    @classmethod
    def of(cls, states: Sequence, psi: Sequence[np.ndarray]) -> NamedStates:
        """The states, and those pairs of them that share no frame of the data."""
        pairs = (Pair(*both) for both in combinations(states, 2))
        return cls(tuple(states), tuple(pair for pair in pairs if pair.apart(psi)))


def add_named_sums(sums: BlockSums, psi: Sequence, lag: int, named: NamedStates) -> None:
    """Add frames in each state, and crossings between each two.

    Parameters
    ----------
    sums : BlockSums
        Gets ``named``, (blocks, states + 1): frames in each and of all; and for each pair its key,
        as of :func:`lss.analysis.transitions.add_transition_sums`.
    psi : list of array-likes, shape (n_i, m)
    lag : int
        In frames.
    named : NamedStates
    """
    if not named.states:
        return
    for s in sums.segments:
        x = np.asarray(psi[s.trajectory][s.start : s.stop])
        inside = np.array([state.contains(x) for state in named.states] + [np.ones(len(x), bool)])
        weights = sums.weights(s.trajectory, s.start, s.stop)
        sums.add("named", s.block, total(inside, weights))
    for pair in named.pairs:
        add_transition_sums(sums, pair.key, psi, lag, pair)
