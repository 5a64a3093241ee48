"""Sums over pairs one lag apart against direct sums."""

import numpy as np
import pytest

from lss_base.moments import LaggedMoments, block_moments, mean_free
from tests.systems import accumulated, wandering


@pytest.mark.parametrize("lag", [1, 5, 40])
@pytest.mark.parametrize("block", [1, 7, 10_000])
def test_streaming_covariances_equal_direct_sums(lag, block):
    series = wandering()
    moments = accumulated(series, lag, block)
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
    series = wandering()
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
    with pytest.raises(ValueError, match="another lag_time or shift"):
        parts[0] + LaggedMoments(6, shift=np.zeros(4))


def test_no_pair_is_an_error():
    moments = LaggedMoments(10)
    moments.update(np.zeros((10, 2)))
    with pytest.raises(ValueError, match="lag_time is"):
        moments.covariances()


def test_blocks_hold_every_pair_once_and_leave_one_out():
    series = [x - [0, 0, 0, 1e3] for x in wandering()]
    moments = block_moments(series, 5)
    pairs = [np.hstack([x[:-5], x[5:]]) for x in series if len(x) > 5]
    x, y = np.split(np.concatenate(pairs), 2, axis=1)
    all_of, all_but = moments.sums()
    assert moments.count.sum() == 2 * len(x) and len(all_but) == 20
    both = np.concatenate([x, y])
    instant, lagged = mean_free(all_of)
    np.testing.assert_allclose(instant, np.cov(both.T, bias=True), atol=1e-9)
    mean = both.mean(axis=0)
    wanted = (x - mean).T @ (y - mean) / len(x)
    np.testing.assert_allclose(lagged, (wanted + wanted.T) / 2, atol=1e-9)
    for b, part in enumerate(all_but):
        assert part[0] == moments.count.sum() - moments.count[b]
    assert block_moments([np.zeros((5, 2))], 5) is None
