"""Synthetic trajectories start where they are told to."""

import logging

import h5py
import mdtraj
import numpy as np
import pytest

from lss.errors import InputError
from lss.run import run_files
from lss.simulation.starts import chosen_start
from lss.simulator import LatentSpaceSimulator


@pytest.fixture(scope="module")
def simulator(trained):
    return LatentSpaceSimulator.load(trained.box)


def test_a_frame_of_a_trajectory(simulator, trained, small_md):
    """Of XTC with a topology, and of a file that brings its own."""
    pattern, top = small_md
    path = pattern.replace("*", "1")
    start = chosen_start(simulator, start=path, start_frame=17, top=top)
    known = run_files.read_psi(trained)[1]
    np.testing.assert_allclose(start, known[17:18], rtol=1e-3, atol=2e-3)
    first = chosen_start(simulator, start=path, top=top)
    np.testing.assert_allclose(first, known[:1], rtol=1e-3, atol=2e-3)


def test_a_structure_file_is_a_trajectory_of_one_frame(simulator, small_md, tmp_path):
    path = tmp_path / "frame.pdb"
    frame = mdtraj.load(small_md[0].replace("*", "0"), top=small_md[1])[5]
    frame.save_pdb(str(path))
    start = chosen_start(simulator, start=str(path))
    # PDB holds coordinates to 0.001 angstrom.
    np.testing.assert_allclose(start, simulator.encode(frame), atol=0.01)


def test_a_latent_state(simulator, tmp_path):
    start = chosen_start(simulator, start_psi=[0.1, -0.2])
    simulator.simulate(tmp_path / "out", 3, 2, start=start, latent_only=True, progress=False)
    with h5py.File(tmp_path / "out" / "psi.h5") as file:
        np.testing.assert_array_equal(file["psi"][:, 0], np.float32([[0.1, -0.2]] * 2))
    assert chosen_start(simulator) is None


def test_a_start_that_no_training_frame_has_is_named(simulator, caplog):
    with caplog.at_level(logging.WARNING, logger="lss.simulation.starts"):
        chosen_start(simulator, start_psi=[0.0, 77.0])
    assert "psi_2 = 77" in caplog.text and "psi_1" not in caplog.text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"start_frame": 3}, "`start`"),
        ({"start_psi": [0.0, 0.0], "start": "PATH"}, "cannot be combined"),
        ({"start_psi": [0.0, 0.0, 0.0]}, "3 numbers, wanted 2"),
        ({"start_psi": [0.0, np.nan]}, "NaN"),
        ({"start": "PATH", "top": "TOP", "start_frame": 900}, "it has 900, from 0"),
        ({"start": "PATH"}, "topology"),
        ({"start": "nothing.xtc", "top": "TOP"}, "nothing.xtc"),
    ],
)
def test_what_can_not_be_a_start_is_refused(simulator, small_md, options, said):
    names = {"PATH": small_md[0].replace("*", "1"), "TOP": small_md[1]}
    options = {key: names.get(str(value), value) for key, value in options.items()}
    with pytest.raises(InputError, match=said):
        chosen_start(simulator, **options)
