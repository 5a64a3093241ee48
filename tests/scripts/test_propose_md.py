"""Start structures for the next MD: the plan that is printed, and what is written."""

import json
import re
import shutil

import h5py
import mdtraj
import numpy as np


def test_propose_md(trained, tmp_path, run_script, capsys):
    run = shutil.copytree(trained.path, tmp_path / "run")
    options = ["--out", run, "--number", 5, "--strategy", "uncertainty", "--seed", 3]
    run_script("propose_md.py", *options, "--dry-run")
    planned = capsys.readouterr().out
    assert "nothing written" in planned and not (run / "round-001").exists()
    run_script("propose_md.py", *options)
    assert capsys.readouterr().out.splitlines()[:-1] == planned.splitlines()[:-1]
    folder = run / "round-001"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert len(manifest["starts"]) == 5 and manifest["strategy"] == "uncertainty"
    assert all((folder / start["file"]).exists() for start in manifest["starts"])
    assert (folder / "starts.png").exists()
    run_script("propose_md.py", *options, "--target", "F")
    assert (run / "round-002" / "manifest.json").exists()


def test_propose_md_at_the_ends_of_torsions(trained, tmp_path, run_script, capsys):
    run = shutil.copytree(trained.path, tmp_path / "run")
    run_script("propose_md.py", "--out", run, "--number", 8, "--strategy", "edges")
    folder = run / "round-001"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["never_seen"] and set(manifest["never_seen"]) < set(
        capsys.readouterr().out.splitlines()
    )
    outer = [s for s in manifest["starts"] if s["reason"].startswith("edges: ")]
    assert outer and len(manifest["starts"]) == 8
    assert all((start["end"] is not None) == (start in outer) for start in manifest["starts"])
    for start in outer:
        words = (
            r"edges: (\w+) (\w+ \d+) was never seen from (-?\d+)(?: over 180)? to (-?\d+) degrees"
        )
        kind, residue, *borders = re.match(words, start["reason"]).groups()
        assert start["end"][0] == f"{kind} {residue}"
        (angle,) = torsion(kind, residue, folder / start["file"])
        others = torsion(kind, residue, start["parent"], top=str(folder / start["file"]))
        # Of its trajectory the frame that came furthest; files have three digits in nm.
        inwards = inside_of(start["end"][1], list(map(float, borders)))
        assert inwards(angle) < min(inwards(others).min() + 0.5, 20)


def torsion(kind, residue, file, **top):
    """A torsion of all frames of a file, in degrees, by mdtraj."""
    frames = mdtraj.load(str(file), **top)
    atoms, angles = getattr(mdtraj, f"compute_{kind}")(frames)
    own = 1 if kind == "phi" else 0  # the first atom of the residue that the torsion is named after
    residues = [frames.topology.atom(four[own]).residue for four in atoms]
    number = [f"{r.name} {r.resSeq}" for r in residues].index(residue)
    return np.degrees(angles[:, number])


def inside_of(end, borders):
    """Degrees from the border of the gap inwards, of which the last bin of 5 begins at `end`."""
    low, high = borders
    if (high - end) % 360 == 0:
        return lambda angle: (angle - high) % 360
    assert (low - end) % 360 == 5
    return lambda angle: (low - angle) % 360


def test_propose_md_says_that_there_are_no_torsions(trained, tmp_path, run_script, capsys):
    run = shutil.copytree(trained.path, tmp_path / "run")
    with h5py.File(run / "features.h5", "a") as file:
        file.attrs["features"] = [f"feature {i}" for i in range(len(file.attrs["features"]))]
    run_script("propose_md.py", "--out", run, "--number", 4, "--strategy", "edges", "--dry-run")
    said = capsys.readouterr().out
    assert "no starts by edges: no torsion among the features" in said
    assert "(edges: " not in said and said.count("counts: ") + said.count("uniform: ") == 4
