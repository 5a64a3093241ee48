"""Replicas: each is what its bootstrap sample of the trajectories makes of the propagator."""

import numpy as np
import pytest

from mdn import Propagator, train_replicas
from mdn.replicas import STARTS
from tests.systems import telegraph

N = 5


FLIPS = np.repeat([0.02, 0.3], 6)


@pytest.fixture(scope="module")
def data():
    """Twelve trajectories of two states, of which half are slow."""
    rng = np.random.default_rng(0)
    return [
        (telegraph(rng, (400, 1), f) + 0.1 * rng.standard_normal((400, 1))).astype(np.float32)
        for f in FLIPS
    ]


@pytest.fixture(scope="module")
def propagator(data):
    settings = {"n_components": 4, "hidden_size": 16, "n_updates": 600, "verbose": False}
    return Propagator.from_preset("recommended", 1, lag_time=3, **settings).fit(data)


@pytest.fixture(scope="module")
def replicas(propagator, data):
    return train_replicas(propagator, data, N, n_updates=300)


def test_each_follows_its_sample(replicas):
    """What is left of a state after one lag, as in the trajectories drawn: a mean of (1 - 2f)^3."""
    times = np.random.default_rng(0).multinomial(12, np.full(12, 1 / 12), size=N)
    wanted = times @ (1 - 2 * FLIPS) ** 3 / 12

    def kept(model):
        outputs = {k: np.asarray(v) for k, v in model(np.array([[1.0], [-1.0]])).items()}
        shares = np.exp(outputs["logits"])
        shares /= shares.sum(axis=1, keepdims=True)
        up, down = (shares[..., None] * outputs["loc"]).sum(axis=(1, 2))
        return (up - down) / 2

    found = np.array([kept(replica.model) for replica in replicas])
    assert wanted.std() > 0.05
    assert np.corrcoef(wanted, found)[0, 1] > 0.8
    # 4,800 frames of which a third tell something new: .03.
    assert np.abs(found - wanted).max() < 0.12


def test_they_are_as_many_as_asked_for_and_leave_the_propagator_alone(propagator, replicas, data):
    before = propagator.model.get_weights()
    again = train_replicas(propagator, data, N, n_updates=300)
    other = train_replicas(propagator, data, 2, seed=1, n_updates=300)
    assert len(replicas) == N and len(other) == 2
    for one, two in zip(replicas, again, strict=True):
        for a, b in zip(one.model.get_weights(), two.model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
        assert one.starts.shape == (STARTS, 1)
        np.testing.assert_array_equal(one.starts, two.starts)
    assert not np.array_equal(replicas[0].starts, other[0].starts)
    for a, b in zip(before, propagator.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_start_states_are_drawn_by_weight(propagator, rng):
    """Half of the frames have no weight; of one trajectory, which is cut into blocks."""
    x = telegraph(rng, (4000, 1), 0.05).astype(np.float32)
    weights = [np.where(x[:, 0] > 0, 1.0, 0.0)]
    (replica, _) = train_replicas(propagator, [x], 2, n_updates=1, weights=weights)
    assert (replica.starts == 1).all()


@pytest.mark.parametrize(
    ("options", "said"), [({"n": 0}, "n is 0"), ({"n_updates": 0}, "n_updates is 0")]
)
def test_mistakes_are_named(propagator, data, options, said):
    with pytest.raises(ValueError, match=said):
        train_replicas(propagator, data, **options)
