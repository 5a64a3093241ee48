"""Decay and period of a process that turns, and of real modes."""

import numpy as np
import pytest

from lss.analysis.blocks import assign_blocks
from lss.analysis.rotation import (
    add_cross_sums,
    decay,
    nearest,
    period,
    propagator_eigenvalues,
    resolved_eigenvalues,
)
from lss.analysis.sample import Sample
from tests.systems import autoregressive


def turning(seed, n, modulus, angle, real):
    """A complex autoregression of one eigenvalue beside a real one, all of unit variance."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, 2)) @ [1, 1j]
    y = rng.normal(size=n)
    step = modulus * np.exp(1j * angle)
    for t in range(1, n):
        z[t] = step * z[t - 1] + np.sqrt(1 - modulus**2) * z[t]
        y[t] = real * y[t - 1] + np.sqrt(1 - real**2) * y[t]
    return np.stack([z.real + 3, z.imag + 0.5 * y, y - 1], axis=-1)


@pytest.mark.parametrize("lag", [1, 4])
def test_eigenvalues_of_a_turning_process_are_found(lag):
    x = turning(0, 40_000, 0.98, 0.2, 0.6)
    sums = Sample([x], lag=lag).new_sums()
    assert sums.segments == assign_blocks([len(x)])
    add_cross_sums(sums, [x], lag)
    cross = sums.total()["cross_lagged"]
    # Blocks do not lose pairs.
    assert cross[:, 0, 0].tolist() == [len(x) - lag] * 2
    found = propagator_eigenvalues(cross)
    expected = (0.98 * np.exp(0.2j)) ** lag, 0.6**lag
    # Standard errors of about ((1 - |a|^2) / n) ** .5 = 1e-3 to 5e-3.
    assert found[0] == pytest.approx(expected[0], abs=0.01)
    assert found[1] == pytest.approx(expected[1], abs=0.03) and len(found) == 2
    assert period(found[0], lag) == pytest.approx(2 * np.pi / 0.2, rel=0.01)
    assert decay(found[0], lag) == pytest.approx(-1 / np.log(0.98), rel=0.2)


def test_two_real_modes_that_are_as_slow_do_not_turn():
    pairs = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        x = autoregressive(rng, (3000, 2), 0.9)
        sums = Sample([x]).new_sums()
        add_cross_sums(sums, [x], 1)
        pairs.append(len(propagator_eigenvalues(sums.total()["cross_lagged"])) == 1)
        found = resolved_eigenvalues(Sample([x]))
        assert (found.imag == 0).all() and found[0].real == pytest.approx(0.9, abs=0.05)
    # Some of them are pairs by chance.
    assert any(pairs)
    found = resolved_eigenvalues(Sample([turning(1, 4000, 0.98, 0.2, 0.6)]))
    assert found[0].imag > 0 and found[1].imag == 0


def test_weights_of_repeated_trajectories():
    x = [turning(seed, 300, 0.9, 0.4, 0.3) for seed in range(6)]
    twice = [np.full(300, 2.0 if i < 2 else 1.0) for i in range(6)]
    weighted = Sample(x, weights=twice).new_sums()
    add_cross_sums(weighted, x, 1)
    repeated = Sample(x[:2] + x).new_sums()
    add_cross_sums(repeated, x[:2] + x, 1)
    found, expected = (propagator_eigenvalues(s.total()["cross_lagged"]) for s in
                       (weighted, repeated))  # fmt: skip
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_what_does_not_turn_has_no_period_and_what_grows_no_decay():
    assert np.isnan(period(complex(0.5), 1.0)) and np.isnan(decay(complex(1.1), 1.0))
    assert decay(complex(np.exp(-0.5)), 3.0) == pytest.approx(6.0)
    assert period(1j, 3.0) == pytest.approx(12.0)
    values = np.array([0.9, 0.5 + 0.5j, 0.1])
    assert nearest(values, 0.6 + 0.4j) == 0.5 + 0.5j
