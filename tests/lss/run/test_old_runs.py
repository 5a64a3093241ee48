"""Run folders of version 0.1.0, whose stages recorded less, are gone on with."""

import shutil

from lss.run import messages, stages
from lss.run.report_stage import make_report
from lss.run.run_folder import Run

# What the encoder's stage did not record.
LATER = ("diagnostics", "equilibrium", "reversible")


def test_nothing_is_trained_again_and_the_report_is_made_anew(trained, tmp_path):
    run = Run.open(shutil.copytree(trained.path, tmp_path / "run"))
    encoder = run.record["stages"]["srv"]
    for name in LATER:
        encoder["report"].pop(name, None)
    del encoder["settings"]["weights"]
    report = {"settings": {"held_out": None}, "seconds": 1.0, "report": {"summary": "as it was"}}
    run.record["stages"]["report"] = report
    run.write()
    before = (run.box / "srv.keras").stat().st_mtime_ns
    run = Run.open(run.path)
    stages.train_srv(run, 500.0, modes=2, steps=100, weights="auto")
    assert (run.box / "srv.keras").stat().st_mtime_ns == before
    assert "slow modes at lag 500 ps" in messages.modes(run)
    said = make_report(run)
    assert "as it was" not in said and "verdict" in said and (run.path / "report.html").exists()
