"""Two rounds of a campaign, interrupted in the second."""

import itertools

import mdtraj
import numpy as np
import pytest

from lss.adaptive import engines, rounds
from lss.adaptive.campaign import Campaign
from lss.examples import example
from lss.run import run_files


@pytest.fixture
def replayed(monkeypatch):
    """An engine that plays MD: a list of the starts that it was asked for, and when to stop."""
    asked, stops, numbers = [], [], itertools.count()
    data = example("wlall")
    md = mdtraj.load(str(data.files[3]), top=str(data.top))

    def simulate(engine, start, out, seed, inherited):
        if stops and stops[0] == len(asked):
            stops.clear()
            raise KeyboardInterrupt
        asked.append(start)
        first = 150 * next(numbers) + 1
        md[first : first + engine["n_frames"]].save_xtc(str(out))

    monkeypatch.setattr(engines, "simulate", simulate)
    return asked, stops, str(data.top)


def test_the_loop_goes_on_where_it_was_interrupted(replayed, tmp_path):
    asked, stops, top = replayed
    settings = {
        "top": top, "starts": [top], "lag_ps": 500.0, "piece_ps": 10_000.0, "frame_ps": 100.0,
        "engine": {"runner": "none", "n_frames": 100}, "per_round": 4, "strategy": "counts",
        "target": "timescales", "features": ["backbone-torsions"], "modes": 2, "srv_steps": 20,
        "components": 2, "mdn_steps": 20, "seed": 0,
    }  # fmt: skip
    campaign = Campaign.create(tmp_path / "c", settings, scheduler=None)
    stops.append(6)
    with pytest.raises(KeyboardInterrupt):
        campaign.run(2, 0.2)
    assert rounds.done(campaign.path, 1) and not rounds.done(campaign.path, 2)
    assert len(rounds.pieces(campaign.path, 2)) == 2
    before = [p.read_bytes() for p in rounds.pieces(campaign.path, 2)]

    again = Campaign.create(tmp_path / "c", settings, resume=True, scheduler=None)
    said = again.run(2, 0.2)
    assert len(asked) == 8 and "2 rounds, 80 ns of MD" in said and "fewer than 3 rounds" in said
    assert [p.read_bytes() for p in rounds.pieces(campaign.path, 2)[:2]] == before
    assert (campaign.path / "campaign.html").stat().st_size > 10_000

    first, second = rounds.records(campaign.path, 2)
    assert first["forecast"] is None and np.isfinite(second["forecast"]["surprise"])
    assert sum(second["new_cells"]) == second["n_cells"] and second["md_ps"] == 80_000
    # The second round starts from frames of the first one's MD, all atoms and the cell.
    run = again.run_of(1)
    psi = run_files.read_psi(run)
    parents, files = rounds.parents(campaign.path, 2), rounds.pieces(campaign.path, 1)
    assert parents[:4] == [None] * 4 and len(parents) == 8
    for i, start in enumerate(rounds.manifest_of(rounds.folder_of(campaign.path, 2))["starts"]):
        structure = mdtraj.load(str(asked[4 + i]))
        frame = mdtraj.load_frame(start["parent"], start["parent_frame"], top=top)
        assert parents[4 + i][1] == start["parent_frame"] and structure.n_atoms == 94
        assert str(files[parents[4 + i][0]]) == start["parent"]
        assert structure.xyz == pytest.approx(frame.xyz, abs=6e-4)
        assert structure.unitcell_lengths == pytest.approx(frame.unitcell_lengths, abs=1e-3)
        assert start["psi"] == pytest.approx(psi[start["trajectory"]][start["frame"]], rel=1e-6)

    # Stopped after its encoder was trained, by a version with other weights, a round keeps it.
    second = again.run_of(2)
    second.record["stages"]["srv"]["settings"]["weights"] = "auto"
    second.write()
    encoder = (second.box / "srv.keras").read_bytes()
    (second.path.parent / rounds.DONE).unlink()
    again.run(2, 0.2)
    assert rounds.done(campaign.path, 2) and (second.box / "srv.keras").read_bytes() == encoder

    # A piece of the second round that dies is repeated from another frame of the same cell.
    folder = rounds.folder_of(campaign.path, 2)
    old = rounds.manifest_of(folder)["starts"][1]
    new = rounds.another_start(folder, run, settings, 1, "blew up")["starts"][1]
    assert new["cell"] == old["cell"] and new["died"][0]["file"] == old["file"]
    assert new["seed"] != old["seed"] and (folder / new["file"]).exists()
