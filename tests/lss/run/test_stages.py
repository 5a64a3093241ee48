"""The stages: what they keep, what they leave out, and what they refuse."""

import json

import h5py
import numpy as np
import pytest

from lss.errors import InputError
from lss.run import run_files, stages
from lss.run.lag_scan import choose
from lss.run.run_folder import Run
from mdn.presets import PRESETS

LAG_PS = 500.0


def test_dropped_modes_are_gone_everywhere(run):
    stages.train_srv(run, LAG_PS, modes=3, steps=60, drop_modes=[2])
    assert run_files.read_psi(run)[0].shape[1] == 2
    meta = json.loads((run.box / "lss.json").read_text())
    assert meta["n_modes"] == 2 == len(meta["eigenvalues"])
    assert len(run.report("srv")["visits"]) == 2


@pytest.mark.parametrize("kind", ["network", "series"])
def test_deflated_modes_are_not_found_again(run, trained, kind):
    """psi of the second training is orthogonal to that of the first, over all frames."""
    path = trained.box / "srv.keras" if kind == "network" else trained.path / "psi.h5"
    stages.train_srv(run, LAG_PS, modes=1, steps=60, deflate=str(path))
    known, found = (np.concatenate(run_files.read_psi(r)) for r in (trained, run))
    overlap = np.corrcoef(known.T, found.T)[:-1, -1]
    # Orthogonal under the symmetrised density of all pairs, which lacks the first and last lag
    # of each trajectory half: some 10 of 900 frames a trajectory.
    assert np.abs(overlap).max() < 0.05


def test_a_deflation_that_does_not_fit_is_refused(run, tmp_path):
    with h5py.File(tmp_path / "short.h5", "w") as file:
        file["000000"] = np.zeros(7)
    for name, said in (("short.h5", "one series a trajectory"), ("nothing.h5", "neither")):
        with pytest.raises(InputError, match=said):
            stages.train_srv(run, LAG_PS, steps=60, deflate=str(tmp_path / name))


@pytest.mark.parametrize("drop", [[4], [1, 2, 3]])
def test_modes_that_can_not_be_dropped_are_refused(run, drop):
    with pytest.raises(InputError, match="`drop_modes`"):
        stages.train_srv(run, LAG_PS, modes=3, steps=60, drop_modes=drop)


def test_the_lag_choice_says_what_it_recommends(run):
    said, recommended = choose(run, [500.0, 1000.0], modes=2, steps=60)
    assert "lag time" in said and "500 ps" in said
    assert recommended["lag"] in ("500ps", "1ns") and recommended["modes"] in (1, 2)
    numbers = json.loads((run.path / "lags.json").read_text())
    assert numbers["scan"]["lags"] == [5, 10]
    assert np.shape(numbers["scan"]["timescales"]) == (2, 2)
    assert (run.path / "lags.png").exists()


def test_a_scan_in_which_no_lag_will_do_is_kept(run, monkeypatch):
    def refuse(*arguments, **named):
        raise ValueError("no timescale is longer than its lag")

    monkeypatch.setattr("srv.choice.recommend", refuse)
    said, recommended = choose(run, [500.0, 1000.0], modes=2, steps=20)
    assert recommended is None
    assert "no recommendation: no timescale" in said and "lag time" in said
    numbers = json.loads((run.path / "lags.json").read_text())
    assert numbers["recommendation"] is None and numbers["scan"]["lags"] == [5, 10]


@pytest.mark.parametrize("steps", [None, 5])
def test_data_too_short_to_train_on_are_refused_in_one_line(run, steps):
    """All that is left are pieces of 12 frames, one lag of 11 apart."""
    with h5py.File(run.path / "features.h5", "r+") as file:
        short = file["000000"][:12]
        for name in list(file):
            del file[name]
        file["000000"] = short
    with pytest.raises(InputError, match="the SRV cannot be trained: X"):
        stages.train_srv(run, 1100.0, modes=1, steps=steps)
    assert not run.finished("srv")


def test_a_lag_longer_than_all_is_refused_before_anything_is_trained(run):
    with pytest.raises(InputError, match="shorter lag"):
        stages.train_srv(run, 1e6, steps=60)
    assert not run.finished("srv")


def test_a_training_that_diverges_ends_in_one_line_and_keeps_what_was_there(tmp_path, monkeypatch):
    monkeypatch.setitem(
        PRESETS, "recommended", lambda: {"learning_rate": 1e38, "batch_size": 20, "hidden_size": 4}
    )
    run = Run.create(tmp_path / "run")
    run.box.mkdir()
    (run.box / "mdn.keras").write_text("an earlier one")
    for name, report in (("features", {"frame_spacing_ps": 100.0}), ("srv", {})):
        run.record["stages"][name] = {"settings": {"lag_time_ps": 200.0}, "report": report}
    with h5py.File(run.path / "psi.h5", "w") as file:
        file["000000"] = np.random.default_rng(0).uniform(size=(100, 2)).astype(np.float32)
    with pytest.raises(InputError, match=r"^the MDN cannot be trained: .*finite.*`learning_rate`"):
        stages.train_mdn(run, components=2, steps=300)
    assert not run.finished("mdn") and run.finished("srv")
    assert (run.box / "mdn.keras").read_text() == "an earlier one"
