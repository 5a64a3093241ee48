"""A stage that is killed leaves no file that seems whole; all stages in benchmarks/kills.py."""

import json
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest

from lss.errors import InputError
from lss.run import stages
from lss.run.run_folder import Run
from lss.storage.whole_files import PARTIAL

SPECS = ["backbone-torsions", "ca-distances"]
# Killed by its own hand: at the second block of frames, or with all written but the name.
CHILD = """
import json, os, signal, sys
from lss.features import feature_file
from lss.run import stages
from lss.storage import whole_files
from lss.features.featurizer import Featurizer
from lss.run.run_folder import Run

path, source, moment = sys.argv[1:]
calls = []

def kill_at(number, original):
    def wrapper(*args, **kwargs):
        calls.append(args)
        if len(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args, **kwargs)
    return wrapper

run = Run.create(path, resume=True)
if moment == "writing":
    Featurizer.compute = kill_at(2, Featurizer.compute)
else:
    os.replace = kill_at(2, os.replace)  # the first is that of run.json
stages.make_features(run, json.loads(source), ["backbone-torsions", "ca-distances"])
"""


@pytest.mark.parametrize("moment", ["writing", "naming"])
def test_features_that_were_killed(moment, trained, source, tmp_path):
    command = [sys.executable, "-c", CHILD, str(tmp_path / "run"), json.dumps(source), moment]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr[-1000:]

    assert [path.name for path in (tmp_path / "run").glob("*.h5*")] == [f"{PARTIAL}features.h5"]
    run = Run.create(tmp_path / "run", resume=True)
    assert not run.finished("features")
    with pytest.raises(InputError, match="no finished stage 'features'"):
        stages.train_srv(run, 500.0)

    stages.make_features(run, source, SPECS)
    files = (folder / "features.h5" for folder in (trained.path, run.path))
    wanted, found = ({n: d[:] for n, d in h5py.File(path).items()} for path in files)
    assert found.keys() == wanted.keys()
    for name in wanted:
        np.testing.assert_array_equal(found[name], wanted[name])
    assert not list(run.path.glob(f"{PARTIAL}*"))
