"""Ends of what was seen of torsions, and how often MD was started there."""

import json

import h5py
import numpy as np

from lss.adaptive.ends import choose_ends, find_ends, tries_of

NAMES = ["cos phi ALA 2", "sin phi ALA 2", "cos omega ALA 2", "sin omega ALA 2"]


class Folder:
    """What is read of a run: its path."""

    def __init__(self, path, phi, omega):
        self.path = path
        angles = np.radians(np.stack([phi, omega], axis=1))
        values = np.stack([np.cos(angles), np.sin(angles)], axis=2).reshape(len(phi), 4)
        with h5py.File(path / "features.h5", "w") as file:
            file["trajectory-0"] = values.astype(np.float32)
            file.attrs["features"] = NAMES


def plan(folder, *ends):
    folder.mkdir(parents=True)
    starts = [{"file": "start-000.pdb"}, *({"end": end} for end in ends)]
    (folder / "manifest.json").write_text(json.dumps({"starts": starts}))
    return str(folder / "piece-000.xtc")


def test_tries_are_counted_over_rounds(tmp_path):
    low, high = ["phi ALA 2", -35.0], ["phi ALA 2", 170.0]
    first = plan(tmp_path / "round-001", low, high, None)
    second = plan(tmp_path / "round-002", low)
    other = plan(tmp_path / "elsewhere", low)
    names = [first, first.replace("000", "001"), f"{second} + more.xtc", other, "trajectory 3"]
    assert tries_of(names) == {tuple(low): 2, tuple(high): 1}


def test_peptide_bonds_are_given_up_and_what_was_tried_comes_later(tmp_path, rng):
    # phi has tails of 8 degrees, omega is normal about 180 with 7 degrees.
    phi = np.clip(rng.laplace(-70, 8, 3000), -108, -32)
    omega = 180 + rng.normal(0, 7, 3000)
    run = Folder(tmp_path, phi, omega)
    name = plan(tmp_path / "round-001", *[["phi ALA 2", -35.0]] * 9)
    ends, reach = find_ends(run, [name], [1])
    assert {end.place[0] for end in ends} == {"phi ALA 2"}
    tried = {end.place[1]: end.tries for end in ends}
    assert tried.pop(-35.0) == 9 and list(tried.values()) == [0]
    chosen = choose_ends(run, ends, reach, 400, 0.5, seed=3)
    assert abs(len(chosen) - 200) < 40  # four standard deviations of a binomial, sqrt(100)
    for end, score, (trajectory, frame) in chosen:
        assert trajectory == 0 and 0 < score <= 1
        assert phi[frame] == (phi.max() if end.edge.side > 0 else phi.min())
    assert choose_ends(run, ends, reach, 8, 0, seed=3) == []
