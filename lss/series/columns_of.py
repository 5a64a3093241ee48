"""Columns of tables as numbers, and what the numbers say of them."""

import numpy as np

from lss.errors import InputError
from lss.series.columns import Columns
from lss.series.suspects import refuse_codes, refuse_row_numbers
from lss.series.tables import split_unit
from lss.series.times import refuse_unnamed_time

#: Smallest ratio of the spread of a column to its size: single precision has seven digits.
LEAST_SPREAD = 1e-4
#: A share comes at least this near to 1.
SHARE = 0.5


def chosen(table, columns, timed, time_keys):
    """Keys, names and units of the columns of a table that are simulated.

    Parameters
    ----------
    table : lss.series.tables.Table
    columns : list of str or None
        Names or numbers, such as ``"speed"``, or with a new name, ``"4=speed"``; all but the time
        where None.
    timed : bool
        Whether the time of the rows is known.
    time_keys : list of str

    Returns
    -------
    dict of str to (str, str)
        Name and unit by key.
    """
    if columns is None:
        keys = [key for key in table.cells if key not in time_keys]
        if not keys:
            raise InputError(f"{table.source} has no column beside its time: give one")
        if timed:
            refuse_row_numbers(table, keys)
        else:
            refuse_unnamed_time(table, keys)
        new = {}
    else:
        pairs = [text.partition("=") for text in columns]
        keys = [table.find(name.strip(), "columns") for name, _, _ in pairs]
        new = {key: name.strip() for key, (_, _, name) in zip(keys, pairs, strict=True) if name}
        if len(set(keys)) < len(keys) or set(keys) & set(time_keys):
            raise InputError(
                f"`columns` is {','.join(columns)}, which names a column twice or the time: give "
                "each column once"
            )
    found = {}
    for key in keys:
        name, unit = split_unit(new.get(key, key))
        found[key] = name, unit or table.units.get(key, "")
    return found


def numbers(table, keys, missing):
    """Columns as numbers (n_rows, n_columns), nan where one is missing."""
    found = np.empty((len(table), len(keys)))
    for i, key in enumerate(keys):
        cells = np.asarray(table.cells[key])
        if cells.dtype.kind not in "biuf":
            row, text = _first_text(cells)
            raise InputError(
                f"{key} of {table.source} is no column of numbers ({table.row(row)} has "
                f"{text!r}): correct it, name it in `missing` where it is a number that stands "
                "for a missing value, or name the other columns in `columns`"
            )
        found[:, i] = cells
    for code in missing:
        found[np.isclose(found, code, rtol=1e-6, atol=0)] = np.nan
    for key, values in zip(keys, found.T, strict=True):
        refuse_codes(table, key, values)
    return found


def _first_text(cells):
    for i, cell in enumerate(cells):
        try:
            float(cell)
        except (TypeError, ValueError):
            return i, str(cell)
    return 0, str(cells[0])


def described(names, units, values):
    """What columns are, by their values (n_rows, n_columns); InputError where one is of no use."""
    low, high, sd = values.min(axis=0), values.max(axis=0), values.std(axis=0)
    size = np.abs(values).max(axis=0)
    for name, least, most, spread, large in zip(names, low, high, sd, size, strict=True):
        if least == most:
            raise InputError(
                f"column {name} is {least:g} in all rows: leave it out of `columns`, since there "
                "is nothing to simulate"
            )
        if spread < LEAST_SPREAD * large:
            raise InputError(
                f"column {name} varies by {spread:g} about values of {large:g}, of which single "
                "precision keeps too little: subtract a constant from it"
            )
    positive = low >= 0
    share = positive & (high <= 1) & (high > SHARE)
    return Columns(
        tuple(names),
        tuple(units),
        tuple((values == np.rint(values)).all(axis=0).tolist()),
        tuple(0.0 if x else None for x in positive),
        tuple(1.0 if x else None for x in share),
    )
