"""A network that draws torsions one after another from their density, of stock layers."""

import keras
import numpy as np
from keras import ops

from cwgan.chain import chain_rows
from cwgan.layers import at_rest, frozen, picked
from cwgan.placement import local_coordinates
from cwgan.splitting import evenly
from cwgan.surroundings import axes_of, surroundings

HARMONICS = 2  # of an angle, by which the torsions after it know it
# Shares of a bin that frames cannot tell from none: a well where no frame of such psi is would be
# reached a few times in a thousand frames, by many torsions together.
UNRESOLVED = 2e-4
DIGITS = 16
MEAN_OF = 2000  # frames


def sampler(model, growth, torsions=None, coords=None):
    """Network that draws torsions, each from its histogram, and sees what they make.

    Parameters
    ----------
    model : cwgan.rotamers.RotamerDensity
    growth : cwgan.growth.Growth
    torsions : Torsions, optional
    coords : ndarray (n_frames, n_atoms, 3), **nm**, optional
        Where mean lengths and angles are from. Without turns neither is needed.

    Returns
    -------
    keras.Model
        [condition (n, n_conditions), noise (n, n_torsions)] -> cosine and sine (n, 2, n_torsions),
        in the order of the molecule; the noise is standard normal.
    """
    n, m = len(growth.order), int(model.condition.shape[1])
    n_trunk, body = n - len(growth.turns), None
    condition = keras.Input((m,), name="condition")
    noise = keras.Input((n,), name="noise")
    # The builder has the same noise. What is left of a quantile behind its 16th part is even, and
    # as good as independent of where it lies.
    share = ops.multiply(ops.add(ops.erf(ops.multiply(noise, 2**-0.5)), 1.0), DIGITS / 2)
    share = ops.subtract(share, ops.floor(share))
    seen, code = [], [None] * n
    for i in range(n):
        known = [condition, *(seen[j] for j in np.flatnonzero(growth.parents[i]))]
        x = _first_layer(model, i, known)
        if i >= n_trunk:
            turn = growth.turns[i - n_trunk]
            body = body or _Body(condition, code[:n_trunk], growth, torsions, coords)
            if len(turn.seen):
                kernel = model.kernels["around"].numpy()[i - n_trunk]
                x = ops.add(x, frozen(kernel, None, name=f"around_{i}")(body.around(turn)))
        angle = _drawn(_histogram(model, i, x), share[:, i : i + 1], model.edges[i].numpy(), i)
        waves = [ops.multiply(angle, float(h)) for h in range(1, HARMONICS + 1)]
        waves = [f(wave) for wave in waves for f in (ops.cos, ops.sin)]
        seen.append(ops.concatenate(waves, axis=1))
        code[growth.order[i]] = ops.concatenate(waves[:2], axis=1)
        if i >= n_trunk:
            body.turn(turn, *waves[:2])
    return keras.Model([condition, noise], ops.stack(code, axis=2), name="torsions")


def _first_layer(model, i, known):
    """Inputs of the first hidden layer of torsion `i`, (n, WIDTH)."""
    x = known[0] if len(known) == 1 else ops.concatenate(known, axis=1)
    kernel = model.kernels["hidden_1"].numpy()[model.mask[:, i] > 0, i]
    return frozen(kernel, model.biases["hidden_1"].numpy()[i], name=f"hidden_1_{i}")(x)


def _histogram(model, i, x):
    """Shares (n, N_BINS) of the bins of torsion `i`."""
    for name in ("hidden_2", "logits"):
        kernel, bias = (w[name].numpy()[i] for w in (model.kernels, model.biases))
        x = frozen(kernel, bias, name=f"{name}_{i}")(ops.silu(x))
    p = ops.relu(ops.subtract(ops.softmax(x), UNRESOLVED))
    return ops.divide(p, ops.sum(p, axis=1, keepdims=True))


def _drawn(p, share, edges, i):
    """The angle (n, 1) below which a share of a histogram p (n, n_bins) lies."""
    n_bins = len(edges) - 1
    before = frozen(np.triu(np.ones((n_bins, n_bins)), 1), None, name=f"before_{i}")(p)
    # A bin is passed wholly, in part or not at all: the widths of what is passed add up.
    passed = ops.divide(ops.subtract(share, before), ops.add(p, 1e-9))
    passed = keras.layers.ReLU(max_value=1.0, name=f"passed_{i}")(passed)
    return frozen(np.diff(edges)[:, None], edges[:1], name=f"angle_{i}")(passed)


class _Body:
    """Positions of what is placed so far, with mean lengths and angles.

    Parameters
    ----------
    x : keras tensor (n, width)
        Any.
    code : list of keras tensor (n, 2)
        Cosine and sine of the torsions of the trunk.
    growth, torsions, coords
        As of `sampler`.
    """

    def __init__(self, x, code, growth, torsions, coords):
        self.coords = coords[evenly(len(coords), MEAN_OF)]
        trunk = torsions.placement.trunk
        self.columns = {int(atom): k for k, atom in enumerate(trunk)}
        code = ops.stack(code, axis=2) if code else ops.zeros_like(x[:, :2, None])[:, :, :0]
        self.rows = chain_rows(x, code, self.coords[:, trunk], torsions.chain, at_rest(x), frozen)
        self._carry(growth.carried)

    def around(self, turn):
        """What the torsion sees of what is placed, (n, SIZE)."""
        points = self._points(turn.frame[None])
        columns = np.array([self.columns[int(a)] for a in turn.seen], int)
        seen = ops.expand_dims(picked(self.rows, columns, frozen), 2)
        ones = np.ones((1, len(columns)))
        return surroundings(seen, points[0], axes_of(*points), ones)[:, 0]

    def turn(self, turn, cosine, sine):
        """Place the atom of a torsion, and what it carries."""
        local = self._local(np.array([turn.atom]), turn.frame[None])
        height = float(local[..., 0].mean())
        radius = float(np.linalg.norm(local[..., 1:], axis=-1).mean())
        along = [ops.full_like(cosine, height), radius * cosine, radius * sine]
        self._place([turn.atom], turn.frame[None], [ops.expand_dims(x, 1) for x in along])
        self._carry(turn.carried)

    def _carry(self, groups):
        for atoms, frames in groups:
            self._place(atoms, frames, list(self._local(atoms, frames).mean(0).T))

    def _local(self, atoms, frames):
        return local_coordinates(self.coords.astype(float), atoms, frames)

    def _points(self, frames):
        """Origin, axis and third atom of frames, (n, 3, k) each."""
        columns = np.array([[self.columns[int(a)] for a in frame] for frame in frames])
        return [picked(self.rows, columns[:, k], frozen) for k in range(3)]

    def _place(self, atoms, frames, local):
        """Add atoms at local coordinates: three numbers, arrays (k,) or tensors (n, 1, 1)."""
        points = self._points(frames)
        fresh = points[0]
        for axis, along in zip(axes_of(*points), local, strict=True):
            along = along.astype(np.float32) if isinstance(along, np.ndarray) else along
            fresh = ops.add(fresh, ops.multiply(axis, along))
        first = len(self.columns)
        self.columns |= {int(atom): first + k for k, atom in enumerate(atoms)}
        self.rows = ops.concatenate([self.rows, fresh], axis=2)
