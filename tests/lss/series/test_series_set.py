"""Tables as segments: nothing is closed up, and what cannot be read is refused."""

import h5py
import numpy as np
import pandas
import pytest

from lss.errors import InputError
from lss.series.series_set import SeriesSet

DAY_PS = 86400 * 1e12


def table(path, n=60, gap=(), missing=(), header="date,rain,count"):
    """A CSV file of daily values: a wave, and whole numbers that are not negative."""
    start = np.datetime64("2001-01-01")
    rows = [header]
    for i in range(n):
        if i in gap:
            continue
        wave = "" if i in missing else f"{np.sin(0.3 * i):.4f}"
        rows.append(f"{start + i},{wave},{i % 7}")
    path.write_text("\n".join(rows) + "\n")
    return str(path)


def test_gaps_and_missing_values_cut(tmp_path):
    file = table(tmp_path / "a.csv", gap=(20, 21), missing=(40,))
    data = SeriesSet.open([file], time_column=["date"])
    assert data.n_frames == [20, 18, 19]  # rows 0 to 19, 22 to 39, 41 to 59
    assert data.spacing_ps == DAY_PS
    assert np.allclose(data.values(1)[:, 0], np.round(np.sin(0.3 * np.arange(22, 40)), 4))
    assert data.columns.names == ("rain", "count")
    assert data.columns.whole == (False, True) and data.columns.lower == (None, 0)
    assert any("3 segments" in note for note in data.notes)


def test_codes_of_missing_values_cut(tmp_path):
    file = tmp_path / "codes.csv"
    values = [1.0, 2.0, 999.0, 1.0, 3.0, 1e36, 2.0, 1.0, 4.0]
    file.write_text("x\n" + "\n".join(f"{v:g}" for v in values) + "\n")
    data = SeriesSet.open([str(file)], dt_ps=DAY_PS, missing=(1e36, 999.0))
    assert data.n_frames == [2, 2, 3]


def test_delays_shorten_each_segment_and_the_newest_row_is_decoded(tmp_path):
    file = table(tmp_path / "a.csv", gap=(20, 21))
    data = SeriesSet.open([file], time_column=["date"], delays=3)
    assert data.n_frames == [18, 36]
    assert np.allclose(data.values(0)[0, 0], np.round(np.sin(0.6), 4))
    assert data.features(0).shape == (18, 6)


def test_what_is_in_memory_is_what_is_in_a_file(tmp_path):
    file = table(tmp_path / "a.csv", gap=(20,), missing=(40,))
    frame = pandas.read_csv(file, parse_dates=["date"], index_col="date")
    read, given = SeriesSet.open([file], time_column=["date"]), SeriesSet.of(frame)
    assert given.n_frames == read.n_frames and given.spacing_ps == read.spacing_ps
    for i in range(len(read.n_frames)):
        assert np.array_equal(given.values(i), read.values(i))


def test_arrays_of_different_lengths_are_several_series():
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(n, 2)) for n in (30, 12)]
    data = SeriesSet.of(arrays, dt="6 h", columns=["u", "v"])
    assert data.n_frames == [30, 12] and data.spacing_ps == DAY_PS / 4
    assert data.columns.names == ("u", "v")


def test_a_season_is_taken_off_and_put_back():
    time = np.arange(4000)
    rng = np.random.default_rng(1)
    season = 3.0 * np.cos(2 * np.pi * time / 365.25 + 0.4)
    noise = rng.normal(size=4000)
    data = SeriesSet.of((season + noise)[:, None], dt="1 d", columns=["warm"], season="1 y")
    left = data.unseasoned(0)[:, 0]
    # The amplitude is known to sqrt(2 / n) of the noise, a few harmonics of it.
    assert np.abs(np.corrcoef(left, season)[0, 1]) < 0.02
    assert left.std() == pytest.approx(noise.std(), abs=0.05)
    assert np.allclose(data.values(0)[:, 0], season + noise)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("date,x\n2001-01-01,1\n2001-01-02,two\n2001-01-03,3\n", "two"),
        ("date,x\n2001-01-01,1\n2001-01-01,2\n2001-01-02,3\n", "same time"),
        ("date,x\n2001-01-03,1\n2001-01-02,2\n2001-01-01,3\n", "an earlier time"),
        ("date,x\n2001-01-01,1\n2001-01-02,1\n2001-01-03,1\n", "x is 1 in all rows"),
    ],
)
def test_what_cannot_be_right_is_refused(tmp_path, text, said):
    file = tmp_path / "bad.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=said):
        SeriesSet.open([str(file)], time_column=["date"])


WRITERS = {
    "csv": lambda frame, path: frame.to_csv(path),
    "tsv": lambda frame, path: frame.to_csv(path, sep="\t"),
    "parquet": lambda frame, path: frame.to_parquet(path),
    "nc": lambda frame, path: frame.to_xarray().to_netcdf(path, engine="h5netcdf"),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_each_kind_of_file_holds_the_same_series(tmp_path, kind):
    file = table(tmp_path / "a.csv", gap=(20,), missing=(40,))
    frame = pandas.read_csv(file, parse_dates=["date"], index_col="date")
    path = tmp_path / f"b.{kind}"
    WRITERS[kind](frame, path)
    named = ["date"] if kind in ("csv", "tsv") else None
    read, given = SeriesSet.open([str(path)], time_column=named), SeriesSet.of(frame)
    assert read.columns == given.columns and read.spacing_ps == DAY_PS
    assert read.n_frames == [20, 19, 19]
    for i in range(3):
        np.testing.assert_array_equal(read.values(i), given.values(i))


def test_arrays_in_files_are_the_series_that_they_are_in_memory(tmp_path):
    values = np.random.default_rng(0).normal(size=(50, 2))
    np.save(tmp_path / "a.npy", values)
    np.savez(tmp_path / "b.npz", values=values)
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["values"] = values
    for name in ("a.npy", "b.npz", "c.h5"):
        read = SeriesSet.open([str(tmp_path / name)], dt_ps=DAY_PS)
        np.testing.assert_array_equal(read.values(0), values)


def test_what_xarray_holds_is_the_same_series(tmp_path):
    file = table(tmp_path / "a.csv", gap=(20,), missing=(40,))
    frame = pandas.read_csv(file, parse_dates=["date"], index_col="date")
    data, given = SeriesSet.of(frame.to_xarray()), SeriesSet.of(frame)
    assert data.n_frames == given.n_frames and data.columns == given.columns


@pytest.mark.parametrize(
    ("above", "names"),
    [
        ("# t x y\n", ("x", "y")),
        ("#! FIELDS t x y\n#! SET min_x -pi\n", ("x", "y")),
        ("# made on a Tuesday by somebody\n", None),
        ("# 1950 1 1\n", None),
        ("# t, x, y\n", ("x", "y")),
    ],
)
def test_a_comment_may_name_the_columns(tmp_path, above, names):
    path = tmp_path / "a.dat"
    path.write_text(above + "".join(f"{i} {i * i % 7} {i * i % 5}\n" for i in range(40)))
    if names is None:
        with pytest.raises(InputError, match="no header that fits its 3 columns"):
            SeriesSet.open([str(path)], dt_ps=DAY_PS)
        return
    data = SeriesSet.open([str(path)], time_column=["t"], dt_ps=DAY_PS)
    assert data.columns.names == names
