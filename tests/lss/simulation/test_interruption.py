"""A simulation that is killed or stopped leaves what can be read, and goes on as if it had not."""

import json
import shutil
import signal
import subprocess
import sys
import threading

import h5py
import mdtraj
import numpy as np
import pytest

from lss.errors import InputError
from lss.run import stages
from lss.run.run_folder import Run
from lss.simulation import blockwise
from lss.simulation.record import Progress
from lss.simulator import LatentSpaceSimulator
from lss.storage.signals import Interrupted

# Six blocks of the least length, the last one short; latents and 20 atoms.
SETTINGS = {"n_steps": 5 * blockwise.TILE + 100, "n_trajectories": 2, "seed": 4}
# The child goes on until it is killed: by itself, at a moment of its own clock.
CHILD = """
import os, signal, sys, threading, time
from pathlib import Path
from lss.simulation import blockwise
from lss.simulator import LatentSpaceSimulator

box, to, file_format, seconds = sys.argv[1:]
blockwise.FRAMES = 1

def shoot():
    while '"frames": 2048' not in read(Path(to) / "simulation.json"):
        time.sleep(0.001)
    time.sleep(float(seconds))
    os.kill(os.getpid(), signal.SIGKILL)

def read(path):
    return path.read_text() if path.exists() else ""

threading.Thread(target=shoot, daemon=True).start()
LatentSpaceSimulator.load(box).simulate(
    to, 200 * blockwise.TILE, 2, 4, file_format=file_format, progress=False
)
"""


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(blockwise, "FRAMES", 1)


@pytest.fixture(scope="module")
def simulator(trained):
    return LatentSpaceSimulator.load(trained.box)


def contents(folder):
    """Bytes of all files but topology.pdb, in which mdtraj writes the date."""
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    return {name: data for name, data in files.items() if name != "topology.pdb"}


def read(path, top):
    if path.suffix == ".h5":
        with h5py.File(path) as file:
            return file["coordinates"][:]
    return mdtraj.load(str(path), top=top).xyz


@pytest.mark.parametrize(("file_format", "seconds"), [("xtc", 0.05), ("h5", 0.08)])
def test_killed_at_any_moment(simulator, trained, tmp_path, file_format, seconds):
    """SIGKILL some milliseconds after the first block; many more in benchmarks/interruptions.py."""
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    command = [sys.executable, "-c", CHILD, trained.box, killed, file_format, seconds]
    done = subprocess.run(list(map(str, command)), capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-1000:]
    record = Progress.read(killed).record
    assert not record["finished"] and record["frames"] >= blockwise.TILE

    with pytest.raises(InputError, match="`resume`"):
        simulator.simulate(killed, **SETTINGS)
    # The same trajectories, but shorter: their beginning is that of the killed ones.
    n_steps = record["frames"] + blockwise.TILE
    options = {"n_trajectories": 2, "seed": 4, "file_format": file_format, "progress": False}
    simulator.simulate(whole, n_steps, **options)
    with h5py.File(killed / "psi.h5") as ours, h5py.File(whole / "psi.h5") as wanted:
        frames = slice(record["frames"])
        np.testing.assert_array_equal(ours["psi"][:, frames], wanted["psi"][:, frames])
        assert np.isnan(ours["psi"][:, -1]).all(), "frames to come must not look like frames"
    for row, size in enumerate(record["bytes"]):
        path = killed / f"traj-000{row}.{file_format}"
        if file_format == "xtc":  # may end within a frame
            path.write_bytes(path.read_bytes()[:size])
        wanted = read(whole / path.name, simulator.box.reference)
        found = read(path, simulator.box.reference)
        assert len(found) >= record["frames"]
        np.testing.assert_array_equal(found[: record["frames"]], wanted[: record["frames"]])


class Crash(BaseException):
    pass


@pytest.mark.parametrize("file_format", ["xtc", "dcd", "h5", "latent only"])
def test_what_goes_on_is_what_was_never_stopped(simulator, tmp_path, monkeypatch, file_format):
    """Stopped before, within and after writing, several times, in two groups of walkers."""
    monkeypatch.setattr(blockwise, "WALKERS", 2)
    latent = file_format == "latent only"
    options = {**SETTINGS, "n_trajectories": 3, "latent_only": latent, "progress": False}
    options |= {} if latent else {"file_format": file_format}
    whole = simulator.simulate(tmp_path / "whole", **options)
    rng, calls = np.random.default_rng(0), {"left": 0}

    def failing(function):
        def wrapper(*args, **kwargs):
            calls["left"] -= 1
            if calls["left"] == 0 and rng.random() < 0.5:
                raise Crash
            result = function(*args, **kwargs)
            if calls["left"] == 0:
                raise Crash
            return result

        return wrapper

    for name in ("write", "write_psi", "note", "lay_out", "finish"):
        original = getattr(blockwise.Simulation, name)
        monkeypatch.setattr(blockwise.Simulation, name, failing(original))
    crashes = 0
    for calls["left"] in (1, 2, 3, 5, 4, 6, 3, 9, 7, 0):
        try:
            done = simulator.simulate(tmp_path / "stopped", **options, resume=True)
        except Crash:
            crashes += 1
    assert crashes >= 5
    assert done == whole
    assert contents(tmp_path / "stopped") == contents(tmp_path / "whole")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_after_the_block(simulator, tmp_path, monkeypatch, number):
    handlers = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    original = blockwise.Simulation.write_psi

    def write_psi(self, rows, block, first):
        if first == blockwise.TILE:
            signal.raise_signal(number)
        original(self, rows, block, first)

    with monkeypatch.context() as patch:
        patch.setattr(blockwise.Simulation, "write_psi", write_psi)
        with pytest.raises(Interrupted, match="frames") as stopped:
            simulator.simulate(tmp_path / "out", **SETTINGS, progress=False)
    assert stopped.value.signal == number
    assert Progress.read(tmp_path / "out").record["frames"] == 2 * blockwise.TILE
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_in_another_thread_there_are_no_signals(simulator, tmp_path):
    done = []

    def work():
        done.append(simulator.simulate(tmp_path / "out", 10, progress=False))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done[0]["frames"] == 11


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"n_steps": 30}, "a length of 20 lag times, not 30"),
        ({"n_trajectories": 2}, "trajectories = 1, not 2"),
        ({"seed": 1}, "seed = 0, not 1"),
        ({"file_format": "dcd"}, "format = xtc, not dcd"),
        ({"first_walker": 1}, "first_walker = 0, not 1"),
        ({"start": [0.0, 0.1]}, "start = "),
    ],
)
def test_other_settings_are_refused_by_name(simulator, tmp_path, changed, said):
    options = {"n_steps": 20, "progress": False}
    simulator.simulate(tmp_path / "out", **options)
    with pytest.raises(InputError, match=said):
        simulator.simulate(tmp_path / "out", **options | changed, resume=True)
    simulator.simulate(tmp_path / "out", **options | changed, resume=True, force=True)


def test_other_networks_are_refused(simulator, trained, tmp_path):
    simulator.simulate(tmp_path / "out", 5, progress=False)
    other = LatentSpaceSimulator.load(trained.box)
    other.box.mdn.set_weights([2 * w for w in other.box.mdn.get_weights()])
    with pytest.raises(InputError, match="propagator = "):
        other.simulate(tmp_path / "out", 5, resume=True, progress=False)


def test_a_finished_simulation_is_not_made_again(simulator, tmp_path):
    done = simulator.simulate(tmp_path / "out", 20, progress=False)
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    assert simulator.simulate(tmp_path / "out", 20, resume=True, progress=False) == done
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()} == times


@pytest.mark.parametrize("damage", ["record", "trajectory"])
def test_damage_is_named(simulator, tmp_path, monkeypatch, damage):
    with monkeypatch.context() as patch:
        patch.setattr(blockwise.Simulation, "note", note_and_crash)
        with pytest.raises(Crash):
            simulator.simulate(tmp_path / "out", **SETTINGS, progress=False)
    path = tmp_path / "out" / {"record": "simulation.json", "trajectory": "traj-0001.xtc"}[damage]
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match=path.name):
        simulator.simulate(tmp_path / "out", **SETTINGS, resume=True, progress=False)


def note_and_crash(self, group, frames, files):
    sizes = [file.path.stat().st_size for file in files]
    self.progress.note(group=group, frames=frames, bytes=sizes)
    raise Crash


def test_a_folder_of_something_else_is_left_alone(simulator, tmp_path):
    (tmp_path / "thesis.tex").touch()
    for options in ({}, {"resume": True}, {"force": True}):
        with pytest.raises(InputError, match="no simulation"):
            simulator.simulate(tmp_path, 5, **options, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_the_pipeline_goes_on_with_synthetic_trajectories(trained, tmp_path, monkeypatch):
    run = Run.open(shutil.copytree(trained.path, tmp_path / "run"))
    options = {"length_ps": SETTINGS["n_steps"] * 500.0, "n_trajectories": 2}
    with monkeypatch.context() as patch:
        patch.setattr(blockwise.Simulation, "note", note_and_crash)
        with pytest.raises(Crash):
            stages.make_synthetic(run, **options, force=True)
    assert not run.finished("synthetic")
    created = (run.path / "synthetic" / "psi.h5").stat().st_ino
    stages.make_synthetic(run, **options)
    assert run.finished("synthetic")
    assert (run.path / "synthetic" / "psi.h5").stat().st_ino == created, "it began anew"
    assert json.loads((run.path / "synthetic" / "simulation.json").read_text())["finished"]
