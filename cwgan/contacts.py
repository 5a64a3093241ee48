"""How close atoms may come: learned from the data, asked of each structure that is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from cwgan.bonds import BondGraph, bond_graph
from lss_base.estimators import check_number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


CLASH_QUANTILE = 1e-3  # of the data's closest contact, per frame: what comes closer is a clash
N_BINS = 20  # with as many frames of the data each, in which the closest contacts are compared
CLOSEST = 0.01, 0.02  # of them are in bins of their own: there what is drawn is most too many
ALIKE = 1.3  # times as many in the data as drawn: the same within what is learned
SURE = 2.5  # standard errors by which they must differ
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
    chances : tuple of two lists, optional
        Edges of bins of the closest contact, **nm**, the first of them the limit, and for each bin
        with what chance a structure is kept; without it all are kept beyond the limit.
    held : tuple of int
        First components of the noise that say what the torsions are: the further draws of a
        structure keep them for some attempts each, the first number of them first.

    Raises
    ------
    ValueError
        Where the limit is no positive number, or the bonds are not ones of these atoms.
    """

    def __init__(
        self,
        limit: float,
        n_atoms: int,
        bonds: ArrayLike,
        chances: Sequence[Sequence[float]] | None = None,
        held: Sequence[int] = (),
    ):
        check_number("limit", limit, 0, above=True)
        graph = bond_graph(n_atoms, np.asarray(bonds, int).reshape(-1, 2))
        self.limit, self.n_atoms, self.bonds = float(limit), n_atoms, graph.bonds
        self.chances, self.held = chances, tuple(held)
        self._compile(graph)

    @classmethod
    def learned(cls, graph: BondGraph, coords: np.ndarray) -> Contacts | None:
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

    def holding(self, held: Sequence[int]) -> Contacts:
        """The same, with first components of the noise that further draws keep."""
        return Contacts(self.limit, self.n_atoms, self.bonds, self.chances, held)

    def compared(self, coords: np.ndarray, made: np.ndarray) -> Contacts:
        """The same, with chances that give what is drawn the closest contacts of the data.

        A structure is kept with a chance in proportion to how many more of the data have such a
        contact than of those drawn: rejection sampling, but for the bins where the data have more
        than at their median, which it would take too many draws to fill.

        Parameters
        ----------
        coords, made : ndarray (n_frames, n_atoms, 3), **nm**
            Data and as many structures drawn from their psi.
        """
        real, drawn = self.closest(coords), self.closest(made)
        levels = np.union1d(np.linspace(0, 1, N_BINS + 1), CLOSEST)
        edges = np.quantile(real[real >= self.limit], levels)
        edges = np.unique([self.limit, *edges[1:-1].tolist(), np.inf])
        counts = [np.histogram(x, edges)[0] + 1 for x in (real, drawn)]
        ratio = counts[0] / counts[1] * (len(drawn) / len(real))
        error = np.sqrt(1 / counts[0] + 1 / counts[1])  # of its logarithm
        fewer = -np.log(ratio) > np.maximum(np.log(ALIKE), SURE * error)
        chances = None
        if np.median(ratio) > ALIKE or fewer.any():
            chances = edges[:-1].tolist(), np.minimum(1, ratio / np.median(ratio)).tolist()
        return Contacts(self.limit, self.n_atoms, self.bonds, chances, self.held)

    def chance(self, closest: np.ndarray) -> np.ndarray:
        """With what chance a structure is kept, by its closest contact (n,), **nm**."""
        if self.chances is None:
            return (closest >= self.limit).astype(float)
        edges, chances = self.chances
        return np.array([0.0, *chances])[np.searchsorted(edges, closest, side="right")]

    def closest(self, coords: ArrayLike) -> np.ndarray:
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

    def to_dict(self) -> dict:
        """What `from_dict` takes, for JSON."""
        found = {"limit_nm": self.limit, "n_atoms": self.n_atoms, "bonds": self.bonds.tolist()}
        if self.held:
            found["held"] = list(self.held)
        return found if self.chances is None else found | {"chances": self.chances}

    @classmethod
    def from_dict(cls, described: dict) -> Contacts:
        """Contacts as `to_dict` describes them."""
        given = (described[name] for name in ("limit_nm", "n_atoms", "bonds"))
        return cls(*given, described.get("chances"), described.get("held", ()))

    def __reduce__(self):
        return Contacts.from_dict, (self.to_dict(),)  # compiled functions cannot be pickled
