"""Where the next MD starts: the free energy of psi with cells, visits, scores and starts."""

import numpy as np

from lss.storage.whole_files import replacing

_BINS = 60


def free_energy(psi, weights=None, bins=_BINS):
    """F(psi_1, psi_2) in **kT**, 0 at its minimum, from the (weighted) frames.

    Parameters
    ----------
    psi : list of np.ndarray, each shape (n_frames, m)
        Of the first two modes; of a single mode F(psi_1).
    weights : list of np.ndarray, optional
    bins : int

    Returns
    -------
    edges : list of np.ndarray, each shape (bins + 1,)
    energy : np.ndarray, shape (bins,) or (bins, bins)
        nan where no frame is.
    """
    points = np.concatenate(psi)[:, :2]
    joined = None if weights is None else np.concatenate(weights)
    count, edges = np.histogramdd(points, bins, weights=joined)
    energy = -np.log(np.where(count > 0, count, np.nan) / count.max())
    return edges, energy


def draw_proposal(proposal, stem):
    """Write the picture of a proposal as PNG and PDF.

    Parameters
    ----------
    proposal : lss.adaptive.proposal.Proposal
    stem : pathlib.Path
        Without suffix.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.2, 4.6), layout="constrained")
    draw(figure.subplots(), proposal)
    for suffix in (".png", ".pdf"):
        with replacing(stem.with_name(stem.name + suffix)) as partial:
            figure.savefig(partial, dpi=150)


def draw(ax, proposal):
    """Draw F, the cells (area by visits, colour by score) and the starts; return `ax`."""
    edges, energy = free_energy(proposal.psi, proposal.weights)
    figure, centres = ax.figure, proposal.cells.centres
    weighted = "" if proposal.weights is None else ", weighted"
    starts = np.array([start.psi for start in proposal.starts]).reshape(-1, centres.shape[1])
    if centres.shape[1] == 1:
        middle = (edges[0][1:] + edges[0][:-1]) / 2
        ax.plot(middle, energy, color="0.5", lw=1)
        ax.set_ylabel(f"F (kT){weighted}")

        def height(x):
            numbers = np.clip(np.searchsorted(edges[0], x) - 1, 0, len(energy) - 1)
            return np.nan_to_num(energy, nan=np.nanmax(energy))[numbers]

        columns = (centres[:, 0], height(centres[:, 0]))
        at = (starts[:, 0], height(starts[:, 0]))
    else:
        top = min(8.0, float(np.nanmax(energy)))
        filled = ax.pcolormesh(*edges, energy.T, cmap="Greys_r", vmin=0, vmax=1.4 * max(top, 1))
        figure.colorbar(filled, ax=ax, label=f"F (kT){weighted}", shrink=0.8)
        ax.set_ylabel(r"$\psi_2$ (dimensionless)")
        columns, at = (centres[:, 0], centres[:, 1]), (starts[:, 0], starts[:, 1])
    scores = proposal.scores
    area = 8 + 60 * np.sqrt(scores.visits / scores.visits.max())
    relative = np.maximum(scores.values / scores.values.max(), 1e-4)
    dots = ax.scatter(
        *columns, s=area, c=np.log10(relative), cmap="viridis", vmin=-4, vmax=0, alpha=0.85, lw=0
    )
    figure.colorbar(dots, ax=ax, label="score of the cell (log10, best = 0)", shrink=0.8)
    cut_off = scores.pieces != 0
    if cut_off.any():
        ax.scatter(
            *(x[cut_off] for x in columns), s=area[cut_off] + 25, facecolors="none",
            edgecolors="tab:blue", lw=0.8, label="not connected",
        )  # fmt: skip
    ax.scatter(*at, marker="*", s=90, c="tab:red", edgecolors="white", lw=0.6, label="starts")
    ax.set_xlabel(r"$\psi_1$ (dimensionless)")
    # Marks at the edge are whole.
    ax.set_xlim(*_wider(*ax.get_xlim()))
    ax.set_ylim(*_wider(*ax.get_ylim()))
    ax.set_title(f"{scores.strategy}; area of a cell: visits", fontsize=9)
    ax.legend(fontsize=8)
    return ax


def _wider(low, high):
    return low - 0.04 * (high - low), high + 0.04 * (high - low)
