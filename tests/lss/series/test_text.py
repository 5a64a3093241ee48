"""Text tables as programs and offices write them: the same series, however it is laid out."""

import numpy as np
import pandas
import pytest

from lss.errors import InputError
from lss.series.series_set import SeriesSet

DAYS = pandas.date_range("2001-01-01", periods=60)
X = np.round(np.sin(0.3 * np.arange(60)), 4)
Y = np.arange(60) % 7 + 0.5


def text(dates="%Y-%m-%d", header="date,x,y", comma=".", separator=","):
    """The table in one of its layouts."""
    rows = zip(DAYS.strftime(dates), X, Y, strict=True)
    lines = [f"{d}\t{x:.4f}\t{y:.1f}".replace(".", comma) for d, x, y in rows]
    lines = [line.replace("\t", separator) for line in lines]
    return header.replace(",", separator) + "\n" + "\n".join(lines) + "\n"


LAYOUTS = {
    "plain": text(),
    "bom": "\ufeff" + text(),
    "semicolons and decimal commas": text(comma=",", separator=";"),
    "semicolons and points": text(separator=";"),
    "tabs and decimal commas": text(comma=",", separator="\t"),
    "units below the names": text(header="date,x,y\nUTC,degC,mm"),
    "no unit of the date": text(header="date,x,y\n,degC,mm"),
    "lines above": "From the institute, 2020\n\n" + text(header="date,x,y\nUTC,degC,mm"),
    "dates of digits": text(dates="%Y%m%d"),
    "slashes": text(dates="%Y/%m/%d"),
    "hours": text(dates="%Y-%m-%dT06:00"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_is_the_same_series(tmp_path, layout):
    path = tmp_path / "a.csv"
    path.write_text(LAYOUTS[layout])
    data = SeriesSet.open(path, time_column="date")
    assert data.n_frames == [60] and data.spacing_ps == 86400e12
    assert data.columns.names == ("x", "y")
    assert data.columns.units == (("degC", "mm") if "degC" in LAYOUTS[layout] else ("", ""))
    np.testing.assert_array_equal(data.values(0), np.stack([X, Y], 1))


def test_months_of_digits_are_months(tmp_path):
    months = pandas.date_range("1990-01-01", periods=60, freq="MS").strftime("%Y%m")
    path = tmp_path / "a.csv"
    path.write_text("date,x\n" + "".join(f"{d},{x}\n" for d, x in zip(months, X, strict=True)))
    data = SeriesSet.open(path, time_column="date")
    assert data.n_frames == [60]  # no step from 199012 to 199101 is a gap
    assert data.spacing_ps / 86400e12 == pytest.approx(365.25 / 12, abs=0.02)


def test_numbers_that_are_no_dates_stay_numbers(tmp_path):
    path = tmp_path / "a.csv"
    rows = zip(20_000_000 + np.arange(60), X, strict=True)
    path.write_text("t,x\n" + "".join(f"{t},{x}\n" for t, x in rows))
    with pytest.raises(InputError, match="numbers, which do not say their unit"):
        SeriesSet.open(path, time_column="t")
    assert SeriesSet.open(path, time_column="t", dt_ps=2.0).spacing_ps == 2.0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (text(dates="%d.%m.%Y", separator=";"), "row 2 .* '01.01.2001', wanted an ISO date"),
        (text(dates="%m/%d/%Y"), "row 2 .* '01/01/2001', wanted an ISO date"),
        (text(separator=";").replace(";1.5", ";1,5"), "decimal commas and with points"),
        (text(comma=",", separator="  "), "decimal commas"),
        (text(comma=",", separator=";").replace("1,5", "1,000,5"), "has '1,000,5'"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(tmp_path, given, said):
    path = tmp_path / "a.csv"
    path.write_text(given)
    with pytest.raises(InputError, match=said):
        SeriesSet.open(path, time_column="date")
