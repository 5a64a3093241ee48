"""The report of a time series: it speaks of data and columns, and never of a molecule."""

import csv
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from lss.analysis.blocks import Estimate
from lss.analysis.quantities import Quantity
from lss.analysis.rows import Row
from lss.analysis.sample import Sample
from lss.errors import InputError
from lss.report import write_report
from lss.report.column_plates import COLUMN_PLATES
from lss.report.lights import light
from lss.report.tables import all_figures, ratios, summary
from lss.report.validation import compare, frames_to_do
from lss.report.verdict import judge
from lss.series.columns import Columns
from tests.systems import autoregressive, telegraph

DAY = 8.64e16
#: The name of a column may hold anything.
COLUMNS = Columns(
    ("level", "rain_plain_ <b>$x$", "count"), ("K", "mm", ""), (False, False, True),
    (None, 0.0, 0.0), (None, None, None),
)  # fmt: skip
FIGURES = {
    "free_energy", "timescales", "correlation", "chapman_kolmogorov", "stretch", "marginals",
    "exceedance", "joint", "column_correlation", "spectra", "stays",
}  # fmt: skip


def ensemble(seed, n_series, n_frames, step=1, bias=0.0):
    """Two states, an AR(1), and columns that follow them; frames so many steps apart."""
    rng = np.random.default_rng(seed)
    shape = n_frames, n_series
    side = telegraph(rng, shape, (1 - 0.98**step) / 2) * rng.choice([-1, 1], n_series)
    second = autoregressive(rng, shape, 0.8**step)
    psi = np.stack([side + 0.1 * rng.standard_normal(shape), second], -1)
    level = 280 + 5 * side + 2 * rng.standard_normal(shape) + bias
    values = np.stack([level, np.exp(second), rng.poisson(20 + 10 * side)], -1)
    return [list(x.swapaxes(0, 1)) for x in (psi, values)]


@pytest.fixture(scope="module")
def given():
    return {
        "md": Sample(*ensemble(0, 6, 2000), lag=5),
        "lss": Sample(*ensemble(1, 10, 400, 5)),
        "held_out": Sample(*ensemble(2, 6, 2000), lag=5),
        "lag_ps": 5 * DAY,
        "columns": COLUMNS,
    }


@pytest.fixture(scope="module")
def found(given):
    return compare(**given, reversible=False)


@pytest.fixture(scope="module")
def report(found, tmp_path_factory):
    return write_report(tmp_path_factory.mktemp("series"), found)


def test_the_page_speaks_of_data_and_never_of_a_molecule(report):
    text = re.sub(r'"data:image[^"]*"', "", report.read_text(encoding="utf-8"))
    assert "As good as a second run?" in text and "held-out data" in text
    for word in (r"\bMD\b", "structure", r"\batoms?\b", r"\bnm\b", "folded", "superposed"):
        assert not re.search(word, text), word
    # The one molecule is in the sentence that says what kT are.
    assert [x.group() for x in re.finditer(r"molecul\w*", text)] == ["molecules"]
    assert "<b>$x$" not in text and "&lt;b&gt;$x$" in text


def test_every_figure_of_columns_comes_with_numbers_and_units(report):
    folder = report.parent / "figures"
    assert {p.stem for p in folder.glob("*.png")} == FIGURES
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        assert len(rows) > 1 and all("(" in head for head in rows[0]), path.name
        assert len(set(rows[0])) == len(rows[0]), path.name


def test_json_names_columns_and_units(report):
    data = json.loads(report.with_name("report.json").read_text(encoding="utf-8"))
    assert not [key for key in _keys(data) if re.search(r"(^|_)md(_|$)|structure", key)]
    assert set(data["ensembles"]) == {"data", "LSS", "held-out data"}
    assert data["columns"]["names"] == list(COLUMNS.names)
    mean = data["quantities"]["mean_of_level_K"]
    assert mean["unit"] == "K" and 275 < mean["data"]["value"] < 285
    assert mean["ratio_to_second_run"]["value"] >= 0
    stay = data["columns"]["mean_stay_below_and_above_ps"]["data"]["value"]
    assert np.shape(stay) == (3, 3, 2)


def _keys(data):
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from _keys(value) if key != "quantities" else ()
    elif isinstance(data, list):
        for value in data:
            yield from _keys(value)


def test_a_true_copy_is_green_and_a_column_that_is_off_is_found(given, found):
    verdict = judge(found)
    assert set(verdict.areas) == {"marginals", "joint distribution", "free energies", "kinetics"}
    assert {"red", "grey"}.isdisjoint(
        light(row) for row in found.rows if row.quantity.group == "columns"
    )
    bad = compare(**{**given, "lss": Sample(*ensemble(1, 10, 400, 5, bias=5.0))})
    assert light(bad.row("mean_of_level_K")) == "red"
    assert bad.row("wasserstein_of_level_sd").distance.value == pytest.approx(
        5 / COLUMN_SD, rel=0.2
    )
    verdict = judge(bad)
    assert verdict.areas["marginals"][0] == "red"
    assert any(
        "level: mean: data 28" in text and "second run" in text for _, text in verdict.findings
    )
    assert not any(re.search(r"\bMD\b", text) for _, text in verdict.findings)


#: (25 + 4) ** .5: two states 5 K from the mean, and noise of 2 K.
COLUMN_SD = 29**0.5


def test_what_psi_does_not_tell_is_found_in_the_kinetics(given):
    """Columns of frames in another order: marginals agree, nothing in time does."""
    psi, values = ensemble(1, 10, 400, 5)
    rng = np.random.default_rng(0)
    shuffled = Sample(psi, [x[rng.permutation(len(x))] for x in values])
    without = {**given, "lss": shuffled, "held_out": None}
    verdict = judge(compare(**without))
    assert verdict.areas["kinetics"][0] == "red" and verdict.areas["marginals"][0] != "red"
    assert any("give the encoder more modes" in text for _, text in verdict.findings)


def test_real_modes_of_a_process_with_detailed_balance_have_decays_and_no_periods(given, found):
    keys = {row.quantity.key for row in found.rows}
    assert {"decay_1_ps", "decay_2_ps"} <= keys and "period_1_ps" not in keys
    # Flips: -1 / ln .98 = 49.5 d; noise of 1 % lowers the eigenvalue at a lag of 5 d, .9.
    assert float(found.row("decay_1_ps").md.value) / DAY == pytest.approx(47, rel=0.2)
    reversible = {row.quantity.key for row in compare(**given).rows}
    assert keys - reversible == {"decay_1_ps", "decay_2_ps"}
    assert any(row[0].startswith("decay time of mode 1") for row in summary(found).body)


def test_a_turning_process_has_its_period():
    rng = np.random.default_rng(3)
    step = 0.97 * np.exp(0.3j)
    z = rng.normal(size=(8, 3000, 2)) @ [1, 1j]
    for t in range(1, z.shape[1]):
        z[:, t] = step * z[:, t - 1] + np.sqrt(1 - 0.97**2) * z[:, t]
    psi = np.stack([z.real, z.imag], axis=-1)
    back = np.stack([z.real, -z.imag], axis=-1)  # turns the other way: a period is none the worse
    found = compare(Sample(list(psi)), Sample(list(back)), lag_ps=1.0, reversible=False,
                    columns=COLUMNS)  # fmt: skip
    row = found.row("period_1_ps")
    assert row.md.value == pytest.approx(2 * np.pi / 0.3, rel=0.01)
    assert row.lss.value == pytest.approx(row.md.value)
    assert not found.reversible and not any(
        "lags. A turn" in text for text in judge(found).cautions
    )
    rare = compare(Sample(list(psi), lag=8), Sample(list(psi[:, ::8])), lag_ps=8.0,
                   reversible=False, columns=COLUMNS)  # fmt: skip
    assert rare.row("period_1_ps").md.value == pytest.approx(2 * np.pi / 0.3, rel=0.02)
    assert any("less than 4 lags. A turn" in text for text in judge(rare).cautions)
    still = compare(Sample(list(psi)), Sample(list(np.sort(psi, axis=1))), lag_ps=1.0,
                    reversible=False, columns=COLUMNS)  # fmt: skip
    assert light(still.row("period_1_ps")) == "red"


def test_latents_alone_make_a_report(given, tmp_path):
    alone = {k: replace(given[k], coordinates=None) for k in ("md", "lss", "held_out")}
    text = write_report(tmp_path, compare(**{**given, **alone})).read_text(encoding="utf-8")
    assert "Columns</h2>" not in text and not re.search(r"\bMD\b", text)


def test_short_series_have_no_spectra():
    psi, values = ensemble(5, 60, 12)
    short = Sample(psi, values, lag=1)
    found = compare(short, short, lag_ps=1.0, columns=COLUMNS)
    assert not any("spectrum" in row.quantity.key for row in found.rows)
    assert not any("spectrum" in row[0] for row in all_figures(found).body)
    names = [made[0] for made in (plate(found) for plate in COLUMN_PLATES) if made]
    assert "stays" in names and "spectra" not in names
    assert any("too short for spectra" in text for text in judge(found).cautions)


def test_many_columns_keep_the_ratios_short(given):
    names = tuple(f"c{i}" for i in range(14))
    many = Columns(names, ("",) * 14, (False,) * 14, (None,) * 14, (None,) * 14)
    wide = {
        k: replace(given[k], coordinates=[np.tile(x, 5)[:, :14] for x in given[k].coordinates])
        for k in ("md", "lss", "held_out")
    }
    found = compare(**{**given, **wide, "columns": many})
    table = ratios(found)
    assert len(table.body) < 80 < len(all_figures(found).body)
    assert "more of marginals" in table.caption
    assert len(found.columns.pairs) == 6


def test_progress_adds_up_to_what_was_promised(given):
    done = []
    compare(**given, tick=done.append)
    assert sum(done) == frames_to_do(*(given[name] for name in ("md", "lss", "held_out")))


def test_a_molecule_has_no_columns(given):
    with pytest.raises(InputError, match="reference and columns are both given"):
        compare(**given, reference=object())


def made_row(ratio, error, model, **fields):
    """A figure of a column that is so many times as far as a second run."""
    one = {"standard_error": np.float64(error), "dof": np.float64(4), "bias": np.float64(0)}
    q = Quantity("wasserstein_of_x_sd", "x: W1", "sd", "columns", True, None, "marginals")
    apart = Estimate(np.float64(model), **one)
    return Row(q, None, None, None, apart, model / ratio, model,
               Estimate(np.float64(ratio), **one), **fields)  # fmt: skip


@pytest.mark.parametrize(
    ("ratio", "error", "model", "colour"),
    [
        (1.4, 0.1, 0.3, "green"),
        (2.0, 0.6, 0.3, "green"),  # above 1 by less than two errors
        (2.0, 0.3, 0.3, "amber"),
        (4.0, 0.3, 0.3, "red"),
        (4.0, 1.2, 0.3, "amber"),  # by less than four
        (4.0, 0.3, 0.04, "green"),  # .04 standard deviations are nothing
        (4.0, np.nan, 0.3, "red"),
    ],
)
def test_a_figure_of_a_column_is_not_amber_by_chance(ratio, error, model, colour):
    assert light(made_row(ratio, error, model)) == colour
    other = made_row(ratio, error, model)
    other = replace(other, quantity=replace(other.quantity, group="structure"))
    # Molecules are judged by the ratio alone.
    alone = "green" if ratio <= 1.5 else "amber" if ratio <= 3 or model <= 0.05 else "red"
    assert light(other) == alone


def test_how_well_the_data_tell_rare_values_is_said(found):
    rare, mean = found.row("exceedance_of_level_q99"), found.row("mean_of_level_K")
    assert rare.known_to == pytest.approx(float(rare.md.standard_error) / float(rare.md.value))
    assert np.isnan(mean.known_to)
