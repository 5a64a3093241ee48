"""Structures from psi, in batches, with noise that depends on seed and frame number only."""

import weakref

import numpy as np
import tensorflow as tf

NOISE_BLOCK = 1024  # rows of noise drawn with one key

_compiled = weakref.WeakKeyDictionary()


def decode(generator, psi, seed, first=0, batch_size=4096):
    """Draw one structure for each row of psi.

    The noise of row i is keyed by (`seed`, `first` + i): the same structures come out however a
    trajectory is cut into pieces (to the rounding of single precision).

    Parameters
    ----------
    generator : keras.Model
        [psi (n, latent_dim), noise (n, noise_dim)] -> coordinates, for example of a fitted
        ``MolGen`` or from ``keras.models.load_model``.
    psi : array-like (n_frames, latent_dim)
    seed : int
    first : int
        Number of the first row within its trajectory.
    batch_size : int
        Rows decoded at once; the default keeps the layers in the cache of a CPU core.

    Returns
    -------
    ndarray (n_frames, n_atoms, 3), float32
        **nm**. Flat (n_frames, output_dim) where the generator is.

    Raises
    ------
    ValueError
        If psi does not fit the generator or is not finite.
    """
    latent_dim = generator.get_layer("psi").output.shape[1]
    noise_dim = generator.get_layer("noise").output.shape[1]
    psi = np.asarray(psi, np.float32)
    if psi.ndim != 2 or psi.shape[1] != latent_dim:
        raise ValueError(f"psi: got shape {psi.shape}, wanted (n_frames, {latent_dim})")
    if not np.isfinite(psi).all():
        raise ValueError("psi: has values that are not finite")
    if first < 0 or batch_size < 1:
        raise ValueError(f"first, batch_size: got {first}, {batch_size}, wanted >= 0 and >= 1")
    run = _graph(generator)
    out = np.empty((len(psi), *generator.output_shape[1:]), np.float32)
    for start in range(0, len(psi), batch_size):
        part = psi[start : start + batch_size]
        noise = row_noise(seed, first + start, len(part), noise_dim)
        out[start : start + len(part)] = run(tf.constant(part), noise)
    return out


def row_noise(seed, first, n_rows, noise_dim):
    """Standard normal noise of rows `first` to `first` + `n_rows` of an endless table.

    Returns
    -------
    tensor (n_rows, noise_dim), float32
    """
    # A key is two 64-bit words: one for the seed, one for the block of rows.
    seed = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] >> 1)
    first_block, skip = divmod(int(first), NOISE_BLOCK)
    blocks = range(first_block, (first + n_rows - 1) // NOISE_BLOCK + 1)
    drawn = [
        tf.random.stateless_normal(
            (NOISE_BLOCK, noise_dim), tf.constant([seed, block], tf.int64), alg="philox"
        )
        for block in blocks
    ]
    return tf.concat(drawn, 0)[skip : skip + n_rows]


def _graph(generator):
    """The generator as a graph for any number of rows, compiled once for each model."""
    if generator not in _compiled:
        # The closure must not keep the model alive, or the dictionary would never forget it.
        model = weakref.ref(generator)
        _compiled[generator] = tf.function(
            lambda psi, noise: model()([psi, noise], training=False),
            input_signature=[tf.TensorSpec(x.shape, tf.float32) for x in generator.inputs],
        )
    return _compiled[generator]
