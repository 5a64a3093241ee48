"""The run folder keeps what was done, and refuses to mix it with something else."""

import pytest

from lss.errors import InputError, StageError
from lss.run.run_folder import Run


def finish(run, *stages):
    for stage in stages:
        with run.stage(stage, {"seed": 0}) as report:
            report["n"] = 1


def test_a_run_survives_reopening(tmp_path):
    run = Run.create(tmp_path / "run")
    finish(run, "features", "srv")
    again = Run.open(tmp_path / "run")
    assert again.settings("srv") == {"seed": 0}
    assert again.report("srv") == {"n": 1}
    assert again.record["versions"]["numpy"]


def test_an_existing_run_is_not_overwritten(tmp_path):
    finish(Run.create(tmp_path / "run"), "features")
    with pytest.raises(InputError, match=r"`resume`.*`force`"):
        Run.create(tmp_path / "run")
    assert Run.create(tmp_path / "run", resume=True).finished("features")
    assert not Run.create(tmp_path / "run", force=True).finished("features")


def test_a_folder_that_is_no_run_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(InputError, match="not a run folder"):
        Run.create(tmp_path, force=True)
    assert (tmp_path / "thesis.tex").exists()


def test_a_stage_made_again_forgets_what_was_built_on_it(tmp_path):
    run = Run.create(tmp_path / "run")
    finish(run, "features", "srv", "mdn", "cwgan", "synthetic", "report")
    finish(run, "mdn")
    finished = [stage for stage in ("features", "srv", "mdn", "cwgan") if run.finished(stage)]
    assert finished == ["features", "srv", "mdn", "cwgan"]
    assert not run.finished("synthetic") and not run.finished("report")


def test_a_stage_that_fails_is_not_finished(tmp_path):
    run = Run.create(tmp_path / "run")
    with pytest.raises(RuntimeError), run.stage("features", {}):
        raise RuntimeError
    assert not Run.open(run.path).finished("features")


def test_a_stage_needs_those_before_it(tmp_path):
    run = Run.create(tmp_path / "run")
    with pytest.raises(StageError, match="no finished stage 'features'") as refused:
        finish(run, "srv")
    assert (refused.value.stage, refused.value.run) == ("features", run.path)


def test_other_settings_are_refused_by_name(tmp_path):
    run = Run.create(tmp_path / "run")
    finish(run, "features")
    assert run.reusable("features", {"seed": 0})
    assert not run.reusable("features", {"seed": 1}, force=True)
    with pytest.raises(InputError, match="seed = 0, not 1"):
        run.reusable("features", {"seed": 1})


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}', "\x00\xff"])
def test_a_damaged_record_is_said(tmp_path, text):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(InputError, match=r"run\.json"):
        Run.open(tmp_path)


def test_a_run_that_was_refused_before_its_first_file_is_no_hindrance(tmp_path):
    Run.create(tmp_path / "run")
    run = Run.create(tmp_path / "run")
    (run.path / "features.h5").touch()
    with pytest.raises(InputError, match="`force`"):
        Run.create(tmp_path / "run")
