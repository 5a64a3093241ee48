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
AGAIN = 64  # rows of a whole tile that are drawn again at once
ATTEMPTS = 10  # draws of one structure, at most

_networks = weakref.WeakKeyDictionary()


class Decoder:
    """A generator that draws again what clashes, and counts.

    A structure is a draw from p(x | psi). Where its closest contact is inside the limit of the
    data, its noise is drawn again: that cuts the distribution off where the data have nothing. Of a
    structure that clashes in all of ten draws, the one whose closest contact is widest is kept.

    Parameters
    ----------
    generator : keras.Model
        [psi (n, latent_dim), noise (n, noise_dim)] -> coordinates, for example of a fitted
        ``MolGen`` or from ``keras.models.load_model``.
    contacts : Contacts, optional
        Without it nothing is drawn again.

    Attributes
    ----------
    frames, draws, failed : int
        Structures so far, draws that they took, and those of them that clash all the same.
    """

    def __init__(self, generator, contacts=None):
        self.generator, self.contacts = generator, contacts
        self.frames = self.draws = self.failed = 0

    def decode(self, psi, seed, first=0, walker=0):
        """Draw one structure for each row of psi; see `decode`."""
        generator = self.generator
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
            rows = slice(done, done + min(TILE - skip, len(psi) - done))

            def noise(wanted, attempt=0, tile=tile, skip=skip):
                drawn = tile_noise(seed, walker, tile, skip + wanted[-1] + 1, noise_dim, attempt)
                return drawn[skip + wanted]

            every = np.arange(rows.stop - rows.start)
            network = _network(generator, TILE if len(every) == TILE else None)
            out[rows] = network(psi[rows], noise(every))
            self.frames, self.draws = self.frames + len(every), self.draws + len(every)
            if self.contacts is not None:
                self._mend(psi[rows], out[rows], noise)
            done = rows.stop
        return out

    def _mend(self, psi, coords, noise):
        """Draw the rows of a tile, or of a part of one, again where they clash, in place."""
        closest = self.contacts.closest(coords).copy()
        bad = np.flatnonzero(closest < self.contacts.limit)
        size = AGAIN if len(psi) == TILE else None
        for attempt in range(1, ATTEMPTS):
            if not len(bad):
                break
            fresh = _draw(_network(self.generator, size), psi[bad], noise(bad, attempt), size)
            self.draws += len(bad)
            found = self.contacts.closest(fresh)
            wider = found > closest[bad]
            coords[bad[wider]], closest[bad[wider]] = fresh[wider], found[wider]
            bad = bad[closest[bad] < self.contacts.limit]
        self.failed += len(bad)


def decode(generator, psi, seed, first=0, walker=0, contacts=None):
    """Draw one structure for each row of psi: x ~ p(x | psi), with the generator of equation 6.

    H. Sidky, W. Chen, A. L. Ferguson, Chem. Sci. 11 (2020) 9459.

    The noise of row i follows from `seed`, `walker`, the row's number, `first` + i, and how often
    it was drawn before. A trajectory that is cut elsewhere than between tiles of 2,048 rows gives
    the same structures, but for rounding in single precision (which, of those at the very limit of
    `contacts`, may decide whether they are drawn again).

    Parameters
    ----------
    generator : keras.Model
    psi : array-like (n_frames, latent_dim)
    seed : int
    first : int
        Number of the first row within its trajectory.
    walker : int
        Number of the trajectory.
    contacts : Contacts, optional
        For structures that clash to be drawn again; see `Decoder`, which also counts them.

    Returns
    -------
    ndarray (n_frames, n_atoms, 3), float32
        **nm**. Flat (n_frames, output_dim) where the generator is.

    Raises
    ------
    ValueError
        If psi does not fit the generator or is not finite, or a number is not whole or negative.
    """
    return Decoder(generator, contacts).decode(psi, seed, first, walker)


def tile_noise(seed, walker, tile, n_rows, noise_dim, attempt=0):
    """Standard normal noise of the first rows of a tile.

    A short draw is the beginning of a longer one.

    Returns
    -------
    ndarray (n_rows, noise_dim), float32
    """
    spawn_key = (walker, tile, attempt) if attempt else (walker, tile)
    key = np.random.SeedSequence(seed, spawn_key=spawn_key)
    # SFC64 takes a fifth of the time of TensorFlow's stateless generators.
    generator = np.random.Generator(np.random.SFC64(key))
    return generator.standard_normal((n_rows, noise_dim), dtype=np.float32)


def _draw(network, psi, noise, size):
    """Structures in groups of `size` rows, the last one filled up; all at once for None."""
    if size is None:
        return network(psi, noise).numpy()
    n = len(psi)
    filled = np.arange(-(-n // size) * size) % n
    groups = filled.reshape(-1, size)
    return np.concatenate([network(psi[rows], noise[rows]).numpy() for rows in groups])[:n]


def _network(generator, n_rows):
    """The generator as a function: compiled for a number of rows, a graph for any number (None)."""
    known = _networks.setdefault(generator, {})
    if n_rows not in known:
        # The closure must not keep the model alive, or the dictionary would never forget it.
        model = weakref.ref(generator)
        known[n_rows] = tf.function(
            lambda psi, noise: model()([psi, noise], training=False),
            input_signature=[
                tf.TensorSpec((n_rows, x.shape[1]), tf.float32) for x in generator.inputs
            ],
            jit_compile=n_rows is not None,
        )
    return known[n_rows]
