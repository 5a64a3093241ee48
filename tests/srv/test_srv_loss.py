"""The loss against NumPy and deeptime, and where it could go wrong."""

import numpy as np
import pytest
import tensorflow as tf
from deeptime.decomposition import vamp_score_data

from srv.loss import vamp_loss


def _batch(n=400, m=3, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, m)) @ rng.standard_normal((m, m)) + 3
    y = 0.7 * x + 0.5 * rng.standard_normal((n, m))
    return x, y


def _reversible_eigenvalues(x, y):
    both = np.concatenate([x, y])
    mean = both.mean(axis=0)
    x, y = x - mean, y - mean
    c0 = (x.T @ x + y.T @ y) / (2 * len(x))
    c1 = (x.T @ y + y.T @ x) / (2 * len(x))
    return np.sort(np.linalg.eigvals(np.linalg.solve(c0, c1)).real)[::-1]


def test_vamp2_is_the_sum_of_squared_eigenvalues():
    x, y = _batch()
    expected = -(1 + np.sum(_reversible_eigenvalues(x, y) ** 2))
    assert float(vamp_loss(x, y, epsilon=1e-14)) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("r", [1, 2, 3, 1.5])
def test_exponents_and_weights_act_on_the_eigenvalues(r):
    x, y = _batch()
    weights = [1.0, 0.5, 0.25]
    expected = -(1 + np.sum(np.array(weights) * _reversible_eigenvalues(x, y) ** r))
    loss = vamp_loss(x, y, r=r, weights=weights, epsilon=1e-14)
    assert float(loss) == pytest.approx(expected, rel=1e-10)


def test_nonreversible_equals_deeptime():
    x, y = _batch()
    expected = -vamp_score_data(x, y, r=2, epsilon=1e-14)
    assert float(vamp_loss(x, y, reversible=False, epsilon=1e-14)) == pytest.approx(expected)
    by_values = vamp_loss(x, y, reversible=False, weights=[1.0] * 3, epsilon=1e-14)
    assert float(by_values) == pytest.approx(expected)


def test_score_does_not_depend_on_scale_or_mixing():
    x, y = _batch()
    mixing = np.array([[1, 0.3, 0], [0, 1, 0], [0.5, 0, 1]]) * [1e3, 1, 1e-3]
    plain, mixed = vamp_loss(x, y), vamp_loss(x @ mixing + 7, y @ mixing + 7)
    # epsilon = 1e-6 acts on the correlation matrix, which the mixing changes.
    assert float(plain) == pytest.approx(float(mixed), abs=1e-3)


@pytest.mark.parametrize("reversible", [True, False])
@pytest.mark.parametrize("options", [{}, {"r": 3}, {"weights": [2.0, 1.0, 1.0]}])
@pytest.mark.parametrize("case", ["collinear", "constant", "few", "identical", "tiny"])
def test_degenerate_batches_stay_finite_with_finite_gradients(case, options, reversible):
    x, y = _batch()
    if case == "collinear":
        x, y = (np.stack([a[:, 0], a[:, 0], a[:, 1] * 1e-4 + a[:, 0]], 1) for a in (x, y))
    elif case == "constant":
        x[:, 1] = y[:, 1] = 4.0
    elif case == "few":
        x, y = x[:2], y[:2]
    elif case == "identical":
        x[:] = y[:] = 1.0
    else:
        x, y = x * 1e-12, y * 1e-12
    x, y = tf.constant(x, tf.float32), tf.constant(y, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        loss = vamp_loss(x, y, reversible=reversible, **options)
    gradients = tape.gradient(loss, [x, y])
    assert np.isfinite(loss.numpy())
    assert float(loss) >= -(1 + 4.0001)
    assert all(np.isfinite(g.numpy()).all() for g in gradients)


def test_gradient_matches_finite_differences():
    x, y = _batch(60)
    direction = np.random.default_rng(1).standard_normal(x.shape)
    x0 = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x0)
        loss = vamp_loss(x0, tf.constant(y))
    slope = float(np.sum(tape.gradient(loss, x0).numpy() * direction))
    h = 1e-5
    measured = (vamp_loss(x + h * direction, y) - vamp_loss(x - h * direction, y)) / (2 * h)
    assert slope == pytest.approx(float(measured), rel=1e-6)


def test_deflation_takes_the_known_mode_out_of_the_score():
    rng = np.random.default_rng(2)
    n = 20_000
    slow_0, fast_0 = rng.standard_normal((2, n))
    slow_t = 0.95 * slow_0 + np.sqrt(1 - 0.95**2) * rng.standard_normal(n)
    fast_t = 0.5 * fast_0 + np.sqrt(0.75) * rng.standard_normal(n)
    x = np.stack([slow_0 + fast_0, slow_0 - fast_0, rng.standard_normal(n)], 1)
    y = np.stack([slow_t + fast_t, slow_t - fast_t, rng.standard_normal(n)], 1)
    loss = vamp_loss(x, y, known_0=slow_0[:, None], known_t=slow_t[:, None])
    # .5^2 remains; its standard error at n = 20,000 is 2 * .5 * (1 - .25) / sqrt(n) = .005.
    assert float(loss) == pytest.approx(-(1 + 0.25), abs=0.02)
