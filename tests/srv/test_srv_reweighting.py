"""Weights of pairs: in the loss, in the moments, and found for trajectories off equilibrium."""

import logging
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import tensorflow as tf

from lss_base.moments import LaggedMoments
from srv import SRV
from srv.data import check_trajectories
from srv.evaluation import evaluate, evaluate_blocks
from srv.loss import vamp_loss
from srv.reweighting import pair_weights
from tests.base.test_connectivity import relay

# Two states; the common one is left once in 200 steps, the rare one once in 40: t = 33 steps.
LEAVE = np.array([0.005, 0.025])
TIMESCALE = -1 / np.log(1 - LEAVE.sum())
LAG = 4


def two_states(rng, n_walkers, n_steps, start, leave=LEAVE):
    """Walkers with states 0 and 1, from a given state, or from equilibrium where it is None."""
    state = np.full(n_walkers, start) if start is not None else rng.random(n_walkers) < 1 / 6
    states = np.empty((n_steps, n_walkers), int)
    for t in range(n_steps):
        states[t] = state
        state = np.where(rng.random(n_walkers) < leave[state.astype(int)], 1 - state, state)
    features = np.stack([states, 1 - states], axis=-1) + rng.normal(0, 0.05, (*states.shape, 2))
    return list(features.astype(np.float32).swapaxes(0, 1))


def model(**settings):
    options = {"n_components": 1, "lag_time": LAG, "n_updates": 200, "verbose": False, "seed": 1}
    return SRV.from_preset("recommended", 2, **options | settings)


@pytest.mark.parametrize("reversible", [True, False])
def test_a_weight_of_three_is_a_pair_that_came_three_times(rng, reversible):
    x, y = rng.normal(size=(2, 50, 2))
    times = rng.integers(0, 4, 50)
    often = np.repeat(np.arange(50), times)
    wanted = vamp_loss(tf.constant(x[often]), tf.constant(y[often]), reversible=reversible)
    found = vamp_loss(
        tf.constant(x), tf.constant(y), reversible=reversible, pair_weights=tf.constant(times)
    )
    assert float(found) == pytest.approx(float(wanted), rel=1e-9)


def test_weighted_moments_are_those_of_repeated_trajectories(rng):
    runs, times = rng.normal(size=(5, 30, 2)), [0, 1, 2, 3, 1]
    shift = np.zeros(2)
    weighted, repeated = LaggedMoments(LAG, shift), LaggedMoments(LAG, shift)
    for run, n in zip(runs, times, strict=True):
        weighted.start()
        for first in range(0, 30, 7):  # in blocks, over whose ends pairs run
            block = run[first : first + 7]
            weighted.update(block, np.full(len(block), float(n)))
        for _ in range(n):
            repeated.start()
            repeated.update(run)
    for part in ("mean_0", "c_00", "c_0t"):
        one, two = (getattr(m.covariances(), part) for m in (weighted, repeated))
        np.testing.assert_allclose(one, two, rtol=1e-10)


def test_a_biased_start_is_said_and_weights_mend_it(rng, caplog, tmp_path):
    # 600 walkers of 30 steps, all from the rare state: some 300 leave it and 90 come back.
    data = two_states(rng, 600, 30, 1)
    with caplog.at_level(logging.INFO, "srv"):
        biased = model().fit(data)
    assert "did not start in equilibrium" in caplog.text
    assert biased.weights_ is None and biased.departure_.significant
    assert any("did not start" in text for text in biased.diagnose(data)["warnings"])
    # Counted in the same data, the rates are those of the chain: five standard errors of a count.
    states = np.array([run[:, 0] > 0.5 for run in data])
    early, late = states[:, :-1], states[:, 1:]
    rates = np.array([(late & ~early).sum() / (~early).sum(), (~late & early).sum() / early.sum()])
    counted = -1 / np.log(1 - rates.sum())
    assert abs(np.log(biased.timescales_[0] / counted)) > 0.2
    for method in ("auto", "koopman"):  # "auto" takes "rite"
        caplog.clear()
        with caplog.at_level(logging.INFO, "srv"), h5py.File(tmp_path / "x.h5", "a") as file:
            # Once in memory, once on disk.
            stored = [
                file.require_dataset(f"{i:03d}", x.shape, "f4", data=x) for i, x in enumerate(data)
            ]
            mended = model(weights=method).fit(data if method == "auto" else stored)
        assert ("weighted by rite" in caplog.text) == (method == "auto")
        assert mended.timescales_[0] == pytest.approx(counted, rel=0.1), method
        weights = np.concatenate([w[:-LAG] for w in mended.weights_])
        share = (weights * states[:, :-LAG].ravel()).sum() / weights.sum()
        assert share == pytest.approx(rates[0] / rates.sum(), abs=0.03), method
        assert weights.mean() == pytest.approx(1) and weights.min() >= 0
        # In equilibrium state 1 is the rarer one, though most of these trajectories are in it.
        entries = (late & ~early).sum() + states[:, 0].sum()
        assert mended.visits_[0] == pytest.approx(entries, rel=0.02), method


def test_a_state_that_is_never_left_gets_no_weight(rng, caplog):
    data = two_states(rng, 400, 40, 0, leave=np.array([0.02, 0]))
    states = np.array([run[:, 0] > 0.5 for run in data])
    with caplog.at_level(logging.INFO, "srv"):
        fitted = model(weights="rite").fit(data)
    (state,) = fitted.one_way_states_
    assert state.kind == "entered and never left"
    assert "entered and never left" in caplog.text and "weights leave it out" in caplog.text
    weights = np.array(fitted.weights_)[:, :-LAG]
    assert not weights[states[:, :-LAG]].any()
    assert weights[~states[:, LAG:]].min() > 0
    assert "tell as much as" in caplog.text
    found = fitted.diagnose(data)
    # Along modes that are those of the weighted pairs now.
    assert found["one_way_states"][0]["n_frames"] == pytest.approx(state.n_frames, rel=0.05)
    assert found["effective_size"] == fitted.effective_size_ < weights.size
    assert 0.5 < found["effective_share"] < 1
    # Asked for, it keeps its share of the pairs.
    trajectories = check_trajectories(data, 2, LAG).weighted([np.ones(40)] * 400)
    psi = [np.stack([x, 0 * x], axis=1) for x in states.astype(float)]
    apart = list(states)
    settings = SimpleNamespace(disconnected="keep")
    kept, _ = pair_weights(settings, psi, trajectories, "rite", apart, 0)
    kept = np.array(kept)[:, :-LAG]
    assert kept.mean() == pytest.approx(1)
    np.testing.assert_allclose(kept[states[:, :-LAG]], 1)


def test_a_relay_over_a_barrier_is_weighted_where_parents_are_given(rng):
    psi, parents = relay(rng, 40, 600)
    data = [np.concatenate([x, x**2], axis=1).astype(np.float32) for x in psi]
    far = [x[:, 0] > 0.5 for x in psi]
    alone, together = (
        model(lag_time=1, weights="rite").fit(data, parents=p) for p in (None, parents)
    )
    assert alone.one_way_states_[0].kind == "neither entered nor left"
    assert together.one_way_states_ == []
    # All walkers begin on one side; in equilibrium both have the same population.
    share = [
        np.average(np.concatenate(far), weights=np.concatenate(f.weights_))
        for f in (alone, together)
    ]
    assert share[0] < 0.05 and share[1] == pytest.approx(0.5, abs=0.15)
    assert np.mean(far) < 0.42


def test_equilibrium_gets_no_weights(rng):
    data = two_states(rng, 200, 60, None)
    plain, auto = model().fit(data), model(weights="auto").fit(data)
    assert auto.weights_ is None and not auto.departure_.significant
    # Equal weights change no number but by rounding.
    np.testing.assert_allclose(auto.eigenvalues_, plain.eigenvalues_, rtol=1e-3)


def test_one_trajectory_takes_one_array(rng):
    (run,) = two_states(rng, 1, 400, None)
    (found,) = model(weights=np.ones(400), n_updates=20).fit(run).weights_
    np.testing.assert_allclose(found, 1)


def test_given_weights_are_those_of_repeated_trajectories_on_disk_too(rng, tmp_path):
    data = two_states(rng, 40, 60, None)
    times = rng.integers(1, 4, 40)
    weights = [np.full(60, n) for n in times]
    given = model(weights=weights).fit(data)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        stored = [file.create_dataset(f"{i:03d}", data=x) for i, x in enumerate(data)]
        streamed = model(weights=weights).fit(stored)
    repeated = model().fit([x for x, n in zip(data, times, strict=True) for _ in range(n)])
    # Other batches, the same data: the eigenvalue is that of the weighted data.
    for one in (given, streamed):
        np.testing.assert_allclose(one.eigenvalues_, repeated.eigenvalues_, rtol=5e-3)
        total = np.concatenate([w[:-LAG] for w in one.weights_])
        assert total.mean() == pytest.approx(1)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("best", "weights is 'best', wanted one of"),
        ([np.ones(60)], "weights is 1 arrays, wanted an array for each trajectory"),
        ([np.ones(60), np.ones(59)], r"weights\[1\] is of shape \(59,\), wanted \(60,\)"),
        ([np.ones(60), -np.ones(60)], r"weights\[1\] .* at least 0"),
        ([np.zeros(60)] * 2, "weights is 0 for every pair"),
        ([1.0, 2.0, 3.0], "one for each mode"),
    ],
)
def test_weights_that_do_not_fit_are_refused(rng, weights, message):
    with pytest.raises(ValueError, match=message):
        model(weights=weights).fit(two_states(rng, 2, 60, None))


def test_short_trajectories_are_evaluated_together(rng):
    fitted = model().fit(two_states(rng, 20, 60, None))
    blocks = [rng.normal(size=(n, 2)).astype(np.float32) for n in (1, 0, 5000, 9000, 3)]
    for number, block, outputs in evaluate_blocks(fitted.encoder, enumerate(blocks)):
        assert block is blocks[number]
        np.testing.assert_allclose(outputs, evaluate(fitted.encoder, block), rtol=1e-5, atol=1e-6)
