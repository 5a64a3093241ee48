"""The trunk of a molecule from its internal coordinates: bond lengths, angles, torsions.

Each bond has a frame, turned from that of the bond before it by an angle and a torsion. The frames
are products of these turns along the chain, which pointer doubling makes in log2(bonds) steps.
"""

from dataclasses import dataclass

import keras
import numpy as np
from keras import ops
from scipy.sparse.csgraph import breadth_first_order

from cwgan.layers import lengths_about, picked, scaled, unit_vectors
from cwgan.orientation import product

STRAIGHTEST = 0.15  # sine of a bond angle: a torsion about a straight chain means nothing
MOVING = 0.97  # mean resultant length of a torsion below which it moves
# Beads: their shape hangs on all torsions together, and drawn one by one these lose psi (on a Go
# model of Trp-cage R^2 of psi_2 falls from .8 to .1).
LONGEST = 0.25  # nm, of a bond between atoms
STIFF = 0.15  # radians: fluctuation of bond angles up to which torsions tell the shape
FLIPPED = 1e-4  # or the share of frames that are more than a right angle away


@dataclass(frozen=True)
class Chain:
    """Bonds of a tree of atoms from one end of it, in the order in which they are placed.

    Attributes
    ----------
    edges : ndarray (n_bonds, 2), int
        Atoms (parent, child).
    before : ndarray (n_bonds,), int
        The bond that ends where each begins; the first has itself.
    first : ndarray (n_bonds,), int
        The first bond that begins where each does: its torsion is that of the atom, and the others
        are turned from it. The first two bonds have none, since the whole is turned afterwards.
    moving : ndarray (n_moving,), int
        Bonds whose torsion moves.
    """

    edges: np.ndarray
    before: np.ndarray
    first: np.ndarray
    moving: np.ndarray

    @property
    def stiff(self):
        """Bonds whose torsion stays near its mean, but the first two."""
        return np.setdiff1d(np.arange(2, len(self.edges)), self.moving)

    def path_matrix(self):
        """Matrix (n_atoms, n_bonds) that adds bond vectors up to positions, centred."""
        matrix = np.zeros((len(self.edges) + 1, len(self.edges)))
        for k, (parent, child) in enumerate(self.edges):
            matrix[child] = matrix[parent]
            matrix[child, k] = 1.0
        return matrix - matrix.mean(0)


def chain_of(tree, coords):
    """The chain of a trunk, or None where its internal coordinates do not say where atoms are.

    Parameters
    ----------
    tree : BondGraph
    coords : ndarray (n_frames, n_atoms, 3), **nm**
    """
    if tree.pseudo.any() or len(tree.edges) < 3:
        return None
    edges, before, first = _ordered(tree)
    chain = Chain(edges, before, first, np.zeros(0, int))
    if _bonds(chain, coords)[1].mean(0).max() > LONGEST:
        return None
    angles = bond_angles(chain, coords)
    if np.sin(angles).min() < STRAIGHTEST or angles.std(0).max() > STIFF:
        return None
    turns = np.exp(1j * torsions(chain, coords))
    mean = turns.mean(0)
    away = (np.real(turns * np.conj(mean / np.abs(mean))) < 0).mean(0)
    moves = (np.abs(mean) < MOVING) | (away > FLIPPED)
    own = first == np.arange(len(edges))
    moving = np.flatnonzero(moves & own)
    return Chain(edges, before, first, moving[moving >= 2])


def _ordered(tree):
    """Bonds from an end of the tree, the bond before each, and its first sibling."""
    n_atoms = len(tree.edges) + 1
    matrix = np.zeros((n_atoms, n_atoms))
    matrix[tree.edges[:, 0], tree.edges[:, 1]] = 1.0
    degree = (matrix + matrix.T).sum(1)
    start = int(np.flatnonzero(degree == 1)[0])
    order, parent = breadth_first_order(matrix, start, directed=False)
    edges = np.array([(parent[atom], atom) for atom in order[1:]], int)
    bond_to = {int(child): k for k, (_, child) in enumerate(edges)}
    before = np.array([bond_to.get(int(p), 0) for p, _ in edges])
    first = np.array([int(np.flatnonzero(edges[:, 0] == p)[0]) for p, _ in edges])
    return edges, before, first


def _bonds(chain, coords):
    vectors = coords[:, chain.edges[:, 1]] - coords[:, chain.edges[:, 0]]
    lengths = np.linalg.norm(vectors, axis=-1)
    return _unit(vectors), lengths


def _unit(v):
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)


def bond_angles(chain, coords):
    """Angles (n_frames, n_bonds - 1), **radians**, by which each bond but the first turns off."""
    unit, _ = _bonds(chain, coords)
    cosine = (unit[:, 1:] * unit[:, chain.before[1:]]).sum(-1)
    return np.arccos(np.clip(cosine, -1, 1))


def torsions(chain, coords):
    """Torsions (n_frames, n_bonds), **radians**; of a later sibling, from the first.

    Zero for the first two bonds, which have none.
    """
    unit, _ = _bonds(chain, coords)
    axes = np.zeros((*unit.shape[:2], 3, 3))  # rows e1, e2, e3 of the frame of each bond
    out = np.zeros(unit.shape[:2])
    for k in range(1, len(chain.edges)):
        j = chain.before[k]
        if k == 1:
            axes[:, 0, 0] = unit[:, 0]
            across = np.cross(unit[:, 0], unit[:, 1])
            axes[:, 0, 2] = _unit(across)
            axes[:, 0, 1] = np.cross(axes[:, 0, 2], axes[:, 0, 0])
        local = np.einsum("fij,fj->fi", axes[:, j], unit[:, k])
        out[:, k] = np.arctan2(local[:, 2], local[:, 1])
        across = np.cross(axes[:, j, 0], unit[:, k])
        axes[:, k, 0] = unit[:, k]
        axes[:, k, 2] = _unit(across)
        axes[:, k, 1] = np.cross(axes[:, k, 2], axes[:, k, 0])
    later = np.flatnonzero(chain.first != np.arange(len(chain.edges)))
    out[:, later] -= out[:, chain.first[later]]
    out[:, :2] = 0.0
    return out


def chain_rows(x, code, coords, chain, dense, frozen):
    """Positions of the trunk from its internal coordinates.

    Parameters
    ----------
    x : keras tensor (n, width)
        What lengths, angles and stiff torsions are Dense outputs of.
    code : keras tensor (n, 2, n_moving)
        Cosine and sine of the torsions that move.
    coords : ndarray (n_frames, n_trunk, 3), **nm**
        From which means and fluctuations are taken.
    chain : Chain
    dense, frozen : callable
        As of `cwgan.heads.molecular_head`.

    Returns
    -------
    keras tensor (n, 3, n_trunk), **nm**, centred
    """
    n_bonds = len(chain.edges)
    _, lengths = _bonds(chain, coords)
    length = lengths_about(x, lengths[:, None], dense, "lengths")
    angles = bond_angles(chain, coords)
    angle = scaled(x, angles.mean(0)[None], angles.std(0)[None], dense, "angles")
    turn = _turns(x, code, coords, chain, dense, frozen)
    frames = _relative_frames(angle, turn, frozen)
    before = chain.before
    for _ in range(int(np.ceil(np.log2(n_bonds))) + 1):
        if not before.any():
            break
        earlier = keras.layers.Reshape((9, n_bonds))(frames)
        earlier = picked(earlier, before, frozen)
        earlier = keras.layers.Reshape((3, 3, n_bonds))(earlier)
        frames = product(earlier, frames)
        before = before[before]
    bonds = ops.multiply(frames[:, :, 0], length)
    return frozen(chain.path_matrix().T, None, name="trunk")(bonds)


def _turns(x, code, coords, chain, dense, frozen):
    """Cosine and sine (n, 2, n_bonds - 1) of the torsion of each bond but the first."""
    n_bonds, known = len(chain.edges), code
    if len(chain.stiff):
        angles = torsions(chain, coords)[:, chain.stiff]
        mean = np.stack([np.cos(angles), np.sin(angles)], -1).mean(0)
        still = unit_vectors(x, mean, dense, "stiff_torsions")
        known = ops.concatenate([code, keras.layers.Permute((2, 1))(still)], axis=2)
    given = np.concatenate([chain.moving, chain.stiff])
    place = np.zeros((len(given), n_bonds - 1))
    place[np.arange(len(given)), given - 1] = 1.0
    own = frozen(place, None, name="torsions_in_order")(known)
    bias = np.zeros((2, n_bonds - 1))
    bias[0, 0] = 1.0  # the second bond lies in the plane of its frame
    own = ops.add(own, bias.astype(np.float32))
    later = chain.first[1:] != np.arange(1, n_bonds)
    if not later.any():
        return own
    base = picked(own, chain.first[1:] - 1, frozen)
    both = ops.stack(
        [
            own[:, 0] * base[:, 0] - own[:, 1] * base[:, 1],
            own[:, 0] * base[:, 1] + own[:, 1] * base[:, 0],
        ],
        axis=1,
    )
    return ops.where(later, both, own)


def _relative_frames(angle, turn, frozen):
    """Turns (n, 3, 3, n_bonds), columns e1, e2, e3, from the frame of the bond before to its own.

    The first is no turn at all.
    """
    cosine, sine = ops.cos(angle), ops.sin(angle)
    about = turn[:, :1], turn[:, 1:]
    zero = ops.zeros_like(sine)
    rows = [
        [cosine, ops.negative(sine), zero],
        [sine * about[0], cosine * about[0], ops.negative(about[1])],
        [sine * about[1], cosine * about[1], about[0]],
    ]
    rows = ops.concatenate([entry for row in rows for entry in row], axis=1)
    n_turned = int(angle.shape[2])
    shift = np.zeros((n_turned, n_turned + 1))
    shift[np.arange(n_turned), np.arange(1, n_turned + 1)] = 1.0
    rows = frozen(shift, None, name="after_the_first")(rows)
    first = np.zeros((9, n_turned + 1), np.float32)
    first[[0, 4, 8], 0] = 1.0
    return keras.layers.Reshape((3, 3, n_turned + 1))(ops.add(rows, first))
