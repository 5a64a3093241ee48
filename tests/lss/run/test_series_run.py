"""A table through all stages of a run, and its simulator from a DataFrame."""

import json

import numpy as np
import pytest

import lss
from lss.run import stages
from lss.run.report_stage import make_report
from lss.run.run_folder import Run

pandas = pytest.importorskip("pandas")


def daily(n=4000):
    """A switch between two states seen through three columns, one of them counts."""
    rng = np.random.default_rng(3)
    x = np.ones(n)
    for i in range(1, n):
        x[i] = x[i - 1] + 0.05 * (x[i - 1] - x[i - 1] ** 3) + 0.14 * rng.normal()
    frame = {"level": x, "flow": np.exp(0.5 * x + 0.2 * rng.normal(size=n))}
    frame["count"] = rng.poisson(3 + 2 * (x > 0))
    return pandas.DataFrame(frame, index=pandas.date_range("1990-01-01", periods=n, name="date"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    frame = daily()
    frame.loc[frame.index[1500], "flow"] = np.nan
    frame.to_csv(folder / "daily.csv")
    source = {
        "series": [str(folder / "daily.csv")],
        "time_column": ["date"],
        "columns": None,
        "dt_ps": None,
        "missing": [],
        "delays": 1,
        "season_ps": None,
    }
    run = Run.create(folder / "run")
    stages.make_features(run, source)
    stages.train_srv(run, 5 * 86400e12, modes=1, steps=300)
    stages.train_mdn(run, components=6, steps=300)
    stages.train_cwgan(run, steps=300)
    stages.make_synthetic(run, n_trajectories=10)
    make_report(run)
    return run


def test_the_report_is_of_columns(run):
    page = (run.path / "report.html").read_text(encoding="utf-8")
    found = json.loads((run.path / "report.json").read_text(encoding="utf-8"))
    assert "2 segments" in page and "of the MD" not in page
    assert {"flow", "level", "count"} <= set(json.dumps(found).replace('"', " ").split())


def test_the_box_simulates_columns_in_their_units(run, tmp_path):
    simulator = lss.LatentSpaceSimulator.load(run.box)
    simulator.simulate(tmp_path / "out", 50, 2, seed=1, file_format="csv")
    files = sorted((tmp_path / "out").glob("*.csv"))
    assert len(files) == 2
    made = pandas.read_csv(files[0], comment="#")
    columns = [c for c in made.columns if c.split(" ")[0] in ("level", "flow", "count")]
    assert len(columns) == 3 and len(made) == 51
    count = next(c for c in columns if c.startswith("count"))
    flow = next(c for c in columns if c.startswith("flow"))
    assert (made[count] % 1 == 0).all() and (made[count] >= 0).all() and (made[flow] >= 0).all()
    assert not (run.box / "topology.pdb").exists()


def test_what_needs_atoms_is_refused(run, monkeypatch):
    """And what does not tells the columns."""
    from lss.__main__ import describe
    from lss.__main__ import run as command
    from lss.adaptive.plan import propose_round
    from lss.box import load_box
    from lss.errors import InputError

    card = describe(load_box(run.box))
    assert "3 columns: level, flow, count" in card and "atoms" not in card
    monkeypatch.setattr("sys.argv", ["lss", "export", str(run.box), "--to", "plumed"])
    with pytest.raises(InputError, match="has no atoms"):
        command()
    with pytest.raises(InputError, match="run of time series"):
        propose_round(run.path, 3, "counts", "timescales", 0)
