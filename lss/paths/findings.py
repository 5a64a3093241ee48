"""All that is found out about the way between two states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lss.analysis.blocks import BlockSums, Estimate, assign_blocks, jackknife
from lss.analysis.transitions import add_transition_sums, passage_times_ps
from lss.errors import InputError
from lss.observables.expectation import as_observables
from lss.observables.values import values_of
from lss.paths.counting import count_hits, spread_beyond_chance
from lss.paths.kernel import Mesh, arrival_steps, committor, stationary
from lss.paths.passages import Passages, sample_passages
from lss.paths.pathways import Pathways, find_pathways
from lss.simulation.ensemble import Ensemble

if TYPE_CHECKING:
    from lss.simulator import LatentSpaceSimulator

#: Points of the mesh: its matrix takes 8 N^2 bytes.
POINTS = 4000
#: Points at which the committor is counted, and walkers from each.
CHECKED, WALKERS = 40, 500
#: q of the transition state, and how far from it.
MIDDLE, WIDTH = 0.5, 0.1
#: Closer to the middle are points whose committors are counted for the histogram.
NARROW = 0.05
#: Bins of psi_1 for a committor that knows psi_1 alone.
BINS = 20
#: Round trips between the states from which each replica is judged, on average, and its walkers.
ROUND_TRIPS, REPLICA_WALKERS = 200, 20


@dataclass(frozen=True)
class Pair:
    """Two states as one labelling of psi, as crossings are counted with."""

    start: object
    goal: object

    def label(self, psi):
        """0 in the start, 1 in the goal, -1 in neither; psi of shape (..., m)."""
        inside = self.start.contains(psi), self.goal.contains(psi)
        return np.where(inside[0], 0, np.where(inside[1], 1, -1)).astype(np.int8)


@dataclass(frozen=True, eq=False)
class HalfTest:
    """The committor test: where q is one half, walkers must go either way alike.

    Attributes
    ----------
    shares : np.ndarray, shape (n,)
        Counted at points where a coordinate says one half.
    spread, error : float
        Their standard deviation beyond that of counting.
    """

    shares: np.ndarray
    spread: float
    error: float


@dataclass(frozen=True, eq=False)
class Findings:
    """What is known of the way between two states A and B.

    Attributes
    ----------
    start, goal : states
    passages : Passages
    mesh : Mesh
    q, weights : np.ndarray, shape (n,)
        Committor and equilibrium probability of the points of the mesh.
    kernel_times_ps : np.ndarray, shape (2,)
        Mean first-passage times by the mesh, A to B and B to A, **ps**.
    md_times_ps : Estimate or None
        Those of the MD, where it is at hand.
    data_errors : np.ndarray, shape (2,)
        Relative standard errors of the passage times that come of the finite MD: their spread over
        the replicas of the simulator; nan where it has none.
    checked, counted : np.ndarray
        Points of the mesh by number, and the committor counted there.
    tests : dict of HalfTest
        For ``q`` and for ``psi_1 alone``.
    pathways : Pathways
    """

    start: object
    goal: object
    passages: Passages
    mesh: Mesh
    q: np.ndarray
    weights: np.ndarray
    kernel_times_ps: np.ndarray
    md_times_ps: Estimate | None
    data_errors: np.ndarray
    checked: np.ndarray
    counted: np.ndarray
    tests: dict
    pathways: Pathways

    @property
    def outside(self) -> np.ndarray:
        """The points of the mesh outside both states, as bool (n,)."""
        return Pair(self.start, self.goal).label(self.mesh.points) < 0

    @property
    def committor_error(self) -> tuple[float, float]:
        """Root mean square difference of the two committors, and that of counting alone."""
        difference = self.counted - self.q[self.checked]
        chance = self.counted * (1 - self.counted) / WALKERS
        return np.sqrt((difference**2).mean()), np.sqrt(chance.mean())

    def transition_states(self, n: int, seed: int = 0) -> np.ndarray:
        """Draw latent states with q within `WIDTH` of one half, by their weights: (n, m)."""
        near = np.flatnonzero(self.outside & (np.abs(self.q - MIDDLE) < WIDTH))
        if not len(near):
            return np.empty((0, self.mesh.points.shape[1]), np.float32)
        share = self.weights[near] + 1e-300
        drawn = np.random.default_rng(seed).choice(near, size=n, p=share / share.sum())
        return self.mesh.points[drawn]


def find_paths(
    simulator: LatentSpaceSimulator,
    start: Any,
    goal: Any,
    number: int,
    seed: int = 0,
    md: list[np.ndarray] | None = None,
    observables: str | dict | None = None,
    progress: bool = True,
) -> Findings:
    """Sample transition paths and solve for the committor.

    Parameters
    ----------
    simulator : lss.LatentSpaceSimulator
    start, goal : states
    number : int
        Paths each way.
    seed : int
    md : list of np.ndarray, shape (n_i, m), optional
        Latent trajectories of the MD, whose passages are counted beside.
    observables : str or dict of callables, optional
        Numbers to follow along the paths, as of `lss.expectation`.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Findings

    Raises
    ------
    InputError
        As of `lss.paths.passages.sample_passages`; where the states touch, so that there is no
        committor between them.
    """
    named = [] if observables is None else as_observables(observables, simulator)
    passages = sample_passages(simulator, start, goal, number, seed, progress)
    mesh = Mesh.build(simulator, origins(passages, seed), seed)
    in_start, in_goal = (state.contains(mesh.points) for state in (start, goal))
    q, weights = committor(mesh.matrix, in_start, in_goal), stationary(mesh.matrix)
    steps = arrival_steps(mesh.matrix, weights, q, in_start, in_goal)
    times_ps = steps * simulator.lag_time_ps
    outside = ~(in_start | in_goal)
    checked = evenly(np.flatnonzero(outside & (q > 0.02) & (q < 0.98)), q, CHECKED)
    if not len(checked):
        raise InputError(
            f"the states {start.name!r} and {goal.name!r} touch, wanted latent states between "
            "them, from which either may be reached; draw their limits farther apart"
        )
    rough = along_psi_1(mesh.points[:, 0], q, weights, outside)
    tests = {
        name: half_test(simulator, start, goal, mesh.points, value, outside, seed)
        for name, value in (("q", q), ("psi_1 alone", rough))
    }
    return Findings(
        start=start,
        goal=goal,
        passages=passages,
        mesh=mesh,
        q=q,
        weights=weights,
        kernel_times_ps=times_ps,
        md_times_ps=None if md is None else counted_times(simulator, Pair(start, goal), md),
        data_errors=spread_of_times(simulator, Pair(start, goal), times_ps, seed),
        checked=checked,
        counted=count_hits(simulator, start, goal, mesh.points[checked], WALKERS, seed + 1),
        tests={name: found for name, found in tests.items() if found is not None},
        pathways=find_pathways(passages.paths, seed, along(simulator, passages, named)),
    )


def along(simulator, passages, observables):
    """Values of observables along each path, of the structures that are written for it."""
    if not observables:
        return {}
    values = [
        values_of(simulator.decode(path.psi, passages.seed, path.first, path.walker), observables)
        for path in passages.paths
    ]
    named = [f"{one.name} ({one.unit})" if one.unit else one.name for one in observables]
    return {name: [v[:, k] for v in values] for k, name in enumerate(named)}


def origins(passages, seed):
    """States from which the points of a mesh are drawn: of equilibrium, and of the paths."""
    rng = np.random.default_rng(seed)
    ways = np.concatenate([path.psi for path in passages.paths])
    return np.concatenate([x[rng.integers(len(x), size=POINTS // 2)] for x in (passages.psi, ways)])


def evenly(numbers, q, n):
    """Of numbered points n with their q spread evenly from the smallest to the largest."""
    numbers = numbers[np.argsort(q[numbers])]
    if len(numbers) <= n:
        return numbers
    wanted = np.linspace(q[numbers[0]], q[numbers[-1]], n)
    return np.unique(numbers[np.searchsorted(q[numbers], wanted).clip(0, len(numbers) - 1)])


def along_psi_1(x, q, weights, outside):
    """The mean q at each psi_1: the best that a committor can do that knows nothing else."""
    edges = np.quantile(x[outside], np.linspace(0, 1, BINS + 1)[1:-1])
    bins = np.digitize(x, edges)
    share = np.bincount(bins[outside], weights[outside], BINS)
    total = np.bincount(bins[outside], (weights * q)[outside], BINS)
    return (total / np.where(share > 0, share, np.nan))[bins]


def half_test(simulator, start, goal, points, coordinate, outside, seed):
    """The committor test of a coordinate; None where it hardly ever is one half."""
    with np.errstate(invalid="ignore"):
        near = np.flatnonzero(outside & (np.abs(coordinate - MIDDLE) < NARROW))
    if len(near) < 5:
        return None
    chosen = np.random.default_rng(seed).permutation(near)[:CHECKED]
    shares = count_hits(simulator, start, goal, points[chosen], WALKERS, seed + 2)
    return HalfTest(shares, *spread_beyond_chance(shares, WALKERS))


def spread_of_times(simulator, pair, times_ps, seed):
    """Standard deviations over the replicas of a simulator of the logarithms of passage times."""
    if len(simulator.box.replicas) < 2:
        return np.full(2, np.nan)
    lag_ps = simulator.lag_time_ps
    n_steps = int(np.ceil(ROUND_TRIPS * times_ps.sum() / lag_ps / REPLICA_WALKERS)) + 1

    def logs(psi):
        sums = BlockSums(assign_blocks([len(x) for x in psi]))
        add_transition_sums(sums, "transitions", [pair.label(x) for x in psi], 1)
        return np.log(passage_times_ps(sums.total()["transitions"], lag_ps))

    return Ensemble(simulator).spread(logs, n_steps, REPLICA_WALKERS, seed)[1]


def counted_times(simulator, pair, md):
    """Mean first-passage times of latent trajectories, looked at once a lag, with block errors."""
    meta = simulator.box.meta
    lag = round(simulator.lag_time_ps / meta["frame_spacing_ps"])
    md = [part for part in md if len(part) > lag]
    if not md:
        return None
    sums = BlockSums(assign_blocks([len(part) for part in md]))
    add_transition_sums(sums, "transitions", [pair.label(np.asarray(x)) for x in md], lag)
    return jackknife(lambda s: passage_times_ps(s["transitions"], simulator.lag_time_ps), sums)
