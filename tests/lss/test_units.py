"""Times with units and lags in frames."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lss.errors import InputError
from lss.trajectories.frame_spacing import spacing_from_times
from lss.trajectories.settled_times import check_dt, settle
from lss.units import PICOSECONDS, describe_lag, format_time, lag_in_frames, parse_time


@pytest.mark.parametrize(
    ("text", "ps"),
    [
        ("20ns", 20_000.0),
        ("20 ns", 20_000.0),
        (" 0.2us ", 200_000.0),
        ("1e3 ps", 1_000.0),
        ("500ps", 500.0),
        ("2fs", 0.002),
        ("208us", 2.08e8),
        ("1ms", 1e9),
        (".5ns", 500.0),
        ("5.ns", 5_000.0),
        ("+5ns", 5_000.0),
        ("2E-1\u00b5s", 200_000.0),
        ("3 \u03bcs", 3e6),
        ("0.2ns", 200.0),
        ("0.3ns", 300.0),
    ],
)
def test_parse_time(text, ps):
    assert parse_time(text) == ps


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("20", "has no unit: write '20ns'"),
        ("1e3", "has no unit"),
        ("20 sec", "unknown unit 'sec'"),
        ("3 months", "no time of one length: give days"),
        ("20 NS", "unknown unit 'NS'"),
        ("20 frames", "unknown unit"),
        ("nan ns", "not a time"),
        ("nanns", "not a time"),
        ("inf us", "not a time"),
        ("1e999ns", "greater than zero and finite"),
        ("1e-999ns", "greater than zero and finite"),
        ("0ns", "greater than zero"),
        ("-5ns", "greater than zero"),
        ("", "not a time"),
        ("ns", "not a time"),
        ("2 0ns", "not a time"),
        ("1_000ns", "not a time"),
        ("0x10ns", "not a time"),
        ("٢٠ns", "not a time"),
        ("20ns\n30ns", "not a time"),
        (20, "not text"),
        (None, "not text"),
    ],
)
def test_bad_times_say_what_to_write(text, says):
    with pytest.raises(InputError, match="--lag") as caught:
        parse_time(text, "--lag")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=30))
def test_any_text_gives_a_time_or_an_input_error(text):
    try:
        value = parse_time(text)
    except InputError:
        return
    assert math.isfinite(value) and value > 0


@given(st.floats(1e-3, 1e14))
def test_format_and_parse_agree(ps):
    # Six digits are written.
    assert parse_time(format_time(ps)) == pytest.approx(ps, rel=1e-5)


@given(st.integers(1, 10**6), st.sampled_from(sorted(PICOSECONDS)))
def test_whole_numbers_are_exact(number, unit):
    exact = {"fs": number / 1000, "ps": number, "ns": number * 10**3, "us": number * 10**6}
    exact["ms"] = number * 10**9
    seconds = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "y": 31_557_600}
    exact |= {name: number * factor * 10**12 for name, factor in seconds.items()}
    assert parse_time(f"{number}{unit}") == float(exact[unit])


@pytest.mark.parametrize(
    ("ps", "text"),
    [(20_000.0, "20 ns"), (200.0, "200 ps"), (2.08e8, "208 us"), (0.002, "2 fs"), (1e9, "1 ms")],
)
def test_format_time(ps, text):
    assert format_time(ps) == text


def test_format_time_rounds_before_it_chooses_the_unit():
    assert format_time(999.99999999) == "1 ns"
    assert format_time(0.0) == "0 ps"


def test_lag_in_frames():
    assert lag_in_frames(20_000.0, 200.0) == 100
    assert lag_in_frames(500.0, 100.00000149) == 5
    assert lag_in_frames(0.3, 0.1) == 3


def test_lag_between_frames_names_the_nearest_whole_ones():
    with pytest.raises(InputError, match=r"use 400 ps or 600 ps"):
        lag_in_frames(500.0, 200.0)
    with pytest.raises(InputError, match=r"use 200 ps$"):
        lag_in_frames(50.0, 200.0)
    with pytest.raises(InputError, match="greater than zero"):
        lag_in_frames(float("nan"), 200.0)
    with pytest.raises(InputError, match="frame spacing"):
        lag_in_frames(20.0, 0.0)


@given(st.integers(1, 10**7), st.floats(1e-3, 1e6))
def test_every_whole_multiple_is_accepted(n, spacing):
    assert lag_in_frames(n * spacing, spacing) == n


@given(st.integers(1, 1000), st.floats(0.05, 0.95), st.floats(1e-3, 1e6))
def test_no_fraction_is_accepted(n, fraction, spacing):
    # The tolerance is 1e-4 n <= 0.1 for these, and never above 0.05.
    if abs(fraction - round(fraction)) > 0.0501:
        with pytest.raises(InputError):
            lag_in_frames((n + fraction) * spacing, spacing)


def test_describe_lag():
    assert describe_lag(20_000.0, 200.0) == "lag 20 ns = 100 frames of 0.2 ns"
    assert describe_lag(200.0, 200.0, "--lag") == "--lag 200 ps = 1 frame of 200 ps"


# The times of files.


@pytest.mark.parametrize("spacing", [0.1, 0.002, 48.88821, 100.0, 200.0, 1.0])
@pytest.mark.parametrize("first", [0.0, 1234.5, 1e6])
def test_spacing_survives_single_precision(spacing, first):
    n = 5000
    times = (first + spacing * np.arange(n)).astype(np.float32)
    found = spacing_from_times(times, "a.xtc")
    ulp = float(np.spacing(times[-1]))
    # Both ends are rounded, by half a unit in the last place each; simplifying doubles it at most.
    assert abs(found.ps - spacing) <= 2 * ulp / (n - 1)
    assert found.agrees_with(spacing)


def test_spacing_is_recovered_cleanly():
    times = (0.1 * np.arange(1000)).astype(np.float32)
    assert spacing_from_times(times, "a.xtc").ps == 0.1
    assert spacing_from_times(np.float32([0, 100, 200]), "a.xtc").ps == 100.0


def test_times_beyond_the_resolution_of_single_precision():
    # At 1e9 ps neighbouring float32 numbers are 64 ps apart.
    times = (1e9 + 200.0 * np.arange(10_000)).astype(np.float32)
    found = spacing_from_times(times, "a.xtc")
    assert found.ps == pytest.approx(200.0, abs=64 / 9_999)
    assert lag_in_frames(20_000.0, found.ps) == 100


@given(
    st.floats(0, 1e7),
    st.floats(0.5, 1e3),
    st.integers(3, 400),
    st.data(),
)
def test_one_missing_frame_is_found(first, spacing, n, data):
    # Where single precision resolves the spacing well enough to see it at all.
    ulp = float(np.spacing(np.float32(first + spacing * n)))
    if spacing < 16 * ulp:
        return
    missing = data.draw(st.integers(1, n - 1))
    times = (first + spacing * np.delete(np.arange(n + 1), missing)).astype(np.float32)
    with pytest.raises(InputError, match="not equally spaced"):
        spacing_from_times(times, "a.xtc")


def test_irregular_times_name_the_frames():
    with pytest.raises(InputError, match=r"frame 2 is at 200 ps and frame 3 at 400 ps"):
        spacing_from_times(np.float32([0, 100, 200, 400, 500]), "a.xtc")
    with pytest.raises(InputError, match="backwards"):
        spacing_from_times(np.float32([300, 200, 100]), "a.xtc")
    with pytest.raises(InputError, match="frame 1 is not a finite"):
        spacing_from_times(np.float32([0, np.nan, 2]), "a.xtc")
    with pytest.raises(InputError, match="not equally spaced"):
        spacing_from_times(np.float32([0, 200, 100, 300]), "a.xtc")


def test_silent_times():
    assert spacing_from_times(np.float32([5]), "a.xtc") is None
    assert spacing_from_times(np.zeros(10, np.float32), "a.xtc") is None
    assert spacing_from_times(np.float32([7, 8, 9]), "a.xtc").counts_frames
    assert not spacing_from_times(np.float32([0, 2, 4]), "a.xtc").counts_frames
    assert not spacing_from_times(np.float32([0.5, 1.5]), "a.xtc").counts_frames
    assert spacing_from_times(np.full(9, np.nan, np.float32), "a.xtc") is None
    # Numbers of steps in the place of times, as a converter writes them.
    steps = np.int32([0, 5000, 10000])
    assert spacing_from_times(np.float32(steps), "a.xtc", steps).counts_frames
    assert not spacing_from_times(np.float32([0, 10, 20]), "a.xtc", steps).counts_frames


def spacings():
    hundred = spacing_from_times(np.float32([0, 100, 200]), "a")
    fifty = spacing_from_times(np.float32([0, 50, 100]), "b")
    return hundred, fifty, spacing_from_times(np.float32([0, 1, 2]), "c")


def test_times_are_settled():
    hundred, _, count = spacings()
    assert settle([hundred, None], ["a", "one"], [3, 1], None) == (100.0, None)
    assert settle([hundred], ["a"], [3], "file") == (100.0, None)
    assert settle([count], ["c"], [3], "file") == (1.0, None)
    assert settle([count], ["c"], [3], 1.0) == (1.0, None)
    assert settle([None], ["d"], [3], 200.0) == (200.0, None)
    ps, note = settle([count, hundred], ["folder/c", "a"], [3, 3], 100.0)
    assert ps == 100.0 and note.startswith("The times in c only count frames.")
    ps, note = settle([hundred, count], ["a", "c"], [3, 3], 50.0, force=True)
    assert ps == 50.0 and "in a and 1 more (100 ps apart) were set aside" in note


def test_times_that_tell_nothing_or_contradict():
    hundred, fifty, count = spacings()
    with pytest.raises(InputError, match="one frame spacing"):
        settle([hundred, fifty], ["a", "b"], [3, 3], None)
    with pytest.raises(InputError, match=r"100 ps apart but `dt` says 200 ps: .* `force_dt`"):
        settle([hundred], ["a"], [3], 200.0)
    with pytest.raises(InputError, match=r"d: .* give it with `dt`"):
        settle([hundred, None], ["a", "d"], [3, 3], None)
    with pytest.raises(InputError, match="`dt`"):
        settle([None], ["one"], [1], None)
    with pytest.raises(InputError, match=r"c: its times only count frames .*: give `dt`"):
        settle([hundred, count], ["a", "c"], [3, 3], None)
    with pytest.raises(InputError, match="d: the file does not tell"):
        settle([None], ["d"], [3], "file")
    for dt in (None, "file"):
        with pytest.raises(InputError, match="`force_dt` is nothing without a time"):
            check_dt(dt, "`dt`", force=True)
