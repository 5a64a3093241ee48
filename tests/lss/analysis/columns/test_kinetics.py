"""Spectra and autocorrelations of columns against closed forms and plain loops."""

import numpy as np
import pytest

from lss.analysis.blocks import jackknife
from lss.analysis.columns.ruler import even_lags
from lss.analysis.columns.spectra import (
    SHORTEST,
    bands,
    frequencies,
    log_spectral_distance_dB,
    power,
)
from lss.analysis.kinetics import autocorrelation
from tests.systems import autoregressive


@pytest.mark.parametrize("lag", [1, 2])
def test_spectrum_of_an_autoregression_is_its_closed_form(measured, lag):
    a = 0.8
    x = autoregressive(np.random.default_rng(0), (3000, 40), a).T[..., None]
    sums, ruler = measured(list(x), lag=lag)
    found = jackknife(power, sums)
    f, a = frequencies(ruler.window), a**lag
    expected = (1 - a**2) / (1 + a**2 - 2 * a * np.cos(2 * np.pi * f))
    # Five blocks: Student's t of 4 degrees of freedom is under 8.6 with probability .999. The taper
    # mixes neighbouring frequencies, which is curvature over window squared: nothing here.
    apart = np.abs(found.value[2:, 0] - expected[2:]) / found.standard_error[2:, 0]
    assert np.mean(apart < 8.6) > 0.98
    # 3,000 windows of 128 or more lags: 2 % each.
    assert found.value[2:, 0] == pytest.approx(expected[2:], rel=0.3)
    assert found.value[2:-1, 0].mean() == pytest.approx(expected[2:-1].mean(), rel=0.05)


def test_decibels_of_spectra_that_differ_by_a_factor(measured):
    x = np.random.default_rng(1).normal(size=(20, 1000, 1))
    a, b, _ = measured(list(x), list(2 * x + 7))
    assert log_spectral_distance_dB(power(b.total()), power(a.total())) == pytest.approx(
        20 * np.log10(2)
    )


def test_series_too_short_for_a_spectrum_have_none(measured):
    x = np.random.default_rng(2).normal(size=(100, SHORTEST - 1, 1))
    sums, ruler = measured(list(x))
    assert ruler.window == 0 and "spectrum" not in sums.total()
    longer = np.random.default_rng(2).normal(size=(100, SHORTEST, 1))
    assert measured(list(longer))[1].window == SHORTEST
    # A few long ones that hold less than half of the frames do not count for all.
    assert measured([*x, *longer[:40]])[1].window == 0


@pytest.mark.parametrize("window", [16, 64, 512])
def test_bands_hold_every_frequency_but_the_lowest_two(window):
    first = bands(window)
    assert first[0] == 2 and first[-1] == window // 2 + 1 and (np.diff(first) > 0).all()


def test_autocorrelation_of_segments_pairs_frames_of_one_segment_only(measured):
    rng = np.random.default_rng(3)
    series = [np.cumsum(rng.normal(size=(n, 2)), axis=0) for n in (5, 300, 17, 1, 120, 9, 40)]
    lags = (1, 2, 7)
    sums, _ = measured(series, lag=3, lags=lags)
    found = autocorrelation(sums.total()["column_lagged"])
    for row, k in zip(found, lags, strict=True):
        early = np.concatenate([x[: max(0, len(x) - 3 * k)] for x in series])
        late = np.concatenate([x[3 * k :] for x in series])
        both = np.concatenate([early, late])
        mean, variance = both.mean(axis=0), both.var(axis=0)
        assert row == pytest.approx(((early - mean) * (late - mean)).mean(axis=0) / variance)


def test_a_long_series_in_blocks_loses_no_pair(measured):
    """One series is cut into blocks: pairs go over the cut, and chunks over their ends."""
    x = np.random.default_rng(4).normal(size=(30_001, 1))
    sums, _ = measured([x], lag=2, lags=(1, 1500))
    pairs = sums.total()["column_lagged"][:, 0, 0]
    assert pairs.tolist() == [30_001 - 2, 30_001 - 3000]
    assert sums.total()["frames"] == 30_001
    assert sums.total()["passing"][0, 0].sum() == 30_001 - 2


def test_lags_are_even_since_columns_may_oscillate():
    assert even_lags(100.0, 1000).tolist() == [1, *range(6, 301, 6)]
    assert even_lags(1.0, 1000).tolist() == list(range(1, 11))
    assert even_lags(np.nan, 3).tolist() == [1, 2, 3]
    assert even_lags(1e9, 40).tolist() == list(range(1, 41))
