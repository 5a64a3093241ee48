"""What several test modules share: a small piece of real MD and a simulator trained on it."""

import os
import runpy
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:
    # The processes of pytest-xdist have a core each: more threads would only wait for one another.
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(name, "1")

import mdtraj
import numpy as np
import pytest
from hypothesis import settings

from lss.examples import example
from lss.run import stages
from lss.run.run_folder import Run

LAG_PS = 500.0

# The same cases in each run: new ones are looked for by benchmarks/fuzz.py.
settings.register_profile("same", derandomize=True)
settings.load_profile("same")


@pytest.fixture(scope="session")
def small_md(tmp_path_factory):
    """Three pieces of pentapeptide MD, 1200, 900 and 600 frames: patterns, topology."""
    folder = tmp_path_factory.mktemp("md with spaces")
    data = example("wlall")
    for i, n_frames in enumerate((1200, 900, 600)):
        trajectory = mdtraj.load(str(data.files[i]), top=str(data.top))[:n_frames]
        trajectory.save_xtc(str(folder / f"part-{i}.xtc"))
    return str(folder / "part-*.xtc"), str(data.top)


@pytest.fixture(scope="session")
def other_md(tmp_path_factory):
    """900 frames of the pentapeptide of which none is in `small_md`."""
    data = example("wlall")
    path = tmp_path_factory.mktemp("held-out") / "other.xtc"
    mdtraj.load(str(data.files[3]), top=str(data.top))[:900].save_xtc(str(path))
    return str(path)


@pytest.fixture(scope="session")
def source(small_md):
    return {"traj": [small_md[0]], "top": small_md[1], "dt_ps": None}


@pytest.fixture(scope="session")
def trained(source, tmp_path_factory):
    """A run on `small_md` with tiny budgets, up to its synthetic trajectories.

    Enough to test files, shapes and plumbing; nothing about quality.
    """
    run = Run.create(tmp_path_factory.mktemp("trained") / "run")
    stages.make_features(run, source, ["backbone-torsions", "ca-distances"])
    stages.train_srv(run, LAG_PS, modes=2, steps=100)
    stages.train_mdn(run, components=4, steps=200)
    stages.train_cwgan(run, "backbone", steps=50)
    stages.make_synthetic(run, 10_000.0, n_trajectories=3, seed=7)
    return run


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def run_script(monkeypatch):
    """Runs the main function of a script in this process, where TensorFlow is loaded already."""

    def run(script, *arguments):
        path = Path(__file__).parents[1] / "scripts" / script
        monkeypatch.setattr("sys.argv", [script, *map(str, arguments)])
        runpy.run_path(str(path), run_name="tested")["main"]()

    return run
