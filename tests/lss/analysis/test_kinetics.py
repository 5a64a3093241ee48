"""Autocorrelations and timescales against closed forms and deeptime."""

import numpy as np
import pytest
from scipy.stats import binom

from lss.analysis.blocks import BlockSums, assign_blocks
from lss.analysis.kinetics import (
    add_lagged_sums,
    autocorrelation,
    correlation_lags,
    fit_exponential,
    implied_timescale,
    timescales,
)
from tests.systems import autoregressive

PHI = np.array([0.98, 0.9])


@pytest.fixture(scope="module")
def psi():
    """Two independent AR(1) processes of variance 1 in four trajectories."""
    return list(autoregressive(np.random.default_rng(0), (50_000, 4, 2), PHI).swapaxes(0, 1))


def lagged(psi, lags, n_blocks=5):
    sums = BlockSums(assign_blocks([len(x) for x in psi], n_blocks))
    add_lagged_sums(sums, "lagged", psi, lags)
    return sums


def test_autocorrelation_of_an_autoregressive_process(psi):
    # Bartlett: the variance of C(k) of an AR(1) is at most (1 + phi^2)/(1 - phi^2)/n; five sigma.
    lags = np.array([1, 5, 20])
    found = autocorrelation(lagged(psi, lags).total()["lagged"])
    sigma = np.sqrt((1 + PHI**2) / (1 - PHI**2) / 200_000)
    assert np.all(np.abs(found - PHI ** lags[:, None]) < 5 * sigma)


def test_timescales_lie_in_their_error_bars(psi):
    found = timescales(lagged(psi, [10]), "lagged", 10 * 0.5)
    truth = -0.5 / np.log(PHI)
    # Student's t with 4 degrees of freedom: |t| > 8.6 has probability 0.001.
    assert np.all(np.abs(found.value - truth) < 8.6 * found.standard_error)
    assert np.all(found.standard_error < 0.1 * truth)


def test_intervals_of_timescales_cover_the_truth():
    # 150 repetitions of AR(1), correlation time 10, blocks of 2000 frames. At least
    # binom.ppf(1e-4, 150, .92) intervals must hold the truth: fewer has probability 1e-4 if the
    # coverage is 92 %; not all may (probability 5e-4 at 95 %), or the errors are too large.
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(150):
        x = autoregressive(rng, (10_000, 1), 0.9)
        low, high = timescales(lagged([x], [5]), "lagged", 5.0).interval(0.95)
        hits += low[0] <= -1 / np.log(0.9) <= high[0]
    assert binom.ppf(1e-4, 150, 0.92) <= hits < 150


def test_autocorrelation_agrees_with_deeptimes_reversible_covariances(psi):
    covariance = pytest.importorskip("deeptime.covariance").Covariance(
        lagtime=7, compute_c0t=True, compute_c00=True, reversible=True, remove_data_mean=True
    )
    model = covariance.fit_fetch([x for x in psi])
    expected = np.diag(model.cov_0t) / np.diag(model.cov_00)
    found = autocorrelation(lagged(psi, [7]).total()["lagged"])[0]
    assert found == pytest.approx(expected, rel=1e-6)


def test_pairs_never_span_two_trajectories():
    # Constant trajectories of different values: a pair across the gap would lower C below 1.
    x = [np.full((20, 1), value) for value in (-1.0, 1.0)]
    found = autocorrelation(lagged(x, [5], 2).total()["lagged"])
    assert found == pytest.approx(1)


def test_blocks_add_up_to_all_pairs(psi):
    x = psi[0][:101]
    sums = lagged([x], [3], 5)
    n, mean, square, product = sums.total()["lagged"][0][:, 0]
    early, late = x[:-3, 0], x[3:, 0]
    assert n == 98
    assert mean == pytest.approx((early.sum() + late.sum()) / 2)
    assert square == pytest.approx((early @ early + late @ late) / 2)
    assert product == pytest.approx(early @ late)


def test_trajectories_shorter_than_the_lag_count_for_nothing(psi):
    with_short = lagged([psi[0][:1000], psi[1][:3]], [5], 2).total()["lagged"]
    alone = lagged([psi[0][:1000]], [5], 2).total()["lagged"]
    assert with_short == pytest.approx(alone)


def test_timescale_of_what_is_no_decay_is_nan():
    found = implied_timescale(np.array([0.5, 0.0, -0.1, 1.0, np.nan]), 2.0)
    assert found[0] == pytest.approx(2 / np.log(2))
    assert np.isnan(found[1:]).all()


def test_exponential_fit_recovers_exact_exponentials_and_ignores_the_tail():
    times = np.arange(1, 40.0)
    truth = np.array([12.0, 3.0])
    correlation = np.exp(-times[:, None] / truth)
    noisy = np.where(correlation > 0.1, correlation, 0.09)
    assert fit_exponential(times, noisy) == pytest.approx(truth, rel=1e-4)
    assert np.isnan(fit_exponential(times, np.zeros((39, 1)))).all()


def test_lags_begin_with_one_and_stay_within_bounds():
    for timescale, longest in ((50.0, 1000), (0.2, 1000), (1e6, 30), (np.nan, 2), (5.0, 1)):
        lags = correlation_lags(timescale, longest)
        assert lags[0] == 1
        assert lags[-1] <= longest
        assert np.all(np.diff(lags) > 0)
