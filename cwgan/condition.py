"""What the networks see of psi, and how often they see it.

Slow modes are spiky: nearly all frames within a tenth of a standard deviation, some states half of
one away, others at fifteen. No linear scale shows all of that.
"""

import keras
import numpy as np

N_QUANTILES = 201
EVEN = 0.25  # part of the draws that is even over the range of a slow coordinate
MOST = 30.0  # times as often as it occurs a frame is drawn in that part, at most
N_BINS = 20


def condition(x, psi, frozen):
    """A logarithmic scale of psi beside its rank, both of mean 0 and variance 1.

    The inverse hyperbolic sine, in units of the typical deviation from the median, tells states
    apart whether they are near or far; the rank resolves the structure inside them.

    Parameters
    ----------
    x : keras tensor (n, latent_dim)
    psi : ndarray (n_frames, latent_dim)
        Training data, from which scales and quantiles are taken.
    frozen : callable
        Makes a Dense layer of fixed weights (kernel, bias, name=...).

    Returns
    -------
    keras tensor (n, 2 latent_dim), from a layer of the name "condition"
    """
    middle, unit = _middle_and_unit(psi)
    far = np.arcsinh((psi - middle) / unit)
    mean, sd = far.mean(0), np.where(far.std(0) > 1e-6, far.std(0), 1.0)
    value = _scaled(x, middle, unit, "psi_in_units")
    ramps, shares = _quantile_ramps((psi - middle) / unit)
    rank = frozen(ramps[0], ramps[1], name="quantile_ramps")(value)
    rank = keras.layers.ReLU(max_value=1.0, name="clipped_ramps")(rank)
    rank = frozen(shares[0], shares[1], name="rank")(rank)
    far = _scaled(keras.ops.arcsinh(value), mean, sd, "scale")
    return keras.layers.Concatenate(name="condition")([far, rank])


def balanced_rows(psi):
    """Rows such that an even draw among them visits the far ends of each slow coordinate.

    A conditional model p(x | psi) may be trained on any distribution of psi. Batches of the
    natural one would hardly ever show a state of a thousandth of the frames.

    Parameters
    ----------
    psi : ndarray (n_frames, latent_dim)

    Returns
    -------
    ndarray (2 n_frames,), int
        Each row as often as it is to be drawn; sorted.
    """
    share = np.zeros(len(psi))
    middle, unit = _middle_and_unit(psi)
    for column in np.arcsinh((psi - middle) / unit).T:
        low, width = column.min(), np.ptp(column) or 1.0
        bins = np.minimum((N_BINS * (column - low) / width).astype(int), N_BINS - 1)
        counts = np.bincount(bins, minlength=N_BINS)
        share = np.maximum(share, len(psi) / (counts[bins] * (counts > 0).sum()))
    share = np.minimum(share, MOST)
    weight = np.cumsum(1 - EVEN + EVEN * share / share.mean())
    levels = (np.arange(2 * len(psi)) + 0.5) / (2 * len(psi)) * weight[-1]
    return np.searchsorted(weight, levels)


def _middle_and_unit(psi):
    """Median of each coordinate, and the median of the distance to it; float64."""
    middle = np.median(psi.astype(float), axis=0)
    unit = np.median(np.abs(psi - middle), axis=0)
    # Where more than half of the frames are alike, a thousandth of the deviation has to serve.
    least = np.maximum(1e-3 * psi.std(0, dtype=float), 1e-6 * np.abs(middle) + 1e-12)
    constant = psi.std(0, dtype=float) <= 1e-6 * np.abs(middle) + 1e-12
    return middle, np.where(constant, 1.0, np.maximum(unit, least))


def _scaled(x, middle, unit, name):
    return keras.layers.Rescaling((1 / unit).tolist(), (-middle / unit).tolist(), name=name)(x)


def _quantile_ramps(values):
    """Weights of the piecewise linear rank of each column as a sum of clipped ramps.

    Returns
    -------
    tuple of (kernel, bias)
        For the ramps: each goes from 0 to 1 between two neighbouring quantiles.
    tuple of (kernel, bias)
        For their weighted sum, scaled to the range -sqrt(3) to sqrt(3): variance 1.
    """
    ramps, shares = [], []
    levels = np.linspace(0, 1, N_QUANTILES)
    for column in values.T:
        knots = np.quantile(column, levels)
        # Intervals too narrow for single precision are joined to the next.
        keep = [0]
        for k in range(1, len(knots)):
            if knots[k] - knots[keep[-1]] > 1e-4:
                keep.append(k)
        keep = keep if len(keep) > 1 else [0, 0]
        widths = np.diff(knots[keep])
        ramps.append((knots[keep[:-1]], np.where(widths > 0, widths, 1.0)))
        shares.append(np.diff(levels[keep]))
    sizes = [len(low) for low, _ in ramps]
    kernel, bias = np.zeros((len(ramps), sum(sizes))), np.zeros(sum(sizes))
    total, middle = np.zeros((sum(sizes), len(ramps))), np.full(len(ramps), -np.sqrt(3.0))
    start = 0
    for j, ((low, width), share) in enumerate(zip(ramps, shares, strict=True)):
        stop = start + len(low)
        kernel[j, start:stop], bias[start:stop] = 1 / width, -low / width
        # A column without any variation has no share to give: its rank is the middle.
        total[start:stop, j] = 2 * np.sqrt(3.0) * (share / share.sum() if share.sum() else share)
        middle[j] = middle[j] if share.sum() else 0.0
        start = stop
    return (kernel, bias), (total, middle)
