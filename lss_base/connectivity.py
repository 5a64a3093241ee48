"""Are all states both entered and left? States in psi, and trajectories that go between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.cluster.vq import kmeans2, vq
from scipy.sparse.csgraph import breadth_first_order, connected_components

# Cells in psi, at least so many frames in one on average, and the frames they are found from.
_CELLS, _FRAMES_IN_A_CELL, _FRAMES = 50, 100, 20_000
# Cells that a lag mixes by more than this part of what it would without a barrier are of one state;
# from where less than this part of the pairs stays in the state, there is none to speak of.
_MIXED, _STAYING = 0.2, 0.5
# A state is named where at least so many trajectories speak of it, and so many would have gone the
# way that none has gone if its population were that of the rest: by chance this happens to one in a
# hundred states of four times the population of the rest, and to smaller ones less often.
_TRAJECTORIES, _EXPECTED = 10, 20
# So small a part of what goes the other way counts as nothing: it never got far.
_NOTHING = 0.01


@dataclass(frozen=True)
class OneWayState:
    """Frames that are not connected both ways with most of the data.

    Attributes
    ----------
    kind : str
        "entered and never left", "left and never entered", or "neither entered nor left".
    n_frames : int
    n_trajectories : int
        That enter or leave; where none does, that are there.
    low, high : np.ndarray, shape=(m,)
        Range of psi there.
    """

    kind: str
    n_frames: int
    n_trajectories: int
    low: np.ndarray
    high: np.ndarray

    def __str__(self):
        ranges = [
            f"psi {i} from {low:.2g} to {high:.2g}"
            for i, (low, high) in enumerate(zip(self.low, self.high, strict=True), start=1)
        ]
        return (
            f"a state of {self.n_frames} frames ({', '.join(ranges)}) is {self.kind} by "
            f"{self.n_trajectories} trajectories"
        )


def one_way_states(
    psi: list[np.ndarray],
    lag_time: int,
    seed: int = 0,
    parents: list[tuple[int, int] | None] | None = None,
) -> tuple[list[OneWayState], list[np.ndarray]]:
    """Find the states that are not connected both ways with most of the data.

    Cells of k-means in psi are joined to states, between which a lag hardly mixes. A trajectory
    goes from one state to another where it goes from the core of the one to that of the other: at
    the boundary are frames of both. One that was started from a frame of another, as in a relay
    over a barrier, has come from the core that the other visited last before that frame.

    Parameters
    ----------
    psi : list of np.ndarray, each shape=(n_i, m)
        Modes along the trajectories.
    lag_time : int
        In frames.
    seed : int
    parents : list of (int, int) or None, optional
        For each trajectory the number of an earlier one, and the frame of it that it was started
        from; None of one that was started elsewhere.

    Returns
    -------
    states : list of OneWayState
        Those that trajectories enter and none leaves, the other way round, or where ten or more
        stay that no other comes to. Few, or short ones, are no evidence: see `_EXPECTED`.
    apart : list of np.ndarray of bool, each shape=(n_i,)
        Whether a frame is in one of them.
    """
    cells, counts = _cells(psi, lag_time, seed)
    state = _states(counts)
    core = np.where(_in_core(counts, state), state, -1)[cells]
    owner = np.repeat(np.arange(len(psi)), [len(p) for p in psi])
    cuts = np.cumsum([len(p) for p in psi])[:-1]
    forebears = _forebears(np.split(core, cuts), parents or [None] * len(psi))
    crossings = _crossings(core, owner, forebears)
    found, apart = [], np.zeros(len(cells), bool)
    for kind, members in _apart(crossings, np.bincount(state[cells]), core):
        there = np.isin(state[cells], members)
        crossing = np.isin(crossings[:, 1:], members).any(axis=1)
        n_trajectories = len(np.unique(crossings[crossing, 0] if crossing.any() else owner[there]))
        # In equilibrium as many go in as out: so often, then, for equal populations.
        ratio = there.sum() / (~there).sum()
        expected = n_trajectories * (ratio if kind.startswith("entered") else 1 / ratio)
        if n_trajectories >= _TRAJECTORIES and (expected >= _EXPECTED or not crossing.any()):
            values = np.concatenate(psi)[there]
            low, high = values.min(axis=0), values.max(axis=0)
            found.append(OneWayState(kind, len(values), n_trajectories, low, high))
            apart |= there
    return found, np.split(apart, cuts)


def pairs_between(apart: list[np.ndarray], lag_time: int) -> list[np.ndarray]:
    """Whether the pair that starts at a frame has neither end in a one-way state.

    Parameters
    ----------
    apart : list of np.ndarray of bool, each shape=(n_i,)
        As of `one_way_states`.
    lag_time : int

    Returns
    -------
    list of np.ndarray of bool, each shape=(n_i,)
    """
    return [~a & ~np.append(a[lag_time:], np.zeros(min(lag_time, len(a)), bool)) for a in apart]


def _cells(psi, lag_time, seed):
    """The cell of each frame, (n_frames,), and the pairs from cell to cell, (n_cells, n_cells)."""
    points = np.concatenate(psi).astype(np.float64)
    rng = np.random.default_rng(seed)
    some = points[rng.choice(len(points), min(len(points), _FRAMES), replace=False)]
    n_cells = max(1, min(_CELLS, len(points) // _FRAMES_IN_A_CELL))
    centres, _ = kmeans2(some, n_cells, minit="++", rng=rng)
    cells, _ = vq(points, centres)
    parts = np.split(cells, np.cumsum([len(p) for p in psi])[:-1])
    pairs = np.concatenate([n_cells * p[:-lag_time] + p[lag_time:] for p in parts])
    return cells, np.bincount(pairs, minlength=n_cells**2).reshape(n_cells, n_cells)


def _states(counts):
    """The number of the state of each cell, (n_cells,): those that a lag mixes are joined.

    Only what goes both ways counts, so that no state is joined with one from which none returns.
    """
    state = np.arange(len(counts))
    both = np.minimum(counts, counts.T).astype(float)
    total = (counts.sum(axis=0) + counts.sum(axis=1)) / 2
    while len(both) > 1:
        mixed = both * counts.sum() / np.maximum(np.outer(total, total), 1)
        np.fill_diagonal(mixed, 0)
        one, other = sorted(np.unravel_index(mixed.argmax(), mixed.shape))
        if mixed[one, other] < _MIXED:
            break
        for axis in (0, 1):
            both[(slice(None),) * axis + (one,)] += both[(slice(None),) * axis + (other,)]
            both = np.delete(both, other, axis)
        total[one] += total[other]
        total = np.delete(total, other)
        state[state == other] = one
        state[state > other] -= 1
    return state


def _in_core(counts, state):
    """Whether pairs from each cell stay in its state as often as on average, and mostly."""
    staying = np.array([row[state == own].sum() for row, own in zip(counts, state, strict=True)])
    visits = np.maximum(counts.sum(axis=1), 1)
    average = np.bincount(state, staying) / np.bincount(state, visits)
    return staying >= np.maximum(average, _STAYING)[state] * visits


def _forebears(paths, parents):
    """The core that each trajectory has come from by those before it; -1 for none.

    `paths` are the cores along the trajectories, -1 between.
    """
    found = np.full(len(parents), -1)
    for i, parent in enumerate(parents):
        if parent is not None:
            trajectory, frame = parent
            visited = paths[trajectory][: frame + 1]
            visited = visited[visited >= 0]
            found[i] = visited[-1] if len(visited) else found[trajectory]
    return found


def _crossings(core, owner, forebears):
    """Rows (trajectory, from, to), each once, of the trajectories that go from core to core."""
    visited, known = core >= 0, np.flatnonzero(forebears >= 0)
    owner = np.concatenate([known, owner[visited]])
    order = np.argsort(owner, kind="stable")
    owner, core = owner[order], np.concatenate([forebears[known], core[visited]])[order]
    change = (owner[1:] == owner[:-1]) & (core[1:] != core[:-1])
    return np.unique(np.stack([owner[1:], core[:-1], core[1:]], axis=1)[change], axis=0)


def _apart(crossings, n_frames, core):
    """Yield how, and which states are not connected both ways with the set of the most frames."""
    n = len(n_frames)
    graph = np.zeros((n, n))
    np.add.at(graph, (crossings[:, 1], crossings[:, 2]), 1)
    graph[graph <= _NOTHING * graph.T] = 0
    n_sets, label = connected_components(graph, directed=True, connection="strong")
    main = np.bincount(label, n_frames, minlength=n_sets).argmax()
    start = np.flatnonzero(label == main)[0]
    entered, left = np.zeros((2, n), bool)
    entered[breadth_first_order(graph, start, return_predecessors=False)] = True
    left[breadth_first_order(graph.T, start, return_predecessors=False)] = True
    for kind, chosen in (
        ("entered and never left", entered & ~left),
        ("left and never entered", left & ~entered),
        ("neither entered nor left", ~left & ~entered),
    ):
        states = np.intersect1d(np.flatnonzero(chosen), core)
        n_parts, part = connected_components(graph[np.ix_(states, states)], directed=False)
        for i in range(n_parts):
            yield kind, states[part == i]
