"""How a command line ends: exit codes, and the command that continues."""

import os
import signal
from pathlib import Path

import pytest

from lss.commands import cli
from lss.errors import InputError

SCRIPTS = Path(__file__).parents[3] / "scripts"


@pytest.fixture(autouse=True)
def handlers():
    """Those of the tests themselves, again."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def ended(function, monkeypatch, argv):
    monkeypatch.setattr("sys.argv", argv)
    with pytest.raises(SystemExit) as stop:
        cli.main(function)
    return stop.value.code


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stage_that_is_stopped_says_how_to_continue(monkeypatch, capsys, number):
    argv = ["scripts/train_srv.py", "--lag", "20ns", "--out", "my run", "--force"]
    code = ended(lambda: os.kill(os.getpid(), number), monkeypatch, argv)
    assert code == 128 + number
    said = capsys.readouterr().err
    assert "python scripts/train_srv.py --lag 20ns --out 'my run' --resume" in said


def test_scripts_without_the_flag_are_called_again_as_they_are(monkeypatch, capsys):
    argv = ["train_mdn.py", "--out", "run"]
    ended(lambda: os.kill(os.getpid(), signal.SIGTERM), monkeypatch, argv)
    assert capsys.readouterr().err.endswith("continue with: python train_mdn.py --out run\n")


def test_a_mistake_is_one_line(monkeypatch, capsys):
    def mistaken():
        raise InputError("two\nlines")

    assert ended(mistaken, monkeypatch, ["x.py"]) == 2
    assert capsys.readouterr().err == "error: two lines\n"


def test_resume_is_added_for_the_scripts_that_have_it():
    without = {p.name for p in SCRIPTS.glob("*.py") if '"resume"' not in p.read_text()}
    assert without == set(cli.ALWAYS_RESUME)


def test_a_scheduler_that_does_not_answer_costs_no_run(small_md, tmp_path, monkeypatch, run_script):
    """Neither the run that --force would overwrite, nor an empty folder."""
    monkeypatch.setattr("lss.storage.processes._CONNECT_SECONDS", 1)
    data = ["--traj", small_md[0], "--top", small_md[1], "--lag", "500ps", "--force"]
    with pytest.raises(InputError, match="no scheduler answers"):
        run_script("train_srv.py", *data, "--out", tmp_path / "run", "--dask", "tcp://127.0.0.1:9")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("flags", "settings"),
    [
        (["--dt", "0.2ns"], {"dt_ps": 200.0}),
        (["--dt", "file"], {"dt_ps": "file"}),
        (["--dt", "10ps", "--force-dt"], {"dt_ps": 10.0, "force_dt": True}),
        (["--join"], {"dt_ps": None, "join": True}),
    ],
)
def test_flags_of_the_data_reach_the_settings(flags, settings):
    args = cli.parser("", "data", "example").parse_args(["--traj", "a.xtc", "b.xtc", *flags])
    assert cli.source(args) == {"traj": ["a.xtc", "b.xtc"], "top": None, **settings}
    alone = cli.parser("", "data", "example").parse_args(flags)
    with pytest.raises(InputError, match="go with --traj"):
        cli.source(alone)
