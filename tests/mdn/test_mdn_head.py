"""The network and its likelihood."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp, softmax

from mdn import head


@pytest.fixture
def psi():
    return np.random.default_rng(5).uniform([-1, 0, 2], [1, 5, 3], (40, 3)).astype(np.float32)


def _closed_form(outputs, target):
    """-log p in float64."""
    logits, loc, scale = (np.asarray(outputs[k], np.float64) for k in head.OUTPUTS)
    z = (target.astype(np.float64)[:, None] - loc) / scale
    log_density = -0.5 * (z**2).sum(-1) - np.log(scale).sum(-1)
    log_density -= 0.5 * target.shape[1] * np.log(2 * np.pi)
    log_weight = logits - logsumexp(logits, axis=1, keepdims=True)
    return -logsumexp(log_weight + log_density, axis=1)


def test_log_prob_is_the_closed_form(network, psi):
    outputs = network(psi)
    mixture = head.distribution(outputs)
    assert mixture.batch_shape == (40,) and mixture.event_shape == (3,)
    target = psi[::-1].copy()
    # Down to exp(-10^4) here: float32 keeps seven digits.
    exact = _closed_form(outputs, target)
    np.testing.assert_allclose(-mixture.log_prob(target), exact, rtol=2e-6, atol=2e-5)
    logits, loc = (np.asarray(outputs[k], np.float64) for k in ("logits", "loc"))
    mean = np.einsum("nc,ncm->nm", softmax(logits, axis=1), loc)
    np.testing.assert_allclose(mixture.mean(), mean, rtol=1e-5)


def test_gradient_of_the_compiled_log_prob_is_the_closed_form(network, psi):
    """With respect to the means: sum_c r_c (y - mu_c) / sigma_c^2 splits by responsibility r."""
    outputs = {k: tf.constant(v) for k, v in network(psi).items()}
    near = np.asarray(outputs["loc"])[:, 0] + 0.5 * np.asarray(outputs["scale"])[:, 0]

    @tf.function(jit_compile=True)
    def gradient(loc):
        with tf.GradientTape() as tape:
            tape.watch(loc)
            log_prob = head.distribution({**outputs, "loc": loc}).log_prob(near)
        return tape.gradient(log_prob, loc)

    logits, loc, scale = (np.asarray(outputs[k], np.float64) for k in head.OUTPUTS)
    z = (near.astype(np.float64)[:, None] - loc) / scale
    responsibility = softmax(logits - np.log(scale).sum(-1) - 0.5 * (z**2).sum(-1), axis=1)
    exact = responsibility[:, :, None] * z / scale
    error = np.abs(np.asarray(gradient(outputs["loc"])) - exact)
    assert error.max() < 1e-4 * np.abs(exact).max()


def test_density_integrates_to_one():
    network = head.build_network([0], [1], [0.5], [0.3], 3, (8,))
    grid = np.linspace(-15, 16, 20001, dtype=np.float32)[:, None]
    outputs = {k: np.repeat(v, len(grid), 0) for k, v in network(np.float32([[0.3]])).items()}
    density = np.exp(np.asarray(head.distribution(outputs).log_prob(grid), np.float64))
    assert np.trapezoid(density, grid[:, 0]) == pytest.approx(1, abs=1e-5)


def test_outputs_are_in_the_units_of_psi(network, psi):
    low, high = np.array([-1, 0, 2]), np.array([1, 5, 3])
    # Far outside the training range too.
    for inputs in (psi, 100 * psi, -100 * psi):
        outputs = {k: np.asarray(v) for k, v in network(inputs).items()}
        assert outputs["logits"].shape == (40, 6) and outputs["loc"].shape == (40, 6, 3)
        assert (outputs["loc"] >= low - 1e-6).all() and (outputs["loc"] <= high + 1e-6).all()
        assert (outputs["scale"] >= 0.999 * head.SCALE_FLOOR * (high - low)).all()


def test_scaling_of_the_data_changes_nothing_but_units():
    """A network of data a x + b is that of x, with means and deviations scaled."""
    plain = head.build_network([0, 0], [1, 1], [0.4, 0.5], [0.2, 0.3], 4, (8, 8), seed=2)
    scaled = head.build_network([10, -5], [14, -3], [11.6, -4], [0.8, 0.6], 4, (8, 8), seed=2)
    x = np.random.default_rng(0).random((20, 2)).astype(np.float32)
    a, b = plain(x), scaled(x * np.float32([4, 2]) + np.float32([10, -5]))
    np.testing.assert_allclose(a["logits"], b["logits"], atol=1e-5)
    np.testing.assert_allclose(np.asarray(a["loc"]) * [4, 2] + [10, -5], b["loc"], atol=1e-5)
    np.testing.assert_allclose(np.asarray(a["scale"]) * [4, 2], b["scale"], rtol=1e-4)


def test_a_saved_network_loads_without_this_package(network, psi, tmp_path, plain_keras):
    network.save(tmp_path / "mdn.keras")
    loaded = plain_keras(tmp_path / "mdn.keras", psi)
    for name in head.OUTPUTS:
        np.testing.assert_array_equal(loaded[name], np.asarray(network(psi)[name]))


def test_mixture_of_networks_is_the_mean_density(psi, tmp_path, plain_keras):
    arguments = ([-1, 0, 2], [1, 5, 3], [0, 2, 2.5], [0.5, 1, 0.2], 3, (8,))
    members = [head.build_network(*arguments, seed=i, name=f"mdn_{i}") for i in range(3)]
    members[0].get_layer("logits").set_weights(
        [w + 7 for w in members[0].get_layer("logits").get_weights()]
    )
    mixed = head.mix(members)
    densities = [np.asarray(head.distribution(n(psi)).prob(psi)) for n in members]
    ours = head.distribution(mixed(psi)).prob(psi)
    np.testing.assert_allclose(ours, np.mean(densities, axis=0), rtol=1e-4)
    mixed.save(tmp_path / "mdn.keras")
    loaded = plain_keras(tmp_path / "mdn.keras", psi)
    np.testing.assert_array_equal(loaded["loc"], np.asarray(mixed(psi)["loc"]))
    for array, wanted in zip(head.training_range(mixed), ([-1, 0, 2], [1, 5, 3]), strict=True):
        np.testing.assert_allclose(array, wanted)


def test_training_range_is_read_from_a_network(network, tmp_path):
    network.save(tmp_path / "mdn.keras")
    low, high = head.training_range(keras.models.load_model(tmp_path / "mdn.keras"))
    np.testing.assert_allclose(low, [-1, 0, 2])
    np.testing.assert_allclose(high, [1, 5, 3])
    foreign = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="no Rescaling layer named 'loc'"):
        head.training_range(foreign)


def test_same_seed_same_weights():
    def weights(seed):
        return head.build_network([0], [1], [0.5], [0.3], 3, (8,), seed=seed).get_weights()

    same = zip(weights(1), weights(1), strict=True)
    assert all(np.array_equal(a, b) for a, b in same)
    assert not np.array_equal(weights(1)[-2], weights(2)[-2])
