"""TICA against deeptime and a process of known eigenvalues."""

import numpy as np
import pytest

from lss.analysis.tica import Covariances
from lss.errors import InputError
from tests.systems import autoregressive

LAG = 5


@pytest.fixture(scope="module")
def mixed():
    """Three AR(1) processes, linearly mixed, far from the origin; two trajectories."""
    rng = np.random.default_rng(0)
    phi = np.array([0.99, 0.9, 0.5])
    x = autoregressive(rng, (20_000, 2, 3), phi).swapaxes(0, 1)
    return list(x @ rng.standard_normal((3, 3)) + 100)


def chunks(trajectories):
    return ((x.T[:, :-LAG], x.T[:, LAG:]) for x in trajectories)


def fit(pairs, n_components=2):
    covariances = Covariances()
    for early, late in pairs:
        covariances.add(early, late)
    return covariances.solve(n_components)


def test_eigenvalues_and_coordinates_agree_with_deeptime(mixed):
    deeptime = pytest.importorskip("deeptime.covariance")
    from scipy.linalg import eigh

    model = deeptime.Covariance(
        lagtime=LAG, compute_c0t=True, reversible=True, remove_data_mean=True
    ).fit_fetch(mixed)
    expected, vectors = eigh(model.cov_0t, model.cov_00)
    found = fit(chunks(mixed), 3)
    assert found.eigenvalues == pytest.approx(expected[::-1], rel=1e-6)
    ours = found.project(mixed[0].T)
    theirs = vectors[:, ::-1].T @ (mixed[0] - model.mean_0).T
    for a, b in zip(ours, theirs, strict=True):
        assert abs(np.corrcoef(a, b)[0, 1]) == pytest.approx(1, abs=1e-6)


def test_coordinates_have_mean_zero_and_variance_one(mixed):
    z = np.concatenate([fit(chunks(mixed), 2).project(x.T) for x in mixed], axis=1)
    assert z.mean(axis=1) == pytest.approx(0, abs=0.01)
    assert z.var(axis=1) == pytest.approx(1, abs=0.01)


def test_chunks_do_not_matter(mixed):
    pieces = [(a[:, k : k + 777], b[:, k : k + 777]) for a, b in chunks(mixed)
              for k in range(0, a.shape[1], 777)]  # fmt: skip
    assert fit(pieces).eigenvalues == pytest.approx(fit(chunks(mixed)).eigenvalues, rel=1e-9)


def test_a_repeated_feature_does_no_harm(mixed):
    twice = [np.concatenate([x, x[:, :1]], axis=1) for x in mixed]
    assert fit(chunks(twice)).eigenvalues == pytest.approx(fit(chunks(mixed)).eigenvalues, rel=1e-6)


def test_no_pairs_is_an_error():
    with pytest.raises(InputError, match="longer than the lag"):
        Covariances().solve()


def test_pairs_of_weight_three_are_pairs_that_came_three_times(rng):
    weighted, repeated = Covariances(), Covariances()
    for times in (1, 0, 2, 3):
        x = autoregressive(rng, (500, 4), np.array([0.9, 0.8, 0.5, 0.2])).T
        weighted.add(x[:, :-5], x[:, 5:], np.full(495, float(times)))
        for _ in range(times):
            repeated.add(x[:, :-5], x[:, 5:])
    found, wanted = weighted.solve(2), repeated.solve(2)
    assert found.eigenvalues == pytest.approx(wanted.eigenvalues, rel=1e-9)
    assert np.abs(found.vectors) == pytest.approx(np.abs(wanted.vectors), rel=1e-6)
