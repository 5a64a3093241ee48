"""Blocks and their errors against closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from lss.analysis.blocks import BlockSums, Segment, assign_blocks, jackknife
from lss.errors import InputError
from tests.systems import autoregressive


def sums_of(x, n_blocks=5):
    """Count and sum of (trajectories, frames) values, in blocks."""
    sums = BlockSums(assign_blocks([len(row) for row in x], n_blocks))
    for s in sums.segments:
        part = x[s.trajectory][s.start : s.stop]
        sums.add("mean", s.block, [part.sum(), len(part)])
    return sums


def mean(s):
    return s["mean"][0] / s["mean"][1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=12), st.integers(2, 6))
def test_blocks_hold_every_frame_once_and_are_even(lengths, n_blocks):
    if sum(lengths) < n_blocks:
        with pytest.raises(InputError, match="cannot be cut"):
            assign_blocks(lengths, n_blocks)
        return
    segments = assign_blocks(lengths, n_blocks)
    seen = [np.zeros(n, dtype=int) for n in lengths]
    for s in segments:
        seen[s.trajectory][s.start : s.stop] += 1
    assert all((frames == 1).all() for frames in seen)
    assert {s.block for s in segments} == set(range(n_blocks))


def test_one_trajectory_is_cut_into_contiguous_blocks():
    assert assign_blocks([10], 5) == [Segment(0, 2 * b, 2 * b + 2, b) for b in range(5)]


def test_many_trajectories_are_dealt_whole():
    segments = assign_blocks([7] * 10, 5)
    assert all((s.start, s.stop) == (0, 7) for s in segments)
    assert np.bincount([s.block for s in segments]).tolist() == [2] * 5


def test_fewer_than_two_blocks_is_an_error():
    with pytest.raises(InputError, match="at least 2 blocks"):
        assign_blocks([10], 1)


def test_error_of_a_mean_over_equal_blocks_is_that_of_the_block_means():
    x = np.random.default_rng(0).standard_normal((1, 100))
    found = jackknife(mean, sums_of(x))
    means = x.reshape(5, 20).mean(axis=1)
    assert found.value == pytest.approx(x.mean())
    assert found.standard_error == pytest.approx(means.std(ddof=1) / np.sqrt(5))
    assert found.dof == 4


def test_errors_of_two_ensembles_add_with_welch_degrees_of_freedom():
    rng = np.random.default_rng(1)
    a, b = sums_of(rng.standard_normal((1, 100))), sums_of(3 * rng.standard_normal((1, 100)))
    one, two = jackknife(mean, a).standard_error ** 2, jackknife(mean, b).standard_error ** 2
    found = jackknife(lambda s, r: mean(s) - mean(r), a, b)
    assert found.standard_error == pytest.approx(np.sqrt(one + two))
    assert found.dof == pytest.approx((one + two) ** 2 / (one**2 / 4 + two**2 / 4))


def test_unequal_blocks_give_an_unbiased_variance():
    # Independent frames of variance 1 in blocks of 10, 20, .. 50: the variance of their mean is
    # 1/150. The mean of 400 estimates, each with a relative spread under 1 (4 dof: 0.7), lies
    # within 4 x 0.7 / sqrt(400) = 14 % of it.
    rng = np.random.default_rng(2)
    found = []
    for _ in range(400):
        x = [rng.standard_normal(n) for n in (10, 20, 30, 40, 50)]
        found.append(jackknife(mean, sums_of(x)).standard_error ** 2)
    assert np.mean(found) == pytest.approx(1 / 150, rel=0.14)


@pytest.mark.parametrize("shape", [(1, 2000), (10, 200)])
def test_intervals_of_a_correlated_mean_cover_the_truth(shape):
    # AR(1) with correlation time 10: blocks of 400 frames. Of 200 intervals at least
    # binom.ppf(1e-4, 200, .92) must hold the true mean; fewer has probability 1e-4 if the
    # coverage is 92 %.
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(200):
        x = autoregressive(rng, shape[::-1], 0.9).T
        low, high = jackknife(mean, sums_of(x)).interval(0.95)
        hits += low <= 0 <= high
    assert hits >= binom.ppf(1e-4, 200, 0.92)


def test_the_bias_of_a_square_is_found():
    # The square of a mean of n frames of variance 1 is 1/n too large on average; the mean of
    # 400 estimates of it, each with a spread of about 2/n, lies within 4 x 2 / sqrt(400) = 40 %.
    rng = np.random.default_rng(4)
    found = [
        jackknife(lambda s: mean(s) ** 2, sums_of(rng.standard_normal((1, 50)))).bias
        for _ in range(400)
    ]
    assert np.mean(found) == pytest.approx(1 / 50, rel=0.4)


def test_an_error_that_cannot_be_told_is_nan():
    sums = sums_of(np.ones((1, 10)))
    with np.errstate(divide="ignore"):
        found = jackknife(lambda s: np.log(s["mean"][0] - 9), sums)
    assert np.isnan(found.standard_error)
