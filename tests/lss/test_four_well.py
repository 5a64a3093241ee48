"""The four-well system: exact spectrum, detailed balance, and simulations against them."""

import numpy as np
import pytest

from lss import four_well


def test_exact_timescales_of_the_chain():
    values, times, functions = four_well.spectrum(3, lag=100)
    np.testing.assert_allclose(times, [6158.9, 940.5, 484.4], atol=0.05)
    np.testing.assert_allclose(values, np.exp(-100 / times), rtol=1e-10)
    weight = four_well.stationary()
    gram = functions.T @ (weight[:, None] * functions)
    np.testing.assert_allclose(gram, np.eye(3), atol=1e-9)
    np.testing.assert_allclose(weight @ functions, 0, atol=1e-9)
    step = four_well.transition_matrix(100)
    np.testing.assert_allclose(step @ functions, functions * values, atol=1e-7)


def test_detailed_balance_and_rows():
    step, weight = four_well.transition_matrix(), four_well.stationary()
    np.testing.assert_allclose(step.sum(axis=1), 1, rtol=1e-13)
    flux = weight[:, None] * step
    np.testing.assert_allclose(flux, flux.T, atol=1e-16)
    np.testing.assert_allclose(weight @ step, weight, atol=1e-15)


def test_chain_moves_with_the_transition_probabilities():
    bins = four_well.chain(400_000, seed=5)
    assert bins.min() >= 0
    assert bins.max() < 100
    assert np.abs(np.diff(bins)).max() == 1
    counts = np.zeros((100, 100))
    np.add.at(counts, (bins[:-1], bins[1:]), 1)
    n, expected = counts.sum(axis=1, keepdims=True), four_well.transition_matrix()
    often = (n[:, 0] > 500)[:, None] & (expected > 0)
    z = (counts - n * expected) / np.sqrt(np.maximum(n * expected * (1 - expected), 1e-9))
    # Some 250 independent standard normal numbers: the largest exceeds 5 in 1 of 7,000 tests.
    assert np.abs(z[often]).max() < 5
    chi_square = np.sum(z[often] ** 2) / often.sum()
    assert chi_square == pytest.approx(1, abs=0.35)


def test_chain_is_repeatable_and_longer_runs_begin_with_shorter_ones(monkeypatch):
    short, long = four_well.chain(5000, seed=2), four_well.chain(250_000, seed=2)
    np.testing.assert_array_equal(short, long[:5000])
    assert not np.array_equal(short, four_well.chain(5000, seed=3))
    monkeypatch.setattr(four_well, "_DRAWN", 777)
    np.testing.assert_array_equal(short, four_well.chain(5000, seed=2))


def test_gradient_of_the_doubled_potential():
    x, h = np.linspace(-1.2, 1.2, 97), 1e-6
    slope = 2 * (four_well.potential(x + h) - four_well.potential(x - h)) / (2 * h)
    np.testing.assert_allclose(four_well.brownian_gradient(x), slope, rtol=1e-6, atol=1e-6)


def test_brownian_steps_are_drift_and_noise():
    x = four_well.brownian(200_000, seed=1)
    drift = -four_well.BROWNIAN_STEP * four_well.brownian_gradient(x[:-1])
    kicks = (np.diff(x) - drift) / four_well.BROWNIAN_NOISE
    # Standard normal: mean within 4 / sqrt(n) = .009, variance within 4 sqrt(2 / n) = .013.
    assert abs(kicks.mean()) < 0.009
    assert kicks.var() == pytest.approx(1, abs=0.013)
    assert abs(np.corrcoef(kicks[:-1], kicks[1:])[0, 1]) < 0.009


def test_exact_brownian_spectrum():
    coarse, *_ = four_well.brownian_spectrum(lag=100, low=-1, high=1, n_points=100)
    np.testing.assert_allclose(coarse, [0.88807, 0.44977, 0.21003], atol=6e-6)
    values, times, grid, functions, density = four_well.brownian_spectrum(lag=100)
    np.testing.assert_allclose(values, [0.88832, 0.45086, 0.21103], atol=6e-6)
    np.testing.assert_allclose(values, np.exp(-100 / times))
    spacing = grid[1] - grid[0]
    assert np.sum(density) * spacing == pytest.approx(1)
    gram = functions.T @ (functions * density[:, None]) * spacing
    np.testing.assert_allclose(gram, np.eye(3), atol=0.02)
    # The finite step smooths the Boltzmann density exp(-2 V): a few tenths of kT at the barriers.
    energy = 2 * four_well.potential(grid)
    ratio = np.log(density) + energy
    inside = np.abs(grid) < 0.95
    assert np.ptp(ratio[inside]) < 0.4
