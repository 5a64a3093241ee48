"""The bundled examples are there, are what they say, and say what must be said."""

from pathlib import Path

import mdtraj as md
import numpy as np
import pytest

import lss
from lss import examples
from lss.errors import InputError
from lss.trajectories.trajectory_set import TrajectorySet


def test_trpcage():
    data = examples.example()
    assert data.name == "trpcage" and data.dt_ps == 200.0
    assert "label" in data.note and "not all-atom MD" in data.note
    trajectories = TrajectorySet.open(data.files, data.top, data.dt_ps)
    assert trajectories.n_frames == [52_000]
    assert trajectories.topology.n_atoms == 20
    # A C-alpha trace in nm: neighbours are .38 nm apart, but for what the soft bonds allow.
    xyz = next(trajectories.iterate(0)).xyz
    bonds = np.linalg.norm(np.diff(xyz, axis=1), axis=-1)
    assert abs(bonds.mean() - 0.38) < 0.01


def test_wlall():
    data = examples.example("wlall")
    assert data.dt_ps is None
    assert "CC BY 4.0" in data.citation and "5525" in data.citation
    trajectories = TrajectorySet.open(data.files, data.top, data.dt_ps)
    assert trajectories.n_frames == [5001] * 4
    assert trajectories.spacing_ps == 100.0


def test_unknown_example():
    with pytest.raises(InputError, match="trpcage or wlall"):
        examples.example("villin")


def test_missing_files_are_told(monkeypatch, tmp_path):
    monkeypatch.setattr(examples.resources, "files", lambda package: tmp_path)
    with pytest.raises(InputError, match="missing: install"):
        examples.example()


def test_sources_name_every_file():
    folder = Path(lss.__file__).parent / "data"
    text = (folder / "SOURCES.md").read_text()
    assert "This is not all-atom" in text and "CC BY 4.0" in text
    for name in examples.NAMES:
        data = examples.example(name)
        assert f"`{name}/`" in text
        assert Path(data.top).name in text
        listed = {Path(f).name for f in (*data.files, data.top)}
        assert {p.name for p in (folder / name).iterdir()} == listed


def test_the_topologies_load_with_mdtraj_alone():
    for name in examples.NAMES:
        data = examples.example(name)
        assert md.load(data.files[0], top=data.top, frame=0).n_frames == 1
