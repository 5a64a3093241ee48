"""How close atoms may come: learned from the data, asked of each structure that is drawn."""

import numpy as np
import tensorflow as tf

from cwgan.bonds import bond_graph
from lss_base.estimators import check_number

CLASH_QUANTILE = 1e-3  # of the data's closest contact, per frame: what comes closer is a clash
CHUNKS = 2048, 128  # frames at once: as many of the larger as there are, then of the smaller
FAR = 1e6  # nm^2, added to the squares of distances that do not count


class Contacts:
    """The closest contact of a structure, and how close it may be.

    All pairs of atoms count that are at least four bonds apart or not connected at all.

    Parameters
    ----------
    limit : float
        Contacts closer than this, in **nm**, are clashes.
    n_atoms : int
    bonds : array-like (n_bonds, 2) of int

    Raises
    ------
    ValueError
        Where the limit is no positive number, or the bonds are not ones of these atoms.
    """

    def __init__(self, limit, n_atoms, bonds):
        check_number("limit", limit, 0, above=True)
        graph = bond_graph(n_atoms, np.asarray(bonds, int).reshape(-1, 2))
        self.limit, self.n_atoms, self.bonds = float(limit), n_atoms, graph.bonds
        self._compile(graph)

    @classmethod
    def learned(cls, graph, coords):
        """The contacts of a molecule, with the limit of its data.

        Parameters
        ----------
        graph : BondGraph
        coords : ndarray (n_frames, n_atoms, 3), **nm**

        Returns
        -------
        Contacts or None
            With the closest contact of all but one frame in a thousand for a limit; None for a
            molecule without any pair that counts, and where atoms coincide in the data.
        """
        if not graph.nonbonded().any():
            return None
        contacts = cls(1.0, graph.n_atoms, graph.bonds)
        contacts.limit = float(np.quantile(contacts.closest(coords), CLASH_QUANTILE))
        return contacts if contacts.limit > 0 else None

    def closest(self, coords):
        """Distance of the closest pair of each structure.

        Parameters
        ----------
        coords : array-like (n_frames, n_atoms, 3), **nm**

        Returns
        -------
        ndarray (n_frames,), float32, **nm**
        """
        found, done = [np.zeros(0, np.float32)], 0
        while done < len(coords):
            size = CHUNKS[len(coords) - done < CHUNKS[0]]
            chunk = coords[done : done + size]
            filled = np.resize(chunk, (size, *chunk.shape[1:])) if len(chunk) < size else chunk
            found.append(self._closest[size](filled).numpy()[: len(chunk)])
            done += len(chunk)
        return np.concatenate(found)

    def _compile(self, graph):
        far = np.where(graph.nonbonded(), 0, FAR).astype(np.float32)

        def closest(coords):
            # Frames last, one atom after another: in the cache, and in vectors of frames.
            x = tf.transpose(coords, (2, 1, 0))
            skipped = tf.constant(far)

            def body(i, least):
                squares = sum((x[k] - x[k, i]) ** 2 for k in range(3)) + skipped[i][:, None]
                return i + 1, tf.minimum(least, tf.reduce_min(squares, 0))

            first = tf.constant(0), tf.fill([coords.shape[0]], np.float32(FAR))
            return tf.sqrt(tf.while_loop(lambda i, _: i < self.n_atoms, body, first)[1])

        def compiled(n_frames):
            signature = [tf.TensorSpec((n_frames, self.n_atoms, 3), tf.float32)]
            return tf.function(closest, input_signature=signature, jit_compile=True)

        self._closest = {n_frames: compiled(n_frames) for n_frames in CHUNKS}

    def to_dict(self):
        """What `from_dict` takes, for JSON."""
        return {"limit_nm": self.limit, "n_atoms": self.n_atoms, "bonds": self.bonds.tolist()}

    @classmethod
    def from_dict(cls, described):
        """Contacts as `to_dict` describes them."""
        return cls(described["limit_nm"], described["n_atoms"], described["bonds"])

    def __reduce__(self):
        return Contacts.from_dict, (self.to_dict(),)  # compiled functions cannot be pickled
