"""report.html, report.json and figures/: complete, valid, and safe with any text."""

import csv
import json
from html.parser import HTMLParser

import numpy as np
import pytest

from lss.report import write_report
from lss.report.lag_figure import Choice
from lss.report.validation import compare
from srv.lagtime import LagScan

NASTY = '<script>alert(1)</script> & "quotes" $x$'
FIGURES = {
    "free_energy", "slowest_mode", "tica", "size", "timescales", "correlation",
    "chapman_kolmogorov", "structures", "passage", "training", "lags",
}  # fmt: skip


def _scan():
    """Two lags of 10 and 20 frames; the second mode is not resolved at the longer."""
    times = np.array([[100.0, 30.0], [110.0, np.nan]])
    rest = np.exp(-1 / times), np.ones((2, 2), int), *np.zeros((3, 2), int)
    return LagScan(np.array([10, 20]), times, times - 9, times + 9, *rest, half=500)


@pytest.fixture(scope="module")
def report(two_runs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "new folder"
    path = write_report(
        folder,
        compare(**two_runs, eigenvalues=[0.9, 0.3]),
        title=NASTY,
        note=NASTY,
        training={
            NASTY: {"loss": np.array([1.0, np.nan, 0.5]), "warnings": ["none"], "best": 3},
            "cWGAN": {"energy_distance": [0.5, 0.02], "energy_floor": 0.015},
        },
        diagnostics={"MDN": {"warnings": [NASTY], "r2": float("inf")}},
        settings={NASTY: {"lag": NASTY}},
        versions={"numpy": np.__version__},
        choice=Choice(_scan(), 200.0, [NASTY]),
    )
    return path


class Page(HTMLParser):
    """What a page refers to, its text, and whether its elements are closed."""

    EMPTY = frozenset({"meta", "link", "img", "input", "br", "!doctype"})

    def __init__(self):
        super().__init__()
        self.references, self.open, self.scripts, self.text = [], [], 0, []

    def handle_starttag(self, tag, attributes):
        self.references += [v for k, v in attributes if k in ("src", "href")]
        self.scripts += tag == "script"
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def page(report):
    page = Page()
    page.feed(report.read_text(encoding="utf-8"))
    return page


def test_the_page_is_well_formed_and_needs_nothing_from_outside(page):
    assert page.open == []
    assert page.references
    assert all(reference.startswith("data:") for reference in page.references)


def test_text_of_users_is_shown_and_never_run(page):
    # The player brings three scripts: its data, 3Dmol.js and its own.
    assert page.scripts == 3
    assert sum(NASTY in text for text in page.text) >= 4


def test_ratios_come_first(page):
    text = " ".join(page.text)
    assert (
        text.index("As good as a second MD run?") < text.index("Verdict") < text.index("Kinetics")
    )
    assert "No MD was held out" not in text


def test_json_is_strict_and_has_the_numbers(report):
    def no_constant(name):
        raise AssertionError(f"{name} in report.json")

    data = json.loads(
        report.with_name("report.json").read_text(encoding="utf-8"), parse_constant=no_constant
    )
    t_1 = data["quantities"]["t_1_ps"]
    assert t_1["unit"] == "ps"
    low, high = t_1["md"]["interval_95_percent"]
    assert low < t_1["md"]["value"] < high
    assert t_1["ratio_to_second_md_run"]["value"] > 0
    assert data["training_as_logged"][NASTY]["loss"] == [1.0, None, 0.5]
    assert data["diagnostics"]["MDN"]["r2"] is None
    assert data["ensembles"]["LSS"]["frames"] == 4000
    assert len(data["free_energy"]["MD"]) == 2


def test_every_figure_comes_as_picture_vector_and_numbers(report):
    folder = report.parent / "figures"
    for suffix, start in ((".png", b"\x89PNG"), (".pdf", b"%PDF")):
        found = {p.stem: p for p in folder.glob(f"*{suffix}")}
        assert set(found) == FIGURES
        assert all(p.read_bytes().startswith(start) for p in found.values())
    for name in FIGURES:
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        assert len(rows) > 1
        # Every column says its unit, or is a column of names.
        assert all("(" in head or head == "ensembles" for head in rows[0]), (name, rows[0])
        assert {len(row) for row in rows} == {len(rows[0])}


def test_floor_of_the_training_is_in_the_numbers(report):
    data = json.loads(report.with_name("report.json").read_text(encoding="utf-8"))
    assert data["training_as_logged"]["cWGAN"]["energy_floor"] == 0.015
    with (report.parent / "figures" / "training.csv").open(encoding="utf-8", newline="") as file:
        first = next(csv.DictReader(file))
    assert first["cWGAN: energy_distance floor (as logged)"] == "0.015"


def test_csv_has_the_numbers_of_the_profile(report, two_runs):
    with (report.parent / "figures" / "free_energy.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    psi = np.concatenate(two_runs["md"].psi)[:, 0]
    density, _ = np.histogram(psi, len(rows), (psi.min(), psi.max()), density=True)
    for row, rho in zip(rows, density, strict=True):
        written = row["F(psi_1) MD (kT)"]
        assert (written == "") == (rho == 0)
        if written:
            # Drawn from its minimum on.
            assert float(written) == pytest.approx(np.log(density.max() / rho), abs=0.05)


def test_latents_alone_make_a_report_and_a_second_one_replaces_the_first(
    two_runs, two_latent_runs, tmp_path
):
    found = compare(**two_latent_runs)
    write_report(tmp_path, compare(**two_runs), note="the note of the first")
    path = write_report(tmp_path, found)
    text = path.read_text(encoding="utf-8")
    assert "No MD was held out" in text
    assert not any(x in text for x in ("the note of the first", "3Dmol", 'id="slowest_mode"'))
    assert not (tmp_path / "figures" / "slowest_mode.png").exists()
    assert {p.name for p in tmp_path.iterdir()} == {"report.html", "report.json", "figures"}
