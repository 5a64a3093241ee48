"""The command lines: what they print and write, and one line for each mistake."""

import glob
import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


def call(script, *arguments, cwd):
    return subprocess.run(
        [sys.executable, SCRIPTS / script, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
    )


@pytest.fixture
def md(small_md):
    """As a shell hands them over that expands an unquoted pattern."""
    return ["--traj", *sorted(glob.glob(small_md[0])), "--top", small_md[1]]


def test_the_whole_way_with_one_command(md, tmp_path):
    budgets = ["--srv-steps", 50, "--mdn-steps", 50, "--cwgan-steps", 50]
    simulated = ["--trajectories", 5, "--length", "20 ns", "--modes", 2]
    done = call(
        "run_lss.py", *md, "--lag", "500ps", *budgets, *simulated, "--out", "RUN", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "lag 500 ps = 5 frames of 100 ps" in done.stdout
    assert str(Path("RUN") / "report.html") in done.stdout
    run = tmp_path / "RUN"
    record = json.loads((run / "run.json").read_text())
    assert set(record["stages"]) == {"features", "srv", "mdn", "cwgan", "synthetic", "report"}
    page = (run / "report.html").read_text()
    assert not re.search(r"<(script|img|link|iframe)[^>]*https?:", page), "needs the network"
    report = json.loads((run / "report.json").read_text())
    assert report

    again = call("run_lss.py", *md, "--lag", "500ps", "--out", "RUN", cwd=tmp_path)
    assert again.returncode == 2 and "--force" in again.stderr
    resumed = call(
        "run_lss.py", *md, "--lag", "500ps", *budgets, *simulated, "--out", "RUN", "--resume",
        cwd=tmp_path,
    )  # fmt: skip
    assert resumed.returncode == 0, resumed.stderr
    assert json.loads((run / "run.json").read_text()) == record


def test_the_stages_one_by_one(trained, tmp_path):
    run = shutil.copytree(trained.path, tmp_path / "run")
    for script, budget in (("train_mdn.py", "--mdn-steps"), ("train_cwgan.py", "--cwgan-steps")):
        refused = call(script, "--out", run, budget, 20, cwd=tmp_path)
        assert refused.returncode == 2 and "--force" in refused.stderr
        done = call(script, "--out", run, budget, 20, "--force", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    record = json.loads((run / "run.json").read_text())
    assert "synthetic" not in record["stages"]


def test_held_out_md_gives_ratios(trained, small_md, other_md, tmp_path):
    run = shutil.copytree(trained.path, tmp_path / "run")
    settings = trained.settings("synthetic")
    done = call(
        "validate.py", "--out", run, "--held-out", other_md, "--seed", settings["seed"],
        "--length", "10ns", "--trajectories", 3, "--states", "left: psi1 < 0", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "ratio" in done.stdout and "population of left" in done.stdout
    rows = json.loads((run / "report.json").read_text())["quantities"]
    assert any(row["ratio_to_second_md_run"] is not None for row in rows.values())


@pytest.mark.parametrize("file_format", ["xtc", "dcd", "h5"])
def test_simulate(trained, tmp_path, run_script, file_format):
    options = ["--length", "5ns", "--trajectories", 2, "--seed", 3, "--format", file_format]
    run_script("simulate.py", "--box", trained.box, *options, "--to", tmp_path / "OUT")
    names = {file.name for file in (tmp_path / "OUT").iterdir()}
    trajectories = {f"traj-0000.{file_format}", f"traj-0001.{file_format}"}
    assert names == {"psi.h5", "topology.pdb", "simulation.json", *trajectories}
    with h5py.File(tmp_path / "OUT" / "psi.h5") as file:
        assert file["psi"].shape == (2, 11, 2)


def test_latents_alone_are_those_of_the_whole(trained, tmp_path, run_script):
    options = ["--box", trained.box, "--length", "5ns", "--seed", 3]
    for name, further in (("whole", []), ("latent", ["--latent-only"])):
        run_script("simulate.py", *options, "--to", tmp_path / name, *further)
    whole, latent = (h5py.File(tmp_path / n / "psi.h5")["psi"][:] for n in ("whole", "latent"))
    np.testing.assert_array_equal(whole, latent)
    names = {file.name for file in (tmp_path / "latent").iterdir()}
    assert names == {"psi.h5", "simulation.json"}


def test_shards_are_the_parts_of_the_whole(trained, tmp_path, run_script):
    options = ["--box", trained.box, "--length", "2ns", "--trajectories", 3, "--latent-only"]
    found = []
    for shard in ("1/1", "1/2", "2/2"):
        name = shard.replace("/", "of")
        run_script("simulate.py", *options, "--shard", shard, "--to", tmp_path / name)
        with h5py.File(tmp_path / name / "psi.h5") as file:
            found.append(file["psi"][:])
    whole, first, second = found
    assert (len(first), len(second)) == (1, 2)
    np.testing.assert_allclose(np.concatenate([first, second]), whole, rtol=0, atol=1e-5)
    wrong = call("simulate.py", *options, "--shard", "3/2", "--to", "x", cwd=tmp_path)
    assert wrong.returncode == 2 and "not a part I/N" in wrong.stderr


def test_a_stopped_simulation_says_how_to_go_on(trained, small_md, tmp_path):
    """SIGTERM, as a queue sends it: one line with the command, which then goes to the end."""
    options = ["--box", trained.box, "--length", "150us", "--seed", 3, "--to", "OUT"]
    options += ["--start", small_md[0].replace("*", "0"), "--top", small_md[1]]
    command = [sys.executable, SCRIPTS / "simulate.py", *options, "--latent-only"]
    process = subprocess.Popen(
        [*map(str, command)], stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    record = tmp_path / "OUT" / "simulation.json"
    while not (record.exists() and json.loads(record.read_text())["frames"]):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.001)
    process.terminate()
    _, said = process.communicate()
    assert process.returncode == 128 + signal.SIGTERM, said
    line = said.strip().splitlines()[-1]
    assert re.search(r"stopped with \d+ of 300001 frames in OUT; continue with: python ", line), (
        line
    )
    again = shlex.split(line.partition("continue with: python ")[2])
    assert again[-1] == "--resume"
    done = call("simulate.py", *again[1:], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(record.read_text())["finished"]
    with h5py.File(tmp_path / "OUT" / "psi.h5") as file:
        assert np.isfinite(file["psi"][:]).all()


def mistakes(small_md):
    pattern, top = small_md
    return {
        "missing file": (["--traj", "nothing.xtc", "--top", top, "--lag", "1ns"], "nothing.xtc"),
        "missing topology": (["--traj", pattern, "--lag", "1ns"], "--top"),
        "unreadable file": (["--traj", __file__, "--top", top, "--lag", "1ns"], "test_scripts"),
        "bare number": (["--lag", "20"], "unit"),
        "unknown unit": (["--lag", "20parsec"], "parsec"),
        "negative": (["--lag=-20ns"], "-20ns"),
        "no multiple": (["--traj", pattern, "--top", top, "--lag", "250ps"], "200 ps"),
        "longer than all": (["--traj", pattern, "--top", top, "--lag", "1us"], "shorter lag"),
        "no such feature": (["--lag", "20ns", "--features", "dipoles"], "dipoles"),
        "no such atoms": (
            ["--traj", pattern, "--top", top, "--lag", "1ns", "--features", "distances:name XX"],
            "name XX",
        ),
        "no torsions": (["--lag", "20ns", "--features", "torsions"], "ca-distances"),
        "two sources": (["--traj", pattern, "--example", "wlall", "--lag", "1ns"], "--example"),
    }


@pytest.mark.parametrize("name", mistakes(("", "")))
def test_a_mistake_is_one_line(name, small_md, tmp_path):
    arguments, said = mistakes(small_md)[name]
    done = call("train_srv.py", *arguments, "--out", "RUN", cwd=tmp_path)
    assert done.returncode == 2
    lines = done.stderr.strip().splitlines()
    assert lines[-1].startswith("error: ") and said in lines[-1]
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("RUN/*.h5"))


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (["--atoms", "name XX"], "name XX"),
        (["--atoms", "name CA and resid 0"], "--atoms is 'name CA and resid 0'"),
        (["--length", "100ps"], "--length is 100 ps, shorter"),
        (["--held-out", "nothing.xtc"], "--held-out: no trajectory file matches 'nothing.xtc'"),
        (["--features", "dipoles"], "dipoles"),
        (["--seed=-1"], "not a whole number"),
    ],
)
def test_a_mistake_is_found_before_the_training_and_costs_no_run(
    mistake, said, md, tmp_path, run_script, monkeypatch, capsys
):
    from lss.commands import cli

    monkeypatch.setattr("signal.signal", lambda number, handler: None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "RUN").mkdir()
    (tmp_path / "RUN" / "run.json").write_text("{}")
    arguments = [*md, "--lag", "500ps", *mistake, "--out", "RUN", "--force"]
    with pytest.raises(SystemExit) as refused:
        cli.main(lambda: run_script("run_lss.py", *arguments))
    assert refused.value.code == 2
    assert said in capsys.readouterr().err
    assert (tmp_path / "RUN" / "run.json").read_text() == "{}"


@pytest.mark.parametrize(
    ("timescale", "mistake"),
    [(50.0, "--length is 100 ps, shorter than the lag time 500 ps"), (2.0, "--lag is auto, and")],
)
def test_the_lag_that_data_choose_is_said_and_checked(
    timescale, mistake, md, tmp_path, run_script, monkeypatch, capsys
):
    from lss.commands import cli
    from lss.run import lag_scan
    from srv.lagtime import LagScan

    time, one = np.array([[timescale]]), np.array([5])
    rest = np.exp(-5 / time), 20 * one[None], 100 * one, 0 * one, one > 5
    scan = LagScan(one, time, time - 1, time + 1, *rest, half=450)
    monkeypatch.setattr(lag_scan, "scanned", lambda *arguments: (scan, None, 5))
    monkeypatch.setattr("signal.signal", lambda number, handler: None)
    out = tmp_path / "RUN"
    arguments = [*md, "--length", "100ps", "--features", "backbone-torsions", "--out", out]
    with pytest.raises(SystemExit) as refused:
        cli.main(lambda: run_script("run_lss.py", *arguments))
    assert refused.value.code == 2
    said = capsys.readouterr()
    assert mistake in said.err
    assert ("lag 500 ps = 5 frames of 100 ps, chosen: a lag" in said.out) == (timescale > 5)
    assert {"features", "lags"} == set(json.loads((out / "run.json").read_text())["stages"])


@pytest.mark.parametrize("script", ["train_mdn.py", "train_cwgan.py", "validate.py"])
def test_a_run_that_is_not_there_is_one_line(script, tmp_path):
    done = call(script, "--out", "RUN", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and "train_srv.py" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
