"""Structures from psi, at the rate of the network, the same however a trajectory is cut.

The rows are taken in tiles, counted from the first row of their trajectory. A tile's noise has a
key of its own, and a whole tile always runs through the same compiled network: what is decoded in
pieces of whole tiles is, to the last bit, what is decoded at once.
"""

import weakref

import numpy as np
import tensorflow as tf

from lss_base.estimators import check_count
from lss_base.trajectories import as_parts

TILE = 2048  # rows; twice as many are hardly faster

_networks = weakref.WeakKeyDictionary()


def decode(generator, psi, seed, first=0, walker=0):
    """Draw one structure for each row of psi: x ~ p(x | psi), with the generator of equation 6.

    H. Sidky, W. Chen, A. L. Ferguson, Chem. Sci. 11 (2020) 9459.

    The noise of row i follows from `seed`, `walker` and the row's number, `first` + i. A trajectory
    that is cut elsewhere than between tiles gives the same structures, but for rounding in single
    precision.

    Parameters
    ----------
    generator : keras.Model
        [psi (n, latent_dim), noise (n, noise_dim)] -> coordinates, for example of a fitted
        ``MolGen`` or from ``keras.models.load_model``.
    psi : array-like (n_frames, latent_dim)
    seed : int
    first : int
        Number of the first row within its trajectory.
    walker : int
        Number of the trajectory.

    Returns
    -------
    ndarray (n_frames, n_atoms, 3), float32
        **nm**. Flat (n_frames, output_dim) where the generator is.

    Raises
    ------
    ValueError
        If psi does not fit the generator or is not finite, or a number is not whole or negative.
    """
    latent_dim = generator.get_layer("psi").output.shape[1]
    noise_dim = generator.get_layer("noise").output.shape[1]
    psi = np.asarray(psi)
    if len(psi) or psi.shape != (0, latent_dim):
        (psi,) = as_parts("psi", psi, latent_dim)
    for name, value in (("seed", seed), ("first", first), ("walker", walker)):
        check_count(name, value, least=0)
    out = np.empty((len(psi), *generator.output_shape[1:]), np.float32)
    done = 0
    while done < len(psi):
        tile, skip = divmod(first + done, TILE)
        n = min(TILE - skip, len(psi) - done)
        noise = tile_noise(seed, walker, tile, skip + n, noise_dim)[skip:]
        out[done : done + n] = _network(generator, n)(psi[done : done + n], noise)
        done += n
    return out


def tile_noise(seed, walker, tile, n_rows, noise_dim):
    """Standard normal noise of the first rows of a tile.

    A short draw is the beginning of a longer one.

    Returns
    -------
    ndarray (n_rows, noise_dim), float32
    """
    key = np.random.SeedSequence(seed, spawn_key=(walker, tile))
    # SFC64 takes a fifth of the time of TensorFlow's stateless generators.
    generator = np.random.Generator(np.random.SFC64(key))
    return generator.standard_normal((n_rows, noise_dim), dtype=np.float32)


def _network(generator, n_rows):
    """The generator as a function: compiled for whole tiles, a graph for what is left over."""
    whole = n_rows == TILE
    known = _networks.setdefault(generator, {})
    if whole not in known:
        # The closure must not keep the model alive, or the dictionary would never forget it.
        model = weakref.ref(generator)
        known[whole] = tf.function(
            lambda psi, noise: model()([psi, noise], training=False),
            input_signature=[
                tf.TensorSpec((TILE if whole else None, x.shape[1]), tf.float32)
                for x in generator.inputs
            ],
            jit_compile=whole,
        )
    return known[whole]
