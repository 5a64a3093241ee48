"""Free energies and divergences against closed forms."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import norm

from lss.analysis.blocks import BlockSums, assign_blocks
from lss.analysis.thermodynamics import (
    alignment_kT,
    bin_numbers,
    free_energy,
    histogram,
    histogram_2d,
    jensen_shannon_bits,
    populations,
    profile_rmse_kT,
)


def test_histogram_counts_like_numpy_and_keeps_what_is_outside():
    x = np.random.default_rng(0).normal(size=(2, 1000)).astype(np.float32)
    low, high = np.array([-1, 0], np.float32), np.array([1, 2], np.float32)
    found = histogram(x, low, high, 8)
    for row, values, a, b in zip(found, x, low, high, strict=True):
        assert row[0] == (values < a).sum()
        assert row[-1] == (values > b).sum()
        assert row[1:-1].tolist() == np.histogram(values, 8, (a, b))[0].tolist()


def test_the_upper_edge_is_inside():
    assert bin_numbers(np.array([[0.0, 1.0]]), [0.0], [1.0], 4).tolist() == [[1, 4]]


def test_joint_histogram_has_the_single_ones_as_margins():
    x = np.random.default_rng(1).normal(size=(2, 500))
    cells = bin_numbers(x, [-1, -1], [1, 1], 5)
    joint = histogram_2d(cells[:1], cells[1:], 5)[0]
    single = histogram(x, [-1, -1], [1, 1], 5)
    assert joint.sum(axis=1).tolist() == single[0].tolist()
    assert joint.sum(axis=0).tolist() == single[1].tolist()


def test_free_energy_of_a_harmonic_well():
    # F = x^2 / 2 + ln sqrt(2 pi) in kT. Independent frames: every bin must lie within 5 of its
    # standard errors (Poisson: 1/sqrt(count), to which the block error is compared loosely).
    x = np.random.default_rng(2).standard_normal(200_000)
    sums = BlockSums(assign_blocks([len(x)]))
    edges = np.linspace(-2, 2, 21)
    for s in sums.segments:
        sums.add("h", s.block, histogram(x[None, s.start : s.stop], [-2.0], [2.0], 20))
    found = free_energy(sums, "h", 0, edges)
    share = np.diff(norm.cdf(edges))
    poisson = np.sqrt((1 - share) / (share * len(x)))
    assert np.all(np.abs(found.free_energy_kT + np.log(share / np.diff(edges))) < 5 * poisson)
    assert np.median(found.standard_error_kT / poisson) == pytest.approx(1, abs=0.35)
    assert found.outside == pytest.approx(2 * norm.sf(2), rel=0.05)


def test_empty_bins_are_nan_and_bins_of_one_block_have_an_error_of_one_kT():
    sums = BlockSums(assign_blocks([10]))
    for b in range(5):
        sums.add("h", b, [[0, 2 - (b == 0), b == 0, 0, 0]])
    found = free_energy(sums, "h", 0, np.arange(4.0))
    assert np.isnan(found.free_energy_kT[2]) and np.isnan(found.standard_error_kT[2])
    assert found.standard_error_kT[1] == pytest.approx(1)


def test_rmse_of_a_profile_with_itself_and_scaled_counts_is_zero():
    counts = np.array([0, 5, 10, 20, 0])
    for weighted in (True, False):
        assert profile_rmse_kT(counts, counts * 7, weighted) == pytest.approx(0, abs=1e-12)


def test_rmse_of_two_bins_is_known():
    # Two bins: the difference of F is d = ln(p1 q2 / (p2 q1)). Aligned with weights w and 1 - w
    # the root mean square is d sqrt(w (1 - w)).
    counts, reference = np.array([0, 1, 3, 0]), np.array([0, 2, 2, 0])
    d = np.log(3)
    assert profile_rmse_kT(counts, reference) == pytest.approx(d * 0.5)
    assert profile_rmse_kT(reference, counts) == pytest.approx(d * np.sqrt(3) / 4)
    assert profile_rmse_kT(reference, counts, weighted=False) == pytest.approx(d / 2)


def test_a_bin_that_only_the_reference_fills_counts_as_half_a_frame():
    missing = profile_rmse_kT([0, 10, 10, 0, 0], [0, 10, 10, 5, 0])
    assert missing == pytest.approx(profile_rmse_kT([0, 10, 10, 0.5, 0], [0, 10, 10, 5, 0]))
    assert profile_rmse_kT([0, 10, 10, 5, 0], [0, 10, 10, 0, 0]) == pytest.approx(0)
    assert np.isnan(profile_rmse_kT([0, 0, 0, 0], [0, 0, 1, 0]))


def test_a_collapsed_ensemble_is_far_away():
    reference = np.array([0, 300, 400, 300, 0])
    assert profile_rmse_kT([0, 0, 1000, 0, 0], reference) > 3
    assert np.isnan(profile_rmse_kT([1000, 0, 0, 0, 0], reference))


def test_alignment_minimises_the_weighted_squared_difference():
    rng = np.random.default_rng(3)
    p, q = rng.dirichlet(np.ones(8)), rng.dirichlet(np.ones(8))
    c = alignment_kT(p, q)
    cost = [np.sum(q * (-np.log(p) + x + np.log(q)) ** 2) for x in (c - 1e-3, c, c + 1e-3)]
    assert cost[1] < min(cost[0], cost[2])


def test_jensen_shannon_divergence_agrees_with_scipy():
    p, q = np.random.default_rng(4).random((2, 3, 10))
    expected = jensenshannon(populations(p), populations(q), base=2, axis=1) ** 2
    assert jensen_shannon_bits(p, q) == pytest.approx(expected)
    assert jensen_shannon_bits([1, 0], [0, 1]) == pytest.approx(1)
