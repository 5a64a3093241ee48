"""Tables of one set: their times in ps, their columns in one order, one time between rows."""

import numpy as np

from lss.errors import InputError
from lss.series import columns_of
from lss.series.times import check_forward, spacing_of, take_times


def aligned(tables, dt_ps, options):
    """Times in ps and values of all tables, and what they have in common.

    Returns
    -------
    parts : list of (Table, np.ndarray, np.ndarray)
    names, units : list of str
        Of the columns.
    spacing_ps : float
    dated : bool
    """
    found, kinds, steps = [], set(), []
    for table in tables:
        times, keys, dated, in_steps = take_times(table, options["time_column"], dt_ps)
        kinds.add((times is None, bool(dated), bool(in_steps)))
        columns = columns_of.chosen(table, options["columns"], times is not None, keys)
        if found and list(columns.values()) != found[0][2]:
            theirs = ({n for n, _ in c} for c in (columns.values(), found[0][2]))
            columns = _reordered(table, columns, found[0], *theirs)
        values = columns_of.numbers(table, list(columns), options["missing"])
        if times is not None:
            check_forward(table, times)
            steps.append(np.diff(times))
        found.append((table, times, list(columns.values()), values))
    if len(kinds) > 1:
        raise InputError(
            f"{tables[0].source} and others tell their times in different ways, wanted dates, "
            "numbers or rows alone in all of them: give each the same"
        )
    rows_alone, dated, in_steps = kinds.pop()
    names, units = zip(*found[0][2], strict=True)
    if rows_alone:
        if dt_ps is None:
            raise InputError(
                f"nothing tells the time between the rows of {tables[0].source}: give `dt`, such "
                "as '1 d', or `time_column`"
            )
        spacing_ps, factor = dt_ps, dt_ps
    else:
        spacing_ps, factor = spacing_of(np.concatenate(steps), dt_ps, in_steps, tables[0].source)
    parts = [
        (table, factor * (np.arange(len(values)) if times is None else times), values)
        for table, times, _, values in found
    ]
    return parts, names, units, spacing_ps, dated


def _reordered(table, columns, first, theirs, ours):
    if theirs != ours:
        raise InputError(
            f"{table.source} has the columns {', '.join(sorted(theirs))}, {first[0].source} "
            f"{', '.join(n for n, _ in first[2])}: give files with the same columns, or name "
            "those that they share in `columns`"
        )
    keys = {name: key for key, (name, _) in columns.items()}
    return {keys[name]: columns[keys[name]] for name, _ in first[2]}
