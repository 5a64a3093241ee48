"""Runs to go on with."""

import shutil

import pytest

from lss.run.run_folder import Run


@pytest.fixture
def run(trained, tmp_path):
    """A run with its features only."""
    copy = Run.create(tmp_path / "run")
    shutil.copy(trained.path / "features.h5", copy.path)
    copy.record["stages"]["features"] = trained.record["stages"]["features"]
    copy.write()
    return copy
