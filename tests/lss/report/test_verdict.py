"""Lights: what is green, amber, red, and what the MD itself does not tell."""

from dataclasses import replace

import numpy as np
import pytest

from lss.analysis.blocks import Estimate
from lss.analysis.quantities import Quantity
from lss.analysis.rows import Row
from lss.analysis.sample import Sample
from lss.report.lights import agreement, light
from lss.report.tables import errors_note, lss_value
from lss.report.validation import compare
from lss.report.verdict import judge
from lss.report.wording import number
from tests.systems import telegraph

TIME = Quantity(
    *("t_1_ps", "implied timescale t_1", "ps", "latent", False), statistic=None,
    area="kinetics", log=True,
)  # fmt: skip


def estimate(value, error):
    return Estimate(*map(np.float64, (value, error, 4, 0)))


def row(md, lss, error_md, error_lss, error_of_log):
    apart = estimate(np.log(lss / md), error_of_log)
    return Row(TIME, estimate(md, error_md), estimate(lss, error_lss), None, apart)


def test_a_time_whose_error_the_md_does_not_tell_is_grey():
    """One event: no block but its own has any, so that the jackknife has no error."""
    assert light(row(369, 562, np.nan, 49, np.nan)) == "grey"


def test_where_a_block_has_no_logarithm_relative_errors_serve():
    # 2 and 76 transitions: ln(130 / 95) = .31 is a third of the relative error, 1.
    assert light(row(130, 95, 130, 9, np.nan)) == "green"
    # 4 relative errors of a tenth and more, and a factor of 2.
    assert light(row(130, 260, 13, 9, np.nan)) == "red"
    # Of an LSS that hardly moves the MD's error is enough.
    assert light(row(130, 260, 13, np.nan, np.nan)) == "red"


def test_two_md_runs_far_apart_do_not_excuse_a_distance_to_the_first():
    # 5.9 +- 2.6, 12.8, and 28 +- 4.6 of the LSS: no farther from the second run than the first is,
    # and ln(28 / 5.9) = 1.56 from the MD it learned from, over four of its errors, .3.
    far = row(5.9, 28, 2.6, 4.6, 0.3)
    held = {"heldout": estimate(12.8, 1.7), "limit": 0.78, "model": 0.78}
    assert light(replace(far, **held, ratio=estimate(1.0, 0.3))) == "amber"
    near = row(5.9, 6.5, 2.6, 4.6, 0.3)
    assert light(replace(near, **held, ratio=estimate(1.0, 0.3))) == "green"


def test_what_rests_on_a_network_that_fails_its_diagnostics_is_not_trusted(two_runs):
    found = compare(**two_runs)
    fault = "psi_1: the one-step correlation is .3 in the model: train longer."
    memorised = "The modes have a VAMP-2 of 2.1 on held-out data and of 3.4 in training: they are"
    trusted, doubted = judge(found).areas, judge(found, {"MDN": [fault]}).areas
    assert trusted["kinetics"][0] == "green" and doubted["kinetics"][0] == "amber"
    assert "although all agrees: psi_1" in doubted["kinetics"][1]
    assert {area for area in trusted if trusted[area] != doubted[area]} == {"kinetics"}
    doubted = judge(found, {"SRV": [memorised]}).areas
    assert {a for a in trusted if trusted[a] != doubted[a]} == {"kinetics", "free energies"}
    assert "of 2.1 on held-out data and of 3.4 in training (" in doubted["kinetics"][1]


def test_what_the_md_has_hardly_seen_is_not_green_however_well_it_agrees(bistable):
    """An MD with a handful of crossings, and a long LSS of its own two rates."""
    md, _ = bistable(1, 1, 600)
    lss, _ = bistable(1, 10, 400, step=5)
    found = compare(Sample(list(md), lag=5), Sample(lss), lag_ps=500.0)
    row = found.row("t_1_ps")
    assert found.md.crossings == 4 and row.known_to >= np.sqrt(2 / 4)
    assert agreement(row) == "green" and light(row) == "amber"
    colour, text = judge(found).areas["kinetics"]
    assert colour == "amber"
    assert "all agrees, but the MD has crossed between the cores 4 times: mean passage" in text
    assert "known to a factor of" in text


def test_the_spread_of_replicas_is_an_error_of_its_own(bistable, two_latent_runs):
    """Replicas whose rates are a tenth apart: log t spreads by as much."""
    flips = (0.018, 0.020, 0.022)
    rng = np.random.default_rng(5)
    replicas = [
        Sample(np.stack([telegraph(rng, (4000, 20), f), rng.normal(size=(4000, 20))], -1)
               .swapaxes(0, 1))
        for f in flips
    ]  # fmt: skip
    found = compare(**two_latent_runs, replicas=replicas)
    row = found.row("t_1_ps")
    # t = -1 / ln(1 - 2 f); each known from 1,600 flips to 2.5 %.
    wanted = np.std(np.log([-1 / np.log(1 - 2 * f) for f in flips]), ddof=1)
    assert row.data_error == pytest.approx(wanted, abs=0.04)
    size = row.data_error * float(row.lss.value)
    assert float(row.lss_with_data.standard_error) == pytest.approx(
        np.hypot(float(row.lss.standard_error), size)
    )
    assert f"data {number(size / 1000, 2)})" in lss_value(row)
    assert "3 propagators trained on bootstrap samples" in errors_note(found)
    alone = compare(**two_latent_runs).row("t_1_ps")
    assert np.isnan(alone.data_error) and "data" not in lss_value(alone)


def test_a_replica_that_never_crosses_leaves_the_time_unknown(two_latent_runs):
    still = np.random.default_rng(0).normal(size=(3, 500, 2))
    still[..., 0] = -1
    found = compare(**two_latent_runs, replicas=[Sample(still)] * 2)
    assert np.isinf(found.row("transitions_per_ps").data_error)
    assert light(found.row("transitions_per_ps")) != "green"
