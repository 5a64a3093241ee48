"""The verdict says where training MD and held-out MD contradict one another."""

from dataclasses import replace

import numpy as np
import pytest

from lss.analysis.sample import Sample
from lss.report.validation import compare
from lss.report.verdict import judge


def cautions(two_latent_runs, held):
    found = judge(compare(**two_latent_runs, held_out=Sample(held, lag=5))).cautions
    return [text for text in found if "peculiar to the training MD" in text]


@pytest.mark.parametrize("step, expected", [(1, []), (5, ["The first", "The second"])])
def test_modes_that_are_faster_in_the_held_out_md_are_named(
    two_latent_runs, bistable, step, expected
):
    # Some 120 jumps in the MD and more in the other run, so errors of ln t_1 below 0.15; a process
    # five times as fast is ln 5 = 1.6 away, which is over ten errors, and the same process is
    # within three with a probability of 99.7 %, two modes with one seed.
    held, _ = bistable(2, step=step)
    found = cautions(two_latent_runs, held)
    assert len(found) == len(expected)
    assert all(text.startswith(start) for text, start in zip(found, expected, strict=True))


def test_without_held_out_md_nothing_is_said_of_it(two_latent_runs):
    found = judge(compare(**two_latent_runs)).cautions
    assert not any("held-out" in text for text in found)


def test_two_runs_are_not_said_to_differ_by_more_than_an_unknown_error(two_latent_runs, bistable):
    held, _ = bistable(2, step=5)
    found = compare(**two_latent_runs, held_out=Sample(held, lag=5))
    unknown = replace(found.row("t_1_ps").heldout, standard_error=np.array(np.nan))
    rows = [replace(r, heldout=unknown) if r.quantity.key == "t_1_ps" else r for r in found.rows]
    sentences = [text for text in judge(replace(found, rows=rows)).cautions if "peculiar" in text]
    assert len(sentences) == 1 and sentences[0].startswith("The second")
