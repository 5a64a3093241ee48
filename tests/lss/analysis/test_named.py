"""States that the user names, beside an exact chain and the cores of the report."""

import numpy as np
import pytest

from lss.analysis.sample import Sample
from lss.paths.states import Region, parse_states
from lss.report.validation import compare

# Three states in a row; rates of a step of one lag between neighbours.
MATRIX = np.array([[0.95, 0.05, 0.0], [0.10, 0.80, 0.10], [0.0, 0.04, 0.96]])


def walk(rng, n, length):
    """psi of shape (length, 1) for each of n chains: the number of the state, with noise."""
    state, found = rng.integers(3, size=n), np.empty((length, n), int)
    steps = MATRIX.cumsum(axis=1)
    for t in range(length):
        found[t] = state
        state = (rng.random(n)[:, None] > steps[state]).sum(axis=1)
    noisy = found + 0.1 * rng.uniform(-1, 1, found.shape)
    return list(noisy.T[..., None].astype(np.float32))


@pytest.fixture(scope="module")
def compared():
    rng = np.random.default_rng(0)
    states = parse_states("low: psi1 < 0.5; high: psi1 > 1.5; not_low: psi1 > 0.5", 1)
    md, lss = (Sample(walk(rng, 40, 2000), lag=1) for _ in range(2))
    return compare(md, lss, lag_ps=2.0, states=list(states.values()))


def passage(start, goal):
    """Mean steps from a frame in `start` to the first in `goal`: (1 - P) t = 1 off the goal."""
    rest = [i for i in range(3) if i != goal]
    times = np.linalg.solve(np.eye(2) - MATRIX[np.ix_(rest, rest)], np.ones(2))
    return times[rest.index(start)]


def test_populations_are_those_of_the_chain(compared):
    values, vectors = np.linalg.eig(MATRIX.T)
    exact = vectors[:, np.argmax(values)].real
    exact /= exact.sum()
    for name, share in (("low", exact[0]), ("high", exact[2]), ("not_low", 1 - exact[0])):
        row = compared.row(f"population_of_{name}")
        for found in (row.md, row.lss):
            assert abs(float(found.value) - share) < 4 * found.standard_error < 0.05


def test_passage_times_are_those_of_the_chain(compared):
    """Counted as cores are: with the start as the state visited last until the goal is reached."""
    for a, b, start, goal in (("low", "high", 0, 2), ("high", "low", 2, 0)):
        row = compared.row(f"time_from_{a}_to_{b}_ps")
        assert abs(float(row.lss.value) / (2 * passage(start, goal)) - 1) < 0.1


def test_between_states_that_overlap_there_is_no_way(compared):
    keys = {row.quantity.key for row in compared.rows}
    assert "time_from_low_to_not_low_ps" in keys
    assert not keys & {"time_from_high_to_not_low_ps", "time_from_not_low_to_high_ps"}


def test_the_cores_by_another_name_give_the_same():
    md = Sample(walk(np.random.default_rng(5), 20, 500), lag=1)
    found = compare(md, md, lag_ps=2.0, states=[])
    low, high = found.cores.low, found.cores.high
    named = [Region("x", ((0, "<=", low),)), Region("y", ((0, ">=", high),))]
    again = compare(md, md, lag_ps=2.0, states=named)
    for ours, theirs in (
        ("population_of_x", "core_a_population"),
        ("time_from_x_to_y_ps", "passage_time_a_to_b_ps"),
        ("time_from_y_to_x_ps", "passage_time_b_to_a_ps"),
    ):
        assert again.row(ours).md == found.row(theirs).md
