"""Committor and passage times from the propagator itself, without counting.

One step of the propagator is an integral over psi. On a mesh of points x_j, each drawn from
p(. | y_j) for some y_j, it is a sum (the stochastic mesh of M. Broadie and P. Glasserman,
J. Comput. Finance 7 (2004) 35-72):

    E[f(psi_{t+tau}) | psi_t = x] = sum_j p(x_j | x) / rho(x_j) f(x_j) / N,
    rho(x) = sum_k p(x | y_k) / N.

Rows are divided by their sums, which are 1 but for the noise of the points. What is a linear
equation of the propagator then is one of a matrix: q = P q outside A and B, 0 in A, 1 in B.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lss.errors import InputError
from lss.paths.moments import calibrated, truncated_moments
from mdn.members import predict

if TYPE_CHECKING:
    from lss.simulator import LatentSpaceSimulator

#: Rows of densities computed at once.
ROWS = 64


def committor(matrix, in_start, in_goal):
    """The probability to come to the goal before the start.

    Parameters
    ----------
    matrix : np.ndarray, shape (n, n)
        Transition probabilities.
    in_start, in_goal : np.ndarray of bool, shape (n,)

    Returns
    -------
    np.ndarray, shape (n,)

    Raises
    ------
    InputError
        Where a state is empty, or both have a point in common.
    """
    if not (in_start.any() and in_goal.any()) or (in_start & in_goal).any():
        raise InputError(
            f"the states have {int(in_start.sum())} and {int(in_goal.sum())} of {len(matrix)} "
            "points, wanted some in each and none in both; change their limits"
        )
    q = in_goal.astype(np.float64)
    middle = ~(in_start | in_goal)
    if middle.any():
        system = np.eye(middle.sum()) - matrix[np.ix_(middle, middle)]
        q[middle] = np.linalg.solve(system, matrix[np.ix_(middle, in_goal)].sum(axis=1))
    return q.clip(0, 1)


def stationary(matrix):
    """The stationary probabilities of a transition matrix, shape (n,)."""
    n = len(matrix)
    system = np.eye(n) - matrix.T
    system[-1] = 1.0  # in place of an equation that the others imply: they sum to one
    weights = np.linalg.solve(system, np.eye(n)[-1]).clip(0)
    return weights / weights.sum()


def arrival_steps(matrix, weights, forward, in_start, in_goal):
    """Mean steps from arrival in one state to arrival in the other: start to goal, and back.

    The inverse rates of transition path theory: the share of time with a state as the last one
    visited, over the flux of reactive trajectories (E. Vanden-Eijnden, LNP 703 (2006) 453-493).
    No detailed balance is assumed.

    Parameters
    ----------
    matrix : np.ndarray, shape (n, n)
    weights, forward : np.ndarray, shape (n,)
        As of `stationary` and of `committor`.
    in_start, in_goal : np.ndarray of bool, shape (n,)
    """
    live = weights > 0
    reverse = np.zeros_like(matrix)
    reverse[live] = (weights[:, None] * matrix).T[live] / weights[live, None]
    backward = committor(reverse, in_goal, in_start)  # to have come from the start
    flux = weights[in_start] @ (matrix[in_start] @ forward)
    came = weights @ backward
    return np.array([came, 1 - came]) / flux


@dataclass(eq=False)
class Mesh:
    """The propagator on a mesh of points.

    Attributes
    ----------
    model : keras.Model
        The propagator.
    range : tuple of np.ndarray, shape (m,)
        Low and high end of the training range, in which samples are kept.
    points : np.ndarray, shape (n, m), float32, units of psi
        The x_j.
    log_rho : np.ndarray, shape (n,)
        Logarithm of their density.
    matrix : np.ndarray, shape (n, n)
        Transition probabilities between them.
    """

    model: object
    range: tuple
    points: np.ndarray
    log_rho: np.ndarray
    matrix: np.ndarray

    @classmethod
    def build(cls, simulator: LatentSpaceSimulator, origins: np.ndarray, seed: int = 0) -> Mesh:
        """Draw a point from the propagator at each origin, and lay the mesh out.

        Parameters
        ----------
        simulator : lss.LatentSpaceSimulator
        origins : np.ndarray, shape (n, m)
            The y_k: any states, however chosen; points are as dense as what follows them.
        seed : int
        """
        origins = np.asarray(origins, np.float32)
        # In order, so that Sobol numbers next to each other go to origins next to each other.
        origins = origins[np.argsort(origins[:, 0])]
        model, low, high = simulator.box.mdn, simulator.sampler.low, simulator.sampler.high
        chunk = followers(predict(model, origins, len(origins)), low, high, seed)
        log_rho = logmeanexp(log_density(model, origins, chunk))
        mesh = cls(model, (low, high), chunk, log_rho, None)
        mesh.matrix = mesh.rows(chunk)
        return mesh

    def rows(self, psi: np.ndarray) -> np.ndarray:
        """Transition probabilities from any states (k, m) to the points: (k, n)."""
        log = log_density(self.model, psi, self.points) - self.log_rho
        weights = np.exp(log - log.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        out = predict(self.model, np.ascontiguousarray(psi, np.float32), len(psi))
        moments = truncated_moments(out["logits"], out["loc"], out["scale"], *self.range)
        return calibrated(weights, self.points, moments)

    def committor(self, start: Any, goal: Any, psi: np.ndarray | None = None) -> np.ndarray:
        """The committor from one state to another at the points, or at any states (k, m).

        Returns
        -------
        np.ndarray, shape (n,) or (k,)
        """
        q = committor(self.matrix, start.contains(self.points), goal.contains(self.points))
        if psi is None:
            return q
        found = self.rows(psi) @ q
        return np.where(goal.contains(psi), 1.0, np.where(start.contains(psi), 0.0, found))


def logmeanexp(log):
    """Logarithm of the mean over the rows."""
    top = log.max(axis=0)
    return top + np.log(np.exp(log - top).mean(axis=0))


def log_density(model, psi, points):
    """ln p(point | psi) of a propagator, shape (n_psi, n_points), as float64."""
    import tensorflow as tf

    from mdn.head import distribution

    @tf.function(jit_compile=True)
    def densities(rows):
        # The batch of the mixture stands last, so that each point meets each of its rows.
        return tf.transpose(distribution(model(rows)).log_prob(targets[:, None]))

    targets = tf.constant(points, tf.float32)
    psi = np.ascontiguousarray(psi, np.float32)
    out = np.empty((len(psi), len(points)))
    for first in range(0, len(psi), ROWS):
        part = psi[first : first + ROWS]
        filled = np.concatenate([part, np.repeat(part[-1:], ROWS - len(part), axis=0)])
        out[first : first + ROWS] = densities(filled).numpy()[: len(part)]
    return out


def followers(mixture, low, high, seed):
    """A point after each origin, evenly spread: Sobol numbers in place of random ones.

    Parameters
    ----------
    mixture : dict of np.ndarray
        Of the origins: `logits` (n, C), `loc` and `scale` (n, C, m).
    low, high : np.ndarray, shape (m,)
        The range in which the points are kept.
    seed : int
        Of the scrambling.

    Returns
    -------
    np.ndarray, shape (n, m), float32
    """
    from scipy.special import ndtr, ndtri
    from scipy.stats import qmc

    n, _, m = mixture["loc"].shape
    numbers = qmc.Sobol(1 + m, seed=seed).random_base2(int(np.ceil(np.log2(n))))[:n]
    weight = np.exp(mixture["logits"] - mixture["logits"].max(axis=1, keepdims=True))
    cumulative = np.cumsum(weight, axis=1, dtype=np.float64)
    level = numbers[:, :1] * cumulative[:, -1:]
    chosen = (cumulative[:, :-1] <= level).sum(axis=1)[:, None, None]
    loc, scale = (
        np.take_along_axis(mixture[k].astype(np.float64), chosen, 1)[:, 0] for k in ("loc", "scale")
    )
    a, b = ndtr((low - loc) / scale), ndtr((high - loc) / scale)
    points = loc + scale * ndtri((a + numbers[:, 1:] * (b - a)).clip(1e-15, 1 - 1e-15))
    return points.clip(low, high).astype(np.float32)
