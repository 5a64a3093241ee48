"""The loop: what it refuses, how pieces run and die, what it asks of itself, when it stops."""

import json
import os
import signal
import sys
from pathlib import Path

import mdtraj
import numpy as np
import pytest

from lss.adaptive import engines, md_pieces, rounds
from lss.adaptive.campaign import Campaign, check_times, reasons_to_go_on
from lss.adaptive.campaign_page import write_page
from lss.adaptive.judging import surprise
from lss.errors import InputError
from lss.storage.signals import Interrupted

ENGINE = {"runner": "cp {start} {out}", "n_frames": 25, "frame_ps": 100.0}


def settings(top, **others):
    found = {
        "top": str(top), "starts": [str(top)], "engine": ENGINE, "lag_ps": 500.0,
        "piece_ps": 2500.0, "frame_ps": 100.0, "per_round": 3, "strategy": "mixed",
        "target": "timescales", "seed": 0,
    }  # fmt: skip
    return found | others


@pytest.fixture
def top(small_md):
    return small_md[1]


def test_short_pieces_and_odd_times_are_refused(top):
    check_times(settings(top))
    with pytest.raises(InputError, match=r"`piece` is 2.4 ns, wanted at least 5 lag times"):
        check_times(settings(top, piece_ps=2400.0))
    with pytest.raises(InputError, match="`lag` 500 ps is not a whole number of frames"):
        check_times(settings(top, frame_ps=300.0))


def test_a_campaign_is_not_begun_twice_nor_with_other_settings(top, tmp_path):
    Campaign.create(tmp_path / "c", settings(top))
    with pytest.raises(InputError, match="give `resume` to go on"):
        Campaign.create(tmp_path / "c", settings(top))
    Campaign.create(tmp_path / "c", settings(top), resume=True)
    with pytest.raises(InputError, match="was begun with per_round = 3, not 4"):
        Campaign.create(tmp_path / "c", settings(top, per_round=4), resume=True)
    with pytest.raises(InputError, match=r"none\.pdb is not there"):
        Campaign.create(tmp_path / "d", settings(tmp_path / "none.pdb"))
    (tmp_path / "e").mkdir()
    (tmp_path / "e" / "other").touch()
    with pytest.raises(InputError, match="not empty and not a campaign"):
        Campaign.create(tmp_path / "e", settings(top))


def write_piece(start, out, n_frames, seed=0):
    frame = mdtraj.load(str(start))
    noise = np.random.default_rng(seed).normal(0, 0.002, (n_frames, frame.n_atoms, 3))
    time = 100.0 * np.arange(1, n_frames + 1)
    cell = [np.repeat(x, n_frames, axis=0) for x in (frame.unitcell_lengths, frame.unitcell_angles)]
    mdtraj.Trajectory(frame.xyz + noise, frame.topology, time, *cell).save_xtc(str(out))


@pytest.fixture
def begun(top, tmp_path):
    """A first round with its starts, and what gives a dead piece another one."""
    folder = rounds.folder_of(tmp_path, 1)
    chosen = settings(top)
    manifest = rounds.begin(folder, None, chosen, 1)
    return folder, manifest, lambda i, why: rounds.another_start(folder, None, chosen, i, why)


def test_only_missing_pieces_run_and_a_dead_one_is_repeated(begun, monkeypatch):
    folder, manifest, again = begun
    write_piece(folder / "start-001.pdb", md_pieces.piece_path(folder, 1), 25)
    ran = []

    def simulate(engine, start, out, seed, inherited):
        ran.append((start.name, seed))
        if len(ran) == 1:
            raise engines.Died("coordinates are not finite at 3 ps")
        write_piece(start, out, 25)

    monkeypatch.setattr(engines, "simulate", simulate)
    md_pieces.run_pieces(folder, manifest, ENGINE, again)
    assert [name for name, _ in ran] == ["start-000.pdb", "start-002.pdb", "start-000.pdb"]
    assert ran[0][1] != ran[2][1]
    assert len(rounds.pieces(folder.parent, 1)) == 3
    noted = rounds.manifest_of(folder)["starts"][0]
    assert noted["died"][0]["why"] == "coordinates are not finite at 3 ps"
    assert noted["died"][0]["seed"] == ran[0][1] and noted["seed"] == ran[2][1]
    md_pieces.run_pieces(folder, rounds.manifest_of(folder), ENGINE, again)
    assert len(ran) == 3


def test_a_piece_that_dies_again_and_again_stops_the_campaign(begun):
    folder, manifest, again = begun
    engine = ENGINE | {"runner": f"{sys.executable} -c 'raise SystemExit(3)'"}
    with pytest.raises(InputError, match=r"died 5 times, at last: the command ended with code 3"):
        md_pieces.run_pieces(folder, manifest, engine, again)


def test_a_stop_waits_for_the_piece_under_way(begun, monkeypatch):
    folder, manifest, again = begun

    def simulate(engine, start, out, seed, inherited):
        os.kill(os.getpid(), signal.SIGTERM)
        write_piece(start, out, 25)

    monkeypatch.setattr(engines, "simulate", simulate)
    monkeypatch.setattr(md_pieces.processes, "n_cores", lambda: 1)
    share = md_pieces.processes.share
    monkeypatch.setattr(md_pieces.processes, "share", lambda *a: share(*a[:3]))
    with pytest.raises(Interrupted, match="after the piece under way"):
        md_pieces.run_pieces(folder, manifest, ENGINE, again, "local")
    assert len(rounds.pieces(folder.parent, 1)) == 1


def test_what_a_command_wrote_is_looked_at(begun, tmp_path):
    folder, manifest, _ = begun
    start = folder / manifest["starts"][0]["file"]
    short, garbage = tmp_path / "short.xtc", tmp_path / "garbage.xtc"
    write_piece(start, short, 7)
    garbage.write_bytes(b"nothing" * 100)
    out = tmp_path / "out.xtc"
    for source, why in ((short, "7 frames were written, wanted 25"), (garbage, "cannot be read")):
        engine = ENGINE | {"runner": f"cp {source} {{out}}"}
        assert why in md_pieces.run_piece(engine, start, out, 0)
        assert not out.exists()
    with pytest.raises(InputError, match="`runner` is 'no-such-engine', which cannot be run"):
        md_pieces.run_piece(ENGINE | {"runner": "no-such-engine"}, start, out, 0)
    with pytest.raises(InputError, match="double other braces"):
        md_pieces.run_piece(ENGINE | {"runner": "awk '{print}' {start} {out}"}, start, out, 0)


class Gaussian:
    """A network of one component: y ~ N(a x, sigma^2)."""

    def __init__(self, a, sigma):
        self.a, self.sigma = a, sigma

    def __call__(self, x):
        x = np.asarray(x, np.float32)
        return {
            "logits": np.zeros((len(x), 1), np.float32),
            "loc": self.a * x[:, None],
            "scale": np.full((len(x), 1, x.shape[1]), self.sigma, np.float32),
        }


def test_a_right_simulator_is_not_surprised_and_a_wrong_one_by_the_divergence():
    rng, n = np.random.default_rng(0), 400
    start = rng.normal(size=(n, 1))
    psi = [np.array([x, 0.8 * x + 0.6 * rng.normal(size=1)], np.float32) for x in start]
    right = surprise(Gaussian(0.8, 0.6), psi, 1)
    assert abs(right["surprise"]) < 4 * right["error"]
    assert right["log_likelihood"] == pytest.approx(
        -np.log(0.6 * np.sqrt(2 * np.pi)) - 0.5, abs=4 / np.sqrt(2 * n)
    )
    # E[(y - a x)^2] / 2 sigma^2 - 1/2, with the error sqrt(2 / n) / 2 x ratio, and 16 samples.
    narrow = surprise(Gaussian(0.8, 0.3), psi, 1)
    assert narrow["surprise"] == pytest.approx(4 / 2 - 0.5, abs=4 * narrow["error"] + 0.1)
    assert narrow["surprise"] > 10 * narrow["error"]


RECORD = {
    "round": 3, "md_ps": 3e4, "died": 0, "n_cells": 50, "new_cells": [50, 0, 0], "error": 0.1,
    "strategy": "uncertainty", "timescales_ps": [5000.0, None], "visits": [12, 40], "seldom": 0,
    "islands": [], "widened": [500, 3, 2], "n_bins": 505, "never_seen": [],
    "tries": {"phi ALA 2 at -30": 150},
    "forecast": {"surprise": 0.05, "error": 0.04, "log_likelihood": 1.0, "outside": 0.0},
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, None),
        ({"new_cells": [49, 1, 0]}, "1 cells are new in the last 2 rounds"),
        ({"error": 0.3}, "standard error of the target is 0.3, wanted 0.2"),
        ({"error": None}, "standard error of the target is not known"),
        ({"forecast": None}, "no simulator has predicted"),
        ({"forecast": RECORD["forecast"] | {"surprise": 0.5}}, "surprised the simulator by 0.50"),
        ({"islands": ["piece 1"]}, "1 islands of psi are not connected"),
        ({"tries": {"phi ALA 2 at -30": 149}}, "torsions, in degrees: phi ALA 2 at -30 (149)"),
        ({"widened": [499, 3, 3]}, "6 new parts of 5 degrees in the last 2 rounds"),
    ],
)
def test_it_stops_when_all_is_known(change, why):
    found = reasons_to_go_on([RECORD, RECORD, RECORD | change], 0.2)
    assert found == [] if why is None else len(found) == 1 and why in found[0]
    assert "fewer than 3 rounds" in reasons_to_go_on([RECORD], 0.2)[0]


def test_the_page_says_what_is_unknown(top, tmp_path):
    seen = {"never_seen": ["phi ALA 2 was never seen from 0 to 180 degrees"]}
    records = [RECORD | seen | {"round": k, "md_ps": 1e4 * k} for k in (1, 2, 3)]
    records[0]["forecast"] = None
    for k in (1, 2, 3):
        folder = rounds.folder_of(tmp_path, k)
        folder.mkdir()
        (folder / "after.png").write_bytes(b"png")
    why = ["a <cell> is new"]
    write_page(tmp_path, records, settings(top), 0.2, why)
    page = (tmp_path / "campaign.html").read_text()
    assert "phi ALA 2 was never seen from 0 to 180 degrees" in page
    assert "a &lt;cell&gt; is new" in page and "30 ns of MD" in page and "0 of 50" in page
    assert json.dumps(settings(top)["engine"]["runner"]) in page.replace("&#34;", '"')


def test_a_command_line_names_one_engine(top, tmp_path, run_script):
    options = ["--top", top, "--lag", "500ps", "--piece", "5ns", "--out", tmp_path / "c"]
    with pytest.raises(InputError, match="one of `forcefield`"):
        run_script("adaptive.py", *options)
    with pytest.raises(InputError, match=r"wanted one with \{start\} and \{out\}"):
        run_script("adaptive.py", *options, "--runner", "run {start}")
    with pytest.raises(InputError, match="at least 5 lag times"):
        run_script("adaptive.py", *options[:4], "--piece", "2ns", "--runner", "x {start} {out}")
    engine = ["--piece", "5ns", "--runner", "x {start} {out}"]
    with pytest.raises(InputError, match="`lag` is auto, wanted one"):
        run_script("adaptive.py", *options[:2], *engine)
    with pytest.raises(InputError, match="`modes` is auto, wanted one"):
        run_script("adaptive.py", *options[:4], *engine, "--modes", "auto")


def test_openmm_runs_a_piece_from_the_start(tmp_path):
    pytest.importorskip("openmm")
    from openmm import app

    source = Path(app.__file__).parent / "data" / "spce.pdb"  # a box of water
    engine = {
        "runner": None, "top": str(source), "forcefield": ["spce.xml"],
        "temperature_K": 300.0, "friction_per_ps": 1.0, "timestep_ps": 0.002, "frame_ps": 0.004,
        "n_frames": 2,
    }  # fmt: skip
    assert md_pieces.run_piece(engine, source, tmp_path / "out.xtc", 1) is None
    piece, start = mdtraj.load(str(tmp_path / "out.xtc"), top=str(source)), mdtraj.load(str(source))
    assert piece.time == pytest.approx([0.004, 0.008])
    assert piece.unitcell_lengths[0] == pytest.approx(start.unitcell_lengths[0], abs=1e-3)
    assert np.abs(piece.xyz[0] - start.xyz[0]).max() < 0.1
    with pytest.raises(InputError, match="`forcefield` does not fit `top`"):
        engines.simulate(
            engine | {"forcefield": ["amber99_obc.xml"]}, source, tmp_path / "x.xtc", 1
        )


def test_few_atoms_run_on_the_platform_that_is_faster_for_them():
    pytest.importorskip("openmm")
    few, many = (engines.fastest(n)[0].getName() for n in (22, 2200))
    assert many != "Reference"
    assert few == ("Reference" if many == "CPU" else many)
