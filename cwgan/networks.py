"""Generator and critic, of stock Keras layers only.

All that a generator needs (scaling, the rank transform of psi, the geometry of the molecule) is in
its layers, so that ``keras.models.load_model`` opens a saved one where this package is missing.
"""

from itertools import pairwise

import keras
import numpy as np

from cwgan.heads import molecular_head
from cwgan.placement import plan

N_QUANTILES = 201
N_SWITCHED = 8  # components of the noise that also work as switches
QUARTILES = (-0.6745, 0.0, 0.6745)
STEEPNESS = 1e3


class Seeds:
    """Different, reproducible seeds for the initialisers of one network."""

    def __init__(self, seed):
        self._generator = np.random.default_rng(seed)

    def __call__(self):
        return int(self._generator.integers(2**31))


def flat_generator(latent_dim, noise_dim, output, depth, width, activation, seed):
    """The paper's generator: dense layers and a tanh.

    Parameters
    ----------
    latent_dim, noise_dim : int
    output : int or ndarray (n_frames, n_atoms, 3)
        Width of the output, in [-1, 1]; or frames in **nm**, whose range scales the output.
    depth, width : int
        Hidden layers and their units.
    activation : str
    seed : int or None

    Returns
    -------
    keras.Model
        [psi (n, latent_dim), noise (n, noise_dim)] -> (n, output) or (n, n_atoms, 3).
    """
    seeds = Seeds(seed)
    psi, noise = keras.Input((latent_dim,), name="psi"), keras.Input((noise_dim,), name="noise")
    x = keras.layers.Concatenate(name="hidden_input")([noise, psi])
    x = _hidden(x, depth, width, activation, seeds)
    if np.isscalar(output):
        x = _dense(output, seeds, activation="tanh", name="coordinates")(x)
        return keras.Model([psi, noise], x, name="generator")
    x = _dense(output[0].size, seeds, activation="tanh", name="scaled")(x)
    low, high = output.min(0).reshape(-1), output.max(0).reshape(-1)
    x = keras.layers.Rescaling(
        ((high - low) / 2).tolist(), ((high + low) / 2).tolist(), name="nanometres"
    )(x)
    x = keras.layers.Reshape(output.shape[1:], name="coordinates")(x)
    return keras.Model([psi, noise], x, name="generator")


def molecular_generator(psi, coords, graph, noise_dim, depth, width, activation, seed):
    """Generator whose output layer knows the molecule's bonds.

    Parameters
    ----------
    psi : ndarray (n_frames, latent_dim)
        Condition of the training frames: scaling and quantiles are taken from it.
    coords : ndarray (n_frames, n_atoms, 3)
        Superposed training frames, **nm**: mean and fluctuation of each bond are taken from them.
    graph : BondGraph
    noise_dim, depth, width : int
    activation : str
    seed : int or None

    Returns
    -------
    keras.Model
        [psi (n, latent_dim), noise (n, noise_dim)] -> coordinates (n, n_atoms, 3), **nm**. The
        layer "condition" holds standardised psi and its rank.
    """
    seeds = Seeds(seed)
    psi_in = keras.Input((psi.shape[1],), name="psi")
    noise = keras.Input((noise_dim,), name="noise")
    x = keras.layers.Concatenate(name="hidden_input")(
        [noise, step_code(noise, noise_dim), condition(psi_in, psi)]
    )
    x = _hidden(x, depth, width, activation, seeds)

    def dense(units, **options):
        return _dense(units, seeds, **options)

    x = molecular_head(x, coords, plan(graph, coords), dense, _frozen)
    return keras.Model([psi_in, noise], x, name="generator")


def condition(x, psi):
    """Standardised psi beside its rank, both of mean 0 and variance 1.

    Slow modes are spiky: nearly all frames within a tenth of a standard deviation, a few far out.
    The value tells the states apart, the rank resolves the structure inside them.

    Parameters
    ----------
    x : keras tensor (n, latent_dim)
    psi : ndarray (n_frames, latent_dim)

    Returns
    -------
    keras tensor (n, 2 latent_dim)
    """
    mean, scale = psi.mean(0, dtype=float), psi.std(0, dtype=float)
    scale = np.where(scale > 1e-6 * np.abs(mean) + 1e-12, scale, 1.0)
    value = keras.layers.Rescaling(
        (1 / scale).tolist(), (-mean / scale).tolist(), name="standardised_psi"
    )(x)
    ramps, shares = _quantile_ramps((psi - mean) / scale)
    rank = _frozen(ramps[0], ramps[1], name="quantile_ramps")(value)
    rank = keras.layers.ReLU(max_value=1.0, name="clipped_ramps")(rank)
    rank = _frozen(shares[0], shares[1], name="rank")(rank)
    return keras.layers.Concatenate(name="condition")([value, rank])


def step_code(noise, noise_dim):
    """Noise turned into switches: steps at the quartiles of its first components.

    A continuous map of Gaussian noise cannot have separate wells without a bridge between them.
    Given switches beside the noise, a network can jump from one rotamer to another.

    Parameters
    ----------
    noise : keras tensor (n, noise_dim)
    noise_dim : int

    Returns
    -------
    keras tensor (n, 3 min(8, noise_dim)), each nearly always exactly -1 or 1
    """
    used = min(N_SWITCHED, noise_dim)
    kernel = np.zeros((noise_dim, used * len(QUARTILES)))
    for k in range(used):
        kernel[k, k * len(QUARTILES) : (k + 1) * len(QUARTILES)] = STEEPNESS
    bias = 0.5 - STEEPNESS * np.tile(QUARTILES, used)
    x = _frozen(kernel, bias, name="steep_ramps")(noise)
    x = keras.layers.ReLU(max_value=1.0, name="steps")(x)
    return keras.layers.Rescaling(2.0, -1.0, name="switches")(x)


def critic(structure_dim, condition_dim, depth, width, activation, seed):
    """Critic of a structure under a condition: dense layers and one linear output.

    Returns
    -------
    keras.Model
        [structure (n, structure_dim), condition (n, condition_dim)] -> score (n, 1).
    """
    seeds = Seeds(seed)
    structure = keras.Input((structure_dim,), name="structure")
    cond = keras.Input((condition_dim,), name="condition")
    x = keras.layers.Concatenate(name="hidden_input")([structure, cond])
    x = _hidden(x, depth, width, activation, seeds)
    return keras.Model([structure, cond], _dense(1, seeds, name="score")(x), name="critic")


def _hidden(x, depth, width, activation, seeds):
    for k in range(depth):
        x = _dense(width, seeds, activation=activation, name=f"hidden_{k + 1}")(x)
    return x


def _dense(units, seeds, **options):
    start = keras.initializers.GlorotUniform(seed=seeds())
    return keras.layers.Dense(units, kernel_initializer=start, **options)


def _frozen(kernel, bias, name):
    """Dense layer with fixed weights; they are saved like any others."""
    layer = keras.layers.Dense(
        kernel.shape[1], use_bias=bias is not None, trainable=False, name=name
    )
    layer.build((None, kernel.shape[0]))
    layer.set_weights([kernel] if bias is None else [kernel, bias])
    return layer


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
        ramps.append(
            [(a, max(b - a, 1.0)) if b <= a else (a, b - a) for a, b in _steps(knots[keep])]
        )
        shares.append(np.diff(levels[keep]))
    sizes = [len(ramp) for ramp in ramps]
    kernel, bias = np.zeros((len(ramps), sum(sizes))), np.zeros(sum(sizes))
    total, middle = np.zeros((sum(sizes), len(ramps))), np.full(len(ramps), -np.sqrt(3.0))
    start = 0
    for j, (ramp, share) in enumerate(zip(ramps, shares, strict=True)):
        stop = start + len(ramp)
        low, width = np.array(ramp).T
        kernel[j, start:stop], bias[start:stop] = 1 / width, -low / width
        # A column without any variation has no share to give: its rank is the middle.
        total[start:stop, j] = 2 * np.sqrt(3.0) * (share / share.sum() if share.sum() else share)
        middle[j] = middle[j] if share.sum() else 0.0
        start = stop
    return (kernel, bias), (total, middle)


def _steps(knots):
    return list(pairwise(knots))
