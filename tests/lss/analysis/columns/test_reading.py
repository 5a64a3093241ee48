"""How columns are read: in chunks, with weights, and what is no column at all."""

import numpy as np
import pytest

from lss.analysis.columns.ruler import CHUNK, quantiles
from lss.analysis.sample import Sample
from lss.analysis.together import check_together
from lss.errors import InputError


class Watched:
    """A series on disk: only slices of it are read, and none is long."""

    def __init__(self, values):
        self.values, self.shape, self.ndim, self.longest = values, values.shape, 2, 0

    def __len__(self):
        return len(self.values)

    def __getitem__(self, frames):
        read = self.values[frames]
        self.longest = max(self.longest, len(read))
        return read


def test_series_are_read_in_chunks_only(measured):
    x = np.random.default_rng(0).normal(size=(5 * CHUNK, 2))
    watched = Watched(x)
    found, _ = measured([watched], lag=3, lags=(1, 40))
    expected, _ = measured([x], lag=3, lags=(1, 40))
    assert watched.longest <= CHUNK + 3 * 40
    for key, rows in expected.sums.items():
        np.testing.assert_array_equal(found.sums[key], rows)


def test_equal_weights_change_nothing_and_whole_ones_repeat_frames(measured):
    series = list(np.random.default_rng(1).gamma(2.0, size=(12, 90, 2)))
    plain, a = measured(series, lags=(1, 4))
    weighted, b = measured(series, lags=(1, 4), weights=[np.ones(90)] * 12)
    for key, total in plain.total().items():
        np.testing.assert_allclose(weighted.total()[key], total, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(weighted.without(2)[key], plain.without(2)[key], atol=1e-6,
                                   rtol=1e-6)  # fmt: skip
    np.testing.assert_array_equal(a.thresholds, b.thresholds)
    twice = [np.full(90, 2.0 if i % 3 == 0 else 1.0) for i in range(12)]
    doubled = [x for i, x in enumerate(series) for _ in range(2 if i % 3 == 0 else 1)]
    found, ruler = measured(series, lags=(1, 4), weights=twice)
    expected, wanted = measured(doubled, lags=(1, 4))
    assert ruler.mean == pytest.approx(wanted.mean) and ruler.sd == pytest.approx(wanted.sd)
    scale = found.total()["frames"] / expected.total()["frames"]
    for key in ("column_moments", "column_products", "column_lagged"):
        np.testing.assert_allclose(found.total()[key], scale * expected.total()[key], rtol=1e-5,
                                   atol=1e-3)  # fmt: skip


def test_quantiles_of_weighted_frames_are_those_of_repeated_ones():
    x = np.random.default_rng(2).normal(size=(200, 2))
    times = np.random.default_rng(3).integers(0, 4, 200)
    found = quantiles(x, [0.1, 0.9], times.astype(float))
    expected = np.quantile(x.repeat(times, axis=0), [0.1, 0.9], axis=0, method="inverted_cdf")
    np.testing.assert_array_equal(found, expected)


def test_rare_values_have_quantiles_that_are_exceeded(measured):
    """94 % zeros: of the quantiles that are 0, one is kept."""
    x = np.zeros((1000, 1))
    x[:60, 0] = 1 + np.arange(60) / 60
    _, ruler = measured(np.array_split(x, 10))
    assert np.isfinite(ruler.thresholds[0]).tolist() == [True, True, True]
    assert ruler.thresholds[0, 0] * ruler.sd[0] + ruler.mean[0] == pytest.approx(0, abs=1e-12)
    x[20:60] = 0
    _, ruler = measured(np.array_split(x, 10))
    assert np.isfinite(ruler.thresholds[0]).tolist() == [True, False, True]
    # Of two values the upper one is every quantile: the lower one is exceeded.
    _, ruler = measured(np.array_split((np.arange(1000) % 5 < 1)[:, None] * 1.0, 10))
    assert np.isfinite(ruler.thresholds[0]).tolist() == [True, False, False]


PSI, VALUES = np.zeros((12, 1)), np.ones((12, 2))
ATOMS = np.ones((12, 6, 3))


@pytest.mark.parametrize(
    ("md", "lss", "columns", "message"),
    [
        (VALUES, VALUES, 3, r"MD have shape \(12, 2\), wanted \(frames, 3\), for columns a, b, c"),
        ([ATOMS], VALUES, 2, r"MD have shape \(12, 6, 3\), wanted \(frames, 2\)"),
        (None, VALUES, 2, "columns are compared only with coordinates of the MD"),
        (VALUES, None, 2, "columns are compared only with coordinates of the LSS"),
        (VALUES, VALUES, None, r"\(12, 2\), wanted \(frames, atoms, 3\); of a time series"),
    ],
)
def test_what_does_not_fit_the_columns_is_named(columns_of, md, lss, columns, message):
    samples = {"MD": Sample(PSI, md), "LSS": Sample(PSI, lss)}
    with pytest.raises(InputError, match=message):
        check_together(samples, None, columns and columns_of(columns))


def test_columns_of_every_second_frame_need_a_lag_that_they_divide(columns_of):
    samples = {"MD": Sample(PSI, VALUES), "LSS": Sample(PSI, VALUES[::2])}
    with pytest.raises(InputError, match="every 2-th frame, which does not divide the lag of 1"):
        check_together(samples, None, columns_of(2))


def test_values_that_are_missing_or_never_change_are_named(measured):
    x = np.random.default_rng(5).normal(size=(100, 2))
    x[30, 1] = np.nan
    with pytest.raises(InputError, match="values of series 1 are not finite in frame 10"):
        measured(np.array_split(x, 5))
    x[:, 1] = 1e6 / 3
    with pytest.raises(InputError, match="column b of the data never changes"):
        measured(np.array_split(x, 5))
