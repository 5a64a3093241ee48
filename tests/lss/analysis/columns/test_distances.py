"""Marginals, maps, exceedances and stays of columns against closed forms and second ways."""

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from lss.analysis.columns import distances
from lss.analysis.columns.ruler import COARSE


def split(x, n=10):
    return np.array_split(x, n)


def test_w1_of_two_shifted_samples_is_the_shift(measured):
    x = np.random.default_rng(0).normal(size=(20_000, 2))
    shift = np.array([0.3, 0.0])
    a, b, ruler = measured(split(270 + 5 * x), split(270 + 5 * x + 5 * shift))
    found = distances.wasserstein(a.total(), b.total(), ruler.z_range)
    # 450 bins of .017 sd, straight lines between their edges.
    assert found == pytest.approx(shift, abs=2e-3)
    assert distances.marginal_bits(a.total(), b.total())[1] == 0


def test_w1_of_skewed_samples_as_scipy_has_it(measured):
    rng = np.random.default_rng(1)
    x, y = rng.lognormal(0, 0.7, (20_000, 1)), rng.lognormal(0.2, 0.9, (5000, 1))
    a, b, ruler = measured(split(x), split(y))
    expected = wasserstein_distance(x[:, 0], y[:, 0]) / x.std()
    found = distances.wasserstein(a.total(), b.total(), ruler.z_range)[0]
    assert found == pytest.approx(expected, rel=0.01)
    assert found == distances.wasserstein(b.total(), a.total(), ruler.z_range)[0]


def test_w1_counts_how_far_frames_lie_beyond_the_range(measured):
    x = np.random.default_rng(2).uniform(size=(1000, 1))
    far = x.copy()
    far[:10] = 1000
    a, b, ruler = measured(split(x), split(far))
    expected = wasserstein_distance(x[:, 0], far[:, 0]) / x.std()
    found = distances.wasserstein(a.total(), b.total(), ruler.z_range)[0]
    assert found == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("most", [20, 3000])
def test_bins_of_whole_numbers_hold_as_many_of_them_each(measured, most):
    x = np.arange(most).repeat(5)[:, None].astype(float)
    sums, ruler = measured(split(x), whole=True)
    counts = distances.coarse(sums.total()["column_histogram"])[0]
    width = -(-most // COARSE)
    assert np.diff(ruler.edges(0)) == pytest.approx(width)
    full = counts[1:-1][: most // width]
    # Those beyond the range of nearly all data, of which some is left out on either side.
    assert (full[2:-2] == 5 * width).all() and counts.sum() == len(x)


def test_mean_sd_and_correlation_in_their_own_ways(measured):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(4000, 3)) @ rng.normal(size=(3, 3)) + [1e6, 0, -5]
    y = 0.5 * rng.normal(size=(1000, 3)) + [1e6, 1, -5]
    _, b, ruler = measured(split(x), split(y))
    s = b.total()
    assert ruler.mean == pytest.approx(x.mean(axis=0)) and ruler.sd == pytest.approx(x.std(axis=0))
    assert ruler.mean + ruler.sd * distances.mean_z(s) == pytest.approx(y.mean(axis=0))
    assert ruler.sd * distances.sd_z(s) == pytest.approx(y.std(axis=0))
    assert distances.correlations(s) == pytest.approx(np.corrcoef(y.T), abs=1e-9)


def test_maps_of_independent_and_of_equal_columns_are_as_far_apart_as_their_cells(measured):
    """Columns of two values: four cells of a quarter against two of a half."""
    rng = np.random.default_rng(4)
    x = rng.integers(0, 2, (40_000, 2)).astype(float)
    same = x[:, :1].repeat(2, axis=1)
    a, b, _ = measured(split(x), split(same))
    p, q = np.full(4, 0.25), np.array([0.5, 0, 0, 0.5])
    m = (p + q) / 2
    expected = -(m * np.log2(m)).sum() - (2 + 1) / 2
    assert distances.joint_bits(a.total(), b.total()) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("lag", [1, 3])
def test_stays_of_a_two_state_chain_are_right_however_short_the_series(measured, lag):
    """Ways out with probability .02 and .2 a frame, in series of 10 frames."""
    rng, n, out = np.random.default_rng(5), 5000, np.array([0.02, 0.2])
    state = (rng.random(n) < out[0] / out.sum()).astype(int)
    frames = [state]
    for _ in range(9):
        state = np.where(rng.random(n) < out[state], 1 - state, state)
        frames.append(state)
    series = [x[:, None].astype(float) for x in np.stack(frames).T]
    sums, ruler = measured(series, lag=lag)
    # 9.1 % are above: the other quantiles are the upper state, and then the lower one again.
    assert np.isfinite(ruler.thresholds[0]).tolist() == [True, False, False]
    out = np.linalg.matrix_power([[0.98, 0.02], [0.2, 0.8]], lag)[[0, 1], [1, 0]]
    stay = distances.dwell_lags(sums.total())[0]
    # Given where they begin, pairs that do not overlap are independent: a count of k events has an
    # error of k ** -.5.
    events = n * (9 // lag) * out[0] * out[1] / out.sum()
    assert stay[0] == pytest.approx(1 / out, rel=4 * events**-0.5)
    assert np.isnan(stay[1:]).all()


def test_exceedances_of_the_data_are_those_of_the_quantiles(measured):
    x = np.random.default_rng(7).exponential(size=(10_000, 2))
    a, b, ruler = measured(split(x), split(2 * x))
    assert distances.exceedances(a.total()) == pytest.approx(np.array([[0.1, 0.05, 0.01]] * 2))
    # P(2 x > q) = P(x > q / 2) = P(x > q) ** .5.
    expected = np.array([[0.1, 0.05, 0.01]] * 2) ** 0.5
    error = np.sqrt(expected * (1 - expected) / len(x))
    assert (np.abs(distances.exceedances(b.total()) - expected) < 5 * error).all()
    assert ruler.thresholds[0] * ruler.sd[0] + ruler.mean[0] == pytest.approx(
        -np.log([0.1, 0.05, 0.01]), rel=0.1
    )
