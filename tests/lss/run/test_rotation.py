"""Time series that go round: seen, and kept by the encoder; told where they are not."""

import json

import h5py
import numpy as np
import pytest
from scipy.signal import lfilter

from lss.__main__ import slow_modes
from lss.run import automatic, lag_scan, messages, stages
from lss.run.run_folder import Run
from srv.lagtime import CrossValidation
from tests.systems import spiral

TURN, MEMORY, LAG = 0.3, 0.97, 2  # radians and what is left of the radius, a step; in steps


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    """A run with the features of a rotation in the plane, 6,000 rows of one second."""
    folder = tmp_path_factory.mktemp("rotation")
    np.save(folder / "round.npy", spiral(np.random.default_rng(0), 6000, MEMORY, TURN))
    run = Run.create(folder / "run")
    stages.make_features(run, {"series": [str(folder / "round.npy")], "dt_ps": 1e12})
    return run


def copied(features, folder):
    run = Run.create(folder)
    run.record["stages"]["features"] = features.record["stages"]["features"]
    run.write()
    (folder / "features.h5").write_bytes((features.path / "features.h5").read_bytes())
    return run


def with_encoder(features, folder, **options):
    run = copied(features, folder)
    stages.train_srv(run, LAG * 1e12, modes=2, steps=200, **options)
    return run


def test_the_encoder_does_not_symmetrise_what_goes_round(features, tmp_path):
    """Period 2 pi / TURN and decay -1 / ln MEMORY, whose errors follow from 6,000 rows.

    Of n rows and a memory of T = 33 there are n / T = 180 independent ones: the phase of a turn is
    known to 1 / sqrt(2 * 180) of a decay, .053 * TURN * T / (2 pi) of the period, and the decay
    to sqrt(2 / 180), a tenth of it.
    """
    run = with_encoder(features, tmp_path / "run")
    report, meta = run.report("srv"), json.loads((run.box / "lss.json").read_text())
    assert report["reversible"] is meta["reversible"] is False
    found = report["diagnostics"]["irreversibility"]
    assert found["number"] == pytest.approx(np.tan(LAG * TURN), abs=4 * found["error"])
    periods, decays = (np.array(meta[k]) / 1e12 for k in ("periods_ps", "timescales_ps"))
    np.testing.assert_allclose(periods, 2 * np.pi / TURN, rtol=0.04)
    np.testing.assert_allclose(decays, -1 / np.log(MEMORY), rtol=0.3)
    with h5py.File(run.path / "psi.h5") as file:
        np.testing.assert_array_equal(file.attrs["periods_ps"], meta["periods_ps"])
    assert "does not symmetrise" in messages.modes(run)
    assert all(", decay " in x and ", period 2" in x for x in slow_modes(meta))
    assert not any("rotation" in text for text in report["diagnostics"]["warnings"])


def test_times_are_those_of_weighted_frames(features, tmp_path):
    """Weights that leave the first half out: its times are not those of the whole."""
    weights = np.ones(6000)
    weights[:3000] = 0
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        file["a"] = weights
    run = with_encoder(features, tmp_path / "run", weights=str(tmp_path / "weights.h5"))
    periods = np.array(run.report("srv")["periods_ps"]) / 1e12
    # Twice as few rows as above.
    np.testing.assert_allclose(periods, 2 * np.pi / TURN, rtol=0.06)


def test_the_lag_of_what_goes_round_is_chosen_by_its_decay(features, tmp_path, monkeypatch):
    run = copied(features, tmp_path / "run")
    text, found = lag_scan.choose(run, [2e12, 4e12], 2, steps=200)
    assert found == {"lag": "2s", "modes": 2} and "stay the same within their errors" in text
    assert lag_scan.read_choice(run).scan.timescales == pytest.approx(-1 / np.log(MEMORY), rel=0.3)

    def scored(data, srv, **options):
        assert not srv.reversible
        scores = np.array([[1.9, 2.8, 2.8], [1.8, 2.7, 2.6]])
        return CrossValidation(scores, scores)

    monkeypatch.setattr("srv.automatic.cross_validate", scored)
    lag_ps, modes, _ = automatic.settle(run, modes=None, steps=20)
    assert (lag_ps, modes) == (2e12, 2)


def test_whoever_symmetrises_is_told_what_is_lost(features, tmp_path):
    run = with_encoder(features, tmp_path / "run", reversible=True)
    report = run.report("srv")
    assert report["reversible"] is True and "periods_ps" not in report
    assert any("which deletes it" in text for text in report["diagnostics"]["warnings"])


def test_rows_before_do_not_look_like_rotation(tmp_path):
    """A reversible walk with the three rows before each: its own order is no rotation."""
    walk = lfilter([1], [1, -0.9], np.random.default_rng(1).normal(size=(4000, 1)), axis=0)
    np.save(tmp_path / "walk.npy", walk)
    run = Run.create(tmp_path / "run")
    source = {"series": [str(tmp_path / "walk.npy")], "dt_ps": 1e12, "delays": 4}
    stages.make_features(run, source)
    stages.train_srv(run, LAG * 1e12, modes=1, steps=60)
    report = run.report("srv")
    assert report["reversible"] and report["diagnostics"]["irreversibility"]["number"] == 0


def test_of_md_it_is_measured_alone(trained):
    report = trained.report("srv")
    assert report["reversible"] is True and report["diagnostics"]["irreversibility"]["number"] >= 0
    assert "the encoder symmetrises" in messages.modes(trained)
