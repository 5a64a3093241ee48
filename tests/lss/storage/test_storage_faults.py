"""A full disk and folders that may not be written to: one error, and what was there is left."""

import os
import resource
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import h5py
import mdtraj
import numpy as np
import pytest

from lss.box import load_box, save_box
from lss.errors import InputError
from lss.features.featurizer import Featurizer, featurize
from lss.run import run_files
from lss.run.run_folder import Run
from lss.simulation.trajectory_writers import FORMATS
from lss.simulator import LatentSpaceSimulator
from lss.storage.whole_files import write_json
from lss.trajectories.trajectory_set import TrajectorySet

LIMIT = 20_000  # bytes; every file below is larger
NOBODY = 65534


@contextmanager
def full_disk():
    """No file can grow beyond some bytes; writing fails as on a full disk (EFBIG, not ENOSPC)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def no_permission(folder):
    """The folder may be read only, by root too."""
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if user == 0:
            os.seteuid(0)
        folder.chmod(0o755)


def open_to_all(inner):
    """Let everyone read what pytest keeps to its owner, up to the folder of temporary files."""
    for path in [inner, *inner.parents]:
        if path == Path(tempfile.gettempdir()).resolve():
            break
        if path.stat().st_mode & 0o005 != 0o005:
            path.chmod(0o755)


def features(folder, trained, small_md):
    data = TrajectorySet.open(*small_md)
    featurize(data, Featurizer(data.topology, ["torsions"]), folder / "features.h5", False)


def psi(folder, trained, small_md):
    with h5py.File(trained.path / "features.h5") as file:
        run_files.write_psi(Run(folder, {}), Projector(), file)


class Projector:
    def transform(self, x):
        return x[:, :5]


def network(folder, trained, small_md):
    run = Run(folder, {})
    run_files.save_network(load_box(trained.box).cwgan, run, "cwgan")


def box(folder, trained, small_md):
    save_box(load_box(trained.box), folder / "box.lss")


def json_file(folder, trained, small_md):
    write_json(folder / "report.json", {"numbers": list(range(9999))})


def simulation(folder, trained, small_md):
    LatentSpaceSimulator.load(trained.box).simulate(folder / "synthetic", 3000, progress=False)


WRITERS = [features, psi, network, box, json_file, simulation]


def snapshot(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("write", WRITERS)
def test_a_full_disk(write, trained, small_md, tmp_path):
    for name in ("features.h5", "psi.h5", "box.lss", "report.json"):
        (tmp_path / name).write_text("old")
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "cwgan.keras").write_text("old")
    before = snapshot(tmp_path)
    with full_disk(), pytest.raises((InputError, OSError)) as error:
        write(tmp_path, trained, small_md)
    assert "\n" not in str(error.value) and "too large" in str(error.value).lower()
    after = snapshot(tmp_path)
    assert {name: data for name, data in after.items() if "synthetic" not in name} == before


@pytest.mark.parametrize("write", WRITERS)
def test_permission_denied(write, trained, small_md, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    for inner in (Path(small_md[0]).parent, trained.path.parent, tmp_path):
        open_to_all(inner)
    (folder / "features.h5").write_text("old")
    with no_permission(folder), pytest.raises((InputError, OSError)) as error:
        write(folder, trained, small_md)
    said = str(error.value)
    assert "\n" not in said and "permission denied" in said.lower() and str(folder) in said
    assert snapshot(folder) == {"features.h5": b"old"}


def test_a_simulation_goes_on_when_there_is_room_again(trained, tmp_path):
    simulator = LatentSpaceSimulator.load(trained.box)
    options = {"n_steps": 3000, "seed": 3, "progress": False}
    simulator.simulate(tmp_path / "whole", **options)
    with full_disk(), pytest.raises(OSError):
        simulator.simulate(tmp_path / "full", **options)
    simulator.simulate(tmp_path / "full", **options, resume=True)
    whole, full = snapshot(tmp_path / "whole"), snapshot(tmp_path / "full")
    assert {n for n in whole if whole[n] != full.get(n)} <= {"topology.pdb"}  # dated by mdtraj


@pytest.mark.parametrize("n_frames", [60, 120, 121, 122, 150])
@pytest.mark.parametrize("kind", FORMATS)
def test_no_trajectory_is_cut_short_without_a_word(kind, n_frames, tmp_path, rng):
    """Near the limit of 20,000 bytes: 120 frames of 20 atoms take about as much in XTC."""
    topology = mdtraj.Topology()
    chain = topology.add_chain()
    for _ in range(20):
        topology.add_atom("CA", mdtraj.element.carbon, topology.add_residue("ALA", chain))
    xyz = rng.normal(size=(n_frames, 20, 3)).astype(np.float32)
    path = tmp_path / f"a.{kind}"
    with full_disk():
        try:
            FORMATS[kind](path, topology, 1.0, n_frames).append(xyz, 0)
        except OSError:
            assert list(tmp_path.iterdir()) == []
            return
    found = path.stat().st_size
    path.unlink()
    FORMATS[kind](path, topology, 1.0, n_frames).append(xyz, 0)
    assert found == path.stat().st_size


def test_the_run_record_outlives_a_full_disk(trained, tmp_path):
    run = Run.open(shutil.copytree(trained.path, tmp_path / "run"))
    record = (run.path / "run.json").read_bytes()
    run.record["stages"]["srv"]["report"]["history"] = {"loss": [0.5] * 9999}
    with full_disk(), pytest.raises(OSError):
        run.write()
    assert (run.path / "run.json").read_bytes() == record
    assert Run.open(run.path).finished("mdn")
