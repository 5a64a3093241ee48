"""Time series as one set: columns of numbers, at equal times, cut where something is missing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lss.errors import InputError
from lss.series import columns_of, cutting
from lss.series.aligned import aligned
from lss.series.files import find_series, read_series
from lss.series.given import tables_of
from lss.series.held_out import check_like
from lss.series.scheme import Scheme
from lss.series.suspects import angles
from lss.series.wording import lost, names_of
from lss.trajectories.file_search import digest
from lss.units import time_ps

if TYPE_CHECKING:
    from lss.series.cutting import Segment

MOST_DELAYS = 1000


class SeriesSet:
    """Series of the same columns at one time between rows.

    Made by `open` or `of`. Several series are several trajectories, and so are the segments into
    which missing values, gaps and irregular steps cut them: no pair of rows spans a cut. A frame
    is a row with the `delays` - 1 rows before it.

    Attributes
    ----------
    segments : list of lss.series.cutting.Segment
        Values in their own units.
    scheme : lss.series.scheme.Scheme
        How they become features.
    columns : lss.series.columns.Columns
    spacing_ps : float
        Time between rows, **ps**.
    n_frames : list of int
        Frames of each segment.
    names : list of str
        What each segment is called.
    notes : list of str
        What every output made of these data must say.
    options : dict
        With which they were opened.
    dt_ps : float or None
        The time between rows that was given, **ps**.
    """

    in_memory = True

    def __init__(
        self,
        segments: list[Segment],
        scheme: Scheme,
        spacing_ps: float,
        notes: list[str],
        prints: list[dict],
        options: dict,
        dt_ps: float | None = None,
    ):
        self.segments, self.scheme, self.spacing_ps = segments, scheme, spacing_ps
        self.notes, self._prints, self.options = notes, prints, options
        self.dt_ps = dt_ps
        self.columns = scheme.columns
        self.n_frames = [len(s) - scheme.delays + 1 for s in segments]
        self.files = self.names = names_of(segments, scheme)

    @classmethod
    def open(
        cls,
        patterns: str | Path | Sequence[str | Path],
        time_column: str | list[str] | None = None,
        columns: list[str] | None = None,
        dt_ps: float | None = None,
        missing: Sequence[float] = (),
        delays: int = 1,
        season_ps: float | None = None,
        like: SeriesSet | None = None,
    ) -> SeriesSet:
        """Find, read and check files of time series.

        Parameters
        ----------
        patterns : list of str
            File names and globs: text with a header (.csv, .tsv, .txt, .dat), .npy, .npz, .h5,
            .parquet, NetCDF (.nc).
        time_column : str or list of str, optional
            The column of the time, in ISO dates or numbers, or those of year, month and day.
        columns : list of str, optional
            The columns to simulate, all but the time where not given; ``"4"`` is the fourth of a
            table without header, ``"4=speed"`` gives it a name.
        dt_ps : float, optional
            Time between rows, **ps**: needed where no times, or times in numbers, are given.
        missing : list of float
            Numbers that stand for a missing value.
        delays : int
            Rows of a frame.
        season_ps : float, optional
            Period of a mean cycle that is taken off, **ps**.
        like : SeriesSet, optional
            What was trained on: features are made as there.

        Returns
        -------
        SeriesSet

        Raises
        ------
        InputError
            For files that cannot be read, columns that are not there or no numbers, times that do
            not rise or are irregular, and columns that never change.
        """
        files = find_series(patterns)
        tables = [table for path in files for table in read_series(path)]
        if columns is None:
            nameless = [t for t, p in zip(tables, files, strict=False) if not t.named]
            for table in nameless:
                if str(table.source).lower().endswith((".csv", ".tsv", ".txt", ".dat")):
                    raise InputError(
                        f"{table.source} has no header that fits its {len(table.cells)} columns: "
                        "name them by their numbers in `columns`, such as 4, or 4=speed with a "
                        "name (and in `time_column`, such as 1,2,3)"
                    )
        prints = [{"kind": "series", "file": str(path), **digest(path)} for path in files]
        options = {
            "time_column": _listed(time_column),
            "columns": columns,
            "missing": tuple(missing),
            "delays": delays,
            "season_ps": season_ps,
        }
        return cls._of_tables(tables, prints, dt_ps, options, like)

    @classmethod
    def of(
        cls,
        data: Any,
        *,
        time_column: str | list[str] | None = None,
        columns: list[str] | None = None,
        dt: str | float | None = None,
        missing: Sequence[float] = (),
        delays: int = 1,
        season: str | float | None = None,
        like: SeriesSet | None = None,
    ) -> SeriesSet:
        """Series that are in memory.

        Parameters
        ----------
        data : array, DataFrame, Dataset, DataArray, or list of such
            Arrays (n_rows,) or (n_rows, n_columns); of pandas, with dates as index or a column of
            times; of xarray, along one dimension with a coordinate of times. A list is as many
            series.
        time_column : str or list of str, optional
        columns : list of str, optional
            To simulate; all but the time where not given. Of an array: their names, or numbers of
            some of them, as in `open`.
        dt : str or float, optional
            Time between rows, with its unit (``"1 d"``) or in **ps**.
        missing, delays, like
            As in `open`.
        season : str or float, optional
            Period of a cycle that is taken off, as `dt`.

        Returns
        -------
        SeriesSet
        """
        tables = tables_of(data, columns)
        options = {
            "time_column": _listed(time_column),
            "columns": columns,
            "missing": tuple(missing),
            "delays": delays,
            "season_ps": None if season is None else time_ps(season, "season"),
        }
        dt_ps = None if dt is None else time_ps(dt, "dt")
        return cls._of_tables(tables, None, dt_ps, options, like)

    @classmethod
    def _of_tables(cls, tables, prints, dt_ps, options, like):
        delays = options["delays"]
        if int(delays) != delays or not 1 <= delays <= MOST_DELAYS:
            raise InputError(f"`delays` is {delays}, wanted a whole number from 1 to {MOST_DELAYS}")
        parts, names, units, spacing_ps, dated = aligned(tables, dt_ps, options)
        cuts, segments = cutting.Cuts(), []
        for table, times, values in parts:
            segments += cutting.segments_of(
                table.source, times, values, spacing_ps, max(delays, 2), cuts
            )
        if not segments:
            raise InputError(
                f"{tables[0].source} has no {max(delays, 2)} consecutive rows without a missing "
                "value: give fewer `columns`, fewer `delays`, or data with fewer gaps"
            )
        if like is None:
            values = np.concatenate([s.values for s in segments])
            columns = columns_of.described(names, units, values)
            scheme = Scheme.learned(
                columns,
                segments,
                spacing_ps,
                delays=int(delays),
                season_ps=options["season_ps"],
                dated=bool(dated),
            )
        else:
            scheme = like.scheme
            check_like(tables[0].source, names, spacing_ps, dated, like)
        n_rows = sum(len(values) for _, _, values in parts)
        if prints is None:
            prints = [of_memory(table.source, values) for table, _, values in parts]
        notes = lost(cuts, n_rows, segments, len(tables), max(delays, 2))
        notes += angles(scheme.columns.names, [s.values for s in segments])
        return cls(segments, scheme, spacing_ps, notes, prints, options, dt_ps)

    def values(self, i: int) -> np.ndarray:
        """The newest row of each frame of segment `i`, in its units: (n_frames, n_columns)."""
        return self.segments[i].values[self.scheme.delays - 1 :]

    def unseasoned(self, i):
        """As `values`, without the season: what the decoder is trained on."""
        return self._unseasoned(i)[self.scheme.delays - 1 :]

    def features(self, i):
        """Features of segment `i`: (n_frames, n_features), float32."""
        return self.scheme.features(self._unseasoned(i))

    def _unseasoned(self, i):
        segment = self.segments[i]
        return self.scheme.unseasoned(segment.values, segment.first_ps, self.spacing_ps)

    def times_ps(self, i):
        """Time of each frame of segment `i`, **ps**."""
        first = self.segments[i].first_ps + (self.scheme.delays - 1) * self.spacing_ps
        return first + self.spacing_ps * np.arange(self.n_frames[i])

    def fingerprints(self):
        """Identify the data, as `TrajectorySet.fingerprints`."""
        return self._prints


def _listed(time_column):
    """The columns of the time as a list: `"date"` and `"year,month,day"` are such as well."""
    return time_column.split(",") if isinstance(time_column, str) else time_column


def of_memory(source, values):
    """A fingerprint of values in memory."""
    return {
        "kind": "series",
        "file": source,
        "bytes": values.nbytes,
        "sha256": hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest(),
    }
