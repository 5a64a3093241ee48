"""reproduce_wlall.py: the Markov state model on a system that is known, and the script."""

import json
import shutil

import numpy as np
import pytest

from lss.errors import InputError
from lss.report.wording import plus_minus
from lss.run import report_stage, stages
from lss.run.run_folder import Run
from reproduction import wlall_msm, wlall_study


def chain(n_frames, seed):
    """A reversible chain on four points of a line that step to neighbours, and its answer."""
    step = np.diag([0.98, 0.95, 0.94, 0.97])
    step += np.diag([0.02, 0.03, 0.03], 1) + np.diag([0.02, 0.03, 0.03], -1)
    rng = np.random.default_rng(seed)
    cumulative, state, states = step.cumsum(axis=1), 0, []
    for u in rng.random(n_frames):
        states.append(state)
        state = min(int(np.searchsorted(cumulative[state], u)), 3)
    values = np.sort(np.linalg.eigvals(step).real)[::-1]
    return np.array(states), -1 / np.log(values[1:])


def test_timescales_and_eigenfunctions_of_a_known_chain():
    runs = [chain(20_000, seed) for seed in range(10)]
    exact = runs[0][1]
    features = [states[:, None].astype(np.float32) for states, _ in runs]
    model = wlall_msm.make_model(features, 2, 100.0, 3, 4, seed=0)
    assert model.n_states == 4
    # Ten trajectories: |t| > 4.8 has probability .001 with 9 degrees of freedom.
    off = np.abs(model.timescales_ps - 100 * exact) / model.standard_errors_ps
    assert (off < 4.8).all()
    # The jackknife knows the error: it is some sqrt(2 t / n) of t, n = 200,000.
    expected = np.sqrt(2 * exact / 200_000) * 100 * exact
    assert (model.standard_errors_ps > expected / 4).all()
    assert (model.standard_errors_ps < 4 * expected).all()
    labels = wlall_msm.assign(features[0], model.centres)
    np.testing.assert_array_equal(np.round(model.centres[labels, 0]), features[0][:, 0])
    # The same trajectories on the same states have the same timescales.
    labels = [wlall_msm.assign(x, model.centres) for x in features]
    np.testing.assert_allclose(wlall_msm.refit(model, labels, 2, 100.0), model.timescales_ps)


def test_overlaps_of_turned_functions(rng):
    functions = rng.standard_normal((500, 3))
    functions -= functions.mean(axis=0)
    functions = np.linalg.qr(functions)[0]
    angle = 0.3
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0]])
    psi = functions @ np.vstack([turn, [0, 0, -2]])
    unknown = functions.copy()
    unknown[:50] = np.nan
    correlations, canonical = wlall_msm.overlaps(psi, functions)
    expected = np.abs(np.vstack([turn, [0, 0, 1]])).T
    np.testing.assert_allclose(correlations, expected, atol=1e-9)
    np.testing.assert_allclose(canonical, 1, atol=1e-9)
    np.testing.assert_allclose(wlall_msm.overlaps(psi, unknown)[1], 1, atol=1e-9)
    outside = wlall_msm.overlaps(rng.standard_normal((500, 3)), functions)[1]
    # Of 500 independent frames: correlations of some sqrt(3 / 500) = .08.
    assert outside.max() < 0.25


def test_too_few_frames_for_the_states():
    with pytest.raises(InputError, match="5 frames are too few for 200 states"):
        wlall_msm.make_model([np.zeros((5, 2), np.float32)], 1, 1.0, 3, 200, seed=0)


@pytest.fixture(scope="module")
def judged(trained, other_md, tmp_path_factory):
    """The tiny simulator, judged, once as it is and once more as if of heavy atoms."""
    run = Run.open(shutil.copytree(trained.path, tmp_path_factory.mktemp("wlall") / "backbone"))
    held_out = [other_md]
    report_stage.make_report(run, held_out)
    heavy = shutil.copytree(run.path, run.path.with_name("heavy"))
    return [run, Run.open(heavy)], held_out


def test_tables_of_two_decoders(judged, tmp_path, monkeypatch):
    # Two thousand frames do not fill 200 states.
    monkeypatch.setattr(wlall_study, "STATES", 30)
    runs, held_out = judged
    printed = wlall_study.write(runs, held_out, tmp_path / "found", seed=0)
    assert "canonical" in printed
    numbers = json.loads((tmp_path / "found" / "numbers.json").read_text())
    assert set(numbers["quantities"]) == {"backbone", "heavy"}
    assert 3 < numbers["connected_states"] <= 30
    ratios = (tmp_path / "found" / "ratios.md").read_text()
    assert "backbone: ratio" in ratios and "heavy: ratio" in ratios
    for name in ("modes", "tica-heavy", "tica-backbone"):
        assert (tmp_path / "found" / f"{name}.png").exists()
    rows = (tmp_path / "found" / "timescales.csv").read_text().splitlines()
    # The modes along the training MD, as the report has them from the same sums.
    own = next(row for row in rows if row.startswith("modes of the encoder along training"))
    known = numbers["quantities"]["backbone"]["t_1_ps"]["md"]
    assert own.split(",")[1].startswith(plus_minus(known["value"] / 1000,
                                                   known["standard_error"] / 1000))  # fmt: skip


def test_a_branch_shares_modes_and_propagator(judged):
    run = judged[0][0]
    branch = wlall_study.branch(run, "other")
    assert set(branch.record["stages"]) == {"features", "srv", "mdn"}
    assert (branch.path / "psi.h5").read_bytes() == (run.path / "psi.h5").read_bytes()
    assert (branch.box / "mdn.keras").exists()
    assert run.finished("report")
    # It is gone on with, unless it is to begin anew.
    branch.record["stages"]["mdn"]["seconds"] = 123456
    branch.write()
    assert wlall_study.branch(run, "other").record == branch.record
    assert wlall_study.branch(run, "other", force=True).record != branch.record


def test_the_script_trains_two_decoders_on_one_propagator(
    run_script, small_md, other_md, tmp_path, monkeypatch
):
    calls = []
    for stage in ("train_srv", "train_mdn", "train_cwgan", "make_synthetic"):
        monkeypatch.setattr(
            stages, stage, lambda run, *args, name=stage, **kw: calls.append((name, *args))
        )
    monkeypatch.setattr("lss.run.messages.modes", lambda run: "")
    monkeypatch.setattr(report_stage, "make_report", lambda run, held_out: calls.append(held_out))
    monkeypatch.setattr(wlall_study, "branch", lambda run, name, force: run)
    monkeypatch.setattr(wlall_study, "write", lambda runs, *args: calls.append(args))
    files = ["--traj", small_md[0], "--top", small_md[1], "--held-out", other_md]
    run_script("reproduce_wlall.py", *files, "--seed", 5, "--out", tmp_path / "out")
    decoder = [("make_synthetic", None, 100, 5), [other_md]]
    assert calls == [
        ("train_srv", 500.0, 3, 5, None),
        ("train_mdn",),
        ("train_cwgan", "backbone"),
        *decoder,
        ("train_cwgan", "heavy"),
        *decoder,
        ([other_md], tmp_path / "out" / "reproduction", 5),
    ]


def test_held_out_md_is_wanted(run_script, capsys):
    with pytest.raises(SystemExit):
        run_script("reproduce_wlall.py")
    assert "--held-out is required" in capsys.readouterr().err
