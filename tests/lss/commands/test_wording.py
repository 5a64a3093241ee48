"""The library speaks of arguments and stages, a command line of its flags and scripts."""

import logging

import pytest

from lss.commands import cli
from lss.commands.flags import FLAGS
from lss.commands.parser import Parser
from lss.commands.wording import MAKES, Formatter, in_flags, mistake
from lss.errors import InputError, StageError
from lss.run.run_folder import STAGES


@pytest.fixture(autouse=True)
def no_command_line(monkeypatch):
    monkeypatch.setattr(Parser, "current", None)


def test_what_is_printed_speaks_of_flags(capsys):
    cli.parser("", "weights").parse_args([])
    cli.say("set `weights` to 'rite'")
    assert capsys.readouterr().out == "set --weights to 'rite'\n"


@pytest.mark.parametrize(
    ("said", "groups", "shown"),
    [
        ("give `dt_ps`, or `top`", ["data"], "give --dt, or --top"),
        ("give `dt`, like '200ps'", ["data"], "give --dt, like '200ps'"),
        ("`held_out`: no file", ["held-out"], "--held-out: no file"),
        ("`start_psi` is 1", ["start"], "--start-psi is 1"),
        ("`length_ps`, `lag_ps`", ["simulation", "lag"], "--length, --lag"),
        ("`scheduler` and `n_trajectories`", ["dask", "simulation"], "--dask and --trajectories"),
        ("`files` are needed", ["data"], "--traj are needed"),
        ("give `dt_ps`", ["out"], "give dt_ps"),
        ("give `dt_ps`", None, "give dt_ps"),
        ("a `file name.xtc`", ["data"], "a `file name.xtc`"),
        ("3` and 5`", ["data"], "3` and 5`"),
    ],
)
def test_arguments_are_flags_where_the_command_line_has_them(said, groups, shown):
    if groups is not None:
        cli.parser("", *groups).parse_args(["--lag", "1ns"] if "lag" in groups else [])
    assert in_flags(said) == shown


def test_a_mistake_is_told_in_flags(monkeypatch, capsys):
    def mistaken():
        cli.parser("", "force").parse_args()
        raise InputError("it is there; give `force`,\nor another `to`")

    monkeypatch.setattr("sys.argv", ["x.py"])
    monkeypatch.setattr("signal.signal", lambda number, handler: None)
    with pytest.raises(SystemExit):
        cli.main(mistaken)
    assert capsys.readouterr().err == "error: it is there; give --force, or another to\n"


def test_advice_in_a_warning_is_told_in_flags():
    cli.parser("", "data").parse_args([])
    shown = {
        name: Formatter("%(message)s").format(
            logging.LogRecord(name, logging.WARNING, "x.py", 1, "%s: give `top`", ("a",), None)
        )
        for name in ("lss.run.run_files", "tensorflow")
    }
    assert shown["lss.run.run_files"] == "a: give --top"
    assert shown["tensorflow"] == "a: give `top`"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_made_by_a_command(stage):
    missing = mistake(StageError("make it", stage, "RUN"))
    script = MAKES[stage][0]
    assert missing == f"make it: {script} --out RUN"
    again = mistake(StageError("make it", stage, "RUN", again=True))
    assert again.startswith(f"{missing} --force")


def test_flags_mean_the_same_in_every_script():
    """Two groups that have the same flag take the same values for it, required or not."""
    kinds = {}
    for group in FLAGS.values():
        for flag, options, _ in group:
            kind = {name: value for name, value in options.items() if name != "required"}
            assert kinds.setdefault(flag, kind) == kind, flag


def test_a_list_of_negative_numbers_is_no_flag():
    given = cli.parser("", "series").parse_args(["--missing", "-999,-9999"])
    assert given.missing == [-999.0, -9999.0]
