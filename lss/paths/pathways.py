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
    observed : dict of np.ndarray, shape (pathways, TIMES)
        Mean courses of named observables, from A to B.
    events : list of list of (str, float)
        For each pathway, what changes from A to B, in the order in which it is half done, with the
        share of the time at which that is so.
    """

    labels: np.ndarray
    courses: np.ndarray
    silhouette: float
    observed: dict
    events: list


def course(values, direction):
    """Values (frames, k) at evenly spaced times, from A to B whichever way they go: (TIMES, k)."""
    values = values if direction == 0 else values[::-1]
    place, number = np.linspace(0, len(values) - 1, TIMES), np.arange(len(values))
    return np.stack([np.interp(place, number, column) for column in values.T], axis=1)


def find_pathways(paths, seed=0, observed=None):
    """Cluster paths by k-means on the courses of psi_2 and on, in units of their deviations.

    The number of clusters is the one with the largest silhouette (P. Rousseeuw, J. Comput. Appl.
    Math. 20 (1987) 53-65), or 1 where that is under `DISTINCT`.

    Parameters
    ----------
    paths : list of lss.paths.passages.Path
    seed : int
    observed : dict of list of np.ndarray, shape (frames,), optional
        Values of named observables along each path.

    Returns
    -------
    Pathways
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    courses = np.array([course(path.psi, path.direction) for path in paths])
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
    named = {f"psi_{k + 1}": courses[..., k] for k in range(courses.shape[2])}
    for name, values in (observed or {}).items():
        pairs = zip(values, paths, strict=True)
        named[name] = np.array([course(v[:, None], path.direction)[:, 0] for v, path in pairs])
    groups = [labels == k for k in range(labels.max() + 1)]
    means = {
        name: np.array([values[g].mean(axis=0) for g in groups]) for name, values in named.items()
    }
    return Pathways(
        labels=labels,
        courses=np.stack([means[f"psi_{k + 1}"] for k in range(courses.shape[2])], axis=-1),
        silhouette=best,
        observed={name: means[name] for name in observed or {}},
        events=[order_of_events({n: values[g] for n, values in named.items()}) for g in groups],
    )


def order_of_events(courses):
    """What changes along paths, in the order in which it is half done.

    Parameters
    ----------
    courses : dict of np.ndarray, shape (paths, TIMES)

    Returns
    -------
    list of (str, float)
        Of what changes on average by more than its standard deviation among the paths at either
        end; the share of the time when half of that is done.
    """
    found = []
    for name, values in courses.items():
        mean = values.mean(axis=0)
        change = mean[-1] - mean[0]
        if abs(change) <= max(values[:, 0].std(), values[:, -1].std()):
            continue
        done = (mean - mean[0]) / change
        k = int(np.argmax(done >= 0.5))
        within = (0.5 - done[k - 1]) / (done[k] - done[k - 1])
        found.append((name, float((k - 1 + within) / (len(mean) - 1))))
    return sorted(found, key=lambda event: event[1])
