"""The mixture from which training starts."""

import numpy as np
import pytest

from mdn import head
from mdn.marginal import marginal_mixture


def test_finds_a_spike_and_a_small_state_far_away():
    rng = np.random.default_rng(0)
    bulk, rare = rng.normal(-0.1, 0.01, (9800, 2)), rng.normal(16, 0.3, (200, 2))
    weights, means, deviations = marginal_mixture(np.float32(np.vstack([bulk, rare])), 2, seed=1)
    order = np.argsort(weights)
    # Standard errors of the sample: .14 sd / sqrt(n) of means, 1 / sqrt(2 n) of deviations; the
    # larger 1e-3 is the floor of the fit, in units of the data's deviation of 2.3.
    np.testing.assert_allclose(weights[order], [0.02, 0.98], atol=1e-6)
    np.testing.assert_allclose(means[order], [[16, 16], [-0.1, -0.1]], atol=4 * 0.3 / 200**0.5)
    np.testing.assert_allclose(deviations[order[0]], 0.3, rtol=4 / 400**0.5)
    np.testing.assert_allclose(deviations[order[1]], 0.01, atol=3e-3)


@pytest.mark.parametrize("frames", [np.ones((3, 1)), np.arange(35.0)[:, None], np.eye(12)[:, :1]])
def test_few_or_equal_frames_give_what_they_can(frames):
    weights, means, deviations = marginal_mixture(frames, 24, seed=0)
    assert weights.shape == (24,) and means.shape == deviations.shape == (24, 1)
    assert weights.sum() == pytest.approx(1) and (weights > 0).all()
    assert np.isfinite(means).all() and (deviations > 0).all()


def test_a_network_begins_with_it():
    weights, means = np.array([0.3, 0.7]), np.array([[0.2, 5.0], [0.8, 6.0]])
    deviations = np.array([[0.05, 0.01], [0.1, 0.5]])
    network = head.build_network(
        [0, 4], [1, 8], [0.5, 6], [0.3, 1], 2, start=(weights, means, deviations)
    )
    # At the mean of the data the hidden layers, without bias, give nothing.
    outputs = {k: np.asarray(v)[0] for k, v in network(np.float32([[0.5, 6]])).items()}
    ratio = outputs["logits"][0] - outputs["logits"][1]
    assert ratio == pytest.approx(np.log(0.3 / 0.7), abs=1e-5)
    np.testing.assert_allclose(outputs["loc"], means, rtol=1e-4)
    np.testing.assert_allclose(outputs["scale"], deviations, rtol=1e-3)
