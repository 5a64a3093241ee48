"""Committors by counting: where walkers from a point come first."""

import numpy as np

from lss.errors import InputError
from lss.paths.walkers import run

#: Steps after which a walker that came to neither state is a mistake in the states.
PATIENCE = 200_000
#: Steps of one call: walkers from between two states soon come to one, and to see whether a frame
#: is in a state may take more than to make it.
STEPS = 8


def count_hits(simulator, start, goal, psi, n_walkers, seed=0):
    """The share of walkers from each point that come to the goal before the start.

    Parameters
    ----------
    simulator : lss.LatentSpaceSimulator
    start, goal : states
    psi : np.ndarray, shape (n, m)
        Points outside both.
    n_walkers : int
        From each point.
    seed : int

    Returns
    -------
    np.ndarray, shape (n,)
        Its standard error is sqrt(q (1 - q) / n_walkers).

    Raises
    ------
    InputError
        Where walkers come to neither state.
    """
    hit = np.zeros(len(psi) * n_walkers, bool)

    def look(rows, frames, first):
        inside = [state.contains(frames) for state in (start, goal)]
        when = [np.where(i.any(axis=1), i.argmax(axis=1), i.shape[1]) for i in inside]
        hit[rows] = when[1] < when[0]
        done = np.minimum(*when) < frames.shape[1]
        if first > PATIENCE and not done.all():
            raise InputError(
                f"{(~done).sum()} walkers came to neither {start.name!r} nor {goal.name!r} in "
                f"{first} lag times, wanted one of them; widen the states"
            )
        return done

    run(simulator, np.repeat(psi, n_walkers, axis=0), seed, look, STEPS)
    return hit.reshape(len(psi), n_walkers).mean(axis=1)


def spread_beyond_chance(shares, n_walkers):
    """Standard deviation of committors counted at several points, without that of counting.

    Of points with one committor it is 0 within its error.

    Parameters
    ----------
    shares : np.ndarray, shape (n,)
        As of `count_hits`.
    n_walkers : int

    Returns
    -------
    value, error : float
        Its error by a jackknife over the points.
    """

    def spread(q):
        chance = (q * (1 - q)).mean() * n_walkers / max(1, n_walkers - 1) / n_walkers
        return np.sqrt(max(0.0, q.var(ddof=1) - chance))

    n = len(shares)
    left_out = np.array([spread(np.delete(shares, i)) for i in range(n)])
    return spread(shares), np.sqrt((n - 1) * left_out.var())
