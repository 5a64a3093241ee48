"""Eigenproblems and timescales against closed forms."""

import numpy as np
import pytest
from scipy.linalg import eigh

from lss_base.kinetics import (
    implied_timescales,
    mode_correlations,
    modes_of,
    moduli,
    resolved_eigenvalues,
    slow_modes,
    whitening,
)
from lss_base.moments import LaggedMoments, block_moments
from tests.systems import spiral


@pytest.fixture(scope="module")
def mixed():
    """Three AR(1) processes, mixed, and a coordinate that repeats another."""
    rng = np.random.default_rng(0)
    phi = np.array([0.95, 0.8, 0.5])
    x = rng.standard_normal((4000, 3))
    for t in range(1, len(x)):
        x[t] = phi * x[t - 1] + np.sqrt(1 - phi**2) * x[t]
    return x @ rng.standard_normal((3, 3))


def covariances(x, lag=2):
    moments = LaggedMoments(lag)
    moments.update(x)
    return moments.covariances()


def test_modes_are_those_of_the_generalised_eigenproblem(mixed):
    found = covariances(mixed)
    wanted = eigh(found.c_0t, found.c_00, eigvals_only=True)[::-1]
    basis = whitening(found.c_00, found.mean_0)
    np.testing.assert_allclose(basis.T @ found.c_00 @ basis, np.eye(3), atol=1e-10)
    values, vectors = modes_of(basis, basis.T @ found.c_0t @ basis)
    np.testing.assert_allclose(values, wanted, rtol=1e-9)
    np.testing.assert_allclose(vectors.T @ found.c_0t @ vectors, np.diag(values), atol=1e-9)
    few, first = modes_of(basis, basis.T @ found.c_0t @ basis, 2)
    np.testing.assert_allclose(few, values[:2])
    np.testing.assert_allclose(first, vectors[:, :2], atol=1e-12)
    np.testing.assert_allclose(resolved_eigenvalues(found), wanted, rtol=1e-9)


def test_what_repeats_or_does_not_vary_takes_no_part(mixed):
    more = np.hstack([mixed, mixed[:, :1], np.full((len(mixed), 1), 7.0)])
    found, three = covariances(more), covariances(mixed)
    assert whitening(found.c_00, found.mean_0).shape == (5, 3)
    np.testing.assert_allclose(
        resolved_eigenvalues(found), resolved_eigenvalues(three), rtol=1e-7, atol=1e-9
    )


def test_all_modes_of_blocks_have_unit_variance(mixed):
    sums = block_moments([mixed[:1500], mixed[1500:]], 2).sums()[0]
    values, vectors = slow_modes(sums)
    np.testing.assert_allclose(mode_correlations(sums, vectors), values, rtol=1e-9)
    psi = np.concatenate([mixed[:1498], mixed[2:1500], mixed[1500:-2], mixed[1502:]]) @ vectors
    np.testing.assert_allclose(psi.std(axis=0), 1, rtol=1e-9)
    constant = slow_modes(block_moments([np.hstack([mixed, np.ones((4000, 1))])], 2).sums()[0])
    assert len(constant[0]) == 4 and not constant[1][3, :3].any()


def test_timescales_exist_between_0_and_1_only():
    times = implied_timescales([0.9, 1.0, -0.1, 0.0, np.nan], 10)
    assert times[0] == pytest.approx(-10 / np.log(0.9))
    assert np.isnan(times[1:]).all()
    lags = np.array([[1.0], [2.0]])
    found = implied_timescales(np.exp(-lags / [[5.0, 8.0]]), lags)
    np.testing.assert_allclose(found, [[5, 8], [5, 8]])


def test_a_spiral_decays_as_fast_as_its_modulus():
    x = spiral(np.random.default_rng(0), 20_000, 0.98, 0.3) @ np.array([[3.0, 1.0], [0.0, 0.1]])
    moments = LaggedMoments(5)
    moments.update(np.column_stack([x, x[:, 0]]))  # the third coordinate tells nothing new
    found = moduli(moments.covariances(reversible=False))
    # 20,000 frames hold 200 spans of twice the decay time of 50 frames: 5 % of 1 - 0.98^5.
    np.testing.assert_allclose(found, [0.98**5] * 2, atol=0.02)
    # Symmetrised, the same data seem to forget within the lag: 0.98^5 cos(5 x 0.3) = 0.06.
    assert resolved_eigenvalues(moments.covariances())[0] < 0.15
