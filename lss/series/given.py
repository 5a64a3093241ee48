"""Series in memory, of whatever program, as tables."""

import numpy as np

from lss.errors import InputError
from lss.series.tables import of_array, of_dataset, of_frame


def tables_of(data, columns):
    """Arrays, tables of pandas or xarray, or a list of such, as a list of tables."""
    several = isinstance(data, (list, tuple)) and not _is_numbers(data)
    parts = list(data) if several else [data]
    if not parts:
        raise InputError("`data` is empty: give at least one series")
    tables = [_table(x, f"series {i}", columns) for i, x in enumerate(parts, start=1)]
    for table in tables:
        if not len(table):
            raise InputError(f"{table.source} is empty: give a table, one row a time")
    return tables


def _is_numbers(data):
    """Whether a list is itself one series of numbers."""
    return all(isinstance(x, (int, float, np.number)) for x in data)


def _table(given, source, columns):
    package = type(given).__module__.split(".")[0]
    if package == "pandas":
        return of_frame(given, source)
    if package == "xarray":
        return of_dataset(given, source)
    try:
        values = np.asarray(given)
    except ValueError as error:
        raise InputError(f"{source} is no array ({error}): give a list of arrays") from error
    width = 1 if values.ndim < 2 else values.shape[1]
    named = columns is not None and len(columns) == width
    named = named and not any(str(name).partition("=")[0].isdecimal() for name in columns)
    return of_array(values, source, list(columns) if named else None)
