"""Codes for missing values, row numbers and angles, which a table does not call such."""

import numpy as np
import pandas
import pytest

from lss.errors import InputError
from lss.series.series_set import SeriesSet


def frame(n=400, **columns):
    """Daily rows of a smooth random column, and of others."""
    walk = np.cumsum(np.random.default_rng(0).normal(size=n)) / 10
    dates = pandas.date_range("2001-01-01", periods=n)
    return pandas.DataFrame({"x": walk, **columns}, index=dates)


@pytest.mark.parametrize("code", [-9999.0, -99.9, 999.0, 1e20, 9.96921e36, -32768.0])
def test_a_code_that_nobody_named_is_refused(code):
    given = frame()
    given.iloc[[7, 30], 0] = code
    with pytest.raises(InputError, match=r"x of series 1 is .* in 2 of its rows"):
        SeriesSet.of(given)
    cut = SeriesSet.of(given, missing=(code,))
    assert cut.n_frames == [7, 22, 369]


def test_two_codes_are_told_at_once():
    given = frame()
    given.iloc[7, 0], given.iloc[9, 0] = -9999, 99999
    with pytest.raises(InputError, match="give `missing` -9999,99999"):
        SeriesSet.of(given)


@pytest.mark.parametrize("value", [-9.9, 99.0, 123.0])
def test_a_measurement_far_out_is_none(value):
    # Two nines within the range of a heavy tail, and a spike that is no row of nines.
    given = frame(x=np.random.default_rng(1).normal(size=400) ** 3 * 10)
    given.iloc[7, 0] = value
    assert SeriesSet.of(given).n_frames == [400]


def test_a_column_of_row_numbers_is_refused_beside_a_time():
    with pytest.raises(InputError, match="row of series 1 changes by 1 in each row"):
        SeriesSet.of(frame(row=np.arange(400)))
    assert SeriesSet.of(frame(row=np.arange(400)), columns=["x", "row"]).n_frames == [400]


@pytest.mark.parametrize(("turn", "unit"), [(360.0, "degrees"), (2 * np.pi, "radians")])
@pytest.mark.parametrize("low", [0.0, -0.5])
def test_a_column_that_goes_round_is_named(turn, unit, low):
    steps = np.random.default_rng(0).normal(size=400) * turn / 20
    angle = (np.cumsum(steps) / turn - low) % 1 * turn + low * turn
    (note,) = SeriesSet.of(frame(wind=angle)).notes
    assert f"column wind looks like an angle in {unit}" in note


def test_a_column_of_that_range_which_does_not_go_round_is_not():
    even = np.random.default_rng(0).random(400) * 359.9  # of its steps 1 in 16 goes so far
    assert SeriesSet.of(frame(light=even)).notes == []
