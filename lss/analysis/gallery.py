"""Structures to look at: some of each region of psi_1, and how far the ensembles are apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cwgan.superpose import superpose
from lss.analysis import basins
from lss.analysis.geometry import rmsd
from lss.analysis.sample import Sample
from lss.analysis.structure import Ruler, frames_last
from lss.analysis.transitions import Cores, transition_paths

#: Structures drawn, and structures compared, of each region.
DRAWN, COMPARED = 10, 100


@dataclass(frozen=True)
class Gallery:
    """Sample structures of each region of psi_1 (core A, between, core B).

    Parameters
    ----------
    structures : dict of list of np.ndarray, shape (k, atoms, 3)
        For each ensemble, for each region up to ten structures, **nm**; k is 0 where a region
        was never visited. Superposed on the MD structure of the region that is closest to all
        others of it, which is superposed on the reference.
    psi : dict of list of np.ndarray, shape (k, m)
        Where they are.
    pairwise_rmsd_nm : list of dict
        For each region the mean RMSD of pairs of structures (MD with MD, LSS with MD, LSS
        with LSS), from up to a hundred of each; None where a region is empty.
    path : np.ndarray, shape (k, atoms, 3)
        LSS frames along one passage from core to core, or an empty array.
    traces : np.ndarray, shape (bonds, 2)
        Atom pairs to join by lines.
    overlay : np.ndarray, shape (bonds, 2)
        The same where structures lie on top of one another (see ``Measures.trace``).
    """

    structures: dict[str, list[np.ndarray]]
    psi: dict[str, list[np.ndarray]]
    pairwise_rmsd_nm: list[dict[str, float | None]]
    path: np.ndarray
    traces: np.ndarray
    overlay: np.ndarray


def make_gallery(samples: dict[str, Sample], cores: Cores, ruler: Ruler) -> Gallery:
    """Pick structures evenly along the frames of each region, or along their weights.

    Parameters
    ----------
    samples : dict of Sample
        MD and LSS, with coordinates.
    cores : Cores
        On psi_1.
    ruler : Ruler
        Reference and what to join by lines.
    """
    sampled = {name: _regions(sample, cores) for name, sample in samples.items()}
    centres = [_central(sampled["MD"][k][0], ruler.reference) for k in range(3)]
    structures, where = {}, {}
    for name, regions in sampled.items():
        few = [_thin(len(x), DRAWN) for x, _ in regions]
        structures[name] = [
            superpose(x[k], centre) for (x, _), k, centre in zip(regions, few, centres, strict=True)
        ]
        where[name] = [p[k] for (_, p), k in zip(regions, few, strict=True)]
    m = ruler.measures
    return Gallery(
        structures=structures,
        psi=where,
        pairwise_rmsd_nm=[
            _pairwise({name: regions[k][0] for name, regions in sampled.items()}) for k in range(3)
        ],
        path=_path(samples["LSS"], cores, ruler.reference),
        traces=m.bonds if len(m.bonds) else m.ca_bonds,
        overlay=m.trace,
    )


def _regions(sample: Sample, cores: Cores) -> list[tuple[np.ndarray, np.ndarray]]:
    """Up to a hundred structures and their psi from each region, evenly along the frames."""
    labels, coords = basins(sample, cores), sample.coordinates
    first = np.cumsum([0, *map(len, labels)])
    joined, weights = np.concatenate(labels), sample.weights_of_coordinates
    weights = None if weights is None else np.concatenate(weights)
    found = []
    for k in range(3):
        frames = _evenly(np.flatnonzero(joined == k), weights)
        owners = np.searchsorted(first, frames, side="right") - 1
        xyz = np.empty((len(frames), *coords[0].shape[1:]))
        where = np.empty((len(frames), sample.n_modes))
        for row, (i, j) in enumerate(zip(owners, frames - first[owners], strict=True)):
            xyz[row], where[row] = coords[i][j], sample.psi[i][j * sample.stride]
        found.append((xyz, where))
    return found


def _evenly(frames: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Up to a hundred of the frames, evenly among them or, where they have weights, along these."""
    if weights is None:
        return frames[_thin(len(frames), COMPARED)]
    frames = frames[weights[frames] > 0]
    if len(frames) <= COMPARED:
        return frames
    along = np.cumsum(weights[frames])
    middle = (np.arange(COMPARED) + 0.5) / COMPARED * along[-1]
    return frames[np.unique(np.searchsorted(along, middle))]


def _central(structures: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The structure that is closest to all others of its region, superposed on the reference.

    What it has in common with the others is seen best when they are superposed on it.
    """
    if not len(structures):
        return reference
    frames = frames_last(structures)
    mean = [rmsd(frames, x).mean() for x in structures]
    return superpose(structures[[np.argmin(mean)]], reference)[0]


def _thin(n: int, most: int) -> np.ndarray:
    """Up to ``most`` of n numbers, evenly."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int)) if n else np.arange(0)


def _pairwise(samples: dict[str, np.ndarray]) -> dict[str, float | None]:
    md, lss = samples["MD"], samples["LSS"]
    pairs = {"MD-MD": (md, md), "LSS-MD": (lss, md), "LSS-LSS": (lss, lss)}
    return {name: _mean_rmsd(a, b, a is b) for name, (a, b) in pairs.items()}


def _mean_rmsd(a: np.ndarray, b: np.ndarray, same: bool) -> float | None:
    if len(a) < 2 or len(b) < 2:
        return None
    frames = frames_last(a)
    total = sum(float(rmsd(frames, x).sum()) for x in b)
    # A structure has no distance to itself: leave the zeros of the diagonal out.
    return total / (len(b) * (len(a) - same))


def _path(sample: Sample, cores: Cores, reference: np.ndarray) -> np.ndarray:
    """Up to 30 decoded frames along the longest passage found from core to core."""
    best = np.empty((0, *reference.shape))
    for x, xyz in zip(sample.psi_of_coordinates(), sample.coordinates, strict=True):
        paths = transition_paths(x, cores)
        if not len(paths):
            continue
        longest = paths[np.argmax(paths[:, 1] - paths[:, 0])]
        frames = longest[0] + _thin(longest[1] - longest[0] + 1, 30)
        if len(frames) > len(best):
            best = np.stack([np.asarray(xyz[j]) for j in frames])
    return superpose(best, reference) if len(best) else best
