"""The exact answers of the two four-well dynamics on bins of x, in one form for both."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lss import four_well

#: Fine points of the grid of the Brownian dynamics in each bin.
FINE = 4


@dataclass(frozen=True)
class Reference:
    """One dynamics with its exact answer at one lag.

    Parameters
    ----------
    name, title : str
        For file names, for readers.
    simulate : callable
        (n_steps, seed) -> positions x, shape (n_steps,).
    edges : np.ndarray, shape (n_bins + 1,)
        Of the bins.
    matrix : np.ndarray, shape (n_bins, n_bins)
        Probabilities to go from bin i to bin j in one lag.
    weight : np.ndarray, shape (n_bins,)
        Stationary probability of each bin.
    timescales : np.ndarray, shape (3,)
        In steps.
    eigenvalues : np.ndarray, shape (3,)
        At the lag.
    functions : np.ndarray, shape (n_bins, 3)
        Eigenfunctions, of mean 0 and variance 1.
    starts, start_weights : np.ndarray, shape (n_bins, k)
        Points of each bin, weighted as they are visited.
    bounds : tuple of float or str
        The range that the propagator is told: `mdn.Propagator`'s `bounds`.
    """

    name: str
    title: str
    simulate: Callable
    edges: np.ndarray
    matrix: np.ndarray
    weight: np.ndarray
    timescales: np.ndarray
    eigenvalues: np.ndarray
    functions: np.ndarray
    starts: np.ndarray
    start_weights: np.ndarray
    bounds: tuple[float, float] | str

    @property
    def centres(self):
        """Middles of the bins, shape (n_bins,)."""
        return (self.edges[1:] + self.edges[:-1]) / 2

    def label(self, x):
        """The bin of each position; what lies beyond the edges is in the outermost bins."""
        inner = np.searchsorted(self.edges, x, side="right") - 1
        return np.clip(inner, 0, len(self.weight) - 1)


def positions(bins, seed):
    """Positions of the chain: it knows bins only, within which they are spread evenly.

    Parameters
    ----------
    bins : np.ndarray of int, shape (n,)
    seed : int

    Returns
    -------
    np.ndarray, shape (n,), float64
    """
    half = 1 / four_well.N_BINS
    return four_well.CENTERS[bins] + np.random.default_rng(seed).uniform(-half, half, len(bins))


def chain_reference(lag):
    """The paper's chain on 100 bins."""
    eigenvalues, timescales, functions = four_well.spectrum(lag=lag)
    points, weights = np.polynomial.legendre.leggauss(5)
    n = four_well.N_BINS
    return Reference(
        name="chain",
        title="the paper's chain",
        simulate=lambda n_steps, seed: positions(four_well.chain(n_steps, seed), seed + 1),
        edges=np.linspace(-1, 1, n + 1),
        matrix=four_well.transition_matrix(lag),
        weight=four_well.stationary(),
        timescales=timescales,
        eigenvalues=eigenvalues,
        functions=functions,
        starts=four_well.CENTERS[:, None] + points / n,
        start_weights=np.broadcast_to(weights / 2, (n, len(points))),
        bounds=(-1.0, 1.0),
    )


def brownian_reference(lag):
    """The Brownian dynamics, its one-step kernel on 400 points gathered into 100 bins."""
    eigenvalues, timescales, grid, functions, density = four_well.brownian_spectrum(lag=lag)
    kernel = np.linalg.matrix_power(four_well.brownian_kernel()[1], lag)
    n, h = len(grid) // FINE, grid[1] - grid[0]
    fine = density.reshape(n, FINE) * h
    within = fine / fine.sum(axis=1, keepdims=True)
    gathered = kernel.reshape(n, FINE, n, FINE).sum(axis=3)
    return Reference(
        name="brownian",
        title="Brownian dynamics",
        simulate=four_well.brownian,
        edges=grid[0] - h / 2 + FINE * h * np.arange(n + 1),
        matrix=np.einsum("if,ifj->ij", within, gathered),
        weight=fine.sum(axis=1),
        timescales=timescales,
        eigenvalues=eigenvalues,
        functions=np.einsum("if,ifm->im", within, functions.reshape(n, FINE, -1)),
        starts=grid.reshape(n, FINE),
        start_weights=within,
        bounds="data",
    )
