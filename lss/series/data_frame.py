"""Synthetic series as a table of pandas."""

import numpy as np

from lss.units import PICOSECONDS, format_time


def time_axis(first, n_rows, spacing_ps):
    """Times of synthetic rows, in the unit in which their spacing is easiest to read.

    Returns
    -------
    times : np.ndarray, shape (n_rows,)
    unit : str
    """
    unit = format_time(spacing_ps).split()[1]
    return (first + np.arange(n_rows)) * (spacing_ps / PICOSECONDS[unit]), unit


def data_frame(values, first, spacing_ps, scheme):
    """Rows of a synthetic series as a pandas.DataFrame, whose index is their time.

    Parameters
    ----------
    values : np.ndarray, shape (n_rows, n_columns)
    first : int
        Number of the first row.
    spacing_ps : float
        Time between rows, **ps**.
    scheme : lss.series.scheme.Scheme
    """
    import pandas as pd

    times, unit = time_axis(first, len(values), spacing_ps)
    index = pd.Index(times, name=f"time ({unit})")
    columns = scheme.columns
    frame = pd.DataFrame(values, index=index, columns=list(columns.names))
    whole = {n: "int64" for n, w in zip(columns.names, columns.whole, strict=True) if w}
    return frame.astype(whole)
