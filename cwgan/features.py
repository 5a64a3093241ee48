"""What the critic sees of a structure: invariant geometry beside the superposed coordinates.

A critic that gets bare coordinates cannot tell a bond that is .02 nm too long. Distances, signed
volumes and contacts, each in units of its own fluctuation, make such errors as large as they are.
"""

import numpy as np
import tensorflow as tf

from cwgan.contacts import Contacts

MAX_ALL_PAIRS = 500  # all pairs up to 32 atoms
MAX_SHAPE_PAIRS = 300  # between landmark atoms, beyond that size
MAX_CONTACTS = 300
LENGTH_FLOOR = 0.004  # nm: what is stiffer than this is measured against it
VOLUME_FLOOR = 1e-4  # nm^3
OVERLAP_SCALE = 0.005  # nm
SOFTENING = 0.01  # nm^2
DENSE_LIMIT = 60_000  # entries of an incidence matrix below which a product beats a gather
COLUMNS_LIMIT = 500_000  # entries of a matrix that picks columns, likewise


class StructureFeatures:
    """Map from coordinates to standardised features, differentiable, fixed after construction.

    Parameters
    ----------
    graph : BondGraph
    coords : ndarray (n_frames, n_atoms, 3)
        Superposed frames, **nm**, from which scales are taken and pairs are chosen.

    Attributes
    ----------
    pairs : ndarray (n_pairs, 2)
        Distances seen.
    quads : ndarray (n_quads, 4)
        Signed volumes seen: of an atom and three neighbours, and of four atoms in a chain.
    close : ndarray (n_close, 2)
        Non-bonded pairs that come closest.
    contacts : Contacts or None
        How close atoms may come.
    size, n_coords : int
        Number of features; of those among them that are coordinates, which come first.
    score_weight : float
        Of the energy score, and of that of the torsions, in the generator's loss.
    torsions : ndarray (n_torsions, 2), int
        Which features are the distance between the ends of each chain of four atoms, and their
        signed volume: together they go round a loop as the torsion turns.
    """

    score_weight = 0.5

    def __init__(self, graph, coords):
        self.graph = graph
        self.pairs = choose_pairs(graph, coords)
        self.quads = np.concatenate([graph.centres(), graph.torsions()])
        self.close = closest_pairs(graph.nonbonded_pairs(), coords, MAX_CONTACTS)
        self.contacts = Contacts.learned(graph, coords)
        self._spread = float(max(coords.std(0).max(), LENGTH_FLOOR))
        self._coords_mean = coords.mean(0).reshape(-1).astype(np.float32)
        # Where every distance is seen, contacts would be seen twice.
        self._sees_contacts = graph.n_atoms * (graph.n_atoms - 1) // 2 > MAX_ALL_PAIRS
        self._mean, self._scale = 0.0, 1.0
        raw = in_chunks(self._raw, coords)
        floors = np.concatenate(
            [
                np.full(len(self.pairs), LENGTH_FLOOR),
                np.full(len(self.quads), VOLUME_FLOOR),
                np.full(raw.shape[1] - len(self.pairs) - len(self.quads), 1e-3 / SOFTENING),
            ]
        )
        self._mean = raw.mean(0).astype(np.float32)
        self._scale = np.maximum(raw.std(0), floors).astype(np.float32)
        self.n_coords = len(self._coords_mean)
        self.size = self.n_coords + raw.shape[1]
        self.torsions = self._torsion_columns()

    def __call__(self, coords):
        """Features (n_frames, size) of coordinates (n_frames, n_atoms, 3), **nm**."""
        flat = tf.reshape(coords, (-1, len(self._coords_mean)))
        invariant = (self._raw(coords) - self._mean) / self._scale
        return tf.concat([(flat - self._coords_mean) / self._spread, invariant], 1)

    def overlap(self, coords):
        """Sum over close pairs of how far they are inside the limit, in units of .005 nm.

        Linear beyond .005 nm: a square would outweigh all else. One limit serves all pairs: each
        pair's own would be a chance extreme, where that pair need not touch, and hold it apart.
        """
        if self.contacts is None:
            return tf.zeros(())
        inside = tf.nn.relu(self.contacts.limit - distances(coords, self.close)) / OVERLAP_SCALE
        return tf.reduce_sum(tf.sqrt(1 + inside**2) - 1, 1)

    def distances(self, coords):
        """Standardised pair distances (n_frames, n_pairs), the space of the energy distance."""
        n = len(self.pairs)
        return (distances(coords, self.pairs) - self._mean[:n]) / self._scale[:n]

    def _torsion_columns(self):
        chains = self.graph.torsions()
        ends = {tuple(pair): k for k, pair in enumerate(self.pairs.tolist())}
        distance = [ends[min(a, d), max(a, d)] for a, _, _, d in chains.tolist()]
        volume = len(self.pairs) + len(self.quads) - len(chains) + np.arange(len(chains))
        return self.n_coords + np.stack([np.array(distance, int), volume], 1)

    def _raw(self, coords):
        parts = [distances(coords, self.pairs)]
        if len(self.quads):
            parts.append(volumes(coords, self.quads))
        if self._sees_contacts:
            parts.append(1.0 / (_squared(coords, self.close) + SOFTENING))
        return tf.concat(parts, 1)


class FlatFeatures:
    """What the paper's critic sees: the coordinates, scaled to [-1, 1].

    Parameters
    ----------
    coords : ndarray (n_frames, n_atoms, 3) in **nm**, or (n_frames, output_dim), already scaled
    """

    torsions = contacts = None

    def __init__(self, coords):
        self.size = int(np.prod(coords.shape[1:]))
        self._middle, self._half = 0.0, 1.0
        self.pairs = None
        seen = coords.reshape(len(coords), -1)
        if coords.ndim == 3:
            low, high = seen.min(0), seen.max(0)
            self._middle, self._half = (low + high) / 2, np.maximum((high - low) / 2, 1e-6)
            self.pairs = choose_pairs(None, coords)
            seen = in_chunks(lambda x: distances(x, self.pairs), coords)
        self._mean, self._scale = seen.mean(0), np.maximum(seen.std(0), 1e-6)
        if self.pairs is not None:
            self._scale = np.maximum(self._scale, LENGTH_FLOOR)

    def __call__(self, coords):
        """Scaled coordinates (n_frames, size)."""
        return (tf.reshape(coords, (-1, self.size)) - self._middle) / self._half

    def distances(self, coords):
        """Standardised pair distances, or outputs where there are no atoms."""
        raw = coords if self.pairs is None else distances(coords, self.pairs)
        return (raw - self._mean) / self._scale


def in_chunks(function, coords):
    """Values of `function`, which makes tensors, for an array of any length.

    As many rows at once as have four million numbers, so that memory does not grow with atoms.
    """
    size = int(np.clip(2**22 // max(1, coords[:1].size), 64, 4096))
    parts = [coords[start : start + size] for start in range(0, len(coords), size)]
    return np.concatenate([function(tf.convert_to_tensor(x, tf.float32)).numpy() for x in parts])


def distances(coords, pairs):
    """Distances (n_frames, n_pairs) of (n_frames, n_atoms, 3); finite gradient at zero."""
    return tf.sqrt(_squared(coords, pairs) + 1e-10)


def volumes(coords, quads):
    """Signed volumes of quadruples a, b, c, d of atoms.

    The triple product of b - a, c - a and d - a: its sign is the handedness, and it is zero where
    the four atoms lie in a plane.

    Parameters
    ----------
    coords : tensor (n_frames, n_atoms, 3)
    quads : ndarray (n_quads, 4)

    Returns
    -------
    tensor (n_frames, n_quads), cube of the unit of `coords`
    """
    u, v, w = (tf.unstack(differences(coords, quads[:, [0, k]]), axis=1) for k in (1, 2, 3))
    return (
        u[0] * (v[1] * w[2] - v[2] * w[1])
        + u[1] * (v[2] * w[0] - v[0] * w[2])
        + u[2] * (v[0] * w[1] - v[1] * w[0])
    )


def columns(x, picked):
    """The columns `picked` of a tensor (n, size).

    The gradient of a gather is a scatter, which is slow on the CPU: small molecules multiply.
    """
    size = int(x.shape[1])
    if size * len(picked) > COLUMNS_LIMIT:
        return tf.gather(x, picked, axis=1)
    return x @ np.eye(size, dtype=np.float32)[:, picked]


def differences(coords, pairs):
    """Vectors (n_frames, 3, n_pairs) from the first to the second atom of each pair."""
    n_atoms = int(coords.shape[1])
    turned = tf.transpose(coords, (0, 2, 1))
    if n_atoms * len(pairs) > DENSE_LIMIT:
        return tf.gather(turned, pairs[:, 1], axis=2) - tf.gather(turned, pairs[:, 0], axis=2)
    # As in `columns`.
    incidence = np.zeros((n_atoms, len(pairs)), np.float32)
    incidence[pairs[:, 1], np.arange(len(pairs))] += 1.0
    incidence[pairs[:, 0], np.arange(len(pairs))] -= 1.0
    return tf.reshape(tf.reshape(turned, (-1, n_atoms)) @ incidence, (-1, 3, len(pairs)))


def choose_pairs(graph, coords):
    """Pairs whose distances describe a structure, at most about 4 per atom plus 300.

    All pairs for small molecules. For others the local ones (up to three bonds apart, and those
    within rings) and all pairs between landmark atoms: each next landmark is the atom farthest
    from those before it in the mean of the distances, so that they cover the molecule evenly.
    """
    n_atoms = coords.shape[1]
    every = np.stack(np.triu_indices(n_atoms, 1), 1)
    if len(every) <= MAX_ALL_PAIRS:
        return every
    mean = coords.mean(0)
    landmarks = [int(np.linalg.norm(mean - mean.mean(0), axis=1).argmax())]
    near = np.linalg.norm(mean - mean[landmarks[0]], axis=1)
    while len(landmarks) * (len(landmarks) - 1) // 2 < MAX_SHAPE_PAIRS - len(landmarks):
        landmarks.append(int(near.argmax()))
        near = np.minimum(near, np.linalg.norm(mean - mean[landmarks[-1]], axis=1))
    shape = np.sort([(a, b) for i, a in enumerate(landmarks) for b in landmarks[:i]], 1)
    if graph is None:
        return np.unique(shape, axis=0)
    local = [graph.pairs(k) for k in (1, 2, 3)] + [graph.ring_pairs()]
    return np.unique(np.concatenate([*local, shape]), axis=0)


def closest_pairs(pairs, coords, n_pairs):
    """The `n_pairs` of `pairs` that come closest: largest mean of 1 / (d^2 + .01 nm^2)."""
    if len(pairs) <= n_pairs:
        return pairs
    n_frames = max(20, min(500, 2**25 // len(pairs)))
    sample = coords[:: max(1, len(coords) // n_frames)]
    score = np.zeros(len(pairs))
    for frame in sample:
        step = frame[pairs[:, 1]] - frame[pairs[:, 0]]
        score += 1.0 / ((step**2).sum(1) + SOFTENING)
    return pairs[np.sort(np.argsort(-score)[:n_pairs])]


def _squared(coords, pairs):
    return tf.reduce_sum(differences(coords, pairs) ** 2, 1)
