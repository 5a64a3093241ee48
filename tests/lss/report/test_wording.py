"""Numbers in words."""

import numpy as np
import pytest

from lss.analysis.blocks import Estimate
from lss.report.wording import duration, estimate, number, ordinal, plus_minus


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (226.3, 27.4, "226 ± 27"),
        (0.38467, 0.00002, "0.384670 ± 0.000020"),
        (12345.0, 678.0, "12340 ± 680"),
        (1.0, 0.0, "1.000"),
        (2.0, float("nan"), "2.00 ± ?"),
        (float("nan"), 1.0, "–"),
    ],
)
def test_the_error_rules_the_digits(value, error, text):
    assert plus_minus(value, error) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (2260.0, "ps", "2.26 ± 0.10 ns"),
        (0.5, "ps", "500 ± 22 fs"),
        (1.4e-6, "1/ps", "1.400 ± 0.062 per us"),
        (0.3, "nm", "0.300 ± 0.013 nm"),
    ],
)
def test_times_come_in_readable_units(value, unit, text):
    e = Estimate(np.float64(value), np.float64(value * 0.0443), np.float64(4), np.float64(0))
    assert estimate(e, unit) == text


def test_a_row_has_one_unit():
    md, lss = (
        Estimate(np.float64(x), np.float64(0.1 * x), np.float64(4), np.float64(0))
        for x in (0.9e-6, 2e-9)
    )
    assert estimate(md, "1/ps") == "0.900 ± 0.090 per us"
    assert estimate(lss, "1/ps", like=md) == "0.00200 ± 0.00020 per us"


def test_what_is_not_there_is_a_dash():
    assert estimate(None, "ps") == number(None) == number(float("nan")) == "–"


def test_durations_and_ordinals():
    assert duration(20_000.0) == "20.0 ns"
    assert [ordinal(n) for n in (1, 2, 3, 4)] == ["first", "second", "third", "4th"]
