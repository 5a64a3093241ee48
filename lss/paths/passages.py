"""Transition paths between two states, sampled by walkers that go to and fro.

A walker that has come from A to B goes on from there to A: its arrivals in B are where passages
from B begin in equilibrium, and no step is lost. How many passages each walker makes is fixed
beforehand, since to stop all when there are enough would favour the short ones. The way from its
start to B is not counted.

A path is the end of a passage: from the last frame in the state left to the first in the state
reached (E. Vanden-Eijnden, J. Stat. Phys. 123 (2006) 503-523).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from lss.errors import InputError
from lss.paths.states import check_apart, starts_in
from lss.paths.walkers import run

if TYPE_CHECKING:
    from lss.simulator import LatentSpaceSimulator

#: Walkers, where there are enough passages for them.
WALKERS = 160
#: Passages of a walker each way, at least: the way to its first one is not counted.
LEAST = 3
#: Steps in which no walker comes over, after which there is no point in going on.
PATIENCE = 200_000
#: Frames kept of all that were seen.
FRAMES = 200_000


@dataclass(frozen=True)
class Path:
    """A reactive trajectory.

    Parameters
    ----------
    psi : np.ndarray, shape (frames, m)
        From the last frame in the state left to the first in the state reached, one lag apart.
    walker, first : int
        Number of the walker, and of the first frame in its trajectory.
    direction : int
        0 from A to B, 1 from B to A.
    """

    psi: np.ndarray
    walker: int
    first: int
    direction: int


@dataclass
class Passages:
    """What was sampled between two states A and B.

    Attributes
    ----------
    names : tuple of str
        Of A and B.
    lag_ps : float
        Time between frames, **ps**.
    seed : int
    paths : list of Path
    counts, steps : np.ndarray, shape (walkers, 2)
        Passages of each walker from A to B and from B to A, and the steps that they took, from
        arrival in one state to arrival in the other.
    psi : np.ndarray, shape (n, m)
        Frames evenly taken from all passages: an equilibrium sample.
    """

    names: tuple
    lag_ps: float
    seed: int
    paths: list = field(default_factory=list)
    counts: np.ndarray = None
    steps: np.ndarray = None
    psi: np.ndarray = None

    def of(self, direction: int) -> list:
        """The paths of one direction."""
        return [path for path in self.paths if path.direction == direction]

    def durations_ps(self, direction: int) -> np.ndarray:
        """Durations of the paths of one direction, **ps**."""
        return np.array([len(path.psi) - 1 for path in self.of(direction)]) * self.lag_ps

    def passage_times_ps(self, n_bootstrap: int = 1000) -> tuple[np.ndarray, np.ndarray]:
        """Mean first-passage times from A to B and from B to A, the inverse rates, **ps**.

        Returns
        -------
        value, error : np.ndarray, shape (2,)
            The error from a bootstrap over the walkers, which are independent; nan of a single
            walker.
        """
        value = self.steps.sum(axis=0) / self.counts.sum(axis=0) * self.lag_ps
        n = len(self.steps)
        if n < 2:
            return value, np.full(2, np.nan)
        drawn = np.random.default_rng(self.seed).integers(n, size=(n_bootstrap, n))
        counts = self.counts[drawn].sum(axis=1)
        times = self.steps[drawn].sum(axis=1) / np.where(counts > 0, counts, np.nan) * self.lag_ps
        return value, np.nanstd(times, axis=0)


def sample_passages(
    simulator: LatentSpaceSimulator,
    start: Any,
    goal: Any,
    number: int,
    seed: int = 0,
    progress: bool = True,
) -> Passages:
    """Sample transition paths in both directions.

    Parameters
    ----------
    simulator : lss.LatentSpaceSimulator
    start, goal : states, such as of `lss.define_states`
        A and B.
    number : int
        Paths in each direction.
    seed : int
    progress : bool
        Show a progress bar.

    Returns
    -------
    Passages

    Raises
    ------
    InputError
        Where the states overlap, no training frame is in A, or no walker comes over.
    """
    if int(number) != number or number < 1:
        raise InputError(f"`number` is {number}, wanted a whole number of paths, at least 1")
    walkers = min(WALKERS, max(1, number // LEAST))
    quota = number // walkers + (np.arange(walkers) < number % walkers)
    psi0 = starts_in(start, simulator, walkers, seed)
    with tqdm(total=2 * number, unit="path", desc="paths", disable=not progress) as bar:
        record = _Record(start, goal, simulator, seed, quota, psi0, bar)
        run(simulator, psi0, seed, record.look)
    return record.done()


class _Record:
    """Watches walkers go to and fro."""

    def __init__(self, start, goal, simulator, seed, quota, psi0, bar):
        self.states, self.quota, self.bar = (start, goal), quota, bar
        self.found = Passages((start.name, goal.name), simulator.lag_time_ps, seed)
        n = len(quota)
        self.last = np.zeros(n, int)  # the state visited last
        self.since = np.full(n, -1)  # when it was entered; -1 before the first passage counts
        self.left = np.zeros(n, int)  # number of the last frame in it
        self.way = [[psi0[i : i + 1]] for i in range(n)]  # frames from that one on
        self.found.counts, self.found.steps = np.zeros((2, n, 2), int)
        self.kept, self.n_kept, self.stride = [], 0, 1
        self.arrivals = self.quiet = 0

    def look(self, rows, frames, first):
        """As `lss.paths.walkers.run` wants it."""
        inside = [state.contains(frames) for state in self.states]
        if (inside[0] & inside[1]).any():
            check_apart(*self.states, frames.reshape(-1, frames.shape[-1]))
        labels = np.where(inside[0], 0, np.where(inside[1], 1, -1))
        before, arrivals = len(self.found.paths), self.arrivals
        counted = np.zeros(labels.shape, bool)
        for k, row in enumerate(rows):
            self.follow(row, frames[k], labels[k], first, counted[k])
        self.keep(frames, counted, first)
        self.bar.update(len(self.found.paths) - before)
        self.quiet = 0 if self.arrivals > arrivals else self.quiet + frames.shape[1]
        if self.quiet >= PATIENCE:
            self.give_up(rows)
        return (self.found.counts[rows] >= self.quota[rows, None]).all(axis=1)

    def follow(self, row, frames, labels, first, counted):
        """Take in what one walker did; marks the frames that belong to counted passages."""
        begin = 0
        while begin < len(frames):
            here = self.last[row]
            arrival = np.flatnonzero(labels[begin:] == 1 - here)
            end = begin + arrival[0] + 1 if len(arrival) else len(frames)
            visits = np.flatnonzero(labels[begin:end] == here)
            if len(visits):
                self.left[row] = first + begin + visits[-1]
                self.way[row] = [frames[begin + visits[-1] : end]]
            else:
                self.way[row].append(frames[begin:end])
            if self.since[row] >= 0:
                counted[begin:end] = True
            if not len(arrival):
                return
            self.arrive(row, first + end - 1)
            if (self.found.counts[row] >= self.quota[row]).all():
                return
            self.way[row], self.left[row] = [frames[end - 1 : end]], first + end - 1
            begin = end

    def arrive(self, row, frame):
        """A walker has come to the other state."""
        here = self.last[row]
        self.arrivals += 1
        if self.since[row] >= 0:
            psi = np.concatenate(self.way[row])
            self.found.paths.append(Path(psi, int(row), int(self.left[row]), int(here)))
            self.found.counts[row, here] += 1
            self.found.steps[row, here] += frame - self.since[row]
        self.last[row], self.since[row] = 1 - here, frame

    def keep(self, frames, counted, first):
        """Keep every s-th frame of the counted passages, s as large as it takes."""
        number = first + np.arange(frames.shape[1])
        chosen = counted & (number % self.stride == 0)
        if not chosen.any():
            return
        self.kept.append((np.broadcast_to(number, counted.shape)[chosen], frames[chosen]))
        self.n_kept += int(chosen.sum())
        while self.n_kept > FRAMES:
            self.stride *= 2
            self.kept = [(n[n % self.stride == 0], x[n % self.stride == 0]) for n, x in self.kept]
            self.kept = [(n, x) for n, x in self.kept if len(n)]
            self.n_kept = sum(len(n) for n, _ in self.kept)

    def give_up(self, rows):
        """Nothing has happened for too long: say between which states."""
        n_goal = int(self.last[rows].sum())
        start, goal = (state.name for state in self.states)
        raise InputError(
            f"no walker came over in {self.quiet} lag times, wanted passages: "
            f"{len(rows) - n_goal} wait to come from {start!r} to {goal!r}, {n_goal} back; widen "
            "the states"
        )

    def done(self):
        self.found.psi = np.concatenate([x for _, x in self.kept])
        self.found.paths.sort(key=lambda path: (path.direction, path.walker, path.first))
        return self.found
