"""Structures of latent trajectories, at the rate of the network, the same however they are cut.

The frames of a trajectory are taken in tiles, counted from its first frame. A tile's noise has a
key of its own, and a whole tile always runs through the same compiled network: so a trajectory
that is stopped and gone on with is, to the last bit, the one that was never stopped.
"""

import functools

import numpy as np

TILE = 2048  # frames


class Decoder:
    """Draws structures: x ~ p(x | psi) (paper, equation 6).

    Parameters
    ----------
    generator : keras.Model
        [psi (n, m), noise (n, d)] -> coordinates (n, atoms, 3), **nm**.
    """

    def __init__(self, generator):
        self.generator = generator
        self.noise_dim = generator.get_layer("noise").output.shape[1]

    def __call__(self, psi, seed, walker=0, first=0):
        """Decode consecutive frames of one trajectory.

        Parameters
        ----------
        psi : np.ndarray, shape (n_frames, m), float32
        seed, walker : int
            With the number of a frame they decide its noise.
        first : int
            Number of the first frame.

        Returns
        -------
        np.ndarray, shape (n_frames, atoms, 3), float32
            **nm**.
        """
        out = np.empty((len(psi), *self.generator.output_shape[1:]), np.float32)
        done = 0
        while done < len(psi):
            tile, skip = divmod(first + done, TILE)
            n = min(TILE - skip, len(psi) - done)
            noise = tile_noise(seed, walker, tile, skip + n, self.noise_dim)[skip:]
            out[done : done + n] = self.run(n)(psi[done : done + n], noise)
            done += n
        return out

    def run(self, n):
        """The network for n frames: compiled for whole tiles, as a graph for what is left over."""
        return self.compiled if n == TILE else self.graph

    @functools.cached_property
    def compiled(self):
        return self._function(TILE, jit_compile=True)

    @functools.cached_property
    def graph(self):
        return self._function(None)

    def _function(self, n_frames, **options):
        import tensorflow as tf

        return tf.function(
            lambda psi, noise: self.generator([psi, noise], training=False),
            input_signature=[
                tf.TensorSpec((n_frames, x.shape[1]), tf.float32) for x in self.generator.inputs
            ],
            **options,
        )


def tile_noise(seed, walker, tile, n_frames, noise_dim):
    """Standard normal noise of the first frames of a tile: shape (n_frames, noise_dim), float32.

    A short draw is the beginning of a longer one.
    """
    key = np.random.SeedSequence(seed, spawn_key=(walker, tile))
    # SFC64 takes an eighth of the time of TensorFlow's stateless generators.
    generator = np.random.Generator(np.random.SFC64(key))
    return generator.standard_normal((n_frames, noise_dim), dtype=np.float32)
