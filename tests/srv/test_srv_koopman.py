"""Covariances and eigenproblem against direct sums and deeptime."""

import numpy as np
import pytest
from deeptime.covariance import Covariance
from deeptime.decomposition import VAMP

from srv.errors import DegenerateOutputsError
from srv.koopman import (
    LaggedMoments,
    reversible_modes,
    singular_modes,
    vamp2,
    whitening,
)
from tests.systems import accumulated, wandering


def test_reversible_modes_equal_deeptime_and_are_normalised():
    series = [s for s in wandering() if len(s) > 20]
    cov = accumulated(series, 5, 1000).covariances(True)
    values, vectors = reversible_modes(cov, 3)
    estimator = Covariance(5, compute_c0t=True, reversible=True, remove_data_mean=True)
    oracle = VAMP(epsilon=1e-14).fit(estimator.fit(series).fetch_model()).fetch_model()
    np.testing.assert_allclose(np.abs(values), oracle.singular_values[:3], rtol=1e-8)
    np.testing.assert_allclose(vectors.T @ cov.c_00 @ vectors, np.eye(3), atol=1e-10)
    np.testing.assert_allclose(vectors.T @ cov.c_0t @ vectors, np.diag(values), atol=1e-10)


def test_singular_modes_and_vamp2_equal_deeptime():
    series = [s for s in wandering() if len(s) > 20]
    cov = accumulated(series, 5, 1000).covariances(False)
    values, left, right = singular_modes(cov, 4)
    oracle = VAMP(lagtime=5, epsilon=1e-14).fit(series).fetch_model()
    np.testing.assert_allclose(values, oracle.singular_values[:4], rtol=1e-8)
    np.testing.assert_allclose(left.T @ cov.c_0t @ right, np.diag(values), atol=1e-10)
    assert vamp2(cov) == pytest.approx(oracle.score(2), rel=1e-8)


def test_degenerate_covariances_are_named():
    x = np.random.default_rng(0).standard_normal((500, 1))
    moments = LaggedMoments(1)
    moments.update(np.hstack([x, 2 * x, np.full_like(x, 9)]))
    cov = moments.covariances()
    with pytest.raises(DegenerateOutputsError, match="n_components is 2, wanted at most 1"):
        whitening(cov.c_00, cov.mean_0, 2)
    assert vamp2(cov) == pytest.approx(vamp2(cov.part(1)), rel=1e-9)
