"""The generator's head: positions from bond vectors and local frames, stock Keras only."""

import keras
import numpy as np

from cwgan.chain import chain_rows
from cwgan.layers import lengths_about, picked, scaled, unit_vectors
from cwgan.orientation import superposed_rows
from cwgan.placement import local_coordinates


def molecular_head(x, coords, reference, placement, dense, frozen, torsions=None, code=None):
    """Positions of all atoms, the trunk by its bonds, the rest in local frames, superposed.

    Parameters
    ----------
    x : keras tensor (n, width)
    coords : ndarray (n_frames, n_atoms, 3)
        Frames superposed on the reference, **nm**: means and fluctuations are taken from them.
    reference : ndarray (n_atoms, 3), **nm**
    placement : Placement
    dense, frozen : callable
        Make a trained Dense layer (units, name=...) and a fixed one (kernel, bias, name=...).
    torsions : Torsions, optional
        Those that are given; without it all are Dense outputs, and the trunk is a sum of bond
        vectors.
    code : keras tensor (n, 2, n_torsions), optional
        Their cosine and sine.

    Returns
    -------
    keras tensor (n, n_atoms, 3), **nm**, centred and superposed on the reference
    """
    rows = atom_rows(x, coords, placement, dense, frozen, torsions, code)
    rows = keras.ops.subtract(rows, keras.ops.mean(rows, axis=2, keepdims=True))
    rows = superposed_rows(rows, reference, frozen)
    return keras.layers.Permute((2, 1), name="coordinates")(rows)


def atom_rows(x, coords, placement, dense, frozen, torsions=None, code=None):
    """Positions of all atoms, somewhere and turned anyhow; as `molecular_head`.

    Returns
    -------
    keras tensor (n, 3, n_atoms), **nm**
    """
    trunk = coords[:, placement.trunk]
    if torsions is None:
        rows = bond_rows(x, trunk, placement.tree, dense, frozen)
    else:
        in_trunk = code[:, :, : len(torsions.chain.moving)]
        rows = chain_rows(x, in_trunk, trunk, torsions.chain, dense, frozen)
    for k, level in enumerate(placement.levels):
        done = np.concatenate([placement.trunk, *(before.atoms for before in placement.levels[:k])])
        turn = None
        if torsions is not None and len(level.turning):
            turn = keras.layers.Permute((2, 1))(code[:, :, torsions.of_level(k)])
        fresh = _level_rows(x, rows, coords, done, level, turn, dense, frozen, f"level_{k + 1}")
        rows = keras.layers.Concatenate(axis=2, name=f"placed_{k + 1}")([rows, fresh])
    return picked(rows, np.argsort(placement.order()), frozen, "sorted")


def bond_rows(x, coords, tree, dense, frozen):
    """Positions as sums of bond vectors along a tree: every bond length stays near its own mean.

    Each tree edge has a direction (mean bond vector plus a Dense output, normalised) and a length
    (mean plus standard deviation times a Dense output). A fixed matrix adds them up and centres.

    Returns
    -------
    keras tensor (n, 3, n_atoms), **nm**
    """
    n_edges = len(tree.edges)
    if n_edges == 0:  # a single atom sits at the origin
        x = frozen(np.zeros((x.shape[1], 3)), None, name="origin")(x)
        return keras.layers.Reshape((3, 1), name="trunk")(x)
    vectors = coords[:, tree.edges[:, 1]] - coords[:, tree.edges[:, 0]]
    lengths = np.linalg.norm(vectors, axis=-1)
    offset = vectors.mean(0, dtype=float) / np.maximum(lengths.mean(0), 1e-6)[:, None]
    unit = unit_vectors(x, offset, dense, "direction")
    length = lengths_about(x, lengths[:, :, None], dense, "lengths")
    bonds = keras.layers.Multiply(name="bond_vectors")([unit, length])
    bonds = keras.layers.Permute((2, 1), name="bond_rows")(bonds)
    return frozen(tree.path_matrix().T, None, name="trunk")(bonds)


def _level_rows(x, rows, coords, done, level, turn, dense, frozen, name):
    """Positions (n, 3, n_level) of the atoms of one level."""
    column = np.full(coords.shape[1], -1)
    column[done] = np.arange(len(done))
    p, q, r = column[level.frames].T

    # Origins and the two differences that span the frames, all from one product.
    found = picked(rows, np.concatenate([p, q, r]), frozen, f"{name}_frames")
    found = keras.layers.Permute((2, 1), name=f"{name}_frame_rows")(found)
    origin, second, third = keras.ops.split(found, 3, axis=1)
    first = keras.layers.UnitNormalization(axis=-1, name=f"{name}_e1")(
        keras.ops.subtract(origin, second)
    )
    across = keras.ops.cross(first, keras.ops.subtract(second, third))
    last = keras.layers.UnitNormalization(axis=-1, name=f"{name}_e3")(across)
    axes = keras.layers.Concatenate(axis=-1, name=f"{name}_axes")(
        [first, keras.ops.cross(last, first), last]
    )
    axes = keras.layers.Reshape((len(p), 3, 3), name=f"{name}_matrix")(axes)
    local = local_coordinates(coords, level.atoms, level.frames)
    local = _local(x, local, level, turn, dense, name)
    local = _of_right_length(x, local, coords, level, dense, name)
    local = keras.layers.Reshape((len(p), 3, 1), name=f"{name}_column")(local)
    shift = keras.ops.sum(keras.layers.Multiply(name=f"{name}_parts")([local, axes]), axis=2)
    placed = keras.layers.Add(name=f"{name}_atoms")([origin, shift])
    return keras.layers.Permute((2, 1), name=f"{name}_positions")(placed)


def _local(x, local, level, turn, dense, name):
    """Local coordinates (n, n_level, 3): turning atoms by a unit 2-vector, rigid ones by shifts.

    The unit vectors `turn` (n, n_turning, 2) are given, or else Dense outputs.
    """
    n_turning, parts = len(level.turning), []
    if n_turning:
        along, around = local[:, :n_turning, :1], local[:, :n_turning, 1:]
        radius = np.linalg.norm(around, axis=-1, keepdims=True)
        if turn is None:
            mean = (around / np.maximum(radius, 1e-6)).mean(0, dtype=float)
            turn = unit_vectors(x, mean, dense, f"{name}_turn")
        size = scaled(x, radius.mean(0), radius.std(0), dense, f"{name}_radius")
        turn = keras.layers.Multiply(name=f"{name}_around")([turn, size])
        height = scaled(x, along.mean(0), along.std(0), dense, f"{name}_along")
        parts.append(keras.layers.Concatenate(axis=-1, name=f"{name}_turning")([height, turn]))
    if len(level.rigid):
        still = local[:, n_turning:]
        parts.append(scaled(x, still.mean(0), still.std(0), dense, f"{name}_rigid"))
    if len(parts) == 1:
        return parts[0]
    return keras.layers.Concatenate(axis=1, name=f"{name}_local")(parts)


def _of_right_length(x, local, coords, level, dense, name):
    """The same directions, as far from the origins as in the data: mean plus fluctuation.

    A bond that a constraint holds has the length that it has, however its angles fluctuate.
    """
    away = coords[:, level.atoms] - coords[:, level.frames[:, 0]]
    lengths = np.linalg.norm(away, axis=-1)[:, :, None]
    length = lengths_about(x, lengths, dense, f"{name}_length")
    unit = keras.layers.UnitNormalization(axis=-1, name=f"{name}_unit")(local)
    return keras.layers.Multiply(name=f"{name}_bonds")([unit, length])
