"""Columns that are not what they seem: codes for missing values, numbers of rows, angles."""

import numpy as np

from lss.errors import InputError
from lss.series.tables import split_unit

# Of fewer rows an even rise may be chance.
_ROWS = 5
# So many of the least and of the largest values of a column may be codes.
_CODES = 3
# What NetCDF and integers of two bytes have for nothing; from _HUGE on nothing is a measurement.
_FILL, _HUGE = (32767.0, 32768.0), 1e15
# An angle goes round where steps of more than three quarters of a turn are more than those between
# a quarter and three quarters.
_QUARTER, _THREE_QUARTERS = 0.25, 0.75
_TURNS = {"degrees": 360.0, "radians": 2 * np.pi}


def refuse_codes(table, key, values):
    """InputError where outermost values are codes, such as -9999, and no measurements.

    A code is a row of nines, or a fill value, and further from all measurements than these are
    from one another.

    Parameters
    ----------
    table : lss.series.tables.Table
    key : str
        Of the column.
    values : np.ndarray, shape (n_rows,)
        Without what was named as missing: nan there.
    """
    distinct = np.unique(values[np.isfinite(values)])
    outermost = {*distinct[:_CODES].tolist(), *distinct[-_CODES:].tolist()}
    codes = sorted(x for x in outermost if _is_code(x))
    rest = distinct[~np.isin(distinct, codes)]
    if len(rest) < 2:
        return
    low, high = rest[0], rest[-1]
    far = [x for x in codes if x < low - (high - low) or x > high + (high - low)]
    if far:
        listed = ",".join(f"{x:g}" for x in far)
        raise InputError(
            f"{key or 'a column without a name'} of {table.source} is {listed} in "
            f"{np.isin(values, far).sum()} of its rows, and {low:.4g} to {high:.4g} in the others: "
            f"give `missing` {listed}, since such numbers stand for nothing, or name the other "
            "columns in `columns`"
        )


def _is_code(x):
    digits = f"{abs(x):g}".replace(".", "").rstrip("0")
    return (len(digits) > 1 and set(digits) == {"9"}) or abs(x) in _FILL or abs(x) >= _HUGE


def rises_evenly(values):
    """The step by which a column of numbers rises or falls in each row; 0 where it does not."""
    if values.dtype.kind not in "iuf" or len(values) < _ROWS:
        return 0.0
    step = np.diff(values.astype(np.float64))
    return float(step[0]) if np.allclose(step, step[0], rtol=1e-6, atol=0) else 0.0


def refuse_row_numbers(table, keys):
    """InputError where a column beside the time changes by the same in each row."""
    for key in keys:
        step = rises_evenly(np.asarray(table.cells[key]))
        if step:
            name = split_unit(key)[0] or "a column without a name"
            raise InputError(
                f"{name} of {table.source} changes by {step:g} in each row, as a row number does: "
                "name the other columns in `columns`"
            )


def angles(names, segments):
    """What to say of columns that go round.

    Parameters
    ----------
    names : sequence of str
    segments : list of np.ndarray, each shape (n_rows, n_columns)

    Returns
    -------
    list of str
    """
    low = np.min([x.min(axis=0) for x in segments], axis=0)
    high = np.max([x.max(axis=0) for x in segments], axis=0)
    steps = np.concatenate([np.abs(np.diff(x, axis=0)) for x in segments])
    found = []
    for i, name in enumerate(names):
        for unit, turn in _TURNS.items():
            if not 0.9 * turn < high[i] - low[i] < 1.001 * turn:
                continue
            wraps = (steps[:, i] > _THREE_QUARTERS * turn).sum()
            if wraps > (steps[:, i] > _QUARTER * turn).sum() - wraps:
                found.append(
                    f"column {name} looks like an angle in {unit} that goes round ({wraps} steps "
                    "from one end to the other), and is taken for a number on a line: give its "
                    "sine and its cosine in its place"
                )
    return found
