"""What the propagator is trained on where there are very many frames."""

import h5py
import numpy as np
import pytest

from lss.run import run_files, stages, thinning
from lss.run.run_folder import Run
from lss.run.thinning import in_frames, read_thinned

LENGTHS, LAG = (1000, 37, 663), 12


@pytest.fixture
def made(tmp_path):
    """A run of which only psi.h5 is there: each frame is its own number, its weight half of it."""
    run = Run.create(tmp_path / "run")
    for stage in ("features", "srv"):
        with run.stage(stage, {}):
            pass
    numbers = np.split(np.arange(float(sum(LENGTHS))), np.cumsum(LENGTHS)[:-1])
    with h5py.File(run.path / "psi.h5", "w") as file:
        for i, x in enumerate(numbers):
            file[f"{i:06d}"], file[f"weights/{i:06d}"] = x[:, None], x / 2
    return run


@pytest.mark.parametrize(
    "most, stride, every",
    [(1700, 1, 1), (1699, 2, 1), (850, 2, 1), (500, 4, 1), (200, 12, 1), (141, 12, 2)],
)
def test_pairs_one_lag_apart_remain(made, most, stride, every):
    psi, weights, lag = read_thinned(made, LAG, most)
    assert lag * stride == LAG
    for x, w in zip(psi, weights, strict=True):
        assert (np.diff(x[:, 0]) == stride).all()
        np.testing.assert_array_equal(w, x[:, 0] / 2)
    kept = sum(map(len, psi))
    assert kept <= most + len(psi) if every == 1 else len(psi) == 2
    firsts = {float(x[0, 0]) for x in psi}
    assert every > 1 or firsts == {0, 1000, 1037}


def test_of_frames_a_lag_apart_pieces_are_taken_evenly(made, monkeypatch):
    monkeypatch.setattr(thinning, "PIECE", 5)
    psi, _, lag = read_thinned(made, 1, 850)
    assert lag == 1
    assert {len(x) for x in psi} <= {5, 2, 3}
    begun = [float(x[0, 0]) for x in psi]
    every = [*range(0, 1000, 5), *range(1000, 1037, 5), *range(1037, 1700, 5)]
    assert begun == every[::2]


def test_without_weights(made):
    with h5py.File(made.path / "psi.h5", "a") as file:
        del file["weights"]
    assert read_thinned(made, LAG, 400)[1] is None


def test_times_are_told_in_frames_of_the_data():
    told = {"lag_time": 4, "timescales": [2.0, None], "timescales_members": [[1.0]], "rmse": [3.0]}
    wanted = {"lag_time": 12, "timescales": [6.0, None], "timescales_members": [[3.0]]}
    assert in_frames(told, 3) == {**wanted, "rmse": [3.0]}


def test_the_stage_trains_on_fewer_frames_and_says_so(run, monkeypatch, caplog):
    stages.train_srv(run, 500.0, modes=1, steps=60)
    n_frames = sum(map(len, run_files.read_psi(run)))
    monkeypatch.setattr(read_thinned, "__defaults__", (n_frames // 5,))
    with caplog.at_level("INFO", logger="lss.run.thinning"):
        stages.train_mdn(run, components=2, steps=100)
    assert f"of {n_frames} frames: one in 5." in caplog.text
    spacing_ps = run.report("features")["frame_spacing_ps"]
    assert run.report("mdn")["diagnostics"]["lag_time"] * spacing_ps == pytest.approx(500)
