"""What a decoder is fitted to: states and the structures that belong to them."""

import numpy as np

from lss_base.estimators import refusal
from lss_base.trajectories import as_parts, joined


def joined_frames(settings, X, y):
    """All frames of psi and of the coordinates, checked to belong together.

    Parameters
    ----------
    settings : MolGen
    X, y
        As of `MolGen.fit`.

    Returns
    -------
    psi : ndarray (n_frames, latent_dim), float32
    coords : ndarray (n_frames, n_atoms, 3) or (n_frames, output_dim), float32
    lengths : list of int
        Frames of each trajectory in them.

    Raises
    ------
    ValueError
        On shapes that do not fit, and on numbers that are not finite.
    """
    psi = as_parts("X", X, settings.latent_dim)
    flat, n_outputs = _is_flat(y, settings.output_dim), settings.output_dim
    if not flat and settings.head == "columns":
        raise refusal("y", "frames of atoms", "(n_frames, output_dim)", "give a row for each frame")
    if not flat and n_outputs % 3:
        raise refusal("output_dim", n_outputs, "three for each atom", "give 3 * n_atoms")
    coords = as_parts("y", y, n_outputs if flat else (n_outputs // 3, 3))
    lengths, wanted = ([len(part) for part in parts] for parts in (coords, psi))
    if sum(lengths) != sum(wanted) or (min(len(psi), len(coords)) > 1 and lengths != wanted):
        raise refusal("y", f"of {lengths} frames", f"{wanted} as X has", "give each frame its psi")
    psi, coords = joined(psi), joined(coords)
    if flat and settings.head == "bonds":
        coords = coords.reshape(len(coords), -1, 3)
    return psi, coords, max(lengths, wanted, key=len)


def _is_flat(y, output_dim):
    """Whether a frame of y is a row of numbers, not atoms; y may be a list of either."""
    if not (isinstance(y, (list, tuple)) and len(y)):
        return np.ndim(y) == 2
    shape = np.shape(y[0])
    # Rows, or arrays of rows; but a list of single frames is one array of atoms.
    return len(shape) < 3 and (output_dim == 3 or shape != (output_dim // 3, 3))
