"""Files of synthetic series that grow by blocks of rows, as those of `trajectory_writers` do.

Each class has `append(values, first)`, which writes rows `first` and on, (n, n_columns) in their
units, and `cut(n_frames, size)`. CSV grows; the others are written again with each block, whole
or not at all.
"""

import os
from pathlib import Path

import numpy as np

from lss.series.data_frame import time_axis
from lss.series.files import extra
from lss.simulation.written import read_parts
from lss.storage.whole_files import replacing


class Rows:
    """What the writers have in common.

    Parameters
    ----------
    path : pathlib.Path
    scheme : lss.series.scheme.Scheme
        Of the series.
    spacing_ps : float
        Between rows, **ps**.
    n_frames : int
        Of the whole series.
    """

    def __init__(self, path, scheme, spacing_ps, n_frames):
        self.path, self.columns, self.spacing_ps = Path(path), scheme.columns, spacing_ps
        self.scheme = scheme

    @property
    def unit(self):
        """Of the time."""
        return time_axis(0, 1, self.spacing_ps)[1]

    def times(self, first, n_rows):
        return time_axis(first, n_rows, self.spacing_ps)[0]

    def rewrite(self, values):
        """The file anew, with all rows so far."""
        with replacing(self.path) as partial:
            self.write(partial, values)

    def append(self, values, first):
        known = [self.read()[:first]] if first else []
        self.rewrite(np.concatenate([*known, np.asarray(values, np.float64)]))

    def cut(self, n_frames, size):
        self.rewrite(self.read()[:n_frames])


class Csv(Rows):
    """Text with commas: the time, then the columns, with their units in the header."""

    def append(self, values, first):
        times = self.times(first, len(values))
        formats = ["%.10g", *("%d" if whole else "%.9g" for whole in self.columns.whole)]
        rows = np.column_stack([times, values])
        if first == 0:
            with replacing(self.path) as partial, open(partial, "w", encoding="utf-8") as file:
                file.write(",".join(map(quoted, self.header())) + "\n")
                np.savetxt(file, rows, fmt=formats, delimiter=",")
            return
        with open(self.path, "a", encoding="utf-8") as file:
            np.savetxt(file, rows, fmt=formats, delimiter=",")

    def header(self):
        pairs = zip(self.columns.names, self.columns.units, strict=True)
        return [f"time ({self.unit})", *(f"{n} ({u})" if u else n for n, u in pairs)]

    def cut(self, n_frames, size):
        os.truncate(self.path, size)


class Npz(Rows):
    """NumPy: `time`, `time_unit`, `values` (n_rows, n_columns), `names` and `units`."""

    def read(self):
        with np.load(self.path) as file:
            return file["values"]

    def write(self, path, values):
        np.savez_compressed(
            path,
            time=self.times(0, len(values)),
            time_unit=self.unit,
            values=values,
            names=list(self.columns.names),
            units=list(self.columns.units),
        )


class NetCdf(Rows):
    """NetCDF: one variable a column, along `time`, with its unit."""

    def read(self):
        with extra("xarray", self.path).open_dataset(
            self.path, engine="h5netcdf", decode_times=False
        ) as data:
            return np.column_stack([data[name].to_numpy() for name in self.columns.names])

    def write(self, path, values):
        extra("h5netcdf", path)
        xarray = extra("xarray", path)
        variables = {}
        for i, name in enumerate(self.columns.names):
            own = values[:, i].astype(np.int64) if self.columns.whole[i] else values[:, i]
            variables[name] = ("time", own, {"units": self.columns.units[i]})
        time = ("time", self.times(0, len(values)), {"units": self.unit, "long_name": "time"})
        data = xarray.Dataset(variables, {"time": time})
        if self.scheme.dated:
            first = np.datetime64(round(self.scheme.origin_ps / 1e12), "s")
            data.attrs["comment"] = f"time 0 stands for {first} in the season"
        data.to_netcdf(path, engine="h5netcdf")


def quoted(text):
    """A field of CSV."""
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if set(text) & set(',"\n') else text


TABLES = {"csv": Csv, "npz": Npz, "nc": NetCdf}


def read_synthetic(folder):
    """The series that a simulation wrote as CSV.

    Parameters
    ----------
    folder : path

    Returns
    -------
    psi : np.ndarray, shape (trajectories, frames, m)
    values : list of np.ndarray, shape (frames, n_columns)
    """
    psi, files = read_parts(folder, "csv")
    found = [np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2) for path in files]
    return psi, [rows[:, 1:] for rows in found]
