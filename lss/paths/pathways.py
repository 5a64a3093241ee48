"""Paths of a kind: which way they go, told by the modes that are not the slowest."""

from dataclasses import dataclass

import numpy as np

#: Points, evenly spaced in time, at which a path is compared with others.
TIMES = 5
#: More than one pathway is told apart only where clusters stand out this much (silhouette).
DISTINCT = 0.5
MOST = 4


@dataclass(frozen=True)
class Pathways:
    """Clusters of paths.

    Attributes
    ----------
    labels : np.ndarray of int, shape (paths,)
        The pathway of each path, the most frequent one being 0.
    courses : np.ndarray, shape (pathways, TIMES, m)
        Mean psi along the paths of each, from A to B.
    silhouette : float
        How well they are told apart, 1 at best; nan of a single one.
    """

    labels: np.ndarray
    courses: np.ndarray
    silhouette: float


def course(path):
    """psi at evenly spaced times of a path, from A to B whichever way it goes: (TIMES, m)."""
    psi = path.psi if path.direction == 0 else path.psi[::-1]
    place = np.linspace(0, len(psi) - 1, TIMES)
    number = np.arange(len(psi))
    return np.stack([np.interp(place, number, column) for column in psi.T], axis=1)


def find_pathways(paths, seed=0):
    """Cluster paths by k-means on the courses of psi_2 and on, in units of their deviations.

    The number of clusters is the one with the largest silhouette (P. Rousseeuw, J. Comput. Appl.
    Math. 20 (1987) 53-65), or 1 where that is under `DISTINCT`.

    Parameters
    ----------
    paths : list of lss.paths.passages.Path
    seed : int

    Returns
    -------
    Pathways
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    courses = np.array([course(path) for path in paths])
    best, labels = np.nan, np.zeros(len(paths), int)
    if courses.shape[2] > 1:
        others = courses[:, :, 1:]
        spread = np.maximum(others.std(axis=(0, 1)), 1e-12)
        features = (others / spread).reshape(len(paths), -1)
        for k in range(2, min(MOST, len(np.unique(features, axis=0)) - 1) + 1):
            found = KMeans(k, n_init=5, random_state=seed).fit_predict(features)
            value = silhouette_score(features, found)
            if value > DISTINCT and not value <= best:
                best, labels = float(value), found
    order = np.argsort(-np.bincount(labels), kind="stable")
    labels = np.argsort(order)[labels]
    means = np.array([courses[labels == k].mean(axis=0) for k in range(labels.max() + 1)])
    return Pathways(labels, means, best)
