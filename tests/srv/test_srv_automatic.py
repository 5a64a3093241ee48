"""The lags worth a scan by hand; the number of modes on a chain that has three."""

import numpy as np
import pytest

from srv import SRV, candidate_lags, count_modes
from srv.lagtime import CrossValidation


@pytest.mark.parametrize(
    ("lengths", "slowest", "expected"),
    [
        # One long trajectory: 20 stretches of 2,000 frames, not of 5,000.
        ([52_000], np.inf, [10, 20, 50, 100, 200, 500, 1000, 2000]),
        ([52_000], 300, [1, 2, 5, 10, 20, 50, 100, 200]),
        # Short pieces: half of the median, whatever the longest is.
        ([20] * 399 + [5000], np.inf, [1, 2, 5, 10]),
        ([5001] * 4, 90, [1, 2, 5, 10, 20, 50]),
        # Not even one lag resolves the slowest mode: the shortest shows it.
        ([20] * 400, 0.5, [1]),
        ([1, 1, 50], np.inf, []),
        ([15], np.inf, []),
    ],
)
def test_lags_worth_a_scan(lengths, slowest, expected):
    assert candidate_lags(lengths, slowest) == expected


def test_modes_are_counted_as_far_as_the_held_out_score_rises(two_processes, quick):
    """Two independent chains have three modes: a, b and their product; a fourth is noise."""
    features = [x[:4000] for x in two_processes[0]]
    srv = SRV(2, **{**quick, "n_components": 4, "batch_size": 200})
    count, validation = count_modes(features, srv, n_folds=4)
    assert count == 3
    gains, errors = validation.gains
    # Held out: eigenvalues .99, .9 and their product, and nothing.
    np.testing.assert_allclose(gains[:3], [0.99, 0.9, 0.891], atol=0.05)
    assert abs(gains[3]) < 4 * errors[3]


def test_at_least_one_mode_and_no_more_than_were_tried(monkeypatch):
    for added, expected in (([0.1, 0.5], 1), ([0.9, 0.5], 2), ([0.9, -0.5], 1)):
        scores = 1 + np.cumsum(added) + np.array([[-0.2], [0.2], [0.0]])
        monkeypatch.setattr(
            "srv.automatic.cross_validate", lambda *a, s=scores, **n: CrossValidation(s, s)
        )
        assert count_modes(None, None)[0] == expected
