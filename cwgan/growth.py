"""In which order a molecule is put together where its torsions are drawn one after another."""

from dataclasses import dataclass

import numpy as np

from cwgan.features import SOFTENING

NEARBY = 4  # bonds
BESIDE = 3  # bonds: atoms that are nearer follow from the bonds, whatever the torsion
MOST_SEEN = 32  # atoms by one torsion, so that work grows with atoms and not with their square


@dataclass(frozen=True)
class Turn:
    """A torsion beside the trunk, and what is placed once it is known.

    Attributes
    ----------
    atom : int
    frame : ndarray (3,), int
        Origin, atom before it on the axis, third atom in the plane: all placed before.
    seen : ndarray (n,), int
        Atoms placed before that are more than three bonds away: of these the up to 32 that are
        nearest, by the mean of 1 / (squared distance + .01 nm^2).
    carried : list of (ndarray (n,), ndarray (n, 3)), int
        Atoms at rest in frames of what is placed then, and these frames, one group after another.
    """

    atom: int
    frame: np.ndarray
    seen: np.ndarray
    carried: list


@dataclass(frozen=True)
class Growth:
    """The trunk first, then turn by turn what hangs on it.

    Attributes
    ----------
    order : ndarray (n_torsions,), int
        Numbers of the torsions, as `cwgan.torsions.Torsions` has them, in the order in which they
        are drawn.
    parents : ndarray (n_torsions, n_torsions), bool
        Which of the torsions drawn before it each may depend on, in that order. One of the trunk on
        all of the trunk, one beside it on those nearby: of what is far the angle tells little, and
        few frames would be learned by heart.
    carried : list of (ndarray (n,), ndarray (n, 3)), int
        What the trunk alone carries, as of `Turn`.
    turns : list of Turn
        Of the torsions beside the trunk, in order.
    """

    order: np.ndarray
    parents: np.ndarray
    carried: list
    turns: list


def growth_of(torsions, steps, coords):
    """The order in which a molecule is put together.

    Parameters
    ----------
    torsions : Torsions
    steps : ndarray (n_atoms, n_atoms), int
        Number of bonds between two atoms.
    coords : ndarray (n_frames, n_atoms, 3), **nm**
        A sample, for what is near.

    Returns
    -------
    Growth
    """
    placement, chain = torsions.placement, torsions.chain
    in_trunk = placement.trunk[chain.edges[chain.moving][:, 0]]
    atoms = np.concatenate([np.zeros(0, int), *(x.turning for x in placement.levels)])
    frames = [x.frames[: len(x.turning)] for x in placement.levels]
    frames = np.concatenate([np.zeros((0, 3), int), *frames])
    placed, left, turns, beside = set(placement.trunk.tolist()), set(range(len(atoms))), [], []
    carried = _carried(placement, placed)
    while left:
        # The torsions that can be drawn, by their place along the trunk.
        ready = [i for i in left if placed.issuperset(frames[i].tolist())]
        i = min(ready, key=lambda i: (frames[i, 0], i))
        atom = int(atoms[i])
        seen = _nearest(atom, [a for a in sorted(placed) if steps[atom, a] > BESIDE], coords)
        placed.add(atom)
        turns.append(Turn(atom, frames[i], seen, _carried(placement, placed)))
        beside.append(i)
        left.remove(i)
    n_trunk = len(in_trunk)
    first = np.argsort(in_trunk, kind="stable")
    order = np.concatenate([first, n_trunk + np.array(beside, int)])
    axes = np.concatenate([in_trunk[first], frames[beside, 0]]).astype(int)
    allowed = steps[np.ix_(axes, axes)] <= NEARBY
    allowed[:n_trunk] = np.arange(len(order)) < n_trunk
    return Growth(order, np.tril(allowed, -1), carried, turns)


def _nearest(atom, others, coords):
    others = np.array(others, int)
    squared = ((coords[:, others] - coords[:, [atom]]) ** 2).sum(-1)
    near = (1 / (squared + SOFTENING)).mean(0)
    return np.sort(others[np.argsort(-near)[:MOST_SEEN]])


def _carried(placement, placed):
    """Groups of atoms at rest in frames of what is placed, which they join."""
    groups = []
    while True:
        found = [
            (atom, frame)
            for level in placement.levels
            for atom, frame in zip(level.rigid, level.frames[len(level.turning) :], strict=True)
            if int(atom) not in placed and placed.issuperset(frame.tolist())
        ]
        if not found:
            return groups
        groups.append((np.array([a for a, _ in found]), np.array([f for _, f in found])))
        placed.update(int(atom) for atom, _ in found)
