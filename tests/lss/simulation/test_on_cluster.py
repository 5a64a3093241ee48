"""Work shared out over processes gives what one process gives, whatever dies on the way."""

import logging
import os
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from lss.errors import InputError
from lss.features.featurizer import Featurizer, featurize
from lss.run import run_files
from lss.run.run_folder import Run
from lss.simulator import LatentSpaceSimulator
from lss.storage import processes
from lss.trajectories.trajectory_set import TrajectorySet

SPECS = ["backbone-torsions", "ca-distances"]


def double(x, marker=None, times=0):
    """Twice x; but the first `times` processes that try die, as of a damaged file."""
    if marker is not None and len(list(Path(marker).glob("died-*"))) < times:
        Path(marker, f"died-{os.getpid()}").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.01)
    return 2 * x


def fail(x):
    raise InputError(f"no {x}")


def be_late(x):
    raise TimeoutError(x)


@pytest.fixture(scope="module")
def scheduler():
    """Two workers with a thread each, in processes."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as found:
        yield found.scheduler_address


@pytest.mark.parametrize("where", ["local", "dask"])
def test_a_process_that_dies_costs_no_result(where, tmp_path, request):
    address = processes.LOCAL if where == "local" else request.getfixturevalue("scheduler")
    tasks = [(i, tmp_path, 1) if i == 2 else (i, None, 0) for i in range(6)]
    found = processes.share(double, tasks, list("abcdef"), address)
    assert list(found) == [0, 2, 4, 6, 8, 10]
    assert len(list(tmp_path.iterdir())) == 1


def test_what_kills_every_process_is_named(tmp_path):
    tasks = [(1, None, 0), (2, tmp_path, 99)]
    with pytest.raises(InputError, match=r"^bad\.xtc: the process that worked on it died"):
        list(processes.share(double, tasks, ["good.xtc", "bad.xtc"], processes.LOCAL))
    with pytest.raises(InputError, match=r"^no 7$"):
        list(processes.share(fail, [(7,)], ["x"], processes.LOCAL))


def test_a_cluster_without_workers_is_said(monkeypatch, caplog):
    """And what it was asked for is done as soon as there is one."""
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(processes, "_PATIENCE_SECONDS", 0.2)
    with distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=None) as empty:

        class Handler(logging.Handler):
            def emit(self, record):
                empty.scale(1)

        processes.logger.addHandler(handler := Handler())
        try:
            tasks = [(1, None, 0), (2, None, 0)]
            found = list(
                processes.share(double, tasks, ["a.xtc", "b.xtc"], empty.scheduler_address)
            )
        finally:
            processes.logger.removeHandler(handler)
    assert found == [2, 4]
    assert "the cluster has no workers; waiting for one to work on a.xtc" in caplog.text


def test_errors_of_a_task_are_its_own(scheduler):
    with pytest.raises(TimeoutError, match=r"^late$"):
        list(processes.share(be_late, [("late",)], ["x"], scheduler))


def test_a_scheduler_that_is_not_there_is_said(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(processes, "_CONNECT_SECONDS", 0.5)
    with pytest.raises(
        InputError, match=r"`scheduler` is tcp://127\.0\.0\.1:9, where no scheduler answers"
    ):
        list(processes.share(double, [(1,)], ["x"], "tcp://127.0.0.1:9"))


@pytest.mark.parametrize("where", ["local", "dask"])
def test_features_are_those_of_one_process(where, small_md, tmp_path, request):
    address = processes.LOCAL if where == "local" else request.getfixturevalue("scheduler")
    data = TrajectorySet.open(*small_md)
    featurizer = Featurizer(data.topology, SPECS)
    one = featurize(data, featurizer, tmp_path / "one" / "features.h5", progress=False)
    all_ = featurize(data, featurizer, tmp_path / "all" / "features.h5", False, address)
    with h5py.File(one) as wanted, h5py.File(all_) as found:
        assert found.attrs["sources"].tolist() == wanted.attrs["sources"].tolist()
        assert found.keys() == wanted.keys()
        for name in wanted:
            np.testing.assert_array_equal(found[name], wanted[name])
            assert found[name].chunks == wanted[name].chunks
    assert [path.name for path in all_.parent.iterdir()] == ["features.h5"]


def test_errors_of_other_processes_name_the_file(small_md, tmp_path):
    data = TrajectorySet.open(*small_md)
    part = data.parts[0][0]
    data.parts[0] = [replace(part, n_frames=1201, n_stored=1201)]
    data.n_frames[0] += 1
    with pytest.raises(InputError, match=r"part-0\.xtc: 1200 frames could be read, 1201 were"):
        featurize(data, Featurizer(data.topology, SPECS), tmp_path / "f.h5", False, processes.LOCAL)
    assert not list(tmp_path.iterdir())


def test_a_projection_is_that_of_one_process(scheduler, trained, tmp_path):
    run = Run.open(shutil.copytree(trained.path, tmp_path / "run"))
    wanted = run_files.read_psi(run)
    (run.path / "psi.h5").unlink()
    run.scheduler = scheduler
    with h5py.File(run.path / "features.h5") as features:
        run_files.write_psi(run, None, features, note="kept")
    for psi, one in zip(run_files.read_psi(run), wanted, strict=True):
        np.testing.assert_array_equal(psi, one)


def test_samples_are_those_of_one_process(trained, tmp_path, monkeypatch):
    """Byte for byte; the tasks of a cluster, done here, the first of them twice."""

    def share(function, tasks, names, scheduler):
        function(*tasks[0])
        return (function(*task) for task in tasks)

    monkeypatch.setattr(processes, "share", share)
    monkeypatch.setattr(processes, "check", lambda scheduler: None)
    simulator = LatentSpaceSimulator.load(trained.box)
    options = {"n_steps": 3000, "n_trajectories": 10, "seed": 5, "progress": False}
    whole = simulator.simulate(tmp_path / "whole", **options)
    assert simulator.simulate(tmp_path / "shared", **options, scheduler="there") == whole
    found, wanted = contents(tmp_path / "shared"), contents(tmp_path / "whole")
    assert found.keys() == wanted.keys()
    assert [name for name in wanted if found[name] != wanted[name]] == []


def test_without_a_scheduler_no_simulation_is_begun(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "_CONNECT_SECONDS", 1)
    simulator = LatentSpaceSimulator.load(trained.box)
    with pytest.raises(InputError, match="no scheduler answers"):
        simulator.simulate(tmp_path / "out", n_steps=10, scheduler="tcp://127.0.0.1:9")
    assert not (tmp_path / "out").exists()


def contents(folder):
    """Bytes of all files but topology.pdb, in which mdtraj writes the date."""
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    return {name: data for name, data in files.items() if name != "topology.pdb"}
