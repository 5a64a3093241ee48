"""The gatekeeper of arrays."""

import h5py
import numpy as np
import pytest

from lss_base.trajectories import as_parts, as_sources, check_finite, hold_out, is_list


@pytest.mark.parametrize(
    ("value", "width", "several"),
    [
        (np.zeros((5, 2)), 2, False),
        ([np.zeros((5, 2))], 2, True),
        ((np.zeros((5, 2)), np.zeros(3)), 2, True),  # the second is refused by its name
        ([np.zeros(2), np.zeros(2)], 2, False),  # rows
        ([[0.0, 1.0], [2.0, 3.0]], 2, False),
        ([[[0.0, 1.0]], [[2.0, 3.0]]], 2, True),
        ([np.zeros(7), np.zeros(5)], 1, True),
        ([[0.0], [1.0]], 1, False),
        ([np.zeros((4, 3))] * 6, (4, 3), False),  # frames of four atoms
        ([np.zeros((6, 4, 3))], (4, 3), True),
        ([], 2, True),
        ([["a"], [1, [2]]], 2, False),
    ],
)
def test_lists_of_trajectories_and_lists_of_frames(value, width, several):
    assert is_list(value, width) is several


def test_parts_are_views_of_what_has_the_right_type():
    x = np.arange(12, dtype=np.float32).reshape(6, 2)
    (part,) = as_parts("X", x, 2)
    assert np.shares_memory(part, x)
    flat = as_parts("X", [x[:, 0], x[:2, 1]], 1)
    assert [p.shape for p in flat] == [(6, 1), (2, 1)]
    assert as_parts("X", x.tolist(), 2)[0].dtype == np.float32
    assert [len(p) for p in as_parts("X", [x[:0], x], 2)] == [0, 6]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros((5, 3)), r"X is an array of shape \(5, 3\), wanted shape \(n_frames, 2\); "),
        ([np.zeros((5, 2)), np.zeros(5)], r"X\[1\] is an array of shape \(5,\)"),
        (3.0, r"X is an array of shape \(\)"),
        (np.zeros((0, 2)), "X is without frames"),
        ([["a", "b"]], "X is no array of numbers"),
        (np.full((5, 2), 1j), "X is no array of numbers"),
        (np.array([[0, 1], [np.inf, 0]]), "X is inf in column 0 of frame 1"),
        ([[1.0], [1.0, 2.0]], "X is no array of numbers"),
        (np.array([[1e300, 0.0]]), "X is inf in column 0 of frame 0"),  # in single precision
    ],
)
def test_what_is_refused(value, message):
    with np.errstate(over="ignore"), pytest.raises(ValueError, match=message):
        as_parts("X", value, 2)


def test_sources_on_disk_are_not_loaded(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        data = file.create_dataset("x", (1000, 3))
        sources, names = as_sources("X", [data, np.zeros((4, 3))], 3)
        assert sources[0] is data and names == ["X[0]", "X[1]"]
        with pytest.raises(ValueError, match=r"X is an array of shape \(1000, 3\)"):
            as_sources("X", data, 2)
    with pytest.raises(ValueError, match="X is an empty list, wanted at least one trajectory"):
        as_sources("X", [], 3)
    with pytest.raises(ValueError, match="X is no array of numbers"):
        as_sources("X", np.full((4, 3), "a"), 3)


def test_the_first_value_that_is_not_finite_is_named():
    frames = np.zeros((4, 2, 3))
    check_finite("y", frames)
    frames[2, 1, 0] = np.nan
    with pytest.raises(ValueError, match="y is nan in column 1, 0 of frame 102, wanted finite"):
        check_finite("y", frames, 100)


def test_whole_trajectories_are_held_out_or_the_end_of_each_behind_a_gap():
    kept, held = hold_out([50] * 10, 0.2, seed=0)
    assert len(kept) == 8 and len(held) == 2
    assert sorted(kept + held) == [(i, 0, 50) for i in range(10)]
    assert hold_out([50] * 10, 0.2, seed=1) != (kept, held)
    kept, held = hold_out([100, 40], 0.2, seed=0, gap=5)
    assert kept == [(0, 0, 75), (1, 0, 27)] and held == [(0, 80, 100), (1, 32, 40)]
    assert hold_out([4], 0.5, seed=0, gap=5) == ([(0, 0, 0)], [(0, 2, 4)])
