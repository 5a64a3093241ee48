"""A simulation draws structures that clash again, and says how often."""

import json
import shutil

import mdtraj
import numpy as np
import pytest

from cwgan import Contacts
from lss.box import load_box
from lss.errors import InputError
from lss.run.messages import drawn
from lss.run.report_stage import decoder_remarks
from lss.simulation import blockwise
from lss.simulator import LatentSpaceSimulator


@pytest.fixture
def simulator(trained):
    """With a limit below which about a third of its structures are."""
    simulator = LatentSpaceSimulator.load(trained.box)
    contacts, psi = simulator.decoder.contacts, simulator.starts(500, seed=0)
    simulator.decoder.contacts = None
    xyz = simulator.coordinates(psi, 0)
    limit = float(np.quantile(contacts.closest(xyz), 0.3))
    simulator.decoder.contacts = Contacts(limit, contacts.n_atoms, contacts.bonds)
    return simulator


def test_draws_are_counted_in_blocks_and_said(simulator, tmp_path, monkeypatch):
    done = simulator.simulate(tmp_path / "a", blockwise.TILE + 99, 2, seed=1, progress=False)
    assert 1.1 < done["draws_per_frame"] < 3
    found = [
        mdtraj.load(str(file), top=simulator.box.reference).xyz
        for file in sorted((tmp_path / "a").glob("*.xtc"))
    ]
    closest = simulator.decoder.contacts.closest(np.concatenate(found))
    # XTC rounds to .001 nm: a contact may seem that much closer than it was.
    clashing = (closest < simulator.decoder.contacts.limit - 0.001).sum()
    assert clashing <= done["clashing_frames"]
    monkeypatch.setattr(blockwise, "FRAMES", 1)
    again = simulator.simulate(tmp_path / "b", blockwise.TILE + 99, 2, seed=1, progress=False)
    assert again == done
    record = json.loads((tmp_path / "b" / "simulation.json").read_text())
    assert record["draws"] == round(done["draws_per_frame"] * done["frames"])
    assert f"{done['draws_per_frame']:.3f} draws a frame" in drawn(done)
    assert decoder_remarks(done) == [drawn(done)]
    latent = simulator.simulate(tmp_path / "c", 5, latent_only=True, progress=False)
    assert "draws_per_frame" not in latent and decoder_remarks(latent) == []


def test_a_box_without_contacts_keeps_what_it_draws(trained, tmp_path):
    folder = shutil.copytree(trained.box, tmp_path / "box")
    meta = json.loads((folder / "lss.json").read_text())
    assert meta.pop("contacts")["n_atoms"] == 20
    (folder / "lss.json").write_text(json.dumps(meta))
    simulator = LatentSpaceSimulator.load(folder)
    assert simulator.decoder.contacts is None
    assert "draws_per_frame" not in simulator.simulate(tmp_path / "out", 5, progress=False)


@pytest.mark.parametrize(
    ("contacts", "message"),
    [
        ([], "have no limit, atoms and bonds"),
        ({"limit_nm": 0.2, "n_atoms": 20}, "have no limit, atoms and bonds"),
        ({"limit_nm": 0.2, "n_atoms": 20.0, "bonds": []}, "whole number of atoms"),
        ({"limit_nm": -1, "n_atoms": 20, "bonds": []}, "no limit above 0"),
        ({"limit_nm": "x", "n_atoms": 20, "bonds": []}, "limit_nm .* not a finite number"),
        ({"limit_nm": 0.2, "n_atoms": 20, "bonds": [[0, 20]]}, "bonds of other atoms"),
        ({"limit_nm": 0.2, "n_atoms": 20, "bonds": [[0, 1.5]]}, "bonds of other atoms"),
        ({"limit_nm": 0.2, "n_atoms": 20, "bonds": [[-1, 1]]}, "bonds of other atoms"),
        ({"limit_nm": 0.2, "n_atoms": 20, "bonds": [[4, 4]]}, "bonds of other atoms"),
        ({"limit_nm": 0.2, "n_atoms": 20, "bonds": None}, "bonds .* not rows of finite numbers"),
        # Nothing as large as a damaged number says is made.
        ({"limit_nm": 0.2, "n_atoms": 2**31 - 1, "bonds": [[0, 1]]}, "is 2147483647"),
        ({"limit_nm": "0.2", "n_atoms": 20, "bonds": []}, "no limit above 0"),
        ({"limit_nm": 0.2, "n_atoms": 20, "bonds": 3}, "bonds .* not rows of finite numbers"),
        ({"limit_nm": 0.2, "n_atoms": 19, "bonds": []}, r"contacts \(atoms\) is 19, not 20"),
    ],
)
def test_damaged_contacts_are_refused(trained, tmp_path, contacts, message):
    folder = shutil.copytree(trained.box, tmp_path / "box")
    meta = json.loads((folder / "lss.json").read_text())
    (folder / "lss.json").write_text(json.dumps({**meta, "contacts": contacts}))
    with pytest.raises(InputError, match=message):
        load_box(folder)
