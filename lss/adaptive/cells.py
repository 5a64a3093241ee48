"""Cells of psi: k-means, or centres no nearer than a distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lss_base.estimators import check_choice, refusal

KINDS = ("kmeans", "regular")
_SAMPLE = 50_000  # frames from which centres are made
_CUBES = 50  # along each mode, of which each gives one point


@dataclass(frozen=True)
class Cells:
    """A partition of psi by the nearest of some centres.

    Attributes
    ----------
    centres : np.ndarray, shape (n_cells, m)
    of_frames : list of np.ndarray of int, each shape (n_frames,)
        Cell of each frame of each trajectory.
    scale : np.ndarray, shape (m,)
        Standard deviations of psi: distances are measured in them.
    """

    centres: np.ndarray
    of_frames: list
    scale: np.ndarray

    def __len__(self):
        return len(self.centres)

    @property
    def visits(self):
        """Frames in each cell, shape (n_cells,)."""
        return np.bincount(np.concatenate(self.of_frames), minlength=len(self))

    def first_rounds(self, rounds):
        """The round in which each cell was first visited, (n_cells,), by that of the trajectories.

        Parameters
        ----------
        rounds : sequence of int
            Of each trajectory; 0 for those that were there before.
        """
        first = np.full(len(self), np.iinfo(int).max)
        for cells, number in zip(self.of_frames, rounds, strict=True):
            np.minimum.at(first, cells, number)
        return first

    def distances(self, cell):
        """Distances of all centres from that of a cell, in standard deviations of psi."""
        return np.linalg.norm((self.centres - self.centres[cell]) / self.scale, axis=1)


def make_cells(
    psi: list[np.ndarray], n_cells: int | None = None, kind: str = "kmeans", seed: int = 0
) -> Cells:
    """Cut psi into cells.

    Parameters
    ----------
    psi : list of np.ndarray, each shape (n_frames, m)
    n_cells : int, optional
        By the number of frames where not given: see `default_number`. Less where there are fewer
        different frames.
    kind : {"kmeans", "regular"}
        "kmeans" is of points thinned to the same density everywhere; "regular" puts centres as far
        from one another as possible, outliers first.
    seed : int

    Returns
    -------
    Cells
        Each with at least one frame.

    Raises
    ------
    ValueError
        For another kind, or psi that is not finite or does not vary.
    """
    check_choice("cells", kind, KINDS)
    joined = np.concatenate(psi).astype(np.float64)
    if not np.isfinite(joined).all():
        raise refusal("psi", "not finite", "finite numbers", "train the encoder again")
    scale = joined.std(axis=0)
    if not (scale > 0).any():
        raise refusal("psi", "the same in all frames", "modes that vary", "use more MD")
    scale = np.where(scale > 0, scale, 1)
    points = joined / scale
    n_cells = min(n_cells or default_number(len(points)), len(points))
    rng = np.random.default_rng(seed)
    some = points
    if len(points) > _SAMPLE:
        some = points[np.sort(rng.choice(len(points), _SAMPLE, replace=False))]
    some = _thinned(some)
    n_cells = min(n_cells, len(some))
    make = _regular if kind == "regular" else _kmeans
    centres = make(some, n_cells, seed)
    found = _nearest(points, centres)
    visited, found = np.unique(found, return_inverse=True)
    edges = np.cumsum([len(p) for p in psi])[:-1]
    return Cells(centres[visited] * scale, np.split(found, edges), scale)


def default_number(n_frames):
    """One cell for each 10 frames, from 2 to 100."""
    return int(np.clip(n_frames // 10, 2, 100))


def _thinned(points):
    """One point of each cube that holds any, so that cells are even in psi and not in its density.

    Where psi is rare a cell would else be as large as all wells together.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    side = np.where(high > low, high - low, 1) / _CUBES
    first = np.unique(np.floor((points - low) / side).astype(int), axis=0, return_index=True)[1]
    return points[np.sort(first)]


def _kmeans(points, n_cells, seed):
    from sklearn.cluster import KMeans

    model = KMeans(n_cells, random_state=seed, n_init=1, max_iter=50)
    return model.fit(points).cluster_centers_


def _regular(points, n_cells, seed):
    """The farthest point from all centres becomes the next one (T. Gonzalez, 1985)."""
    first = int(np.random.default_rng(seed).integers(len(points)))
    chosen, distance = [first], np.linalg.norm(points - points[first], axis=1)
    while len(chosen) < n_cells:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return points[chosen]


def _nearest(points, centres):
    from sklearn.metrics import pairwise_distances_argmin

    return pairwise_distances_argmin(points, centres)
