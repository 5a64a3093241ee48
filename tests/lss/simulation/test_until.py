"""Trajectories that end in a state: the beginning of those that do not."""

import h5py
import mdtraj
import numpy as np
import pytest

from lss.errors import InputError
from lss.paths.states import parse_states
from lss.simulation import blockwise
from lss.simulator import LatentSpaceSimulator
from lss.storage.signals import Interrupted


@pytest.fixture(scope="module")
def simulator(trained):
    return LatentSpaceSimulator.load(trained.box)


@pytest.fixture(scope="module")
def state(simulator):
    """Where the slowest mode is in its upper 3 %."""
    psi = simulator.propagate(simulator.starts(20, 0), 60, seed=5)
    return parse_states(f"high: psi1 > {np.quantile(psi[..., 0], 0.97):.4f}", 2)["high"]


def read(folder):
    with h5py.File(folder / "psi.h5") as file:
        return file["psi"][:], dict(file["psi"].attrs)


@pytest.mark.parametrize("kind", ["xtc", "dcd", "h5"])
def test_each_ends_with_its_first_frame_inside(simulator, state, tmp_path, kind):
    options = {"seed": 3, "progress": False}
    simulator.simulate(tmp_path / "whole", 60, 6, latent_only=True, **options)
    done = simulator.simulate(tmp_path / "to", 60, 6, until=state, file_format=kind, **options)
    whole, _ = read(tmp_path / "whole")
    found, attributes = read(tmp_path / "to")
    lengths = []
    for i, row in enumerate(whole):
        inside = state.contains(row)
        n = int(inside.argmax()) + 1 if inside.any() else len(row)
        np.testing.assert_array_equal(found[i, :n], row[:n])
        assert np.isnan(found[i, n:]).all()
        path = tmp_path / "to" / f"traj-{i:04d}.{kind}"
        frames = mdtraj.load(str(path), top=simulator.box.reference.topology)
        assert len(frames) == n
        lengths.append(n)
    assert 1 < min(lengths) < 61 and done["frames"] == sum(lengths)
    assert np.isfinite(attributes["outside_fraction"])


def test_it_goes_on_where_it_was_stopped(simulator, state, tmp_path, monkeypatch):
    """In blocks, stopped after the first of them, and a whole group ended early."""
    options = {"seed": 3, "progress": False, "until": state}
    monkeypatch.setattr(blockwise, "TILE", 16)
    monkeypatch.setattr(blockwise, "FRAMES", 16)
    simulator.simulate(tmp_path / "whole", 60, 6, **options)
    note, calls = blockwise.Simulation.note, []

    def stopping(self, *arguments):
        calls.append(arguments)
        if len(calls) == 1:
            self.stop.append(15)
        note(self, *arguments)

    monkeypatch.setattr(blockwise.Simulation, "note", stopping)
    with pytest.raises(Interrupted):
        simulator.simulate(tmp_path / "to", 60, 6, **options)
    simulator.simulate(tmp_path / "to", 60, 6, resume=True, **options)
    np.testing.assert_array_equal(read(tmp_path / "to")[0], read(tmp_path / "whole")[0])
    for path in (tmp_path / "whole").glob("traj-*"):
        assert path.read_bytes() == (tmp_path / "to" / path.name).read_bytes()
    with pytest.raises(InputError, match="until"):
        other = parse_states("high: psi1 > 0", 2)["high"]
        simulator.simulate(tmp_path / "to", 60, 6, resume=True, **{**options, "until": other})


def test_what_starts_inside_ends_at_once(simulator, tmp_path):
    everywhere = parse_states("all: psi1 > -1000", 2)["all"]
    done = simulator.simulate(tmp_path / "to", 9, 2, until=everywhere, progress=False)
    assert done["frames"] == 2 and np.isnan(read(tmp_path / "to")[0][:, 1:]).all()
    with pytest.raises(InputError, match="cannot be combined"):
        simulator.simulate(tmp_path / "x", 9, 2, until=everywhere, scheduler="tcp://x:1")
