"""Marginals that are mapped to those of the data, for a generator whose law is known."""

import keras
import numpy as np
import pytest

from cwgan.decoder import decode
from cwgan.quantiles import with_marginals

N = 20_000
BOUNDS = [[-np.inf, np.inf], [0, np.inf]]


@pytest.fixture(scope="module")
def generator():
    """psi + noise / 10, and another noise doubled."""
    psi, noise = keras.Input((1,), name="psi"), keras.Input((2,), name="noise")
    first = psi + 0.1 * noise[:, :1]
    return keras.Model([psi, noise], keras.ops.concatenate([first, 2 * noise[:, 1:]], axis=1))


@pytest.fixture(scope="module")
def data():
    """A column with a long tail, and one of which six tenths are nothing."""
    rng = np.random.default_rng(0)
    psi = rng.normal(size=(N, 1)).astype(np.float32)
    rain = np.maximum(rng.normal(size=N) - 0.2533, 0)
    return psi, np.stack([np.exp(psi[:, 0]), rain], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def mapped(generator, data):
    return with_marginals(generator, *data, BOUNDS, seed=1)


def test_marginals_are_those_of_the_data(mapped, data):
    psi, values = data
    made = decode(mapped, psi, seed=2)
    apart = np.abs(np.sort(made, axis=0) - np.sort(values, axis=0)).mean(axis=0)
    # Two samples of N normal numbers are 1.1 / sqrt(N) = .008 of their deviation apart; the tail
    # of the first column is as much as three times as uncertain.
    assert (apart / values.std(axis=0) < 0.03).all()
    # A share of .6 is known to sqrt(.24 / N) = .0035, twice.
    assert np.mean(made[:, 1] == 0) == pytest.approx(0.6, abs=0.02)


def test_the_order_of_draws_is_kept(generator, mapped, data):
    before, after = (decode(g, data[0], seed=3) for g in (generator, mapped))
    for k in range(2):
        order = np.argsort(before[:, k])
        assert (np.diff(after[order, k]) >= 0).all()


def test_beyond_the_data_draws_are_shifted_and_bounds_hold(generator, mapped, data):
    noise = np.array([[0.0, -50.0], [0.0, 50.0]], np.float32)
    far = np.array([[-20.0], [20.0]], np.float32)
    before, after = (np.asarray(g([far, noise])) for g in (generator, mapped))
    shift = after - before
    ends = np.quantile(data[1], [10 / N, 1 - 10 / N], axis=0)
    knots = np.quantile(decode(generator, data[0], seed=1), [10 / N, 1 - 10 / N], axis=0)
    np.testing.assert_allclose(shift[:, 0], (ends - knots)[:, 0], atol=1e-3)
    assert after[0, 1] == 0 and shift[1, 1] == pytest.approx((ends - knots)[1, 1], abs=1e-3)


def test_it_is_saved_and_loaded(mapped, data, tmp_path):
    mapped.save(tmp_path / "columns.keras")
    loaded = keras.models.load_model(tmp_path / "columns.keras")
    few = data[0][:50]
    np.testing.assert_array_equal(decode(loaded, few, seed=4), decode(mapped, few, seed=4))
