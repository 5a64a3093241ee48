"""Lights: what is green, amber, red, and what the MD itself does not tell."""

from dataclasses import replace

import numpy as np

from lss.analysis.blocks import Estimate
from lss.analysis.quantities import Quantity
from lss.analysis.rows import Row
from lss.report.validation import compare
from lss.report.verdict import judge, light

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
    trusted, doubted = judge(found).areas, judge(found, ["MDN"]).areas
    assert trusted["kinetics"][0] == "green" and doubted["kinetics"][0] == "amber"
    assert "diagnostic" in doubted["kinetics"][1]
    assert {area for area in trusted if trusted[area] != doubted[area]} == {"kinetics"}
