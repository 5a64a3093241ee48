"""Coordinates and unit cells that no simulation writes."""

import numpy as np

from lss.errors import InputError


def check_frames(frames, path, first):
    """Refuse coordinates and unit cells that no simulation writes; the frame is named."""
    fault = _fault(frames.xyz) or _cell_fault(frames)
    if fault is not None:
        raise InputError(
            f"{path}: frame {first + fault[0]} {fault[1]}: repair the file or leave it out"
        )


def is_sound(frames):
    """Whether all coordinates are finite, and those of a frame not all the same."""
    return _fault(frames.xyz) is None


def _fault(xyz):
    """Return (frame, what is wrong) for the first bad frame of (n, atoms, 3), or None."""
    # The sum is finite only if every term is; the look for the culprit is left for when it is not.
    if not np.isfinite(xyz.sum(dtype=np.float64)):
        bad = ~np.isfinite(xyz).all(axis=(1, 2))
        return int(np.argmax(bad)), "holds coordinates that are not finite numbers"
    if xyz.shape[1] > 1:
        same = (xyz[:, 1:2] == xyz[:, :1]).all(axis=(1, 2))
        for frame in np.flatnonzero(same):
            if (xyz[frame] == xyz[frame, :1]).all():
                return int(frame), "has all its atoms at one point"
    return None


def _cell_fault(frames):
    """Return (frame, what is wrong) for the first impossible unit cell, or None."""
    lengths, angles = frames.unitcell_lengths, frames.unitcell_angles
    if lengths is None or angles is None:
        return None
    # No edges mean no cell; whatever the angles then are.
    good = (lengths == 0).all(axis=1)
    good |= (lengths > 0).all(axis=1) & np.isfinite(lengths).all(axis=1) & _is_cell(angles)
    return None if good.all() else (int(np.argmin(good)), "has an impossible unit cell")


def _is_cell(angles):
    """Whether three angles (degrees) span a volume (J. Foadi, G. Evans, 2011)."""
    with np.errstate(over="ignore", invalid="ignore"):  # of damaged files angles may be infinite
        total = angles.sum(axis=1)
        spread = total - 2 * angles.max(axis=1)
    return (angles.min(axis=1) > 0) & (total < 360) & (spread > 0)
