"""The counter-based generator against known answers, a second implementation and statistics."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from mdn import philox


def _words(counter, key):
    counter = [tf.constant(c, tf.uint32) for c in counter]
    return [int(w) for w in philox.philox4x32(counter, tf.constant(key, tf.uint32))]


@pytest.mark.parametrize(
    "counter, key, answer",
    [  # kat_vectors of Random123, philox 4x32, 10 rounds
        ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        (
            [0xFFFFFFFF] * 4,
            [0xFFFFFFFF] * 2,
            [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD],
        ),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
def test_known_answers(counter, key, answer):
    assert _words(counter, key) == answer


def _reference(counter, key):
    """Philox-4x32-10 in Python integers."""
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k[1], a & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def test_words_are_a_function_of_seed_walker_step_and_attempt():
    step, walkers, seed = 2**33 + 5, [7, 2**32 - 1], 2**40 + 3
    drawn = philox.words(
        philox.key_of(seed),
        tf.constant(walkers, tf.uint32),
        tf.constant(step, tf.int64),
        attempt=2,
        count=6,
    )
    for i, walker in enumerate(walkers):
        blocks = [
            _reference([step & 0xFFFFFFFF, step >> 32, walker, (2 << 16) + b], [3, 2**8])
            for b in (0, 1)
        ]
        assert [int(w[i]) for w in drawn] == (blocks[0] + blocks[1])[:6]


@pytest.fixture(scope="module")
def table():
    """Four words for each of 300 steps and 300 walkers, under XLA: (4, 300, 300)."""

    @tf.function(jit_compile=True)
    def draw():
        steps = tf.range(300, dtype=tf.int64)[:, None]
        walkers = tf.cast(tf.range(300), tf.uint32)[None]
        words = philox.words(philox.key_of(11), walkers, steps, 0, 4)
        return tf.stack([philox.uniform(w) for w in words]), tf.stack(
            [philox.normal(w) for w in words]
        )

    return [values.numpy() for values in draw()]


# Fixed seed, so each of these passes always or never; p > .001 is the level it was to pass at.


def test_uniform_numbers_are_uniform(table):
    uniform = table[0].ravel()
    assert uniform.min() >= 0 and uniform.max() < 1
    assert stats.kstest(uniform, "uniform").pvalue > 1e-3


def test_normal_numbers_are_normal(table):
    normal = table[1].ravel()
    assert stats.kstest(normal, "norm").pvalue > 1e-3
    # Beyond 4 standard deviations: Poisson with mean 360,000 x 6.33e-5 = 22.8, so 8 to 43 are
    # within three standard deviations and some.
    assert 8 <= np.sum(np.abs(normal) > 4) <= 43


@pytest.mark.parametrize("axis", [0, 1, 2], ids=["words", "steps", "walkers"])
def test_neighbours_are_independent(table, axis):
    values = np.moveaxis(table[1], axis, 0)
    for x, y in ((values[:-1], values[1:]), (values[:-1] ** 2, values[1:] ** 2)):
        correlation = np.corrcoef(x.ravel(), y.ravel())[0, 1]
        # The standard error of a correlation of n independent pairs is n^-1/2.
        assert abs(correlation) < 3.3 / np.sqrt(x.size)


def test_normal_keeps_the_far_tail():
    extremes = philox.normal(tf.constant([0, 2**31, 2**31 - 1, 2**32 - 1], tf.uint32)).numpy()
    tail = stats.norm.ppf(0.5 / 2**32)
    np.testing.assert_allclose(extremes[:2], [tail, -tail], rtol=1e-5)
    np.testing.assert_allclose(extremes[2:], 0, atol=1e-6)


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, None, True])
def test_bad_seeds_are_refused(seed):
    with pytest.raises(ValueError, match=r"seed is .*, wanted a whole number from 0"):
        philox.key_of(seed)
