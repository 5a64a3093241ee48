"""Columns of numbers instead of atoms: what generator and critic make of them.

Each column is standardised inside the networks, and keeps its bounds: a share lies between 0 and 1,
a count is not negative.
"""

import keras
import numpy as np
from keras import ops

from cwgan.networks import Seeds, dense_layer, network_body, step_code
from lss_base.estimators import refusal

FAR = 0.2  # standard deviations by which a marginal is off; whole numbers drawn unrounded take .1
SOFT = 0.1  # standard deviations within which a column bends before a bound


class ColumnFeatures:
    """What the critic sees of columns: each in units of its own fluctuation.

    Parameters
    ----------
    values : ndarray (n_frames, n_columns)
    """

    contacts = None
    score_weight = 2.0  # a few columns are told well by it, and marginals are to be right
    torsions = np.zeros((0, 2), int)  # none; their score is that of all columns together

    def __init__(self, values):
        self.size = self.n_coords = values.shape[1]
        self._mean = values.mean(0, dtype=float).astype(np.float32)
        self._scale = values.std(0, dtype=float).astype(np.float32)

    def __call__(self, values):
        """Standardised columns (n_frames, n_columns)."""
        return (values - self._mean) / self._scale

    distances = __call__


def column_generator(conditioner, values, bounds, noise_dim, depth, width, activation, seed):
    """Generator of columns in their own units.

    Parameters
    ----------
    conditioner : keras.Model
        As of `cwgan.networks.conditioner`.
    values : ndarray (n_frames, n_columns)
        From which means and fluctuations are taken.
    bounds : array-like (n_columns, 2) or None
    noise_dim, depth, width : int
    activation : str
    seed : int or None

    Returns
    -------
    keras.Model
        [psi (n, latent_dim), noise (n, noise_dim)] -> (n, n_columns).
    """
    seeds = Seeds(seed)
    psi = keras.Input(conditioner.input_shape[1:], name="psi")
    noise = keras.Input((noise_dim,), name="noise")
    given = [noise, step_code(noise, noise_dim), conditioner(psi)]
    x = network_body(given, depth, width, activation, seeds)
    x = dense_layer(values.shape[1], seeds, name="standardised")(x)
    mean, spread = values.mean(0, dtype=float), values.std(0, dtype=float)
    x = keras.layers.Rescaling(spread.tolist(), mean.tolist(), name="in_units")(x)
    if bounds is not None:
        x = _within(x, np.asarray(bounds, float), SOFT * spread)
    return keras.Model([psi, noise], x, name="generator")


def _within(x, bounds, soft):
    """Columns bent before their bounds, smoothly, so that training has a slope; then cut there."""
    low, high = (np.where(np.isfinite(b), b, 0.0).astype(np.float32) for b in bounds.T)
    has_low, has_high = np.isfinite(bounds).T
    soft = soft.astype(np.float32)
    bent = ops.add(ops.multiply(ops.softplus(ops.divide(ops.subtract(x, low), soft)), soft), low)
    x = ops.where(has_low, bent, x)
    bent = ops.multiply(ops.softplus(ops.divide(ops.subtract(high, x), soft)), soft)
    x = ops.where(has_high, ops.subtract(high, bent), x)
    lowest, highest = np.finfo(np.float32).min, np.finfo(np.float32).max
    x = ops.maximum(x, np.where(has_low, low, lowest).astype(np.float32))
    return ops.minimum(x, np.where(has_high, high, highest).astype(np.float32))


def check_bounds(settings):
    """Refuse bounds that are not those of the columns.

    Raises
    ------
    ValueError
    """
    if settings.head != "columns":
        raise refusal("bounds", f"given with head={settings.head!r}", "None", "unset it")
    bounds = np.asarray(settings.bounds, float)
    wanted = (settings.output_dim, 2)
    if bounds.shape != wanted or not (bounds[:, 0] < bounds[:, 1]).all():
        raise refusal(
            "bounds",
            f"an array of shape {bounds.shape}",
            f"a lower and a higher bound of each column, shape {wanted}",
            "give -inf and inf where there is none",
        )


def check_values(settings, values):
    """Refuse columns that do not vary, or leave their bounds.

    Raises
    ------
    ValueError
    """
    still = np.flatnonzero(values.std(0, dtype=float) <= 1e-6 * np.abs(values).max(0))
    if len(still):
        raise refusal("y", f"constant in column {still[0]}", "columns that vary", "leave it out")
    if settings.bounds is None:
        return
    low, high = np.asarray(settings.bounds, float).T
    slack = 1e-6 * np.abs(values).max(0)
    out = np.flatnonzero((values < low - slack).any(0) | (values > high + slack).any(0))
    if len(out):
        k = int(out[0])
        raise refusal(
            "y",
            f"from {values[:, k].min()} to {values[:, k].max()} in column {k}",
            f"values within its bounds, {low[k]} to {high[k]}",
            "give other bounds",
        )


def diagnose_columns(psi, values, made):
    """Compare columns drawn from psi with those that belong to it.

    Parameters
    ----------
    psi : ndarray (n_frames, latent_dim)
    values, made : ndarray (n_frames, n_columns)

    Returns
    -------
    dict
        For each column mean and standard deviation beside the data's (names ending in "_data"),
        the Wasserstein distance of the marginals in standard deviations, the part of the variance
        that psi explains; and "warnings".
    """
    from cwgan.diagnostics import explained_variance

    spread = values.std(0, dtype=float)
    ordered = np.sort(made, 0), np.sort(values, 0)
    apart = np.abs(ordered[0] - ordered[1]).mean(0) / spread
    out = {"n_frames": len(psi), "marginal_distance": apart.tolist()}
    for name, x in (("", made), ("_data", values)):
        out[f"mean{name}"], out[f"sd{name}"] = x.mean(0).tolist(), x.std(0).tolist()
        out[f"explained_variance{name}"] = float(explained_variance(psi, x / spread))
    out["warnings"] = [
        f"column {k} is off: its marginal is {apart[k]:.2f} standard deviations from the data's"
        for k in np.flatnonzero(apart > FAR)
    ]
    return out
