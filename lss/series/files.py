"""Files of time series, found and read: text, NumPy, HDF5, Parquet and NetCDF."""

import os
from importlib import import_module

import h5py
import numpy as np

from lss.errors import InputError
from lss.series.tables import Table, of_array, of_dataset, of_frame
from lss.series.text import read_text
from lss.trajectories.file_search import matching, natural

TEXT = (".csv", ".tsv", ".txt", ".dat")
NETCDF = (".nc", ".nc4", ".cdf")
HDF5 = (".h5", ".hdf5")
SUPPORTED = (*TEXT, ".npy", ".npz", *HDF5, ".parquet", *NETCDF)


def find_series(patterns):
    """Turn file names and globs into a list of existing files of known kinds."""
    patterns = [patterns] if isinstance(patterns, (str, os.PathLike)) else list(patterns)
    if not patterns:
        raise InputError("no series was given: give a file in `series`")
    files = []
    for pattern in patterns:
        found = matching(pattern)
        if not found:
            raise InputError(f"no file matches `series` {str(pattern)!r}: check the path")
        files += found
    for path in files:
        if not path.is_file():
            raise InputError(f"{path} is not a file: name the files in it, like '{path}/*.csv'")
        if path.suffix.lower() not in SUPPORTED:
            raise InputError(
                f"{path}: series of the type {path.suffix or '(none)'} cannot be read: give one "
                f"of {', '.join(SUPPORTED)}"
            )
    twice = [path for path in files if [p.resolve() for p in files].count(path.resolve()) > 1]
    if twice:
        raise InputError(f"{twice[0]} is given twice in `series`: give each file once")
    return files


def read_series(path):
    """The tables in one file.

    Returns
    -------
    list of Table
        One, but of an HDF5 file of several two-dimensional datasets, or an `.npz` of such, which
        are as many series.
    """
    kind = path.suffix.lower()
    try:
        if kind in TEXT:
            return [read_text(path, extra("pandas", path))]
        if kind == ".parquet":
            return [of_frame(_parquet(path), str(path))]
        if kind in NETCDF:
            extra("h5netcdf", path)
            with extra("xarray", path).open_dataset(path, engine="h5netcdf") as data:
                return [of_dataset(data.load(), str(path))]
        if kind == ".npy":
            return [of_array(np.load(path, allow_pickle=False), str(path))]
        if kind == ".npz":
            with np.load(path, allow_pickle=False) as file:
                return _of_arrays({name: file[name] for name in file.files}, path, {})
        with h5py.File(path) as file:
            found = {n: d[:] for n, d in file.items() if isinstance(d, h5py.Dataset)}
            return _of_arrays(found, path, file.attrs)
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(f"{path} can't be read: {error}; check that it is whole") from error


def extra(module, path):
    """A module of the extra `series`; InputError where it is not installed."""
    try:
        return import_module(module)
    except ImportError:
        raise InputError(
            f"{path} is read with {module}, which is not installed: "
            "pip install 'latent-space-simulator[series]'"
        ) from None


def _parquet(path):
    extra("pyarrow", path)
    return extra("pandas", path).read_parquet(path)


def _of_arrays(arrays, path, attributes):
    """Arrays of one file: those of one axis are the columns of one series, others series each."""
    # What our own writers say of the columns, and of the time.
    names = _texts(attributes.get("names", arrays.pop("names", None)))
    units = _texts(attributes.get("units", arrays.pop("units", None)))
    unit = _texts(arrays.pop("time_unit", attributes.get("time_unit")))
    if "values" in arrays and "time" in arrays and arrays["values"].ndim == 2:
        table = of_array(arrays["values"], str(path), names)
        table.time, table.time_unit = arrays["time"], unit[0] if unit else ""
        table.units = dict(zip(table.cells, units or (), strict=False))
        return [table]
    flat = {name: x for name, x in arrays.items() if x.ndim == 1}
    if flat and len(flat) == len(arrays):
        if len({len(x) for x in flat.values()}) > 1:
            lengths = ", ".join(f"{name} {len(x)}" for name, x in flat.items())
            raise InputError(
                f"{path} has arrays of one axis and different lengths ({lengths}), wanted columns "
                "of one series: give one file a series, or arrays (n_rows, n_columns)"
            )
        return [Table(str(path), flat)]
    if not arrays or flat:
        raise InputError(
            f"{path} holds {', '.join(f'{n} {x.shape}' for n, x in arrays.items()) or 'no array'}, "
            "wanted columns (n_rows,), or series (n_rows, n_columns)"
        )
    keys = sorted(arrays, key=natural)
    return [of_array(arrays[key], f"{key} of {path}", names) for key in keys]


def _texts(value):
    if value is None:
        return None
    return [x.decode() if isinstance(x, bytes) else str(x) for x in np.atleast_1d(value)]
