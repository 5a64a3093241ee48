"""Tables cut into segments: wherever a value is missing or a step is not that of the others.

Nothing is dropped and closed up, so that no pair of rows spans a cut.
"""

from dataclasses import dataclass

import numpy as np

from lss.series.times import JITTER


@dataclass(frozen=True)
class Segment:
    """Consecutive rows of one table, none of them missing.

    Parameters
    ----------
    source : str
    first_ps : float
        Time of the first row, **ps**.
    values : np.ndarray, shape (n_rows, n_columns)
    """

    source: str
    first_ps: float
    values: np.ndarray

    def __len__(self):
        return len(self.values)


@dataclass
class Cuts:
    """What was cut where, for the note of the data."""

    missing: int = 0
    gaps: int = 0
    short: int = 0
    short_rows: int = 0


def segments_of(source, times_ps, values, spacing_ps, least, cuts):
    """The segments of one table.

    Parameters
    ----------
    source : str
    times_ps : np.ndarray, shape (n_rows,)
    values : np.ndarray, shape (n_rows, n_columns)
        Missing where not finite.
    spacing_ps : float
    least : int
        Rows that a segment needs; shorter ones are left out, and counted.
    cuts : Cuts
        Added to.

    Returns
    -------
    list of Segment
    """
    there = np.isfinite(values).all(axis=1)
    jump = np.abs(np.diff(times_ps) / spacing_ps - 1) > JITTER
    cuts.missing += int((~there).sum())
    cuts.gaps += int(jump.sum())
    begins = there & np.concatenate([[True], ~there[:-1] | jump])
    starts = np.flatnonzero(begins)
    ends = np.flatnonzero(there & np.concatenate([~there[1:] | jump, [True]])) + 1
    found = []
    for start, end in zip(starts, ends, strict=True):
        if end - start < least:
            cuts.short += 1
            cuts.short_rows += int(end - start)
            continue
        found.append(Segment(source, float(times_ps[start]), values[start:end]))
    return found
