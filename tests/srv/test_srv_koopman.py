"""Covariances and eigenproblem against direct sums and deeptime."""

import numpy as np
import pytest
from deeptime.covariance import Covariance
from deeptime.decomposition import VAMP

from srv.errors import DegenerateOutputsError
from srv.koopman import (
    LaggedMoments,
    implied_timescales,
    reversible_modes,
    singular_modes,
    vamp2,
    whitening,
)


def _series(seed=0):
    rng = np.random.default_rng(seed)
    out = []
    for n in (700, 3, 450, 12):
        x = np.cumsum(rng.standard_normal((n, 4)), axis=0) * 0.1 + rng.standard_normal((n, 4))
        out.append(x + np.array([0, 5, -3, 1e3]))
    return out


def _accumulate(series, lag, block):
    moments = LaggedMoments(lag)
    for x in series:
        moments.start()
        for first in range(0, len(x), block):
            moments.update(x[first : first + block])
    return moments


@pytest.mark.parametrize("lag", [1, 5, 40])
@pytest.mark.parametrize("block", [1, 7, 10_000])
def test_streaming_covariances_equal_direct_sums(lag, block):
    series = _series()
    moments = _accumulate(series, lag, block)
    x = np.concatenate([s[:-lag] for s in series if len(s) > lag])
    y = np.concatenate([s[lag:] for s in series if len(s) > lag])
    assert moments.n_pairs == len(x)
    both = np.concatenate([x, y])
    mean = both.mean(axis=0)
    reversible = moments.covariances(True)
    c_0t = (x - mean).T @ (y - mean) / len(x)
    np.testing.assert_allclose(reversible.mean_0, mean, rtol=1e-12)
    np.testing.assert_allclose(reversible.c_00, np.cov(both.T, bias=True), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(reversible.c_0t, (c_0t + c_0t.T) / 2, rtol=1e-9, atol=1e-12)
    plain = moments.covariances(False)
    direct = (x - x.mean(axis=0)).T @ (y - y.mean(axis=0)) / len(x)
    np.testing.assert_allclose(plain.c_0t, direct, rtol=1e-9, atol=1e-12)


def test_sums_of_parts_equal_the_whole():
    series = _series()
    whole = LaggedMoments(5, shift=np.zeros(4))
    parts = []
    for x in series:
        whole.start()
        whole.update(x)
        part = LaggedMoments(5, shift=np.zeros(4))
        part.update(x)
        parts.append(part)
    total = parts[0] + parts[1] + parts[2] + parts[3]
    assert total.n_pairs == whole.n_pairs
    np.testing.assert_allclose(total.covariances().c_0t, whole.covariances().c_0t, rtol=1e-12)
    doubled = LaggedMoments.combined(parts, [2, 0, 2, 2]).covariances()
    np.testing.assert_allclose(doubled.c_00, whole.covariances().c_00, rtol=1e-12)
    with pytest.raises(ValueError, match="same lag_time"):
        parts[0] + LaggedMoments(6, shift=np.zeros(4))


def test_reversible_modes_equal_deeptime_and_are_normalised():
    series = [s for s in _series() if len(s) > 20]
    cov = _accumulate(series, 5, 1000).covariances(True)
    values, vectors = reversible_modes(cov, 3)
    estimator = Covariance(5, compute_c0t=True, reversible=True, remove_data_mean=True)
    oracle = VAMP(epsilon=1e-14).fit(estimator.fit(series).fetch_model()).fetch_model()
    np.testing.assert_allclose(np.abs(values), oracle.singular_values[:3], rtol=1e-8)
    np.testing.assert_allclose(vectors.T @ cov.c_00 @ vectors, np.eye(3), atol=1e-10)
    np.testing.assert_allclose(vectors.T @ cov.c_0t @ vectors, np.diag(values), atol=1e-10)


def test_singular_modes_and_vamp2_equal_deeptime():
    series = [s for s in _series() if len(s) > 20]
    cov = _accumulate(series, 5, 1000).covariances(False)
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
    with pytest.raises(DegenerateOutputsError, match="only 1 independent"):
        whitening(cov.c_00, cov.mean_0, 2)
    assert vamp2(cov) == pytest.approx(vamp2(cov.part(1)), rel=1e-9)


def test_no_pair_is_an_error():
    moments = LaggedMoments(10)
    moments.update(np.zeros((10, 2)))
    with pytest.raises(ValueError, match="No pair"):
        moments.covariances()


def test_timescales_are_nan_with_a_word_outside_the_unit_interval(caplog):
    times = implied_timescales([0.9, 1.0, -0.1, 0.0], 10)
    assert times[0] == pytest.approx(-10 / np.log(0.9))
    assert np.isnan(times[1:]).all()
    assert "no timescale" in caplog.text
