"""Replicas in a box: kept, walked, and what they say of the error that comes of the MD."""

import argparse
import json
import shutil
import zipfile

import numpy as np
import pytest

from lss import Ensemble, validate
from lss.__main__ import describe
from lss.box import load_box, save_box
from lss.commands.values import some
from lss.errors import InputError
from lss.run import report_stage, stages
from lss.run.run_folder import Run
from lss.simulation.ensemble import DecodedFrames
from lss.simulator import LatentSpaceSimulator
from lss.trajectories.trajectory_set import TrajectorySet


@pytest.fixture(scope="module")
def run(trained, tmp_path_factory):
    """The trained run, with two replicas of its propagator."""
    path = shutil.copytree(trained.path, tmp_path_factory.mktemp("replicas") / "run")
    run = Run.open(path)
    stages.train_mdn(run, components=4, steps=200, force=True, replicas=2)
    stages.make_synthetic(run, 10_000.0, n_trajectories=3, seed=7)
    return run


@pytest.fixture(scope="module")
def box(run):
    return load_box(run.box)


def test_a_run_keeps_them_in_its_box(run, box):
    meta = json.loads((run.box / "lss.json").read_text())
    assert np.shape(meta["replica_starts"]) == (2, 200, 2)
    assert len(box.replicas) == 2
    assert "2 propagators of bootstrap samples" in describe(box)
    one, two, main = (network.get_weights()[2] for network in (*box.replicas, box.mdn))
    assert not np.array_equal(one, two) and not np.array_equal(one, main)


@pytest.mark.parametrize("name", ["copy", "copy.lss"])
def test_they_travel_with_the_box(box, tmp_path, name):
    save_box(box, tmp_path / name)
    again = load_box(tmp_path / name)
    for a, b in zip(box.replicas, again.replicas, strict=True):
        for u, v in zip(a.get_weights(), b.get_weights(), strict=True):
            np.testing.assert_array_equal(u, v)


def test_a_replica_that_is_missing_or_of_another_shape_is_named(box, tmp_path):
    save_box(box, tmp_path / "box")
    file = tmp_path / "box" / "replicas" / "mdn-1.keras"
    shutil.copy(tmp_path / "box" / "srv.keras", file)
    with pytest.raises(InputError, match=r"replicas/mdn-1\.keras \(weights\)"):
        load_box(tmp_path / "box")
    file.unlink()
    with pytest.raises(InputError, match=r"replicas/mdn-1\.keras is missing"):
        load_box(tmp_path / "box")


def test_an_archive_may_hold_no_other_file_of_that_kind(box, tmp_path):
    save_box(box, tmp_path / "box.lss")
    with zipfile.ZipFile(tmp_path / "box.lss", "a") as archive:
        archive.writestr("replicas/../../mdn-0.keras", b"")
    with pytest.raises(InputError, match="does not belong in a box"):
        load_box(tmp_path / "box.lss")


def test_each_walks_from_its_own_states(box):
    ensemble = Ensemble(LatentSpaceSimulator(box))
    walks = list(ensemble.propagate(20, n_walkers=4, seed=3))
    assert [x.shape for x in walks] == [(4, 21, 2)] * 2 == [(4, 21, 2)] * len(ensemble)
    for x, states in zip(walks, box.meta["replica_starts"], strict=True):
        known = {tuple(state) for state in np.asarray(states, np.float32).tolist()}
        assert {tuple(state) for state in x[:, 0].tolist()} <= known
    again = list(ensemble.propagate(20, n_walkers=4, seed=3))
    np.testing.assert_array_equal(walks, again)
    # What was compiled for one of them is not that of another.
    alone = LatentSpaceSimulator(box)
    alone.box.mdn.set_weights(box.replicas[1].get_weights())
    np.testing.assert_array_equal(alone.propagate(walks[1][:, 0], 20, 3, first_walker=4), walks[1])


def test_the_spread_is_that_of_the_replicas(run):
    ensemble = Ensemble.load(run.box)
    means = [x.mean(axis=(0, 1)) for x in ensemble.propagate(30, 5, seed=1)]
    mean, deviation = ensemble.spread(lambda x: x.mean(axis=(0, 1)), 30, 5, seed=1)
    np.testing.assert_allclose(mean, np.mean(means, axis=0), rtol=1e-6)
    np.testing.assert_allclose(deviation, np.std(means, axis=0, ddof=1), rtol=1e-5)


def test_a_simulator_without_replicas_is_refused(trained):
    with pytest.raises(InputError, match="0 replicas, wanted at least 2"):
        Ensemble.load(trained.box)


def test_frames_are_decoded_where_they_are_sliced(box):
    simulator = LatentSpaceSimulator(box)
    psi = simulator.propagate(simulator.starts(1, 0), 11, seed=2)[0]
    frames = DecodedFrames(simulator, psi, 5, 3)
    whole = simulator.coordinates(psi, 5, 0, 3)
    assert len(frames) == 12 and frames.shape == whole.shape
    np.testing.assert_allclose(frames[2:9], whole[2:9], atol=1e-6)
    np.testing.assert_allclose(frames[4], whole[4], atol=1e-6)


def test_the_report_tells_both_errors(run):
    said = report_stage.make_report(run)
    assert "sampling" in said and "data" in said
    numbers = json.loads((run.path / "report.json").read_text())["quantities"]
    row = numbers["t_1_ps"]
    total = row["lss_with_data"]["standard_error"]
    assert row["lss_standard_error_from_data"] is None or total > row["lss"]["standard_error"]
    assert numbers["rg_mean_nm"]["lss_standard_error_from_data"] > 0


def test_the_report_without_a_run_folder_tells_them_too(box, small_md, tmp_path):
    md, simulator = TrajectorySet.open(*small_md), LatentSpaceSimulator(box)
    found = validate(simulator, md, to=tmp_path / "report", n_trajectories=2, length="10ns")
    assert len(found.lss.replicas) == 2 and found.row("core_a_population").data_error > 0


def test_one_replica_is_refused_before_anything_is_trained(run):
    with pytest.raises(InputError, match="`replicas` is 1, wanted 0 or at least 2"):
        stages.train_mdn(run, replicas=1)
    with pytest.raises(argparse.ArgumentTypeError, match="0, or a whole number of at least 2"):
        some("1")
    assert run.finished("mdn") and [some("0"), some("8")] == [0, 8]


def test_training_again_without_them_leaves_none(run):
    stages.train_mdn(run, components=4, steps=200, force=True)
    assert load_box(run.box).replicas == []
    assert not (run.box / "replicas").exists()
