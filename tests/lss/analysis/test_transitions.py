"""Crossings against brute force and the two-state Markov chain."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import binom

from lss.analysis import make_latent_ruler
from lss.analysis.blocks import BlockSums, assign_blocks, jackknife
from lss.analysis.sample import Sample
from lss.analysis.transitions import (
    Cores,
    add_staying_sums,
    add_transition_sums,
    find_cores,
    last_core,
    passage_times_ps,
    probabilities,
    rates_per_ps,
    transition_paths,
)

CORES = Cores(0.25, 0.75)
A_TO_B, B_TO_A = 0.02, 0.05


@pytest.fixture(scope="module")
def chain():
    """Two-state Markov chain of 200,000 steps as a coordinate of 0 and 1."""
    rng = np.random.default_rng(0)
    jump = rng.random(200_000)
    state = np.zeros(len(jump))
    for t in range(1, len(jump)):
        p = B_TO_A if state[t - 1] else A_TO_B
        state[t] = 1 - state[t - 1] if jump[t] < p else state[t - 1]
    return state[:, None]


def counts(psi, lag, n_blocks=5):
    sums = BlockSums(assign_blocks([len(x) for x in psi], n_blocks))
    add_transition_sums(sums, "transitions", [CORES.label(x) for x in psi], lag)
    return sums


def test_passage_times_of_a_two_state_chain_are_known(chain):
    # Mean passage times 1/p steps; about 2,850 crossings each way, so 5 sigma is 10 %.
    found = passage_times_ps(counts([chain], 1).total()["transitions"], 2.0)
    assert found == pytest.approx([2 / A_TO_B, 2 / B_TO_A], rel=0.1)


def test_rates_have_honest_errors(chain):
    found = jackknife(lambda s: rates_per_ps(s["transitions"], 1.0), counts([chain], 1))
    assert np.all(np.abs(found.value - [A_TO_B, B_TO_A]) < 8.6 * found.standard_error)


def test_intervals_of_passage_times_cover_the_truth():
    # 150 chains of 10,000 steps, about 140 crossings each way; bounds as for timescales.
    rng = np.random.default_rng(3)
    jump = rng.random((10_000, 150))
    state = np.zeros((10_000, 150), dtype=int)
    for t in range(1, len(state)):
        flip = jump[t] < np.where(state[t - 1] == 1, B_TO_A, A_TO_B)
        state[t] = state[t - 1] ^ flip
    hits = 0
    for x in state.T.astype(float):
        sums = counts([x[:, None]], 1)
        low, high = jackknife(lambda s: passage_times_ps(s["transitions"], 1.0), sums).interval()
        hits += (low <= [1 / A_TO_B, 1 / B_TO_A]) & (high >= [1 / A_TO_B, 1 / B_TO_A])
    assert np.all(hits >= binom.ppf(1e-4, 150, 0.92)) and np.all(hits < 150)


def test_at_a_lag_the_chain_of_every_lag_th_frame_is_counted(chain):
    # P^k of two states: off-diagonal a (1 - (1 - a - b)^k) / (a + b).
    k = 10
    memory = 1 - (1 - A_TO_B - B_TO_A) ** k
    expected = memory * np.array([A_TO_B, B_TO_A]) / (A_TO_B + B_TO_A)
    found = rates_per_ps(counts([chain], k).total()["transitions"], 1.0)
    assert found == pytest.approx(expected, rel=0.1)


def test_only_core_to_core_counts():
    x = np.array([0, 0.5, 0, 0.5, 1, 0.5, 1, 0.5, 0.3, 0])[:, None]
    total = counts([x], 1, 2).total()["transitions"]
    assert total[0, 1] == 1 and total[1, 0] == 1
    assert total.sum() == len(x) - 1


def test_interleaved_trajectories_are_averaged():
    rng = np.random.default_rng(1)
    x, lag = rng.random((103, 1)), 4
    expected = np.zeros((2, 2))
    for offset in range(lag):
        state = last_core(CORES.label(x[offset::lag]))
        for early, late in pairwise(state):
            if early >= 0:
                expected[early, late] += 1 / lag
    assert counts([x], lag).total()["transitions"] == pytest.approx(expected)


def test_core_visited_last():
    labels = np.array([-1, 0, -1, 1, -1, -1, 0], dtype=np.int8)
    assert last_core(labels).tolist() == [-1, 0, 0, 1, 1, 1, 0]


def test_staying_probabilities_of_a_two_state_chain(chain):
    # About 143,000 correlated frames in A (28 effective for each 2 x 14): within .03.
    sums = BlockSums(assign_blocks([len(chain)]))
    add_staying_sums(sums, "staying", [chain], [1, 5, 20], CORES)
    found = probabilities(sums.total()["staying"])
    p = np.array([[1 - A_TO_B, A_TO_B], [B_TO_A, 1 - B_TO_A]])
    for k, lag in enumerate((1, 5, 20)):
        assert found[k, :, :2] == pytest.approx(np.linalg.matrix_power(p, lag), abs=0.03)
        assert found[k, :, 2] == pytest.approx(0)


def test_rate_of_what_was_never_visited_is_nan():
    assert np.isnan(rates_per_ps(np.array([[3.0, 0], [0, 0]]), 1.0)[1])
    assert np.isnan(passage_times_ps(np.array([[3.0, 0], [0, 0]]), 1.0)).all()


def test_cores_lie_around_two_separate_groups():
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.normal(-0.1, 0.05, 9000), rng.normal(6, 0.3, 500)])
    cores = find_cores(x)
    assert cores.low == pytest.approx(-0.1 + 0.25 * 6.1, abs=0.05)
    assert cores.high == pytest.approx(6 - 0.25 * 6.1, abs=0.05)


def test_paths_run_from_the_last_frame_of_one_core_to_the_first_of_the_other():
    x = np.array([0, 0, 0.5, 0, 0.5, 0.6, 1, 1, 0])[:, None]
    assert transition_paths(x, CORES).tolist() == [[3, 6, 0], [7, 8, 1]]
    assert transition_paths(np.zeros((5, 1)), CORES).shape == (0, 3)


def test_cores_of_very_many_frames_are_those_of_all(rng, monkeypatch):
    # Trajectories of 10 frames that all begin in one state: only every s-th frame of all of them
    # end to end has the states' shares.
    psi = [np.append(-1.0, x)[:, None] for x in rng.choice([-1.0, 1.0], (5000, 9))]
    for x in psi:
        x += 0.1 * rng.normal(size=x.shape)
    given = Sample(psi), Sample(np.stack(psi[:50]))
    cores = make_latent_ruler(*given).cores
    monkeypatch.setattr("lss.analysis.CORE_FRAMES", 4000)  # of 50,000
    thinned = make_latent_ruler(*given).cores
    # The means of both groups, of some 2,000 frames each, have errors of .1 / 45 = .002.
    assert thinned.low == pytest.approx(cores.low, abs=0.01)
    assert thinned.high == pytest.approx(cores.high, abs=0.01)
