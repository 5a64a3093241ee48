"""The scan against a chain with known timescales; the choice on scans made by hand."""

import json

import numpy as np
import pytest

from lss_base.kinetics import DegenerateOutputsError
from srv import SRV
from srv.choice import recommend
from srv.lagtime import (
    CrossValidation,
    LagScan,
    _fold,
    cross_validate,
    scan_lags,
)
from tests.systems import spiral, telegraph


def _scan(lags, timescales, error=0.1, visits=50, short=0, half=1000):
    timescales = np.asarray(timescales, float)
    lags = np.asarray(lags)
    return LagScan(
        lags,
        timescales,
        timescales * (1 - error),
        timescales * (1 + error),
        np.exp(-lags[:, None] / timescales),
        np.full(timescales.shape, visits),
        np.full(len(lags), 1000),
        np.full(len(lags), short),
        np.full(len(lags), False),
        half,
    )


def test_scan_finds_the_timescale_at_every_lag(two_state, quick):
    exact = -1 / np.log(0.96)
    scan = scan_lags(two_state, [5, 1], SRV(2, **quick), n_bootstrap=100)
    assert scan.lags.tolist() == [1, 5]
    # 15,000 frames hold some 300 independent spans of twice the timescale: 6 % standard error.
    np.testing.assert_allclose(scan.timescales[:, 0], exact, rtol=0.2)
    assert (scan.low < scan.timescales).all()
    assert (scan.high > scan.timescales).all()
    assert (scan.high - scan.low < 0.4 * exact).all()
    assert scan.n_pairs.tolist() == [15_000 - 3, 15_000 - 15]
    assert (scan.half, scan.n_short.tolist(), scan.weighted.any()) == (2500, [0, 0], False)
    again = LagScan.from_dict(json.loads(json.dumps(scan.to_dict(), allow_nan=False)))
    np.testing.assert_array_equal(again.timescales, scan.timescales)


def test_a_scan_of_what_goes_round_shows_its_decay_at_every_lag(quick):
    data = [spiral(np.random.default_rng(i), 4000, 0.97, 0.4) for i in range(10)]
    exact = -1 / np.log(0.97)
    options = quick | {"n_components": 2, "reversible": False}
    scan = scan_lags(data, [2, 4], SRV(2, **options), n_bootstrap=50)
    # 40,000 frames hold 600 spans of twice the decay time: 4 %, twice that of a small network.
    np.testing.assert_allclose(scan.timescales, exact, rtol=0.16)
    assert (scan.low < scan.timescales).all() and (scan.timescales < scan.high).all()
    # At 4 frames it has turned by 1.6 radians: symmetrised, nothing is left of it.
    turned = scan_lags(data, [4], SRV(2, **options | {"reversible": True}), n_bootstrap=10)
    assert not (turned.timescales > exact / 2).any()


def test_a_lag_at_which_training_fails_is_left_out(two_state, quick, monkeypatch):
    fit = SRV.fit

    def fails(self, X):
        if self.lag_time in failing:
            raise DegenerateOutputsError("outputs are constant")
        return fit(self, X)

    monkeypatch.setattr(SRV, "fit", fails)
    few = [x[:500] for x in two_state]
    failing = [5]
    scan = scan_lags(few, [1, 5], SRV(2, **quick), n_bootstrap=2)
    assert np.isfinite(scan.timescales[:, 0]).tolist() == [True, False]
    assert recommend(scan).lag_time == 1
    failing = [1, 5]
    with pytest.raises(DegenerateOutputsError):
        scan_lags(few, [1, 5], SRV(2, **quick), n_bootstrap=2)


def test_where_one_lag_asks_for_weights_all_lags_have_them(two_state, quick, monkeypatch):
    """Weights of 1, which a fit with "auto" has at the shortest lag only."""
    fit, few, asked = SRV.fit, [x[:500] for x in two_state], []

    def only_at_the_shortest(self, X):
        asked.append((self.lag_time, self.weights))
        self.weights = None
        fit(self, X)
        self.weights_ = [np.ones(500)] * 3 if asked[-1] != (5, "auto") else None
        return self

    monkeypatch.setattr(SRV, "fit", only_at_the_shortest)
    scan = scan_lags(few, [1, 5], SRV(2, **quick, weights="auto"), n_bootstrap=2)
    assert asked == [(1, "auto"), (5, "auto"), (5, "rite")]
    assert scan.weighted.tolist() == [True, True] and scan.lags.tolist() == [1, 5]


def test_a_scan_has_the_weights_of_its_fits(quick):
    """500 runs of 20 frames that all start in one state of two: timescale 24.5, as many in each."""
    rng = np.random.default_rng(5)
    states = telegraph(rng, (20, 500), 0.02).T
    x = [(s[:, None] + 0.3 * rng.standard_normal((20, 2))).astype(np.float32) for s in states]
    srv = SRV(2, **{**quick, "weights": "koopman"})
    scan = scan_lags([*x, x[0][:3]], [5], srv, n_bootstrap=50)
    assert scan.weighted.tolist() == [True] and scan.n_short.tolist() == [1] and scan.half == 10
    assert scan.low[0, 0] < scan.timescales[0, 0] < scan.high[0, 0]


def test_scan_refuses_lags_that_no_trajectory_has(two_state, quick):
    for lags in ([0], [6000], [], [1, 2.5]):
        with pytest.raises(ValueError, match="lags is"):
            scan_lags(two_state, lags, SRV(2, **quick))


def test_recommends_the_first_flat_lag_and_the_modes_above_the_gap():
    scan = _scan(
        [1, 2, 5, 10, 20],
        [[40, 15, 2.5], [70, 25, 3], [100, 30, 3.2], [103, 31, 3.3], [105, 29, 3.1]],
    )
    choice = recommend(scan, CrossValidation(np.array([[1.9, 2.5, 2.5], [1.8, 2.3, 2.4]]), None))
    assert (choice.lag_time, choice.n_modes, choice.converged) == (5, 2, True)
    assert "stay the same" in choice.reasons[0]
    assert choice.gaps[0] == pytest.approx(100 / 30)
    assert choice.gaps[1] == pytest.approx(30 / 5)  # the third is faster than the lag
    assert "Mode 1 adds 0.850" in " ".join(choice.reasons)
    json.dumps(choice.to_dict(), allow_nan=False)


def test_says_where_timescales_never_flatten_or_no_gap_shows():
    choice = recommend(_scan([1, 2, 4], [[10, 9], [20, 17], [40, 33]], error=0.01))
    assert not choice.converged
    assert choice.lag_time == 4
    assert "still change" in choice.reasons[0]
    assert "no gap" in choice.reasons[1]
    with pytest.raises(ValueError, match="scan is without a timescale longer"):
        recommend(_scan([10], [[5.0]]))


def test_a_timescale_hardly_longer_than_the_lag_says_nothing_about_flatness():
    """The scan of the bundled pentapeptide: at 50 frames and more, training fits noise."""
    choice = recommend(
        _scan(
            [2, 5, 10, 20, 50, 100],
            [
                [52.6, 37.4, 23.1],
                [65.1, 43.9, 28.4],
                [70.6, 45.4, 29.5],
                [68.9, 46.6, 30.3],
                [64.6, 51.1, 43.2],
                [103.0, 49.5, 25.5],
            ],
            error=0.15,
        )
    )
    assert (choice.lag_time, choice.converged) == (5, True)


def test_no_lag_is_recommended_that_half_of_the_trajectories_do_not_hold_twice():
    rising = [[20.0], [40.0], [60.0], [90.0]]
    choice = recommend(_scan([1, 2, 5, 10], rising, error=0.01, half=7, short=3))
    assert (choice.lag_time, choice.converged) == (5, False)
    assert "half of the median length" in choice.reasons[0]
    assert any(reason.startswith("3 trajectories are not longer") for reason in choice.reasons)
    with pytest.raises(ValueError, match="wanted one of at most 7"):
        recommend(_scan([10, 20], [[90.0], [90.0]], half=7))


def test_few_visits_are_among_the_reasons():
    choice = recommend(_scan([1, 2, 5], [[100, 2], [100, 2], [100, 2]], visits=3))
    assert any("only 3 visits" in reason for reason in choice.reasons)


def test_cross_validation_scores_what_was_left_out(two_state, quick):
    result = cross_validate(two_state, SRV(2, **quick), n_folds=3)
    assert result.held_out.shape == result.training.shape == (3, 1)
    # 1 + .96^2; a fold of 4,000 frames has a standard error of about .01.
    np.testing.assert_allclose(result.held_out, 1 + 0.96**2, atol=0.05)
    mean, error = result.gains
    assert mean[0] == pytest.approx(0.96**2, abs=0.03)
    assert error[0] < 0.03


def test_cross_validation_refuses_folds_without_pairs(two_state, quick):
    srv = SRV(2, **{**quick, "lag_time": 10})
    with pytest.raises(ValueError, match=r"X is too short .* n_folds=3 .* 3 frames"):
        cross_validate([two_state[0], np.zeros((3, 2)), np.zeros((3, 2))], srv, n_folds=3)


def test_nested_lists_are_trajectories_too(quick):
    lists = [[[float(t % 2), 1.0] for t in range(n)] for n in (60, 40)]
    srv = SRV(2, **{**quick, "n_epochs": 1, "lag_time": 30})
    assert scan_lags(lists, [2], srv, n_bootstrap=2).n_pairs.tolist() == [58 + 38]
    with pytest.raises(ValueError, match="n_folds=3 the longest piece"):
        cross_validate(lists, srv, n_folds=3)


def test_folds_are_whole_trajectories_or_gapped_blocks():
    many = [np.full((n, 1), i) for i, n in enumerate([50, 40, 30, 20, 10])]
    tested = [{int(x[0, 0]) for x in _fold(many, f, 2, 3, 0)[1]} for f in range(2)]
    assert tested[0] | tested[1] == set(range(5))
    assert not tested[0] & tested[1]
    train, test = _fold([np.arange(100)[:, None]], 1, 4, 5, 0)
    assert test[0][:, 0].tolist() == list(range(25, 50))
    assert [(x[0, 0], x[-1, 0]) for x in train] == [(0, 19), (55, 99)]
