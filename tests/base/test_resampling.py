"""Jackknife and bootstrap against known errors."""

import numpy as np
import pytest

from lss_base.resampling import bootstrap_timescales, jackknife, jackknife_error, units
from tests.systems import telegraph


def test_bootstrap_error_matches_the_spread_over_independent_data():
    rng = np.random.default_rng(0)

    def trajectories():
        flips = np.where(rng.random((20, 500)) < 0.95, 1.0, -1.0)
        return [np.cumprod(f)[:, None] for f in flips]

    estimates, widths = [], []
    for _ in range(60):
        data = trajectories()
        x = np.concatenate([t[:-1] for t in data])
        y = np.concatenate([t[1:] for t in data])
        estimates.append(-1 / np.log(np.corrcoef(x[:, 0], y[:, 0])[0, 1]))
        low, high = bootstrap_timescales(data, 1, n_bootstrap=60)
        widths.append((high[0] - low[0]) / 2)
    # The standard deviation of 60 estimates is known to 9 %, the mean width better.
    assert np.mean(widths) == pytest.approx(np.std(estimates), rel=0.35)


def test_bootstrap_of_a_mode_without_a_timescale_is_nan():
    alternating = (-1.0) ** np.arange(200)[:, None]
    low, high = bootstrap_timescales([alternating], 1, n_bootstrap=10)
    assert np.isnan([low[0], high[0]]).all()


def test_the_bootstrap_takes_weights():
    rng = np.random.default_rng(3)
    data = [telegraph(rng, 300, 0.05)[:, None] for _ in range(12)]
    plain = bootstrap_timescales(data, 2, n_bootstrap=20)
    equal = bootstrap_timescales(data, 2, n_bootstrap=20, weights=[np.ones(300)] * 12)
    np.testing.assert_allclose(plain, equal, rtol=1e-12)
    # The second halves do not flip; where they weigh nothing, nobody sees them.
    frozen = [np.concatenate([x, np.repeat(x[-1:], 300, axis=0)]) for x in data]
    weights = [np.repeat([1.0, 0.0], [298, 302])] * 12
    without = bootstrap_timescales(frozen, 2, n_bootstrap=20, weights=weights)
    np.testing.assert_allclose(plain, without, rtol=1e-12)


def test_units_hold_every_pair_once():
    for lengths, lag in (([100, 30, 5], 10), ([50] * 12, 7), ([4000], 100)):
        seen = set()
        for first, last, number in units(lengths, lag):
            frames = {(number, t) for t in range(first, last)}
            assert not frames & seen
            seen |= frames
        assert len(seen) == sum(max(n - lag, 0) for n in lengths)


def test_jackknife_of_a_mean_is_its_standard_error():
    blocks = np.random.default_rng(0).normal(size=(8, 3))
    value = blocks.mean(axis=0)
    left_out = np.stack([np.delete(blocks, b, axis=0).mean(axis=0) for b in range(8)])
    for sizes in (None, np.full(8, 50.0)):
        centre, variance = jackknife(value, left_out, sizes)
        np.testing.assert_allclose(centre, value)
        np.testing.assert_allclose(np.sqrt(variance), blocks.std(axis=0, ddof=1) / np.sqrt(8))


def test_jackknife_takes_the_bias_off_a_square():
    """The square of a mean of n values is too large by its variance, s^2 / n, exactly."""
    x = np.random.default_rng(1).normal(1, 2, size=50)
    left_out = np.array([np.delete(x, i).mean() ** 2 for i in range(50)])
    centre, _ = jackknife(np.asarray(x.mean() ** 2), left_out)
    assert centre == pytest.approx(x.mean() ** 2 - x.var(ddof=1) / 50)


def test_one_block_has_no_error():
    value, error = jackknife_error(np.asarray, ([1.0, 2.0], [[1.0, 2.0]]))
    assert value.tolist() == [1, 2] and np.isnan(error).all()
