"""Structures from psi, at the rate of the network, the same however a trajectory is cut.

The rows are taken in tiles, counted from the first row of their trajectory. A tile's noise has a
key of its own, and a whole tile always runs through the same compiled network: what is decoded in
pieces of whole tiles is, to the last bit, what is decoded at once.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from lss_base.estimators import check_count
from lss_base.precision import full_precision
from lss_base.trajectories import as_parts

if TYPE_CHECKING:
    import keras
    from numpy.typing import ArrayLike

    from cwgan.contacts import Contacts

TILE = 2048  # rows; twice as many are hardly faster
AGAIN = 128  # draws at once for the rows of a whole tile that clash
ATTEMPTS = 20  # draws of one structure, at most
HOLDING = 3  # of them keep the torsions of the first, as many then those of the trunk

_networks = weakref.WeakKeyDictionary()


class Decoder:
    """A generator that draws again what clashes, and counts.

    A structure is a draw from p(x | psi). Where its closest contact is inside the limit of the
    data, its noise is drawn again: that cuts the distribution off where the data have nothing. It
    is drawn again by chance where such contacts are rarer in the data than among what is drawn
    (`Contacts.compared`). The first further draws keep the torsions, the next ones those of the
    trunk (`Contacts.held`): lengths and angles clash more often than torsions do, and to draw all
    of it again would take compact structures away. Of a structure that is not kept in any of twenty
    draws, the likeliest is taken, or the one whose closest contact is widest.

    Parameters
    ----------
    generator : keras.Model
        [psi (n, latent_dim), noise (n, noise_dim)] -> coordinates, for example of a fitted
        ``MolGen`` or from ``keras.models.load_model``.
    contacts : Contacts, optional
        Without it nothing is drawn again.
    compiled : bool
        Whether whole tiles run through XLA, which pays from some hundred thousand rows on.

    Attributes
    ----------
    frames, draws, failed : int
        Structures so far, draws that they took, and those of them that clash all the same.
    """

    def __init__(
        self, generator: keras.Model, contacts: Contacts | None = None, compiled: bool = True
    ):
        self.generator, self.contacts, self.compiled = generator, contacts, compiled
        self.frames = self.draws = self.failed = 0

    @full_precision()
    def decode(self, psi: ArrayLike, seed: int, first: int = 0, walker: int = 0) -> np.ndarray:
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
            n = rows.stop - rows.start
            noise = tile_noise(seed, walker, tile, skip + n, noise_dim)[skip:]
            size = TILE if self.compiled and n == TILE else None
            out[rows] = _network(generator, size)(psi[rows], noise)
            self.frames, self.draws = self.frames + n, self.draws + n
            if self.contacts is not None:
                self._mend(psi[rows], noise, out[rows], (seed, walker, tile, skip))
            done = rows.stop
        return out

    def _mend(self, psi, first_noise, coords, key):
        """Draw the rows of a tile, or of a part of one, again where they clash, in place."""
        seed, walker, tile, skip = key
        size = AGAIN if self.compiled and len(psi) == TILE else None
        network, closest = _network(self.generator, size), self.contacts.closest(coords)
        luck = _generator(seed, walker, tile, 0, 0).random(skip + len(psi))[skip:]
        bad = np.flatnonzero(luck >= self.contacts.chance(closest))
        best, noise_dim = (
            self._score(closest[bad]),
            self.generator.get_layer("noise").output.shape[1],
        )
        drawn = [row_draws(seed, walker, tile, skip + row, noise_dim) for row in bad]
        noise = np.array([x for x, _ in drawn]).reshape(len(bad), ATTEMPTS - 1, noise_dim)
        for k, held in enumerate(self.contacts.held):
            attempts = slice(k * HOLDING, (k + 1) * HOLDING)
            noise[:, attempts, :held] = first_noise[bad, None, :held]
        luck, done = np.array([u for _, u in drawn]).reshape(len(bad), ATTEMPTS - 1), 0
        while len(bad) and done < ATTEMPTS - 1:
            # As many attempts at once as fit: a call of the network has its own cost.
            n = min(max(1, AGAIN // len(bad)), ATTEMPTS - 1 - done)
            tried = noise[:, done : done + n].reshape(-1, noise_dim)
            fresh = _draw(network, np.repeat(psi[bad], n, 0), tried, size)
            found = self.contacts.closest(fresh).reshape(len(bad), n)
            good = luck[:, done : done + n] < self.contacts.chance(found)
            first = np.where(good.any(1), good.argmax(1), n - 1)
            self.draws += int(first.sum()) + len(bad)
            score = np.where(good, np.inf, self._score(found))
            taken, every = np.where(good.any(1), first, score.argmax(1)), np.arange(len(bad))
            better = score[every, taken] > best
            fresh = fresh.reshape(len(bad), n, *fresh.shape[1:])[every, taken]
            coords[bad[better]] = fresh[better]
            best, left = np.maximum(best, score[every, taken]), ~good.any(1)
            bad, best, noise, luck, done = bad[left], best[left], noise[left], luck[left], done + n
        self.failed += int((best < 0).sum())

    def _score(self, closest):
        """How good what is not kept is: its chance, or how far it is inside the limit, negative."""
        inside = closest - self.contacts.limit
        return np.where(inside < 0, inside, self.contacts.chance(closest))


def decode(
    generator: keras.Model,
    psi: ArrayLike,
    seed: int,
    first: int = 0,
    walker: int = 0,
    contacts: Contacts | None = None,
) -> np.ndarray:
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


def tile_noise(seed, walker, tile, n_rows, noise_dim):
    """Standard normal noise of the first rows of a tile.

    A short draw is the beginning of a longer one.

    Returns
    -------
    ndarray (n_rows, noise_dim), float32
    """
    return _generator(seed, walker, tile).standard_normal((n_rows, noise_dim), dtype=np.float32)


def row_draws(seed, walker, tile, row, noise_dim):
    """What the further attempts at a row of a tile are made with.

    Returns
    -------
    noise : ndarray (ATTEMPTS - 1, noise_dim), float32
        Standard normal.
    luck : ndarray (ATTEMPTS - 1,)
        Even between 0 and 1: an attempt is kept where its chance is higher.
    """
    generator = _generator(seed, walker, tile, row)
    noise = generator.standard_normal((ATTEMPTS - 1, noise_dim), dtype=np.float32)
    return noise, generator.random(ATTEMPTS - 1)


def _generator(seed, *key):
    # SFC64 takes a fifth of the time of TensorFlow's stateless generators.
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key)))


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
