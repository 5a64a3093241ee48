"""Generator and critic, of stock Keras layers only.

All that a generator needs (scaling, the rank transform of psi, the geometry of the molecule) is in
its layers, so that ``keras.models.load_model`` opens a saved one where this package is missing.
"""

import keras
import numpy as np
from keras import ops

from cwgan.condition import condition
from cwgan.features import SOFTENING
from cwgan.heads import atom_rows, molecular_head
from cwgan.layers import at_rest, frozen, picked

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
    x = hidden_layers(x, depth, width, activation, seeds)
    if np.isscalar(output):
        x = dense_layer(output, seeds, activation="tanh", name="coordinates")(x)
        return keras.Model([psi, noise], x, name="generator")
    x = dense_layer(output[0].size, seeds, activation="tanh", name="scaled")(x)
    low, high = output.min(0).reshape(-1), output.max(0).reshape(-1)
    x = keras.layers.Rescaling(
        ((high - low) / 2).tolist(), ((high + low) / 2).tolist(), name="nanometres"
    )(x)
    x = keras.layers.Reshape(output.shape[1:], name="coordinates")(x)
    return keras.Model([psi, noise], x, name="generator")


def conditioner(psi):
    """Model psi (n, latent_dim) -> what the networks see of it, (n, 2 latent_dim).

    Parameters
    ----------
    psi : ndarray (n_frames, latent_dim)
        Training data: scaling and quantiles are taken from it.
    """
    given = keras.Input((psi.shape[1],), name="psi")
    return keras.Model(given, condition(given, psi, frozen), name="condition")


def contacts_at_rest(coords, placement, torsions, pairs):
    """Model torsions -> how close pairs of atoms are where lengths and angles are at their means.

    Angles give way where atoms would overlap. Sines and cosines of many torsions hardly tell a
    network where that is.

    Parameters
    ----------
    coords : ndarray (n_frames, n_atoms, 3), **nm**
        Where the means are from.
    placement : Placement
    torsions : Torsions
    pairs : ndarray (n_pairs, 2), int

    Returns
    -------
    keras.Model
        Cosine and sine (n, 2, n_torsions) -> 1 / (squared distance + .01 nm^2), (n, n_pairs), less
        its mean and over its standard deviation in the data.
    """
    code = keras.Input((2, len(torsions)), name="given_torsions")
    x = keras.layers.Flatten(name="any")(code)
    rows = atom_rows(x, coords, placement, at_rest(x), frozen, torsions, code)
    ends = [picked(rows, pairs[:, k], frozen, f"ends_{k}") for k in range(2)]
    squared = ops.sum(ops.square(ops.subtract(*ends)), axis=1)
    near = 1.0 / (((coords[:, pairs[:, 0]] - coords[:, pairs[:, 1]]) ** 2).sum(-1) + SOFTENING)
    found = ops.subtract(ops.divide(1.0, ops.add(squared, SOFTENING)), near.mean(0))
    return keras.Model(code, ops.divide(found, near.std(0) + 1e-3), name="contacts_at_rest")


def molecular_builder(
    conditioner,
    coords,
    reference,
    placement,
    torsions,
    pairs,
    noise_dim,
    depth,
    width,
    activation,
    seed,
):
    """Network whose last layers know the molecule's bonds, and how it is superposed.

    Parameters
    ----------
    conditioner : keras.Model
        As of `conditioner`.
    coords : ndarray (n_frames, n_atoms, 3)
        Training frames superposed on the reference, **nm**: mean and fluctuation of each bond are
        taken from them.
    reference : ndarray (n_atoms, 3), **nm**
        Onto it every structure is superposed, exactly.
    placement : Placement
    torsions : Torsions or None
        Those that are given beside psi.
    pairs : ndarray (n_pairs, 2), int
        Of atoms that come close.
    noise_dim, depth, width : int
    activation : str
    seed : int or None

    Returns
    -------
    keras.Model
        [psi (n, latent_dim), noise (n, noise_dim)] -> coordinates (n, n_atoms, 3), **nm**; behind
        psi come the cosines, then the sines of the torsions, where they are given.
    """
    seeds, latent_dim = Seeds(seed), conditioner.input_shape[1]
    n_torsions = 0 if torsions is None else len(torsions)
    psi_in = keras.Input((latent_dim + 2 * n_torsions,), name="psi")
    noise = keras.Input((noise_dim,), name="noise")
    given, code = [noise, step_code(noise, noise_dim)], None
    if torsions is None:
        given.append(conditioner(psi_in))
    else:
        given += [conditioner(psi_in[:, :latent_dim]), psi_in[:, latent_dim:]]
        code = keras.layers.Reshape((2, n_torsions), name="given_torsions")(given[-1])
        if len(pairs):
            given.append(contacts_at_rest(coords, placement, torsions, pairs)(code))
    x = network_body(given, depth, width, activation, seeds)

    def dense(units, **options):
        return dense_layer(units, seeds, **options)

    x = molecular_head(x, coords, reference, placement, dense, frozen, torsions, code)
    return keras.Model([psi_in, noise], x, name="generator")


def with_torsions(builder, sampler, conditioner):
    """Generator that draws torsions first, then the structure that has them.

    Parameters
    ----------
    builder : keras.Model
        As of `molecular_builder`.
    sampler : keras.Model
        [condition (n, k), noise (n, n_torsions)] -> cosine and sine (n, 2, n_torsions).
    conditioner : keras.Model

    Returns
    -------
    keras.Model
        [psi (n, latent_dim), noise (n, noise_dim)] -> coordinates (n, n_atoms, 3).
    """
    psi_in = keras.Input(conditioner.input_shape[1:], name="psi")
    noise = keras.Input(builder.inputs[1].shape[1:], name="noise")
    code = sampler([conditioner(psi_in), noise[:, : sampler.output_shape[2]]])
    code = keras.layers.Flatten(name="torsions_in_a_row")(code)
    given = keras.layers.Concatenate(name="psi_and_torsions")([psi_in, code])
    return keras.Model([psi_in, noise], builder([given, noise]), name="generator")


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
    x = frozen(kernel, bias, name="steep_ramps")(noise)
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
    x = hidden_layers(x, depth, width, activation, seeds)
    return keras.Model([structure, cond], dense_layer(1, seeds, name="score")(x), name="critic")


def network_body(given, depth, width, activation, seeds):
    """Hidden layers, and beside their output all that they were given.

    Stiff bonds and angles fluctuate almost independently and near a Gaussian: a head can take them
    from the noise itself, past hidden layers that would have to carry every one of them.
    """
    given = keras.layers.Concatenate(name="hidden_input")(given)
    x = hidden_layers(given, depth, width, activation, seeds)
    return keras.layers.Concatenate(name="head_input")([x, given])


def hidden_layers(x, depth, width, activation, seeds):
    for k in range(depth):
        x = dense_layer(width, seeds, activation=activation, name=f"hidden_{k + 1}")(x)
    return x


def dense_layer(units, seeds, **options):
    start = keras.initializers.GlorotUniform(seed=seeds())
    return keras.layers.Dense(units, kernel_initializer=start, **options)
