"""Static pictures of structures: lines along the bonds, seen along one direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lss.gallery import Gallery


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
        order = np.argsort(lines[:, :, 2].mean(axis=1))
        shades = np.asarray(colours).reshape(-1, 4)[order]
        ax.add_collection(
            LineCollection(lines[order, :, :2], colors=shades, linewidths=lw, capstyle="round")
        )
    else:
        ax.scatter(*page[..., :2].reshape(-1, 2).T, c=np.asarray(colours).reshape(-1, 4), s=4)
    _frame(ax, view.half)
    return ax


def _frame(ax, half: float) -> None:
    """Equal scales, no axes, but a bar of known length."""
    ax.set_xlim(-half, half)
    ax.set_ylim(-half, half)
    ax.set_aspect("equal")
    ax.set_axis_off()
    bar = next(b for b in (1.0, 0.5, 0.2, 0.1) if b < half or b == 0.1)
    x, y = -0.95 * half, -0.95 * half
    ax.plot([x, x + bar], [y, y], color="0.35", lw=1.5, solid_capstyle="butt")
    ax.text(x + bar / 2, y + 0.03 * half, f"{bar:g} nm", fontsize=6, color="0.35", ha="center",
            va="bottom")  # fmt: skip


def along_chain(n_structures: int, n_atoms: int, bonds: np.ndarray) -> np.ndarray:
    """Colours from blue at the first atom to red at the last, the same for each structure."""
    from matplotlib import colormaps

    place = bonds.mean(axis=1) if len(bonds) else np.arange(n_atoms)
    colours = colormaps["coolwarm"](place / max(n_atoms - 1, 1))
    return np.broadcast_to(colours, (n_structures, *colours.shape))


def along_time(n_structures: int, n_atoms: int, bonds: np.ndarray) -> np.ndarray:
    """One colour for each structure, from violet for the first to yellow for the last."""
    from matplotlib import colormaps

    colours = colormaps["plasma"](np.linspace(0, 0.95, n_structures))[:, None]
    return np.broadcast_to(colours, (n_structures, len(bonds) or n_atoms, 4))


def draw_region(ax, gallery: Gallery, name: str, region: int, title: str, view: View):
    """All structures of one region of one ensemble, overlaid."""
    structures = gallery.structures[name][region]
    colours = along_chain(*structures.shape[:2], gallery.traces)
    draw_structures(ax, structures, gallery.traces, colours, view)
    ax.set_title(f"{name}: {title} ({len(structures)})", fontsize=8)
    return ax


def draw_path(ax, gallery: Gallery, view: View):
    """The frames of one passage from core to core, from violet to yellow."""
    colours = along_time(*gallery.path.shape[:2], gallery.traces)
    return draw_structures(ax, gallery.path, gallery.traces, colours, view, lw=1.2)


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
