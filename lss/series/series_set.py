"""Time series as one set: columns of numbers, at equal times, cut where something is missing."""

import hashlib
from collections import Counter

import numpy as np

from lss.errors import InputError
from lss.series import columns_of, cutting
from lss.series.files import find_series, read_series
from lss.series.given import tables_of
from lss.series.scheme import Scheme
from lss.series.season import Season
from lss.series.times import check_forward, spacing_of, take_times
from lss.trajectories.file_search import digest
from lss.units import format_time, time_ps

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

    def __init__(self, segments, scheme, spacing_ps, notes, prints, options, dt_ps=None):
        self.segments, self.scheme, self.spacing_ps = segments, scheme, spacing_ps
        self.notes, self._prints, self.options = notes, prints, options
        self.dt_ps = dt_ps
        self.columns = scheme.columns
        self.n_frames = [len(s) - scheme.delays + 1 for s in segments]
        self.files = self.names = names_of(segments, scheme)

    @classmethod
    def open(
        cls,
        patterns,
        time_column=None,
        columns=None,
        dt_ps=None,
        missing=(),
        delays=1,
        season_ps=None,
        like=None,
    ):
        """Find, read and check files of time series.

        Parameters
        ----------
        patterns : list of str
            File names and globs: text with a header (.csv, .tsv, .txt, .dat), .npy, .npz, .h5,
            .parquet, NetCDF (.nc).
        time_column : list of str, optional
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
            "time_column": time_column,
            "columns": columns,
            "missing": tuple(missing),
            "delays": delays,
            "season_ps": season_ps,
        }
        return cls._of_tables(tables, prints, dt_ps, options, like)

    @classmethod
    def of(
        cls, data, *, time_column=None, columns=None, dt=None, missing=(), delays=1, season=None,
        like=None,
    ):  # fmt: skip
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
        if all(list(table.cells) == list(columns or ()) for table in tables):
            columns = None  # they were the names of arrays
        if isinstance(time_column, str):
            time_column = time_column.split(",") if "," in time_column else [time_column]
        options = {
            "time_column": time_column,
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
            scheme = learned(segments, names, units, spacing_ps, dated, options)
        else:
            scheme = like.scheme
            check_like(tables[0].source, names, spacing_ps, dated, like)
        n_rows = sum(len(values) for _, _, values in parts)
        if prints is None:
            prints = [of_memory(table.source, values) for table, _, values in parts]
        notes = lost(cuts, n_rows, segments, len(tables), max(delays, 2))
        return cls(segments, scheme, spacing_ps, notes, prints, options, dt_ps)

    def values(self, i):
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


def learned(segments, names, units, spacing_ps, dated, options):
    """The scheme of what is trained on."""
    values = np.concatenate([s.values for s in segments])
    columns = columns_of.described(names, units, values)
    season = options["season_ps"]
    if season is not None:
        both = [(s.first_ps, s.values) for s in segments]
        season = Season.fit(season, both, spacing_ps)
    plain = Scheme(columns, np.zeros(len(names)), np.ones(len(names)), season=season)
    values = np.concatenate([plain.unseasoned(s.values, s.first_ps, spacing_ps) for s in segments])
    return Scheme(
        columns,
        values.mean(axis=0),
        values.std(axis=0),
        int(options["delays"]),
        season,
        segments[0].first_ps,
        bool(dated),
    )


def check_like(source, names, spacing_ps, dated, like):
    """InputError where series are not of the columns and times of those trained on."""
    if tuple(names) != like.columns.names:
        raise InputError(
            f"{source} has the columns {', '.join(names)}, wanted {', '.join(like.columns.names)} "
            "as the data that were trained on: give these"
        )
    if abs(spacing_ps / like.spacing_ps - 1) > 1e-4:
        raise InputError(
            f"the rows of {source} are {format_time(spacing_ps, 4)} apart, wanted "
            f"{format_time(like.spacing_ps, 4)} as in the data that were trained on"
        )
    if dated != like.scheme.dated and like.scheme.season is not None:
        raise InputError(
            f"the times of {source} are {'dates' if dated else 'no dates'}, those of the data that "
            "were trained on are not: the season cannot be found"
        )


def lost(cuts, n_rows, segments, n_tables, least):
    """What was cut and lost, in words; nothing where nothing was."""
    kept = sum(len(s) for s in segments)
    if kept == n_rows and len(segments) == n_tables:
        return []
    causes = []
    if cuts.missing:
        causes.append(f"{cuts.missing} with missing values")
    if cuts.short:
        causes.append(f"{cuts.short_rows} in {cuts.short} segments of fewer than {least} rows")
    text = f"{n_rows - kept} of {n_rows} rows are lost"
    text += f" ({', '.join(causes)})" if causes else ""
    gaps = f"at {cuts.gaps} gaps in time and at missing values" if cuts.gaps else "there"
    each = "the series is" if n_tables == 1 else f"the {n_tables} series are"
    plural = "" if len(segments) == 1 else "s"
    return [f"{text}; {each} cut {gaps} into {len(segments)} segment{plural}, and no pair of rows "
            "spans a cut"]  # fmt: skip


def of_memory(source, values):
    """A fingerprint of values in memory."""
    return {
        "kind": "series",
        "file": source,
        "bytes": values.nbytes,
        "sha256": hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest(),
    }


def names_of(segments, scheme):
    """What each segment is called: its source, with the time of its first row where it is cut."""
    counts = Counter(s.source for s in segments)
    return [
        s.source if counts[s.source] == 1 else f"{s.source} from {time_text(s.first_ps, scheme)}"
        for s in segments
    ]


def time_text(ps, scheme):
    """A time in words: a date where times are dates."""
    if scheme.dated:
        return str(np.datetime64(round(ps / 1e12), "s")).removesuffix("T00:00:00")
    return format_time(ps)
