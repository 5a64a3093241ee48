"""What the report says of the start of the trajectories and of their weights."""

import json
import math

import numpy as np
import pytest

from lss.analysis.sample import Sample
from lss.report import write_report
from lss.report.equilibrium import sentences, weighting
from lss.report.validation import compare

FOUND = {
    "departure": 0.21,
    "departure_error": 0.012,
    "departure_p_value": 3e-20,
    "trajectories": 300,
    "weights": "koopman",
    "effective_frames": 1234.4,
    "weighted_frames": 5000,
    "clipped": 0.031,
}


def test_the_sentences_have_the_numbers():
    start, weights = sentences(FOUND, 2000.0)
    assert "one lag of 2 ns" in start and "0.21 standard deviations, 0.01 would be chance" in start
    assert "Koopman reweighting" in weights and "1,234 frames" in weights and "25%" in weights
    assert "3.1% of the pairs had a negative weight" in weights


@pytest.mark.parametrize("unknown", [math.nan, None])
def test_a_chance_that_few_trajectories_do_not_tell_is_said_to_be_unknown(unknown):
    found = FOUND | {"weights": None, "departure_error": unknown, "trajectories": 2}
    start, weights = sentences(found, 2000.0)
    assert "2 trajectories are too few to tell" in start and weights == "Frames have no weights."


@pytest.fixture(scope="module")
def comparison(two_latent_runs):
    """State B of the MD has half the weight: its share goes from p to p / (2 - p)."""
    md = two_latent_runs["md"]
    weights = [np.where(np.asarray(x)[:, 0] > 0, 0.5, 1.0) for x in md.psi]
    return compare(**two_latent_runs | {"md": Sample(md.psi, lag=5, weights=weights)})


def test_what_weights_change_is_in_a_table(comparison, two_latent_runs):
    share = np.mean(np.concatenate(two_latent_runs["md"].psi)[:, 0] > 0)
    rows = {row[0]: row[1:] for row in weighting(comparison).body}
    plain, weighted, lss = (float(x.split()[0]) for x in rows["population of core B"])
    assert plain == pytest.approx(share, abs=0.01)
    assert weighted == pytest.approx(share / (2 - share), abs=0.01)
    assert lss == pytest.approx(0.5, abs=0.15)
    far, near = (float(x.split()[0]) for x in rows["F(psi_1) RMSE, population-weighted, "
                                                   "of the LSS to it"][:2])  # fmt: skip
    # The wrong weights are told by the LSS, to which the MD had been close.
    assert near > far


def test_without_weights_there_is_no_table(two_latent_runs):
    assert weighting(compare(**two_latent_runs)) is None


def test_both_are_on_the_page_and_in_the_numbers(comparison, tmp_path):
    page = write_report(tmp_path, comparison, equilibrium=FOUND).read_text(encoding="utf-8")
    assert "<h2>Equilibrium</h2>" in page and "MD, weighted" in page and "RiteWeight" not in page
    numbers = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert numbers["equilibrium"]["clipped"] == 0.031
