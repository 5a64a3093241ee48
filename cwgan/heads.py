"""The generator's head: positions from bond vectors and local frames, stock Keras only."""

import keras
import numpy as np

from cwgan.orientation import superposed_rows
from cwgan.placement import local_coordinates


def molecular_head(x, coords, reference, placement, dense, frozen):
    """Positions of all atoms, the trunk by bond vectors, the rest in local frames, superposed.

    Parameters
    ----------
    x : keras tensor (n, width)
    coords : ndarray (n_frames, n_atoms, 3)
        Frames superposed on the reference, **nm**: means and fluctuations are taken from them.
    reference : ndarray (n_atoms, 3), **nm**
    placement : Placement
    dense, frozen : callable
        Make a trained Dense layer (units, name=...) and a fixed one (kernel, bias, name=...).

    Returns
    -------
    keras tensor (n, n_atoms, 3), **nm**, centred and superposed on the reference
    """
    rows = bond_rows(x, coords[:, placement.trunk], placement.tree, dense, frozen)
    for k, level in enumerate(placement.levels):
        done = np.concatenate([placement.trunk, *(before.atoms for before in placement.levels[:k])])
        fresh = _level_rows(x, rows, coords, done, level, dense, frozen, f"level_{k + 1}")
        rows = keras.layers.Concatenate(axis=2, name=f"placed_{k + 1}")([rows, fresh])
    order = placement.order()
    # One matrix brings the atoms into their own order and the centroid to the origin.
    sort = np.zeros((len(order), len(order)))
    sort[np.arange(len(order)), order] = 1.0
    rows = frozen(sort - 1.0 / len(order), None, name="centred")(rows)
    rows = superposed_rows(rows, reference, frozen)
    return keras.layers.Permute((2, 1), name="coordinates")(rows)


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
    mean, spread = lengths.mean(0, dtype=float), np.maximum(lengths.std(0, dtype=float), 1e-4)
    offset = vectors.mean(0, dtype=float) / np.maximum(mean, 1e-6)[:, None]
    unit = _unit_vectors(x, offset, dense, "direction")
    length = _scaled(x, mean[:, None], spread[:, None], dense, "lengths")
    bonds = keras.layers.Multiply(name="bond_vectors")([unit, length])
    bonds = keras.layers.Permute((2, 1), name="bond_rows")(bonds)
    return frozen(tree.path_matrix().T, None, name="trunk")(bonds)


def _level_rows(x, rows, coords, done, level, dense, frozen, name):
    """Positions (n, 3, n_level) of the atoms of one level."""
    column = np.full(coords.shape[1], -1)
    column[done] = np.arange(len(done))
    p, q, r = column[level.frames].T

    def pick(plus, minus, label):
        kernel = np.zeros((len(done), len(p)))
        kernel[plus, np.arange(len(p))] += 1.0
        if minus is not None:
            kernel[minus, np.arange(len(p))] -= 1.0
        picked = frozen(kernel, None, name=f"{name}_{label}")(rows)
        return keras.layers.Permute((2, 1), name=f"{name}_{label}_rows")(picked)

    first = keras.layers.UnitNormalization(axis=-1, name=f"{name}_e1")(pick(p, q, "axis"))
    across = keras.ops.cross(first, pick(q, r, "plane"))
    last = keras.layers.UnitNormalization(axis=-1, name=f"{name}_e3")(across)
    axes = keras.layers.Concatenate(axis=-1, name=f"{name}_axes")(
        [first, keras.ops.cross(last, first), last]
    )
    axes = keras.layers.Reshape((len(p), 3, 3), name=f"{name}_matrix")(axes)
    local = _local(x, local_coordinates(coords, level.atoms, level.frames), level, dense, name)
    local = keras.layers.Reshape((len(p), 3, 1), name=f"{name}_column")(local)
    shift = keras.ops.sum(keras.layers.Multiply(name=f"{name}_parts")([local, axes]), axis=2)
    placed = keras.layers.Add(name=f"{name}_atoms")([pick(p, None, "origin"), shift])
    return keras.layers.Permute((2, 1), name=f"{name}_positions")(placed)


def _local(x, local, level, dense, name):
    """Local coordinates (n, n_level, 3): turning atoms by a unit 2-vector, rigid ones by shifts."""
    n_turning, parts = len(level.turning), []
    if n_turning:
        along, around = local[:, :n_turning, :1], local[:, :n_turning, 1:]
        radius = np.linalg.norm(around, axis=-1, keepdims=True)
        mean = (around / np.maximum(radius, 1e-6)).mean(0, dtype=float)
        turn = _unit_vectors(x, mean, dense, f"{name}_turn")
        size = _scaled(x, radius.mean(0), radius.std(0), dense, f"{name}_radius")
        turn = keras.layers.Multiply(name=f"{name}_around")([turn, size])
        height = _scaled(x, along.mean(0), along.std(0), dense, f"{name}_along")
        parts.append(keras.layers.Concatenate(axis=-1, name=f"{name}_turning")([height, turn]))
    if len(level.rigid):
        still = local[:, n_turning:]
        parts.append(_scaled(x, still.mean(0), still.std(0), dense, f"{name}_rigid"))
    if len(parts) == 1:
        return parts[0]
    return keras.layers.Concatenate(axis=1, name=f"{name}_local")(parts)


def _unit_vectors(x, mean, dense, name):
    """Unit vectors (n, k, d): a Dense output about their means (k, d), normalised."""
    x = dense(mean.size, name=f"{name}_raw")(x)
    x = keras.layers.Rescaling(1.0, mean.reshape(-1).tolist(), name=f"{name}_shifted")(x)
    x = keras.layers.Reshape(mean.shape, name=f"{name}_vectors")(x)
    return keras.layers.UnitNormalization(axis=-1, name=f"{name}_unit")(x)


def _scaled(x, mean, spread, dense, name):
    """Quantities (n, *mean.shape): mean plus standard deviation times a Dense output."""
    spread = np.maximum(np.asarray(spread, float), 1e-4)
    x = dense(mean.size, name=f"{name}_raw")(x)
    x = keras.layers.Rescaling(
        spread.reshape(-1).tolist(), np.asarray(mean, float).reshape(-1).tolist(), name=name
    )(x)
    return keras.layers.Reshape(mean.shape, name=f"{name}_shape")(x)
