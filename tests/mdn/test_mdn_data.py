"""Trajectories into pairs of frames."""

import numpy as np
import pytest

from mdn import Propagator
from mdn.data import hold_out, pair_starts, pairs, take
from mdn.settings import training_bounds


@pytest.mark.parametrize(
    "data, message",
    [
        (np.zeros((50, 3)), r"X is an array of shape \(50, 3\), wanted shape \(n_frames, 2\)"),
        ([np.zeros((50, 2)), np.zeros(50)], r"X\[1\] is an array of shape \(50,\)"),
        ([], "X is without frames"),
        (np.full((50, 2), np.nan), "X is nan in column 0 of frame 0"),
        (np.ones((50, 2)) * [[1, 2]], "coordinate 0 of X is constant"),
        ([["a", "b"]], "X is no array of numbers"),
        (np.full((50, 2), 1j), r"X is no array of numbers \(complex"),
    ],
)
def test_bad_data_are_refused(data, message):
    with pytest.raises(ValueError, match=message):
        Propagator(2, lag_time=2, bounds="data", verbose=False).fit(data)


def test_pairs_never_span_trajectories():
    parts = [np.arange(5.0)[:, None], 100 + np.arange(2.0)[:, None], 200 + np.arange(4.0)[:, None]]
    x, y = pairs(parts, 3)
    np.testing.assert_array_equal(np.hstack([x, y]), [[0, 3], [1, 4], [200, 203]])
    assert pair_starts(parts, 3).tolist() == [0, 1, 7]


def test_frames_and_pairs_are_taken_as_from_the_concatenated_trajectories():
    rng = np.random.default_rng(0)
    parts = [rng.normal(size=(n, 2)).astype(np.float32) for n in (30, 0, 7, 3, 50)]
    frames = np.concatenate(parts)
    rows = rng.integers(len(frames), size=200)
    np.testing.assert_array_equal(take(parts, rows), frames[rows])
    starts = pair_starts(parts, 5)
    for found, first in zip(pairs(parts, 5), (starts, starts + 5), strict=True):
        np.testing.assert_array_equal(found, frames[first])


def test_held_out_parts_share_nothing_with_the_training_data():
    parts = [np.arange(100.0 * i, 100.0 * i + 50)[:, None] for i in range(10)]
    training, held = hold_out(parts, 0.2, 5, seed=0)
    assert len(training) == 8 and len(held) == 2
    training, held = hold_out(parts[:2], 0.2, 5, seed=0)
    # The gap of one lag, 5 frames, belongs to neither.
    assert [len(t) for t in training] == [35, 35] and [len(t) for t in held] == [10, 10]
    for whole, a, b in zip(parts[:2], training, held, strict=True):
        np.testing.assert_array_equal(np.concatenate([a, whole[35:40], b]), whole)
    assert hold_out(parts, 0, 5, 0) == (parts, [])


def test_a_split_that_leaves_no_pair_is_the_one_to_blame():
    parts = [np.arange(30.0)[:, None]]
    for fraction, message in ((0.8, "training, .* hold out less"), (0.2, "validation, .* more")):
        with pytest.raises(ValueError, match=message):
            hold_out(parts, fraction, 10, seed=0)


def test_bounds_of_the_data_in_double_precision_hold_them():
    x = np.random.default_rng(0).normal(size=(100, 3))
    low, high = training_bounds((x.min(axis=0), x.max(axis=0)), x.astype(np.float32))
    np.testing.assert_array_equal([low, high], [x.min(axis=0), x.max(axis=0)])
