"""Checks of settings, seeds and presets."""

import keras
import numpy as np
import pytest

from lss_base.estimators import (
    check_choice,
    check_count,
    check_number,
    picklable,
    preset,
    refusal,
    settled,
)


def test_the_grammar():
    assert (
        str(refusal("lag", "3", "a time", "give a unit")) == "lag is 3, wanted a time; give a unit"
    )


@pytest.mark.parametrize("value", [0, -1, 1.0, "2", None, True, np.float64(2)])
def test_what_is_no_count(value):
    with pytest.raises(ValueError, match=r"n is .*, wanted a whole number of at least 1; give `n`"):
        check_count("n", value)


def test_counts_and_their_ends():
    check_count("n", np.int64(1))
    check_count("n", 0, least=0)
    check_count("n", 5, least=0, most=5)
    with pytest.raises(ValueError, match="n is 6, wanted a whole number from 0 to 5"):
        check_count("n", 6, least=0, most=5)


@pytest.mark.parametrize("value", [-0.1, 1.0, np.nan, np.inf, "0.5", None, True, 1j])
def test_what_is_no_fraction(value):
    with pytest.raises(ValueError, match="wanted a number of at least 0 and less than 1"):
        check_number("f", value, 0, 1)


def test_numbers_and_their_ends():
    check_number("f", 0, 0, 1)
    check_number("f", np.float32(0.5), 0, 1)
    with pytest.raises(ValueError, match="f is 0, wanted a number above 0; "):
        check_number("f", 0, 0, above=True)
    with pytest.raises(ValueError, match="f is inf, wanted"):
        check_number("f", np.inf, 0)


def test_choices():
    check_choice("side", "left", ("left", "right"))
    for value in ("up", None, ["left"]):
        with pytest.raises(ValueError, match=r"side is .*, wanted one of 'left', 'right'"):
            check_choice("side", value, ("left", "right"))


def test_no_seed_is_another_one_each_time():
    assert settled(5) == 5 and settled(0) == 0
    assert len({settled(None) for _ in range(5)}) == 5


def test_presets_are_new_each_time():
    presets = {"a": lambda: {"n": 1}}
    preset("a", presets)["n"] = 2
    assert preset("a", presets) == {"n": 1}
    with pytest.raises(ValueError, match="name is 'b', wanted one of 'a'"):
        preset("b", presets)


def test_callbacks_with_open_files_are_left_out(tmp_path, caplog):
    stop, log = keras.callbacks.TerminateOnNaN(), keras.callbacks.CSVLogger(tmp_path / "log.csv")
    log.csv_file = open(tmp_path / "log.csv", "w")  # noqa: SIM115
    assert picklable([stop, log]) == [stop]
    log.csv_file.close()
    assert "CSVLogger is left out of the pickle" in caplog.text
    assert picklable(None) is None and picklable([]) is None
