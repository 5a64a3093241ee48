"""The mean cycle of a season, which is taken off before the encoder and put back when written."""

from dataclasses import dataclass

import numpy as np

from lss.errors import InputError
from lss.units import format_time

#: Sines and cosines of the cycle: the season and its half, third and fourth.
HARMONICS = 4


@dataclass(frozen=True)
class Season:
    """A periodic mean of each column.

    Parameters
    ----------
    period_ps : float
    cosines, sines : np.ndarray, shape (n_harmonics, n_columns)
        In the units of the columns; the cycle has the mean 0.
    """

    period_ps: float
    cosines: np.ndarray
    sines: np.ndarray

    @classmethod
    def fit(cls, period_ps, segments, spacing_ps):
        """The cycle of least squares, of all rows.

        Parameters
        ----------
        period_ps : float
        segments : list of (float, np.ndarray)
            Time of the first row, **ps**, and values (n_rows, n_columns).
        spacing_ps : float

        Raises
        ------
        InputError
            Where the period is shorter than four rows, or the data than two periods.
        """
        n_rows = sum(len(values) for _, values in segments)
        if period_ps < 4 * spacing_ps:
            raise InputError(
                f"`season` is {format_time(period_ps)}, less than four rows of "
                f"{format_time(spacing_ps)}: give a longer one, or rows that are closer"
            )
        if n_rows * spacing_ps < 2 * period_ps:
            raise InputError(
                f"`season` is {format_time(period_ps)}, and the rows go over "
                f"{format_time(n_rows * spacing_ps, 3)}, less than two of them: give more data"
            )
        n = min(HARMONICS, int(period_ps / spacing_ps / 2 - 1e-9))
        waves = [
            _waves(times_of(first, len(values), spacing_ps), period_ps, n)
            for first, values in segments
        ]
        design = np.concatenate([np.hstack([np.ones((len(w), 1)), w]) for w in waves])
        values = np.concatenate([values for _, values in segments])
        found = np.linalg.lstsq(design, values, rcond=None)[0][1:]
        return cls(float(period_ps), found[:n], found[n:])

    def at(self, times_ps):
        """The cycle at some times: (n, n_columns)."""
        waves = _waves(np.asarray(times_ps, np.float64), self.period_ps, len(self.cosines))
        return waves @ np.concatenate([self.cosines, self.sines])

    def to_dict(self):
        """As lss.json holds it."""
        return {
            "period_ps": self.period_ps,
            "cosines": self.cosines.tolist(),
            "sines": self.sines.tolist(),
        }

    @classmethod
    def from_dict(cls, described):
        """From what `to_dict` returned."""
        waves = (np.asarray(described[key], np.float64) for key in ("cosines", "sines"))
        return cls(float(described["period_ps"]), *waves)


def times_of(first_ps, n_rows, spacing_ps):
    """Times of consecutive rows, **ps**."""
    return first_ps + spacing_ps * np.arange(n_rows)


def _waves(times_ps, period_ps, n):
    angle = 2 * np.pi * np.outer(times_ps / period_ps % 1, np.arange(1, n + 1))
    return np.hstack([np.cos(angle), np.sin(angle)])
