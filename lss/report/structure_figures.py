"""Static pictures of structures: lines along the bonds, seen along one direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lss.analysis.gallery import Gallery

#: From the first atom to the last; told apart by colour-blind readers too.
CHAIN = ("#0072b2", "#7b5aa6", "#d55e00")
#: How white the farthest bond of a picture is: 0 as strong as the nearest, 1 not to be seen.
FADED = 0.6


@dataclass(frozen=True)
class View:
    """One direction of sight and one scale for all pictures of a molecule.

    Parameters
    ----------
    axes : np.ndarray, shape (3, 3)
        Rows: to the right, up, towards the reader; a right-handed frame.
    half : float
        Half the width of a picture, **nm**.
    """

    axes: np.ndarray
    half: float

    def project(self, xyz: np.ndarray) -> np.ndarray:
        """Coordinates (..., 3) on the page, the third towards the reader, **nm**."""
        return xyz @ self.axes.T


def best_view(structures: list[np.ndarray]) -> View:
    """Look along the direction in which the structures (k, atoms, 3) extend least."""
    atoms = np.concatenate([s.reshape(-1, 3) for s in structures if len(s)])
    centred = [s - s.mean(axis=1, keepdims=True) for s in structures if len(s)]
    _, _, axes = np.linalg.svd(atoms - atoms.mean(axis=0), full_matrices=False)
    # A left-handed frame would show the mirror image of the molecule.
    axes[2] *= np.sign(np.linalg.det(axes))
    extent = np.concatenate([np.abs(c @ axes[:2].T).max(axis=(1, 2)) for c in centred])
    # A few very stretched structures may reach over the edge rather than shrink the others.
    return View(axes, 1.05 * float(np.quantile(extent, 0.9)))


def draw_structures(ax, structures: np.ndarray, bonds: np.ndarray, colours, view: View, lw=1.0):
    """Draw structures on top of one another, to scale, nearer bonds over farther ones.

    What is farther from the reader is fainter.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    structures : np.ndarray, shape (k, atoms, 3)
        Superposed structures, **nm**.
    bonds : np.ndarray, shape (bonds, 2)
        Atom pairs to join; atoms are drawn as points where there are none.
    colours : np.ndarray, shape (k, bonds or atoms, 4)
        Colours of the bonds (points) of each structure.
    view : View
        Direction and scale.
    lw : float
        Width of the lines in points.
    """
    from matplotlib.collections import LineCollection

    page = view.project(structures - structures.mean(axis=1, keepdims=True))
    if len(bonds):
        lines = page[:, bonds].reshape(-1, 2, 3)
        depth = lines[:, :, 2].mean(axis=1)
        order = np.argsort(depth)
        shades = fade(np.asarray(colours).reshape(-1, 4), depth)[order]
        ax.add_collection(
            LineCollection(lines[order, :, :2], colors=shades, linewidths=lw, capstyle="round")
        )
    else:
        points = page.reshape(-1, 3)
        ax.scatter(*points[:, :2].T, c=fade(np.asarray(colours).reshape(-1, 4), points[:, 2]), s=4)
    ax.set_xlim(-view.half, view.half)
    ax.set_ylim(-view.half, view.half)
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax


def fade(colours: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Mix colours (n, 4) with white, the more the farther: by depth (n,), least is farthest."""
    if not len(depth):
        return colours
    span = depth.max() - depth.min()
    white = FADED * (depth.max() - depth) / span if span > 0 else np.zeros(len(depth))
    faded = colours.copy()
    faded[:, :3] += (1 - faded[:, :3]) * white[:, None]
    return faded


def draw_scale(ax) -> None:
    """A bar of known length in the lower left corner of a picture of structures."""
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    width, height = right - left, top - bottom
    bar = next(b for b in (1.0, 0.5, 0.2, 0.1) if b < width / 2 or b == 0.1)
    x, y = left + 0.025 * width, bottom + 0.025 * height
    ax.plot([x, x + bar], [y, y], color="0.35", lw=1.5, solid_capstyle="butt")
    ax.text(x + bar / 2, y + 0.015 * height, f"{bar:g} nm", fontsize=6, color="0.35", ha="center",
            va="bottom")  # fmt: skip


def chain_colours(place: np.ndarray) -> np.ndarray:
    """Colours (n, 4) of places (n,) along a molecule, from 0 at its first atom to 1 at its last.

    All are dark enough for thin lines on white.
    """
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("chain", CHAIN)(place)


def along_chain(n_structures: int, n_atoms: int, bonds: np.ndarray) -> np.ndarray:
    """Colours from blue at the first atom to orange at the last, the same for each structure."""
    place = bonds.mean(axis=1) if len(bonds) else np.arange(n_atoms)
    colours = chain_colours(place / max(n_atoms - 1, 1))
    return np.broadcast_to(colours, (n_structures, *colours.shape))


def along_time(n_structures: int, n_atoms: int, bonds: np.ndarray) -> np.ndarray:
    """One colour for each structure, from violet for the first to orange for the last."""
    from matplotlib import colormaps

    colours = colormaps["plasma"](np.linspace(0, 0.8, n_structures))[:, None]
    return np.broadcast_to(colours, (n_structures, len(bonds) or n_atoms, 4))


def draw_path(ax, gallery: Gallery, view: View):
    """The frames of one passage from core to core, from violet to orange."""
    colours = along_time(*gallery.path.shape[:2], gallery.traces)
    draw_structures(ax, gallery.path, gallery.traces, colours, view, lw=1.2)
    draw_scale(ax)
    return ax


def dozen(
    gallery: Gallery, name: str = "LSS", each: int = 4
) -> list[tuple[int, np.ndarray, float]]:
    """Up to ``each`` structures of every region: (region, structure, psi_1)."""
    chosen = []
    for region, (structures, psi) in enumerate(
        zip(gallery.structures[name], gallery.psi[name], strict=True)
    ):
        if len(structures):
            for k in np.unique(np.linspace(0, len(structures) - 1, each).round().astype(int)):
                chosen.append((region, structures[k], float(psi[k, 0])))
    return chosen
