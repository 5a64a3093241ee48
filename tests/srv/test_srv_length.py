"""The length of the training follows from what holds on held-out data."""

import logging

import numpy as np
import pytest

from srv import SRV
from srv.lagtime import CrossValidation
from srv.length import choose_length
from tests.systems import telegraph


def recommended(n_features, **settings):
    return SRV.from_preset(
        "recommended",
        n_features,
        n_components=2,
        lag_time=5,
        verbose=False,
        **{"min_steps": 300, "max_steps": 300, **settings},
    )


def test_slow_modes_that_hold_keep_the_whole_training():
    """Two telegraph processes, hundreds of flips each: as slow on held-out data."""
    rng = np.random.default_rng(0)
    signs = telegraph(rng, (9000, 2), (0.02, 0.04))
    x = (signs + 0.3 * rng.normal(size=signs.shape)).astype(np.float32)
    srv, validation = choose_length([x], recommended(2))
    assert srv.n_updates is None and srv.max_steps == 300 and not srv.is_fitted
    # lambda = (1 - 2p) ** 5. With 180 and 360 flips the rates are known to 7 and 5 %, and the
    # squares, .665 and .434, to .02 each; a fold holds a third of the flips.
    exact = 1 + 0.96**10 + 0.92**10
    assert np.mean(validation.held_out[:, -1]) == pytest.approx(exact, abs=0.15)


def test_batches_larger_than_the_data_are_all_pairs(monkeypatch):
    """Ten epochs of one batch each are ten steps; a quarter of them two, and a tenth one."""
    tried = []

    def memorising(X, srv, **_):
        tried.append(srv.n_updates)
        return CrossValidation(np.ones((2, 2)), np.full((2, 2), 3.0))

    monkeypatch.setattr("srv.length.cross_validate", memorising)
    settings = {"min_steps": None, "max_steps": None, "n_epochs": 10, "batch_size": 10_000}
    choose_length([np.zeros((60, 2))], recommended(2, **settings))
    assert tried == [None, 2, 1]


def test_where_no_length_holds_it_is_the_one_that_holds_best(monkeypatch):
    scores = iter((1.3, 1.5, 1.4))

    def memorising(X, srv, **_):
        return CrossValidation(np.full((2, 2), next(scores)), np.full((2, 2), 3.0))

    monkeypatch.setattr("srv.length.cross_validate", memorising)
    srv, validation = choose_length([np.zeros((600, 2))], recommended(2))
    assert srv.n_updates == 75 and validation.held_out[0, 0] == 1.5


def test_memorised_data_are_trained_on_for_fewer_steps(caplog):
    """Forty equally slow processes: a network finds combinations that are slow in training only."""
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(3000, 40))
    x = np.empty((3000, 40))
    x[0] = noise[0]
    for t in range(1, len(x)):
        x[t] = 0.8 * x[t - 1] + noise[t]
    with caplog.at_level(logging.INFO, logger="srv"):
        srv, validation = choose_length([x.astype(np.float32)], recommended(40))
    assert srv.n_updates == 30
    assert validation.held_out.shape == validation.training.shape == (3, 2)
    gap = validation.training[:, -1] - validation.held_out[:, -1]
    assert (gap > 0.2).all()
    assert "ask for fewer" in caplog.text
