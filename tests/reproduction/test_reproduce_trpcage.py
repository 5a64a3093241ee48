"""reproduce_trpcage.py: the paper's settings by name, its printed values beside what is found."""

import json
import shutil

import mdtraj
import pytest

from lss.examples import example
from lss.run import inputs, report_stage, stages
from lss.run.run_folder import Run
from reproduction import paper, trpcage_study


class Asked(Exception):
    """Raised in place of a training: what a stage asked an estimator for."""


@pytest.fixture
def small(tmp_path):
    """A piece of the Go model, 400 frames: command line. The next 100 are beside it."""
    data = example("trpcage")
    trajectory = mdtraj.load(data.files[0], top=data.top, frame=None)[1000:1500]
    trajectory[:400].save_xtc(str(tmp_path / "piece.xtc"))
    trajectory[400:].save_xtc(str(tmp_path / "other.xtc"))
    return ["--traj", tmp_path / "piece.xtc", "--top", data.top, "--dt", "200ps"]


def test_the_script_asks_for_the_papers_settings(run_script, small, tmp_path, monkeypatch):
    calls = {}
    for stage in ("train_srv", "train_mdn", "train_cwgan", "make_synthetic"):
        monkeypatch.setattr(
            stages, stage, lambda run, *args, name=stage, **kw: calls.update({name: (args, kw)})
        )
    monkeypatch.setattr("lss.run.messages.modes", lambda run: "")
    monkeypatch.setattr(
        report_stage, "make_report", lambda run, held_out: calls.update(held=held_out)
    )
    monkeypatch.setattr(trpcage_study, "write", lambda run: run.report("features")["note"])
    other = str(tmp_path / "other.xtc")
    options = ["--held-out", other, "--seed", 4, "--trajectories", 7]
    run_script("reproduce_trpcage.py", *small, *options, "--out", tmp_path / "run")
    named = {"seed": 4, "steps": None, "preset": "paper"}
    assert calls == {
        "train_srv": ((20_000.0, 3), named),
        "train_mdn": ((24,), named),
        "train_cwgan": (("name CA", 50), named),
        "make_synthetic": ((None, 7, 4), {}),
        "held": [other],
    }
    recommended = ["--preset", "recommended", "--out", tmp_path / "run", "--force"]
    run_script("reproduce_trpcage.py", *small, *recommended)
    assert calls["train_srv"][1]["preset"] == "recommended"


def test_frames_that_are_called_so_are_said_to_be(small, tmp_path):
    files, top = str(small[1]), small[3]
    note = inputs.open_data({"traj": [files], "top": top, "dt_ps": 200.0})[1]
    assert "taken to be 200 ps" in note
    # Files with times of their own need no such note.
    trajectory = mdtraj.load(files, top=top)
    trajectory.time = 200 * trajectory.time
    trajectory.save_xtc(str(tmp_path / "timed.xtc"))
    timed = {"traj": [str(tmp_path / "timed.xtc")], "top": top, "dt_ps": 200.0}
    assert inputs.open_data(timed)[1] is None


@pytest.mark.parametrize("stage", ["srv", "mdn", "cwgan"])
def test_a_stage_asks_the_estimator_by_name(stage, trained, tmp_path, monkeypatch):
    run = Run.open(shutil.copytree(trained.path, tmp_path / "run"))

    def ask(name, *args, **settings):
        raise Asked(name)

    estimator = {"srv": "srv.SRV", "mdn": "mdn.Propagator", "cwgan": "cwgan.MolGen"}[stage]
    monkeypatch.setattr(f"{estimator}.from_preset", ask)
    train = {
        "srv": lambda **kw: stages.train_srv(run, 500.0, modes=2, steps=7, **kw),
        "mdn": lambda **kw: stages.train_mdn(run, steps=7, force=True, **kw),
        "cwgan": lambda **kw: stages.train_cwgan(run, steps=7, force=True, **kw),
    }[stage]
    if stage == "srv":
        del run.record["stages"]["srv"]
    for preset in ("paper", "recommended"):
        with pytest.raises(Asked, match=preset):
            train(preset=preset)


def test_tables_of_a_judged_run(trained, other_md, tmp_path):
    run = Run.open(shutil.copytree(trained.path, tmp_path / "run"))
    report_stage.make_report(run, [other_md])
    printed = trpcage_study.write(run)
    assert "1070" in printed and "reached" in printed
    folder = run.path / "reproduction"
    numbers = json.loads((folder / "numbers.json").read_text())
    report = json.loads((run.path / "report.json").read_text())
    assert numbers["quantities"] == report["quantities"]
    assert str(tmp_path.parent) not in (folder / "numbers.json").read_text()
    assert set(numbers["seconds"]) == set(run.record["stages"])
    for name in ("table-1", "distances", "structures", "goals", "run"):
        lines = (folder / f"{name}.md").read_text().splitlines()
        assert len({line.count("|") for line in lines}) == 1 and len(lines) > 3
    for picture in folder.glob("*.png"):
        assert picture.read_bytes() == (run.path / "figures" / picture.name).read_bytes()
    assert (folder / "tica.png").exists()


def known(value, error=0.1):
    return {"value": value, "standard_error": error}


def quantity(md, lss, heldout=None, apart=None):
    """A quantity as report.json has it; `apart`: LSS to MD, LSS to held-out, MD to held-out."""
    distances = apart or (0.0, None, None)
    return {
        "md": md,
        "lss": lss,
        "heldout_md": heldout,
        "lss_to_md": known(distances[0]),
        "lss_to_heldout": distances[1],
        "md_to_heldout": distances[2],
    }


def report(lss_transitions=1100, folded=0.5):
    return {
        "cores_on_psi_1": {"names": ["folded", "transition", "unfolded"]},
        "quantities": {
            "core_a_population": quantity(known(0.45, 0.03), known(folded, 0.003)),
            "t_1_ps": quantity(known(100.0, 20.0), known(108.0), known(90.0)),
            "free_energy_rmse_psi_1_kT": quantity(None, None, apart=(0.04, 0.11, 0.1)),
            "free_energy_rmse_plain_psi_1_kT": quantity(None, None, apart=(0.2, 0.3, 0.25)),
            "rg_mean_nm": quantity(known(0.8), known(0.81)),
            "rg_sd_nm": quantity(known(0.15), known(0.16)),
            "tica_jsd_bits": quantity(None, None, apart=(0.02, 0.05, 0.02)),
            "transitions_per_ps": quantity(known(1e-6, 2e-7), known(1e-6, 2e-8)),
        },
        "free_energy_rmse_from_errors_alone_kT": [0.03],
        "mean_rmsd_of_pairs_nm": {
            "folded": {"MD-MD": 0.19, "LSS-MD": 0.195, "LSS-LSS": 0.2},
            "transition": {"MD-MD": 0.4, "LSS-MD": 0.38, "LSS-LSS": 0.3},
        },
        "ensembles": {
            "MD": {"total_time_ps": 1.0, "core_to_core_transitions_at_lag_resolution": 12.0},
            "LSS": {
                "total_time_ps": 100.0,
                "core_to_core_transitions_at_lag_resolution": lss_transitions,
            },
        },
    }


def reached(made):
    head, rows = trpcage_study.goals(made)
    return {row[0].split(":")[0]: row[head.index("reached")] for row in rows}


def test_goals_are_judged_by_their_limits():
    head, rows = trpcage_study.goals(report())
    met = {row[0]: row[head.index("reached")] for row in rows}
    assert met == {
        "share folded: LSS off the training MD": "no",  # .05, its block error is .03
        "t_1: LSS off the training MD, relative": "yes",  # .08
        "t_1: LSS off the held-out MD, relative": "no",  # 108 / 90 - 1 = .20
        "F(psi_1) RMSE, weighted, LSS to held-out MD, kT": "yes",  # .11 of .13
        "F(psi_1) RMSE, weighted, LSS to training MD, kT": "yes",  # .04 of .05
        "F(psi_1) RMSE, not weighted, LSS to training MD, kT": "",  # the paper's, no limit
        "mean Rg: LSS off the training MD, relative": "yes",  # .0125
        "standard deviation of Rg: LSS off the training MD, relative": "no",  # .067
        "folded: CA-RMSD between LSS and MD, nm": "yes",  # .195 of .20
        "transition: CA-RMSD between LSS and MD, nm": "no",  # .38 of .30
        "TICA map: JSD, LSS to held-out MD, bits": "no",  # .05 of .04
        # 1100 / 12 = 91.7 of 100
        "transitions: 91.7 times the MD's, off the 100 times longer time, relative": "yes",
        "relative error of the transition rate, LSS over MD": "yes",  # .02 / .2
    }
    paper_column = [row[head.index("paper")] for row in rows]
    assert paper_column.count("0.91") == 1 and "0.29" in paper_column and "0.37" in paper_column


def test_goals_follow_what_is_found():
    better = reached(report(lss_transitions=1500, folded=0.46))
    assert better["share folded"] == "yes" and better["transitions"] == "no"
    # Without a transition in the MD there is nothing to count.
    nothing = report()
    nothing["ensembles"]["MD"]["core_to_core_transitions_at_lag_resolution"] = 0.0
    assert "transitions" not in reached(nothing)


def test_only_printed_values_are_given():
    values = [value for p in paper.PRINTED.values() for value in (p.md, p.lss)]
    assert sorted(v for v in values if v is not None) == [0.29, 0.37, 0.91, 12, 1070]
