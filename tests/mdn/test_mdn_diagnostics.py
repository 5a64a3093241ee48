"""Does the diagnosis see what is wrong, and nothing where nothing is?"""

import json

import numpy as np

from mdn import Propagator


def test_diagnosis_of_a_good_model_finds_nothing(fitted, paths):
    report = fitted.diagnose(paths)
    assert report["warnings"] == []
    assert json.loads(json.dumps(report)) == report
    for i, a in enumerate((0.9, 0.5)):
        exact = -1 / np.log(a)
        error = np.hypot(report["timescales_error"][i], report["timescales_data_error"][i])
        assert abs(report["timescales"][i] - exact) < 4 * error
        # The variance explained is the squared correlation, to 4 standard errors n^-1/2.
        assert abs(report["r2"][i] - a**2) < 4 / np.sqrt(6600)
    assert [row["lags"] for row in report["chapman_kolmogorov"]] == [1, 2, 5, 10]


def test_diagnosis_sees_lost_kinetics(paths):
    """A model trained on shuffled frames: right free energies, no memory."""
    rng = np.random.default_rng(0)
    shuffled = [rng.permutation(p) for p in paths]
    settings = {"n_components": 4, "n_updates": 500, "lag_time": 1, "verbose": False}
    p = Propagator.from_preset("recommended", 2, **settings).fit(shuffled)
    warnings = " ".join(p.diagnose(paths)["warnings"])
    for sentence in (
        "psi_1: the mean prediction explains",
        "psi_1: the one-step correlation of the model is",
        "psi_1: after 1 x the lag time its correlation is",
    ):
        assert sentence in warnings


def test_diagnosis_of_a_coordinate_that_does_not_vary(fitted, paths):
    still = np.stack([paths[0][:200, 0], np.full(200, 0.1)], axis=1)
    report = fitted.diagnose(still)
    for name in ("r2", "r2_linear", "correlation", "correlation_data"):
        assert report[name][0] is not None and report[name][1] is None
    assert json.loads(json.dumps(report)) == report


def test_diagnosis_shows_the_spread_of_an_ensemble(paths):
    settings = {"n_components": 3, "lag_time": 2, "n_epochs": 10, "hidden_size": 8}
    p = Propagator(2, **settings, n_models=2, bounds="data", verbose=False).fit(paths)
    assert np.shape(p.diagnose(paths)["timescales_members"]) == (2, 2)
