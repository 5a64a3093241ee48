"""The torsions of a molecule that move: its coarse shape, which has many wells."""

from dataclasses import dataclass

import numpy as np

from cwgan.chain import Chain, chain_of
from cwgan.chain import torsions as chain_torsions
from cwgan.placement import Placement, local_coordinates

MOST = 64  # torsions; of more, none is told apart
CHUNK = 20_000  # frames


@dataclass(frozen=True)
class Torsions:
    """The torsions that move: of the trunk first, then of each level.

    Attributes
    ----------
    placement : Placement
    chain : Chain
        Of the trunk.
    """

    placement: Placement
    chain: Chain

    def __len__(self):
        return len(self.chain.moving) + sum(len(level.turning) for level in self.placement.levels)

    def of_level(self, k):
        """Which torsions, as a slice, are those of a level."""
        before = [len(level.turning) for level in self.placement.levels[: k + 1]]
        start = len(self.chain.moving) + sum(before[:-1])
        return slice(start, start + before[-1])

    def measured(self, coords):
        """Angles (n_frames, n_torsions), **radians**, of coordinates (n_frames, n_atoms, 3)."""
        if len(coords) > CHUNK:
            chunks = (coords[i : i + CHUNK] for i in range(0, len(coords), CHUNK))
            return np.concatenate([self.measured(chunk) for chunk in chunks])
        trunk = coords[:, self.placement.trunk].astype(float)
        found = [chain_torsions(self.chain, trunk)[:, self.chain.moving]]
        for level in self.placement.levels:
            n = len(level.turning)
            local = local_coordinates(coords, level.turning, level.frames[:n])
            found.append(np.arctan2(local[..., 2], local[..., 1]))
        return np.concatenate(found, 1).astype(np.float32)


def torsions_of(placement, coords, most):
    """The torsions that move, or None where there are too many, or none, or no chain.

    Parameters
    ----------
    placement : Placement
    coords : ndarray (n_frames, n_atoms, 3), **nm**
    most : int
        Torsions that may be told apart.
    """
    chain = chain_of(placement.tree, coords[:, placement.trunk].astype(float))
    if chain is None:
        return None
    found = Torsions(placement, chain)
    return found if 0 < len(found) <= min(most, MOST) else None
