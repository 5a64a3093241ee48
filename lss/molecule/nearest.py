"""How near the periodic images of two molecules come to each other."""

import numpy as np

#: Molecules whose atoms come this near touch; which of them come nearer then says nothing (nm).
CONTACT = 0.8
#: An image must be nearer than another by more than this to be preferred (nm).
MARGIN = 0.2
_GRID = np.stack(np.meshgrid(*[np.arange(-2, 3)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)


def reduced(vectors):
    """Return short edges (3, 3) of the lattice that the rows of ``vectors`` span."""
    edges = np.array(vectors, dtype=np.float64)
    if not (edges - np.diag(np.diag(edges))).any():
        return edges
    changed = True
    while changed:
        changed = False
        for i, j in ((0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)):
            times = np.round(edges[i] @ edges[j] / (edges[j] @ edges[j]) * (1 - 1e-9))
            edges[i] -= times * edges[j]
            changed |= times != 0
    return edges


def rank(distance):
    """The distance that counts between molecules: those that touch are all equally near."""
    return max(distance, CONTACT)


def least_gaps(centre, radius, centres, radii, edges):
    """Return distances (n,) that no images of spheres come nearer than to another sphere, nm."""
    steps = centres - centre
    home = np.round(np.linalg.solve(edges.T, steps.T).T)
    images = steps[:, None] + (_GRID - home[:, None]) @ edges
    return np.linalg.norm(images, axis=-1).min(axis=1) - radii - radius


def approaches(tree, points, edges, own=False):
    """Find the nearest images of a molecule to another one.

    Parameters
    ----------
    tree : scipy.spatial.cKDTree
        Of atoms of the one molecule, which stays where it is.
    points : array (n, 3)
        Atoms of the other, **nm**.
    edges : array (3, 3)
        From :func:`reduced`.
    own : bool
        Include the place where the other molecule is now, wherever that is.

    Returns
    -------
    list of (distance, translation (3,), atom of the one, atom of the other)
        Of all images that are as near as the nearest, but for `MARGIN`.
    """
    centre, middle = (tree.mins + tree.maxes) / 2, points.mean(axis=0)
    size = np.linalg.norm(tree.maxes - tree.mins) / 2
    size += np.sqrt(((points - middle) ** 2).sum(axis=1).max())
    home = np.round(np.linalg.solve(edges.T, middle - centre))
    times = _GRID - home
    if own and not (times == 0).all(axis=1).any():
        times = np.concatenate([times, np.zeros((1, 3))])
    shifts = times @ edges
    gaps = np.linalg.norm(middle - centre + shifts, axis=1) - size
    found, best = [], np.inf
    for k in np.argsort(gaps, kind="stable"):
        reach = rank(best) + MARGIN
        is_own = own and not shifts[k].any()
        if gaps[k] > reach and not is_own:
            if own:
                continue
            break
        distances, partners = tree.query(
            points + shifts[k], distance_upper_bound=np.inf if is_own else reach
        )
        i = int(np.argmin(distances))
        if np.isfinite(distances[i]):
            found.append((float(distances[i]), shifts[k], int(partners[i]), i))
            best = min(best, found[-1][0])
    reach = rank(best) + MARGIN
    return [f for f in found if rank(f[0]) <= reach or (own and not f[1].any())]
