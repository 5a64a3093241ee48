"""Pieces that did not start in equilibrium, through the stages: weights go wherever psi goes."""

import json

import h5py
import numpy as np
import pytest

from lss.adaptive.judging import one_way
from lss.errors import InputError
from lss.run import messages, run_files, stages
from lss.run.projection import weighing
from lss.run.run_folder import Run

LAG_PS, SHARE = 400.0, 0.25  # share of state 1 in equilibrium


def pieces(rng, n, length, start, leave=(0.02, 0.06)):
    """Features of a chain of two states, (length, 2) each, of which state 1 is begun in rarely."""
    leave, state = np.array(leave), (rng.random(n) < start).astype(int)
    states = np.empty((length, n), int)
    for t in range(length):
        states[t] = state
        state = np.where(rng.random(n) < leave[state], 1 - state, state)
    x = np.stack([states, 1 - states], axis=-1) + 0.05 * rng.standard_normal((length, n, 2))
    return list(x.swapaxes(0, 1).astype(np.float32))


@pytest.fixture(scope="module")
def features():
    return pieces(np.random.default_rng(1), 300, 24, 0.05)


@pytest.fixture(scope="module")
def run(trained, features, tmp_path_factory):
    """A run whose features are those of the pieces, with encoder and propagator."""
    run = run_of(trained, features, tmp_path_factory.mktemp("weights"))
    stages.train_mdn(run, components=4, steps=300)
    return run


def run_of(trained, features, folder):
    run = Run.create(folder / "run")
    run.record["stages"]["features"] = trained.record["stages"]["features"]
    run.write()
    with h5py.File(run.path / "features.h5", "w") as file:
        for i, x in enumerate(features):
            file[f"{i:06d}"] = x
    stages.train_srv(run, LAG_PS, modes=1, steps=60, weights="auto")
    return run


def with_features_of(run, folder):
    other = Run.create(folder / "run")
    other.record["stages"]["features"] = run.record["stages"]["features"]
    other.write()
    (other.path / "features.h5").symlink_to(run.path.resolve() / "features.h5")
    return other


def test_weights_are_found_and_lie_beside_psi(run, features):
    psi, weights = run_files.read_psi(run), run_files.read_weights(run)
    assert [len(w) for w in weights] == [len(p) for p in psi] == [24] * 300
    w, state = np.concatenate(weights), np.concatenate([x[:, 0] > 0.5 for x in features])
    assert abs(state.mean() - SHARE) > 0.05
    # 300 pieces of 24 frames, which forget in 12: some 600 independent frames of shares .25.
    assert np.average(state, weights=w) == pytest.approx(SHARE, abs=4 * np.sqrt(0.19 / 600))


def test_it_is_said(run):
    said = messages.modes(run)
    assert "standard deviations" in said and "weighted by RiteWeight" in said
    found = run.report("srv")["equilibrium"]
    assert found["weights"] == "rite" == run_files.weighing_method(run)
    assert found["departure"] > 3 * found["departure_error"]
    assert 0 < found["effective_frames"] <= found["weighted_frames"] == 300 * 24
    assert json.loads((run.box / "lss.json").read_text())["weights"] == "rite"


def test_a_state_that_is_never_entered_is_an_island_of_a_campaign(trained, rng, tmp_path):
    left = pieces(rng, 300, 24, 0.3, leave=(0.0, 0.06))
    report = run_of(trained, left, tmp_path).report("srv")
    (said,) = one_way(report)
    assert "is left and never entered by" in said and said.endswith("its population is not known")
    warned = report["diagnostics"]["warnings"]
    assert sum(report["one_way_states"][0] in text for text in warned) == 1


def test_start_states_are_drawn_by_weight(run, features):
    """1,000 of them, so that the share of a state is known to .014."""
    start = np.array(json.loads((run.box / "lss.json").read_text())["start_psi"])[:, 0]
    psi, weights = (
        np.concatenate(x) for x in (run_files.read_psi(run), run_files.read_weights(run))
    )
    state = np.concatenate([x[:, 0] > 0.5 for x in features])
    border = (psi[state].mean() + psi[~state].mean()) / 2
    share = ((start > border) == (psi[state].mean() > border)).mean()
    assert share == pytest.approx(np.average(state, weights=weights), abs=4 * 0.014)


def test_other_md_is_weighted_where_it_needs_it(rng):
    off, even = (pieces(rng, 200, 24, start) for start in (0.05, SHARE))
    psi = [[x[:, :1].astype(np.float64) for x in part] for part in (off, even)]
    found = weighing(psi[0], 4, "rite")
    assert found["method"] == "rite" and np.mean(np.concatenate(found["weights"])) > 0
    assert weighing(psi[1], 4, "rite") == weighing(psi[0], 4, None)
    assert weighing(psi[0], 4, None) == {"weights": None, "method": None}


def test_weights_of_ones_own_come_from_a_file(run, tmp_path, features):
    given = [np.full(24, 1.0 + i % 2) for i in range(300)]
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        for i, w in enumerate(given):
            file[f"{i:06d}"] = w
    other = with_features_of(run, tmp_path)
    stages.train_srv(other, LAG_PS, modes=1, steps=30, weights=str(tmp_path / "weights.h5"))
    found = run_files.read_weights(other)
    assert found[1][0] == pytest.approx(2 * found[0][0])
    assert run_files.weighing_method(other) is None and "the weights given" in messages.modes(other)


@pytest.mark.parametrize("given", ["rightly", "short.h5"])
def test_other_words_and_files_that_do_not_fit_are_refused(run, given, tmp_path):
    with h5py.File(tmp_path / "short.h5", "w") as file:
        file["000000"] = np.ones(7)
    wanted = "one series a trajectory" if given == "short.h5" else "auto, koopman, rite, none"
    path = str(tmp_path / given) if given == "short.h5" else given
    with pytest.raises(InputError, match=f"`weights` is .*{wanted}"):
        stages.train_srv(with_features_of(run, tmp_path), LAG_PS, modes=1, weights=path)


def test_a_run_of_an_earlier_version_goes_on(run, trained):
    """It knows of no weights, and is not made again for that."""
    settings = {k: v for k, v in trained.settings("srv").items() if k != "weights"}
    trained.record["stages"]["srv"]["settings"], kept = settings, trained.settings("srv")
    try:
        stages.train_srv(trained, settings["lag_time_ps"], settings["modes"], settings["seed"],
                         settings["steps"], weights="auto")  # fmt: skip
    finally:
        trained.record["stages"]["srv"]["settings"] = kept
    assert messages.equilibrium(trained)


def test_the_decoder_leaves_out_the_first_frames(run):
    frames = np.arange(300 * 24 * 9, dtype=np.float32).reshape(300, 24, 3, 3)
    with h5py.File(run.path / "coords.h5", "w") as file:
        for i, x in enumerate(frames):
            file[f"{i:06d}"] = x
    psi, found = run_files.read_frames(run, 0, discard=4)
    assert len(psi) == len(found) == 300 * 20
    np.testing.assert_array_equal(found, frames[:, 4:].reshape(-1, 3, 3))
    np.testing.assert_array_equal(psi, np.concatenate([p[4:] for p in run_files.read_psi(run)]))
    with pytest.raises(InputError, match="`discard` is 24 frames, wanted less than the 24"):
        run_files.read_frames(run, 0, discard=24)
