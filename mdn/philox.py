"""Counter-based random numbers: what walker w meets at step s is a function of (seed, w, s).

Philox-4x32-10 (J. K. Salmon et al., SC 2011, doi:10.1145/2063384.2063405) in TensorFlow integer
operations. TensorFlow's own stateless generators take one seed for a whole tensor, so that what
a row of it receives depends on the number of rows. Here every walker has its own counter, and
the cost, some 25 ns for four numbers, does not show next to the network's.
"""

import functools

import tensorflow as tf

from lss_base.estimators import check_count

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10
_TWO_TO_MINUS_24 = 2.0**-24
_TWO_TO_MINUS_32 = 2.0**-32


def key_of(seed):
    """The Philox key of an integer seed.

    Parameters
    ----------
    seed : int
        0 <= seed < 2**64.

    Returns
    -------
    tf.Tensor, shape (2,), uint32
        Low and high word.

    Raises
    ------
    ValueError
        If `seed` is no integer in that range.
    """
    check_count("seed", seed, 0, 2**64 - 1)
    return tf.constant([int(seed) & 0xFFFFFFFF, int(seed) >> 32], tf.uint32)


def philox4x32(counter, key):
    """Four random words for each counter.

    Parameters
    ----------
    counter : sequence of four tf.Tensor, uint32, shapes that broadcast
    key : tf.Tensor, shape (2,), uint32

    Returns
    -------
    list of four tf.Tensor, uint32
    """
    # tf.bitwise does not broadcast.
    shape = functools.reduce(tf.broadcast_dynamic_shape, [tf.shape(word) for word in counter])
    c0, c1, c2, c3 = (tf.broadcast_to(word, shape) for word in counter)
    k0, k1 = key[0], key[1]
    for _ in range(_ROUNDS):
        high0, low0 = _multiply(c0, _MULTIPLIERS[0])
        high1, low1 = _multiply(c2, _MULTIPLIERS[1])
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = k0 + _word(_WEYL[0]), k1 + _word(_WEYL[1])
    return [c0, c1, c2, c3]


def words(key, walker, step, attempt, count):
    """`count` random words for each walker and step.

    Parameters
    ----------
    key : tf.Tensor, shape (2,), uint32
    walker : tf.Tensor, uint32
        Numbers of the walkers.
    step : tf.Tensor, int64
        Numbers of the steps, in a shape that broadcasts with that of `walker`.
    attempt : tf.Tensor or int, scalar int32
        0 for the first draw, 1, 2, ... for the redraws of the same step.
    count : int
        Words wanted, at most 2**18.

    Returns
    -------
    list of `count` tf.Tensor, uint32, of the broadcast shape
    """
    low = tf.cast(step & 0xFFFFFFFF, tf.uint32)
    high = tf.cast(tf.bitwise.right_shift(step, tf.constant(32, tf.int64)), tf.uint32)
    attempt = tf.cast(attempt, tf.uint32) * _word(1 << 16)
    drawn = []
    for block in range(-(-count // 4)):
        drawn += philox4x32((low, high, walker, attempt + _word(block)), key)
    return drawn[:count]


def uniform(word):
    """A random word as a float32 in [0, 1), a multiple of 2**-24."""
    return tf.cast(tf.bitwise.right_shift(word, _word(8)), tf.float32) * _TWO_TO_MINUS_24


def normal(word):
    """A random word as a standard normal float32.

    The inverse cumulative distribution is taken in the lower half, where float32 keeps its
    relative accuracy (out to 6.3 standard deviations), and the top bit gives the sign.
    """
    lower_half = tf.cast(word & _word(0x7FFFFFFF), tf.float32)
    deviate = tf.math.ndtri((lower_half + 0.5) * _TWO_TO_MINUS_32)
    return tf.where(word >= _word(0x80000000), -deviate, deviate)


def _word(value):
    return tf.constant(value, tf.uint32)


def _multiply(word, multiplier):
    """High and low word of the 64-bit product."""
    product = tf.cast(word, tf.uint64) * tf.constant(multiplier, tf.uint64)
    high = tf.bitwise.right_shift(product, tf.constant(32, tf.uint64))
    return tf.cast(high, tf.uint32), tf.cast(product, tf.uint32)
