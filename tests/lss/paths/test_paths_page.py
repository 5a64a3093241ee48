"""Paths of a small trained simulator: files, page, and what is refused."""

import json

import h5py
import mdtraj
import numpy as np
import pytest

from lss.errors import InputError
from lss.paths import findings, tables
from lss.paths.passages import Path
from lss.paths.pathways import course, find_pathways, order_of_events
from lss.paths.states import parse_states
from lss.paths.write import checked_folder
from lss.simulator import LatentSpaceSimulator


@pytest.fixture(scope="module")
def written(trained, tmp_path_factory):
    """A folder of few paths on a small mesh, by the script."""
    import runpy
    import sys
    from pathlib import Path as File

    to = tmp_path_factory.mktemp("paths") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(findings, "POINTS", 200)
        patch.setattr(findings, "WALKERS", 20)
        patch.setattr(tables, "WALKERS", 20)
        script = File(__file__).parents[3] / "scripts" / "paths.py"
        flags = ["--box", trained.box, "--from", "A", "--to", "B", "--number", 7, "--to-dir", to]
        flags += ["--observable", "rg"]
        patch.setattr(sys, "argv", ["paths.py", *map(str, flags)])
        runpy.run_path(str(script), run_name="tested")["main"]()
    return to


def test_files_agree(written, trained):
    numbers = json.loads((written / "paths.json").read_text())
    assert [way["paths"] for way in numbers["ways"].values()] == [7, 7]
    top = str(written / "topology.pdb")
    with h5py.File(written / "paths.h5") as file:
        lag_ps = file.attrs["lag_time_ps"]
        for name in ("A-to-B", "B-to-A"):
            frames = file[name]["frames"][:]
            assert frames.sum() == len(file[name]["psi"]) and len(frames) == 7
            for i, n in enumerate(frames):
                path = mdtraj.load(str(written / name / f"path-{i:04d}.xtc"), top=top)
                np.testing.assert_allclose(path.time, np.arange(n) * lag_ps)
        mesh = file["committor"]
        assert mesh["q"].shape == mesh["weight"].shape == (200,)
        assert mesh["weight"][:].sum() == pytest.approx(1)
        assert ((mesh["q"][:] >= 0) & (mesh["q"][:] <= 1)).all()


def test_the_page_holds_everything(written):
    page = (written / "paths.html").read_text()
    for name in ("committor", "committor_check", "durations", "pathways"):
        assert f'<figure id="{name}">' in page
        assert (written / "figures" / f"{name}.csv").stat().st_size > 100
    assert "rg (nm), pathway 1" in (written / "figures" / "pathways.csv").read_text()
    assert 'id="movie"' in page and "mean first-passage time" in page
    assert "psi1 &lt;=" in page, "text is escaped"


def test_a_folder_is_not_overwritten_unasked(written, tmp_path):
    with pytest.raises(InputError, match="give `force`"):
        checked_folder(written, force=False)
    assert checked_folder(written, force=True) == written
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(InputError, match=r"holds thesis\.tex"):
        checked_folder(tmp_path, force=True)
    # What only sounds like paths stays, too.
    (tmp_path / "thesis.tex").unlink()
    (tmp_path / "notes-to-self").mkdir()
    (tmp_path / "notes-to-self" / "one.txt").write_text("x")
    with pytest.raises(InputError, match="holds notes-to-self"):
        checked_folder(tmp_path, force=True)


def test_states_that_touch_are_refused(trained, monkeypatch):
    """They have passages, but no committor."""
    monkeypatch.setattr(findings, "POINTS", 200)
    simulator = LatentSpaceSimulator.load(trained.box)
    a, b = parse_states("a: psi1 < 0; b: psi1 >= 0", 2).values()
    with pytest.raises(InputError, match="'a' and 'b' touch"):
        findings.find_paths(simulator, a, b, 4, progress=False)


def straight(rng, side, direction):
    """A path from -1 to 1 with psi_2 on one side, noisy, of any length."""
    n = int(rng.integers(3, 20))
    x = np.linspace(-1, 1, n)
    psi = np.stack([x, side * (1 - x**2)], axis=1) + 0.1 * rng.normal(size=(n, 2))
    return Path(psi[::-1] if direction else psi, 0, 0, direction)


def test_pathways_are_told_apart(rng):
    paths = [straight(rng, side, k % 2) for k, side in enumerate([1] * 40 + [-1] * 20)]
    found = find_pathways(paths)
    np.testing.assert_array_equal(found.labels, [0] * 40 + [1] * 20)
    assert found.courses[0, 2, 1] > 0.8 and found.courses[1, 2, 1] < -0.8
    alike = find_pathways([straight(rng, 0, k % 2) for k in range(60)])
    assert alike.labels.max() == 0 and np.isnan(alike.silhouette)


def test_a_course_is_interpolated_in_time():
    psi = np.array([[0.0], [1.0], [2.0]])
    np.testing.assert_allclose(course(psi, 0)[:, 0], [0, 0.5, 1, 1.5, 2])
    np.testing.assert_allclose(course(psi, 1)[:, 0], [2, 1.5, 1, 0.5, 0])


def test_the_order_of_events(rng):
    """Of two steps at a quarter and at three quarters of the time, and of what stays."""
    noise = 0.05 * rng.normal(size=(3, 50, 5))
    late = np.array([0, 0, 0, 1.0, 1.0]) + noise[0]
    early = -np.array([0, 0.5, 1.0, 1.0, 1.0]) + noise[1]
    found = order_of_events({"late": late, "early": early, "neither": 10 + noise[2]})
    assert [name for name, _ in found] == ["early", "late"]
    np.testing.assert_allclose([when for _, when in found], [0.25, 0.625], atol=0.02)


def test_observables_are_followed_along_the_paths(rng):
    paths = [straight(rng, 1, k % 2) for k in range(20)]
    values = [2 * path.psi[:, 0] for path in paths]
    found = find_pathways(paths, observed={"twice": values})
    np.testing.assert_allclose(found.observed["twice"], 2 * found.courses[..., 0])
    assert dict(found.events[0]).keys() == {"psi_1", "twice"}


def test_a_simulator_of_one_mode_has_one_pathway(rng):
    paths = [Path(rng.normal(size=(4, 1)), 0, 0, 0) for _ in range(5)]
    assert find_pathways(paths).labels.max() == 0
