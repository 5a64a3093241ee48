"""How rows of columns become features of the encoder, and decoded values rows again."""

from dataclasses import dataclass

import numpy as np

from lss.series.columns import Columns
from lss.series.season import Season, times_of


@dataclass(frozen=True)
class Scheme:
    """What training, simulation and second runs of one series have in common.

    Parameters
    ----------
    columns : Columns
    mean, sd : np.ndarray, shape (n_columns,)
        Of the rows that were trained on, without their season: features are standardised by them.
    delays : int
        Rows of a frame: itself and those before it.
    season : Season or None
        What was taken off.
    origin_ps : float
        Time of the first row that was trained on, **ps**, which is time 0 of synthetic series;
        since 1970 where `dated`.
    dated : bool
        Whether times are dates.
    """

    columns: Columns
    mean: np.ndarray
    sd: np.ndarray
    delays: int = 1
    season: Season | None = None
    origin_ps: float = 0.0
    dated: bool = False

    @classmethod
    def learned(cls, columns, segments, spacing_ps, *, delays, season_ps, dated):
        """The scheme of what is trained on.

        Parameters
        ----------
        columns : Columns
        segments : list of lss.series.cutting.Segment
        spacing_ps : float
        delays : int
        season_ps : float or None
            Period of the season that is taken off.
        dated : bool
        """
        season = None
        if season_ps is not None:
            rows = [(s.first_ps, s.values) for s in segments]
            season = Season.fit(season_ps, rows, spacing_ps)
        plain = [without(season, s.values, s.first_ps, spacing_ps) for s in segments]
        values = np.concatenate(plain)
        first = segments[0].first_ps
        return cls(columns, values.mean(axis=0), values.std(axis=0), delays, season, first, dated)

    @property
    def names(self):
        """Of the features."""
        names = list(self.columns.names)
        for k in range(1, self.delays):
            names += [f"{name}, {k} before" for name in self.columns.names]
        return names

    def unseasoned(self, values, first_ps, spacing_ps):
        """Values of consecutive rows without their season: (n_rows, n_columns)."""
        return without(self.season, values, first_ps, spacing_ps)

    def features(self, values):
        """Frames of consecutive rows without season: the newest row first, then those before it.

        Parameters
        ----------
        values : np.ndarray, shape (n_rows, n_columns)

        Returns
        -------
        np.ndarray, shape (n_rows - delays + 1, n_columns * delays), float32
        """
        scaled = (values - self.mean) / self.sd
        last = len(scaled) - self.delays + 1
        windows = [scaled[k : k + last] for k in reversed(range(self.delays))]
        return np.concatenate(windows, axis=1).astype(np.float32)

    def finished(self, values, first, spacing_ps):
        """Decoded values as rows of the series: with their season, whole, and within bounds.

        Parameters
        ----------
        values : np.ndarray, shape (n_rows, n_columns)
        first : int
            Number of the first row, from 0.
        spacing_ps : float
            Between these rows: the lag.

        Returns
        -------
        np.ndarray, shape (n_rows, n_columns), float64
        """
        values = np.asarray(values, np.float64)
        if self.season is not None:
            times = times_of(self.origin_ps + first * spacing_ps, len(values), spacing_ps)
            values = values + self.season.at(times)
        values = np.where(self.columns.whole, np.rint(values), values)
        return np.clip(values, *self.columns.bounds.T)

    @property
    def decoder_bounds(self):
        """Bounds that the decoder keeps, (n_columns, 2): none where a season is put back later."""
        bounds = self.columns.bounds
        return bounds if self.season is None else np.full_like(bounds, (-np.inf, np.inf))

    def to_dict(self):
        """As lss.json holds it."""
        return {
            "columns": self.columns.to_dict(),
            "mean": self.mean.tolist(),
            "sd": self.sd.tolist(),
            "delays": self.delays,
            "season": None if self.season is None else self.season.to_dict(),
            "origin_ps": self.origin_ps,
            "dated": self.dated,
        }

    @classmethod
    def from_dict(cls, described):
        """From what `to_dict` returned."""
        season = described["season"]
        return cls(
            Columns.from_dict(described["columns"]),
            np.asarray(described["mean"], np.float64),
            np.asarray(described["sd"], np.float64),
            int(described["delays"]),
            None if season is None else Season.from_dict(season),
            float(described["origin_ps"]),
            bool(described["dated"]),
        )


def without(season, values, first_ps, spacing_ps):
    """Values of consecutive rows without a season, if there is one."""
    if season is None:
        return values
    return values - season.at(times_of(first_ps, len(values), spacing_ps))
