"""One-way states: seen where a chain has one, and not where it has none."""

import numpy as np
import pytest

from lss_base.connectivity import one_way_states, pairs_between
from tests.base.test_weights import CHAIN, LAG, equilibrium, walk

# Where the four states are in psi.
PLACES = np.array([[-1.0, 0], [0, 1.0], [1.0, 0], [3.0, 0]])
SINK = CHAIN.copy()
SINK[3] = [0, 0, 0, 1]
# Without the last transition the last state is apart.
SPLIT = CHAIN.copy()
SPLIT[2, 2:], SPLIT[3] = [0.9, 0], [0, 0, 0, 1]


def psi_of(rng, states):
    return [PLACES[s] + rng.normal(0, 0.15, (len(s), 2)) for s in states]


def from_everywhere(rng, chain, n=1500, length=12):
    return walk(rng, rng.choice(4, n, p=[0.3, 0.3, 0.3, 0.1]), length, chain)


def test_equilibrium_in_short_pieces_gives_no_alarm():
    alarms = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        states = walk(rng, rng.choice(4, 400, p=equilibrium(CHAIN)), 12)
        alarms += bool(one_way_states(psi_of(rng, states), LAG)[0])
    assert alarms <= 2


@pytest.mark.parametrize(
    ("chain", "backwards", "kind"),
    [
        (SINK, False, "entered and never left"),
        (SINK, True, "left and never entered"),
        (SPLIT, False, "neither entered nor left"),
    ],
)
def test_a_state_that_goes_one_way_is_named(rng, chain, backwards, kind):
    states = from_everywhere(rng, chain)
    states = states[:, ::-1] if backwards else states
    (found,), apart = one_way_states(psi_of(rng, states), LAG)
    assert found.kind == kind and kind in str(found)
    there = states == 3
    assert (np.array(apart) == there).mean() > 0.99
    assert found.n_frames == pytest.approx(there.sum(), rel=0.02)
    assert 2 < found.low[0] < found.high[0] < 4
    # Of all walkers that are there some enter or leave; some of those are not seen deep inside.
    crossed = (there.any(axis=1) & ~there.all(axis=1)).sum()
    assert 10 <= found.n_trajectories <= (crossed or there.any(axis=1).sum())


def test_a_state_that_was_not_stayed_in_for_long_is_not_named(rng):
    # All start elsewhere and enter late: nobody can have left yet.
    states = from_everywhere(rng, SINK)
    states = states[(states[:, :8] != 3).all(axis=1)]
    assert one_way_states(psi_of(rng, states), LAG)[0] == []


def test_what_few_trajectories_do_is_no_state(rng):
    states = walk(rng, np.zeros(400, int), 12)
    states[:5, 6:] = 3
    states[5:][states[5:] == 3] = 2
    assert one_way_states(psi_of(rng, states), LAG)[0] == []


def relay(rng, n_walkers, n_steps, sink=False):
    """Pieces of four frames of walkers over a barrier of nine rungs, and where each goes on from.

    No piece goes from one end to the other. At a sink the far end is never left.
    """
    ladder = np.zeros((11, 11))
    for rung in range(1, 10):
        up = {True: 0.35, False: 0.65}[rung < 5] if rung != 5 else 0.5
        ladder[rung, [rung - 1, rung + 1]] = 1 - up, up
    ladder[0, :2] = ladder[10, :-3:-1] = 0.9, 0.1
    if sink:
        ladder[10] = np.eye(11)[10]
    pieces, parents = [], []
    for path in walk(rng, np.zeros(n_walkers, int), n_steps, ladder):
        for first in range(0, n_steps - 3, 3):
            parents.append((len(pieces) - 1, 3) if first else None)
            pieces.append(path[first : first + 4])
    return [(p + rng.normal(0, 0.15, 4))[:, None] / 10 for p in pieces], parents


def test_a_relay_goes_over_a_barrier_that_no_piece_does(rng):
    psi, parents = relay(rng, 60, 600)
    (found,), _ = one_way_states(psi, 1)
    assert found.kind == "neither entered nor left"
    assert one_way_states(psi, 1, parents=parents)[0] == []


def test_a_relay_that_never_returns_is_named(rng):
    psi, parents = relay(rng, 400, 300, sink=True)
    (found,), apart = one_way_states(psi, 1, parents=parents)
    assert found.kind == "entered and never left"
    last = np.concatenate(psi)[:, 0] > 0.95
    assert (np.concatenate(apart) == last).mean() > 0.99
    # One piece of each walker that arrives.
    arrived = {i // 99 for i, x in enumerate(psi) if x[-1, 0] > 0.95}
    assert found.n_trajectories == pytest.approx(len(arrived), abs=3)


def test_a_pair_has_both_ends_outside():
    apart = [np.array([False, False, False, True, False]), np.array([True])]
    found = pairs_between(apart, 2)
    assert found[0].tolist() == [True, False, True, False, True]
    assert found[1].tolist() == [False]
