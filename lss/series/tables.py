"""A table as a file or a program has it: named columns of cells, not yet numbers or times."""

import re
from dataclasses import dataclass, field

import numpy as np

from lss.errors import InputError

# "speed (m/s)", "speed [m/s]" and "speed / m/s", as headers have them.
_WITH_UNIT = re.compile(r"(.*\S)\s*(?:\((.+)\)|\[(.+)\])|(.*\S) / (.+)")


@dataclass
class Table:
    """One series as it came.

    Parameters
    ----------
    source : str
        What it is called in messages.
    cells : dict of str to np.ndarray, shape (n_rows,)
        Numbers, texts or dates, by the name of the column.
    units : dict of str to str
        Of some of the columns.
    time : np.ndarray, shape (n_rows,), optional
        Dates or numbers, where the series brings them beside its columns.
    time_unit : str
        Of a time in numbers; empty where it is not known.
    named : bool
        Whether the columns have names of their own, not numbers.
    first_row : int
        Number of the first row in the file, for messages.
    """

    source: str
    cells: dict
    units: dict = field(default_factory=dict)
    time: np.ndarray | None = None
    time_unit: str = ""
    named: bool = True
    first_row: int = 1

    def __len__(self):
        return len(next(iter(self.cells.values()))) if self.cells else 0

    def find(self, name, argument):
        """The key of a column that the user named; InputError where there is none."""
        if name in self.cells:
            return name
        same = [key for key in self.cells if split_unit(key)[0] == name]
        if not self.named and name.isdecimal() and f"column {name}" in self.cells:
            same = [f"column {name}"]
        if len(same) != 1:
            raise InputError(
                f"`{argument}` is {name}, no column of {self.source}: give some of "
                f"{', '.join(self.cells)}"
            )
        return same[0]

    def row(self, i):
        """Row `i`, from 0, in words."""
        return f"row {i + self.first_row} of {self.source}"


def split_unit(header):
    """Name and unit of a header; the unit is empty where there is none."""
    found = _WITH_UNIT.fullmatch(header)
    if found is None:
        return header, ""
    return found[1] or found[4], found[2] or found[3] or found[5]


def of_array(values, source, names=None):
    """An array (n_rows,), (n_rows, n_columns) or structured, as a table."""
    values = np.asarray(values)
    if values.dtype.names:
        return Table(source, {name: values[name] for name in values.dtype.names})
    if values.ndim not in (1, 2) or values.dtype.kind not in "biuf":
        raise InputError(
            f"{source} is an array of {values.dtype} of shape {values.shape}, wanted numbers of "
            "shape (n_rows,) or (n_rows, n_columns): give one row a time"
        )
    values = values.reshape(len(values), -1)
    if names is not None and len(names) != values.shape[1]:
        raise InputError(f"{source} has {len(names)} names for {values.shape[1]} columns")
    keys = names or [f"column {i}" for i in range(1, values.shape[1] + 1)]
    cells = dict(zip(keys, values.T, strict=True))
    return Table(source, cells, named=names is not None)


def of_frame(frame, source):
    """A pandas DataFrame or Series; dates of its index are its times."""
    import pandas as pd

    frame = frame.to_frame() if isinstance(frame, pd.Series) else frame
    keys = [str(key) for key in frame.columns]
    if len(set(keys)) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InputError(f"{source} has two columns {twice!r}: give each a name of its own")
    time = None
    if isinstance(frame.index, (pd.DatetimeIndex, pd.PeriodIndex, pd.TimedeltaIndex)):
        index = frame.index
        index = index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index
        time = index.tz_convert(None) if getattr(index, "tz", None) is not None else index
        time = time.to_numpy()
    cells = {key: _plain(frame.iloc[:, i]) for i, key in enumerate(keys)}
    return Table(source, cells, time=time)


def _plain(column):
    """A column of pandas as an array: numbers, dates, or whatever else there is."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        column = column.dt.tz_convert(None) if getattr(column.dt, "tz", None) else column
        return column.to_numpy("datetime64[ns]")
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(np.float64, na_value=np.nan)
    return column.astype(object).to_numpy()


def of_dataset(data, source):
    """An xarray Dataset or DataArray: its variables along one dimension, with its coordinate."""
    import xarray as xr

    if isinstance(data, xr.DataArray):
        if data.ndim == 2:
            data = data.to_dataset(dim=data.dims[1])
        else:
            data = data.to_dataset(name=data.name or "value")
    kept = {str(n): v for n, v in data.data_vars.items() if v.ndim == 1 and v.dtype.kind in "biuf"}
    dims = {v.dims[0] for v in kept.values()}
    if len(dims) != 1:
        found = ", ".join(f"{n} {v.dims}" for n, v in data.data_vars.items())
        raise InputError(
            f"{source} has the variables {found or '(none)'}, wanted numbers along one dimension, "
            "time: select a place, or flatten it"
        )
    dim = dims.pop()
    cells = {name: v.to_numpy() for name, v in kept.items()}
    units = {name: str(v.attrs.get("units", "")) for name, v in kept.items()}
    time, unit = None, ""
    if dim in data.coords:
        time, unit = data[dim].to_numpy(), str(data[dim].attrs.get("units", ""))
    return Table(source, cells, units, time, unit)
