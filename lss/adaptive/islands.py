"""Islands of psi that the MD does not connect with the rest, in words."""

from pathlib import Path

import numpy as np


def describe_islands(cells, pieces, lag, names, most=10):
    """A sentence for each island of cells that is not connected with the largest one.

    Parameters
    ----------
    cells : lss.adaptive.cells.Cells
    pieces : np.ndarray of int, shape (n_cells,)
        See `lss.adaptive.markov.separate_pieces`.
    lag : int
        In frames.
    names : list of str
        Of the trajectories.
    most : int
        Islands that are named; the others are counted.

    Returns
    -------
    list of str
    """
    found = [_describe(cells, pieces, piece, lag, names) for piece in range(1, pieces.max() + 1)]
    if len(found) > most:
        found = [*found[:most], f"and {len(found) - most} smaller islands"]
    alone = int((pieces < 0).sum())
    if alone:
        found.append(f"{alone} cells lie only on trajectories that are not longer than the lag")
    return found


def _describe(cells, pieces, piece, lag, names):
    own = pieces == piece
    entered = left = n_frames = 0
    holding = []
    for name, path in zip(names, cells.of_frames, strict=True):
        inside = own[path]
        if not inside.any():
            continue
        holding.append(str(name))
        n_frames += int(inside.sum())
        entered += int((~inside[:-lag] & inside[lag:]).sum())
        left += int((inside[:-lag] & ~inside[lag:]).sum())
    how = {
        (True, False): "entered and never left",
        (False, True): "left and never entered",
        (False, False): "neither entered nor left",
        (True, True): "entered from one side and left to another, and never come back to",
    }[entered > 0, left > 0]
    where = ", ".join(f"{x:.2g}" for x in np.average(cells.centres[own], axis=0))
    holding = [Path(name.split(" + ")[0]).name for name in holding]
    shown = ", ".join(holding[:3]) + (f" and {len(holding) - 3} more" if len(holding) > 3 else "")
    return (
        f"island {piece}: {int(own.sum())} cells about psi = ({where}), {n_frames} frames of "
        f"{shown}: {how}"
    )
