"""Columns whose marginals are those of the data: quantile mapping, the last layer of a generator.

A network smooths: where a column follows psi almost exactly, its extremes are drawn a little too
near to the middle, and nothing in a score of single frames weighs that much. Each column is
therefore sent through the monotone function that turns the quantiles of what is drawn at the psi of
the training data into the quantiles of these data: quantile mapping (H. Panofsky and G. Brier, Some
Applications of Statistics to Meteorology, 1968).
"""

import keras
import numpy as np
from keras import ops

from cwgan.decoder import Decoder
from cwgan.splitting import evenly

N_KNOTS = 201
IN_TAIL = 10  # frames beyond the outermost knots, at least
MAX_FRAMES = 200_000


def with_marginals(generator, psi, values, bounds, seed):
    """A generator of columns, with a last layer after which marginals are those of the data.

    Parameters
    ----------
    generator : keras.Model
        [psi, noise] -> (n, n_columns).
    psi : ndarray (n_frames, latent_dim)
    values : ndarray (n_frames, n_columns)
        What belongs there.
    bounds : array-like (n_columns, 2) or None
        Which columns do not leave.
    seed : int
        Of the draws.

    Returns
    -------
    keras.Model
        It shares the layers of the generator.
    """
    rows = evenly(len(psi), MAX_FRAMES)
    made = Decoder(generator, compiled=False).decode(psi[rows], seed)
    tail = min(0.5, IN_TAIL / len(rows))
    levels = np.linspace(tail, 1 - tail, N_KNOTS)
    knots, wanted = (np.quantile(x.astype(float), levels, axis=0).T for x in (made, values[rows]))
    low, high = (None, None) if bounds is None else np.asarray(bounds, np.float32).T
    mapped = _mapped(generator.output, knots, wanted)
    if bounds is not None:
        mapped = ops.minimum(ops.maximum(mapped, low), high)
    return keras.Model(generator.inputs, mapped, name="generator")


def _mapped(x, knots, wanted):
    """Piecewise linear from knots to wanted, (n_columns, n_knots); shifted beyond the ends."""
    gaps = np.diff(knots, axis=1)
    rises = np.diff(wanted, axis=1)
    # What is drawn to one and the same value has no inside to be spread over.
    gaps = np.maximum(gaps, 1e-6 * np.ptp(knots, axis=1, keepdims=True) + 1e-30)
    ramps = ops.divide(ops.subtract(ops.expand_dims(x, -1), _single(knots[:, :-1])), _single(gaps))
    inside = ops.sum(ops.multiply(ops.clip(ramps, 0.0, 1.0), _single(rises)), axis=-1)
    below = ops.minimum(ops.subtract(x, _single(knots[:, 0])), 0.0)
    above = ops.maximum(ops.subtract(x, _single(knots[:, -1])), 0.0)
    return ops.add(ops.add(inside, _single(wanted[:, 0])), ops.add(below, above))


def _single(x):
    return x.astype(np.float32)
