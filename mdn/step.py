"""One step of many walkers, as a pure function: psi_{t+tau} ~ p(. | psi_t).

Ancestral: a categorical choice of one component, then one draw from it; the others are not drawn.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from mdn import philox

MAX_REDRAWS = 16
"""Draws after the first, before a sample outside the training range is clipped to it."""


class State(NamedTuple):
    """What a step needs and what it returns; n walkers of m coordinates."""

    psi: tf.Tensor
    """(n, m) float32, units of psi."""
    walker: tf.Tensor
    """(n,) uint32, the walkers' numbers."""
    step: tf.Tensor
    """scalar int64, the number of the step to come."""
    outside: tf.Tensor
    """(n,) int32, first draws that fell outside the range so far."""
    clipped: tf.Tensor
    """(n,) int32, samples that no redraw brought inside so far."""


def initial_state(psi, first_walker=0, first_step=0):
    """The state from which step number `first_step` starts.

    Parameters
    ----------
    psi : array-like, shape (n, m), units of psi
    first_walker : int or np.ndarray of uint32, shape (n,)
        Number of the first walker, those of the others follow; or the numbers of all.
    first_step : int
        Number of the first step.

    Returns
    -------
    State
    """
    psi = tf.convert_to_tensor(psi, tf.float32)
    walker = first_walker
    if np.ndim(walker) == 0:
        walker = np.arange(first_walker, first_walker + len(psi)).astype(np.uint32)
    zeros = tf.zeros(len(psi), tf.int32)
    return State(psi, tf.constant(walker), tf.constant(first_step, tf.int64), zeros, zeros)


def make_step(model, low, high, outside="redraw"):
    """The pure step function of a network.

    Parameters
    ----------
    model : keras.Model
        psi -> dict of `logits`, `loc`, `scale`.
    low, high : array-like, shape (m,), units of psi
        The range that samples are kept in.
    outside : {'redraw', 'clip'}
        Draw again what falls outside (the model's density truncated), or clip it.

    Returns
    -------
    callable
        step(state, key) -> state, with `key` from `philox.key_of(seed)`; no side effects, to be
        traced into any `tf.function` or `tf.while_loop`, with XLA or without.
    """
    advance = make_advance(model, low, high, outside)
    m = len(low)

    def step(state, key):
        return advance(state, key, *numbers(key, state.walker, state.step, 0, m))

    return step


def numbers(key, walker, step, attempt, m):
    """What one draw of one step needs: a uniform number u (...) and m normal ones z (..., m)."""
    u, *z = philox.words(key, walker, step, attempt, 1 + m)
    return philox.uniform(u), tf.stack([philox.normal(word) for word in z], axis=-1)


def make_advance(model, low, high, outside):
    """advance(state, key, u, z) -> state: one step, given the numbers of its first draw."""
    low, high = (np.asarray(a, np.float32) for a in (low, high))
    redraws = MAX_REDRAWS if outside == "redraw" else 0

    def is_outside(psi):
        return tf.reduce_any((psi < low) | (psi > high), axis=1)

    def draw(psi, u, z):
        out = model(psi)
        return _choose(out["logits"], out["loc"], out["scale"], u, z)

    def advance(state, key, u, z):
        psi = draw(state.psi, u, z)
        missed = bad = is_outside(psi)

        def redraw(number, origin, psi, bad):
            again = draw(origin, *numbers(key, state.walker, state.step, number, len(low)))
            psi = tf.where(bad[:, None], again, psi)
            # `origin` stays what it is, but must not look so: XLA would move the network out of
            # this seldom entered loop and run it at every step.
            return number + 1, tf.where(number > redraws, psi, origin), psi, is_outside(psi)

        if redraws:
            _, _, psi, bad = tf.while_loop(
                lambda number, origin, psi, bad: (number <= redraws) & tf.reduce_any(bad),
                redraw,
                (1, state.psi, psi, bad),
            )
        return State(
            tf.clip_by_value(psi, low, high),
            state.walker,
            state.step + 1,
            state.outside + tf.cast(missed, tf.int32),
            state.clipped + tf.cast(bad, tf.int32),
        )

    return advance


def _choose(logits, loc, scale, u, z):
    """Component by inverse cumulative weight, with u (n,), then a draw from it, with z (n, m)."""
    weight = tf.exp(logits - tf.reduce_max(logits, axis=1, keepdims=True))
    # As a product with a triangular matrix the cumulative sum costs nothing; XLA's own is slow.
    cumulative = tf.matmul(weight, np.triu(np.ones((logits.shape[1],) * 2, np.float32)))
    level = u[:, None] * cumulative[:, -1:]
    chosen = tf.reduce_sum(tf.cast(cumulative[:, :-1] <= level, tf.int32), axis=1)
    mean = tf.gather(loc, chosen, batch_dims=1)
    return mean + tf.gather(scale, chosen, batch_dims=1) * z
