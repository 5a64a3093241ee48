"""The times of the rows of a table: dates, numbers, columns year, month, day, or rows alone."""

import numpy as np

from lss.errors import InputError
from lss.series.suspects import rises_evenly
from lss.series.tables import split_unit
from lss.units import PICOSECONDS, format_time

#: How far a step may be from the spacing: clocks jitter, and months have 28 to 31 days.
JITTER = 0.1
#: Share of the steps that are as long as the spacing, at least.
REGULAR = 0.5
_NANOSECOND_PS = PICOSECONDS["ns"]
_DATE_PARTS = ("year", "month", "day")
_NAMES = {"time", "times", "date", "dates", "datetime", "timestamp", "year", "month", "day", "t"}


def take_times(table, time_column, dt_ps):
    """Times of the rows of one table.

    Parameters
    ----------
    table : lss.series.tables.Table
    time_column : list of str, optional
        One column, or year, month and day.
    dt_ps : float, optional
        Time between rows, **ps**.

    Returns
    -------
    times : np.ndarray, shape (n_rows,), or None
        **ps** since `origin`, or in steps where `in_steps`; None where only rows tell them.
    keys : list of str
        The columns that they were read from.
    dates : bool
        Whether times count from 1970.
    in_steps : bool
        Whether times are numbers of an unknown unit, of which `dt_ps` is the commonest step.
    """
    keys = [table.find(name, "time_column") for name in time_column or ()]
    if len(keys) == 3:
        return _of_parts(table, keys), keys, True, False
    if len(keys) > 1:
        raise InputError(
            f"`time_column` is {','.join(time_column)}, wanted one column, or the three of year, "
            "month and day"
        )
    if keys:
        values, unit = table.cells[keys[0]], split_unit(keys[0])[1]
    else:
        values, unit = table.time, table.time_unit
    if values is None:
        return None, [], False, False
    name = keys[0] if keys else "its time"
    if values.dtype.kind == "m":
        return values.astype("timedelta64[ns]").astype(np.float64) * _NANOSECOND_PS, keys, 0, 0
    if values.dtype.kind in "OUSM":
        return _of_dates(table, values, name), keys, True, False
    values = np.asarray(values, np.float64)
    _check_numbers(table, values, name)
    if unit.split(" ")[0] in PICOSECONDS:
        return values * PICOSECONDS[unit.split(" ")[0]], keys, False, False
    days = _of_digits(values)
    if days is not None:
        return days, keys, True, False
    if dt_ps is None:
        raise InputError(
            f"{name} of {table.source} is numbers, which do not say their unit: give `dt`, the "
            "time between rows, such as '1 d'"
        )
    return values, keys, False, True


def _of_parts(table, keys):
    parts = [np.asarray(table.cells[key]) for key in keys]
    for key, values in zip(keys, parts, strict=True):
        if values.dtype.kind not in "iuf" or not (np.mod(values, 1) == 0).all():
            raise InputError(
                f"{key} of {table.source} holds other than whole numbers, wanted a year, month or "
                "day: give `time_column` other columns"
            )
    year, month, day = (values.astype(np.int64) for values in parts)
    days, wrong = _days(year, month, day)
    if wrong.any():
        i = int(wrong.argmax())
        raise InputError(
            f"{table.row(i)} has the date {year[i]}-{month[i]}-{day[i]}, which is none: correct it"
        )
    return days


def _of_digits(values):
    """Dates written as numbers, 20200131 or of months 202001, in ps since 1970; None for others.

    So many rows are asked for that plain numbers would not all be dates.
    """
    if not (np.mod(values, 1) == 0).all():
        return None
    whole = values.astype(np.int64)
    for digits, least, parts in (
        (8, 32, (whole // 10_000, whole // 100 % 100, whole % 100)),
        (6, 13, (whole // 100, whole % 100, np.ones_like(whole))),
    ):
        if len(whole) >= least and 10 ** (digits - 1) <= whole.min() <= whole.max() < 10**digits:
            days, wrong = _days(*parts)
            return None if wrong.any() else days
    return None


def _days(year, month, day):
    """Dates in ps since 1970, and which of them are none."""
    wrong = (month < 1) | (month > 12) | (day < 1) | (day > 31)
    first = (year - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (month - 1)
    days = first.astype("datetime64[D]") + (day - 1)
    wrong |= days.astype("datetime64[M]") != first
    return days.astype(np.float64) * PICOSECONDS["d"], wrong


def _of_dates(table, values, name):
    """Dates in ps since 1970."""
    if values.dtype.kind != "M":
        from lss.series.files import extra

        pandas = extra("pandas", table.source)
        given = pandas.Series(list(values), dtype=object)
        found = pandas.to_datetime(given, format="ISO8601", utc=True, errors="coerce")
        other = (found.isna() & given.notna() & (given.astype(str).str.strip() != "")).to_numpy()
        if other.any():
            i = int(other.argmax())
            raise InputError(
                f"{table.row(i)} has the {name} {str(values[i])!r}, wanted an ISO date such as "
                "2020-01-31 or 2020-01-31T06:00: write dates so, since others leave open which of "
                "their numbers is the month"
            )
        values = found.dt.tz_convert(None).to_numpy()
    values = values.astype("datetime64[ns]")
    if np.isnat(values).any():
        i = int(np.isnat(values).argmax())
        raise InputError(f"{table.row(i)} has no {name}: give a time in each row, or leave it out")
    return values.astype(np.int64) * _NANOSECOND_PS


def _check_numbers(table, values, name):
    if not np.isfinite(values).all():
        i = int((~np.isfinite(values)).argmax())
        raise InputError(f"{table.row(i)} has no {name}: give a time in each row, or leave it out")


def check_forward(table, times):
    """InputError where a row is not later than the one before."""
    step = np.diff(times)
    if (step > 0).all():
        return
    i = int((step <= 0).argmax()) + 1
    how = "the same time as" if step[i - 1] == 0 else "an earlier time than"
    raise InputError(
        f"{table.row(i)} has {how} the row before it: sort the rows, leave out those that are "
        "there twice, and put several series into files of their own"
    )


def spacing_of(steps, dt_ps, in_steps, source):
    """Time between rows, **ps**, and the factor by which times become ps.

    Parameters
    ----------
    steps : np.ndarray
        Differences of the times of consecutive rows, of all tables.
    dt_ps : float, optional
    in_steps : bool
        As of `take_times`.
    source : str
    """
    if len(steps) == 0:
        raise InputError(f"{source} has one row in each series: give more")
    middle = float(np.median(steps))
    near = steps[np.abs(steps / middle - 1) <= JITTER]
    even = np.allclose(near, middle, rtol=1e-6, atol=0)
    spacing = middle if even else float(near.mean())
    if in_steps:
        return dt_ps, dt_ps / spacing
    if dt_ps is not None:
        if abs(spacing / dt_ps - 1) > 1e-4 and not (
            abs(spacing / dt_ps - 1) <= JITTER and not even
        ):
            raise InputError(
                f"`dt` is {format_time(dt_ps)}, and the rows of {source} are "
                f"{format_time(spacing, 4)} apart: leave `dt` out, or correct it"
            )
        spacing = dt_ps
    regular = np.mean(np.abs(steps / spacing - 1) <= JITTER)
    if regular < REGULAR:
        raise InputError(
            f"only {100 * regular:.0f} % of the rows of {source} are {format_time(spacing, 4)} "
            "apart, and a simulator needs one time between rows: interpolate, or average over "
            "equal times"
        )
    return spacing, 1.0


def refuse_unnamed_time(table, keys):
    """InputError where a column that nobody called a time looks like one."""
    for key in keys:
        values = np.asarray(table.cells[key])
        if split_unit(key)[0].strip().lower() in _NAMES:
            raise InputError(
                f"{table.source} has a column {key!r}, and no time was named: give `time_column` "
                f"{key}, or name the others in `columns`"
            )
        step = rises_evenly(values)
        if step:
            raise InputError(
                f"{key} of {table.source} rises by {step:g} in each row, as a time does: "
                f"give `time_column` {key}, or name the others in `columns`"
            )
