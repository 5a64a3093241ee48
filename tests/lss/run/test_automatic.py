"""A lag and a number of modes that the data choose: once, kept in the run folder, and said."""

import json

import h5py
import numpy as np
import pytest

from lss.errors import InputError
from lss.run import automatic, lag_scan
from lss.run.run_folder import Run
from srv.lagtime import CrossValidation, LagScan


@pytest.fixture(autouse=True)
def two_lags(monkeypatch):
    """Of the lags that serve, the two longest: 50 and 100 frames, of pieces of 600 to 1,200."""
    monkeypatch.setattr("srv.automatic._LAGS", 2)


def never(*arguments, **named):
    raise AssertionError("chosen again")


def interrupted(*arguments, **named):
    raise KeyboardInterrupt


def test_an_interrupted_scan_leaves_nothing_behind(run, monkeypatch):
    monkeypatch.setattr(lag_scan, "scanned", interrupted)
    with pytest.raises(KeyboardInterrupt):
        automatic.settle(run)
    assert set(Run.open(run.path).record["stages"]) == {"features"}
    assert not list(run.path.glob("lags*"))


def test_a_lag_is_chosen_once_and_said(run, monkeypatch):
    lag_ps, modes, said = automatic.settle(run, modes=1, steps=20)
    assert lag_ps in (5_000.0, 10_000.0) and modes == 1
    assert len(said) == 1 and " frames of 0.1 ns, chosen: " in said[0]
    assert json.loads((run.path / "lags.json").read_text())["scan"]["lags"] == [50, 100]
    assert (run.path / "lags.png").exists()
    monkeypatch.setattr(lag_scan, "scanned", never)
    again = Run.open(run.path)
    assert automatic.settle(again, modes=1, steps=20) == (lag_ps, 1, said)
    choice = lag_scan.read_choice(again)
    assert choice.scan.lags.tolist() == [50, 100] and choice.reasons[0][1:] in said[0]


def test_modes_are_counted_once_at_the_lag_given(run, monkeypatch):
    def scored(X, srv, **options):
        assert len(X) == 3 and (srv.lag_time, srv.n_components, srv.n_updates) == (10, 6, 20)
        scores = np.array([[1.9, 2.4, 2.7, 2.6, 2.5, 2.6], [1.8, 2.4, 2.7, 2.8, 2.9, 3.0]])
        return CrossValidation(scores, scores)

    monkeypatch.setattr("srv.automatic.cross_validate", scored)
    lag_ps, modes, said = automatic.settle(run, 1000.0, None, steps=20)
    assert (lag_ps, modes) == (1000.0, 3)
    assert said[0].startswith("modes 3, chosen: ")
    assert "mode 4 does not (modes 1 to 6 add 0.85 ± 0.05, 0.55 ± 0.05, 0.30 ± 0.00" in said[0]
    monkeypatch.setattr("srv.automatic.cross_validate", never)
    assert automatic.settle(run, 1000.0, None, steps=20) == (lag_ps, modes, said)
    assert lag_scan.read_choice(run).reasons == said


def test_a_trained_run_keeps_what_it_was_trained_with(trained, monkeypatch):
    monkeypatch.setattr(lag_scan, "scanned", never)
    lag_ps, modes, said = automatic.settle(trained, modes=None)
    assert (lag_ps, modes) == (500.0, 2)
    assert said == ["lag 500 ps = 5 frames of 100 ps, as trained with"]


def test_a_given_lag_asks_nothing_of_the_data(run):
    assert automatic.settle(run, 500.0, 3) == (500.0, 3, [])


def test_data_that_choose_no_lag_keep_their_features(run, monkeypatch):
    monkeypatch.setattr(lag_scan, "scanned", lambda *a: (scan_of_nothing(), None, 1))
    with pytest.raises(InputError, match=r"`lag` is auto, .* without a timescale .* give `lag`"):
        automatic.settle(run)
    assert run.finished("features")


def scan_of_nothing():
    nothing, one = np.full((1, 1), 0.5), np.array([1])
    return LagScan(one, *[nothing] * 5, one, one, one > 1, 5)


def test_pieces_too_short_for_any_lag_are_refused(run):
    with h5py.File(run.path / "features.h5", "r+") as file:
        short = file["000000"][:12]
        for name in list(file):
            del file[name]
        file["000000"] = short
    with pytest.raises(InputError, match=r"too short for a scan .* a median of 12; .* `lag`"):
        automatic.settle(run, steps=20)
    assert run.finished("features") and not run.finished("lags")
