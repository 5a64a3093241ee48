"""The one-dimensional four-well system of the paper (section 3.1, fig. 2), with its exact answers.

Two dynamics on V(x) = 2 (x^8 + 0.8 exp(-80 x^2) + 0.2 exp(-80 (x - 0.5)^2)
+ 0.5 exp(-40 (x + 0.5)^2)), in kT:

(a) the paper's Markov chain on 100 bins, ``p(j|i) = C_i exp(-(V_j - V_i))`` for ``|i - j| <= 1``.
    Its stationary density is not exp(-V): detailed balance, pi_i p(j|i) = exp(-V_i - V_j), gives
    pi_i proportional to exp(-2 V_i) times the row sum 1 / C_i;
(b) Brownian dynamics in the doubled potential 2 V, whose Boltzmann density is that of (a) up to
    the row sums: x <- x - 0.001 (2 V)'(x) + 0.0447 N(0, 1).

Times are in steps, x has no unit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

N_BINS = 100
#: Centres of the bins that divide [-1, 1].
CENTERS = (np.arange(N_BINS) + 0.5) * (2 / N_BINS) - 1

#: Time step of the Brownian dynamics, in which D = kT = 1000 of the reference implementation.
BROWNIAN_STEP = 0.001
#: Standard deviation of its noise, step * sqrt(2 D).
BROWNIAN_NOISE = BROWNIAN_STEP * math.sqrt(2 * 1000)

# Random numbers are drawn so many at a time; does not change the result.
_DRAWN = 100_000


def potential(x: ArrayLike) -> np.ndarray:
    """Return V(x) in kT; x of any shape."""
    x = np.asarray(x, dtype=np.float64)
    return 2 * (
        x**8
        + 0.8 * np.exp(-80 * x**2)
        + 0.2 * np.exp(-80 * (x - 0.5) ** 2)
        + 0.5 * np.exp(-40 * (x + 0.5) ** 2)
    )


def brownian_gradient(x: ArrayLike) -> np.ndarray:
    """Return d(2 V)/dx in kT, of the potential of the Brownian dynamics; x of any shape."""
    x = np.asarray(x, dtype=np.float64)
    return 4 * (
        8 * x**7
        - 128 * x * np.exp(-80 * x**2)
        - 32 * (x - 0.5) * np.exp(-80 * (x - 0.5) ** 2)
        - 40 * (x + 0.5) * np.exp(-40 * (x + 0.5) ** 2)
    )


def transition_matrix(lag: int = 1) -> np.ndarray:
    """Return the transition probabilities of the chain.

    Parameters
    ----------
    lag : int, default=1
        In steps.

    Returns
    -------
    np.ndarray, shape=(100, 100)
        Row i: the probabilities of going from bin i to each bin j.
    """
    neighbours = np.abs(np.subtract.outer(np.arange(N_BINS), np.arange(N_BINS))) <= 1
    energy = potential(CENTERS)
    rates = np.where(neighbours, np.exp(energy[:, None] - energy[None, :]), 0.0)
    one_step = rates / rates.sum(axis=1, keepdims=True)
    return np.linalg.matrix_power(one_step, lag)


def stationary() -> np.ndarray:
    """Return the stationary probability of each bin of the chain, shape (100,)."""
    energy = potential(CENTERS)
    padded = np.concatenate([[0.0], np.exp(-energy), [0.0]])
    # exp(-2 V_i) / C_i = exp(-V_i) sum_j exp(-V_j) over the neighbours j of i and i itself.
    weight = np.exp(-energy) * (padded[:-2] + padded[1:-1] + padded[2:])
    return weight / weight.sum()


def spectrum(n_modes: int = 3, lag: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the slowest modes of the chain, exactly.

    Parameters
    ----------
    n_modes : int, default=3
        Without the constant.
    lag : int, default=1
        In steps.

    Returns
    -------
    eigenvalues : np.ndarray, shape=(n_modes,)
        Of the transition matrix to the power of the lag.
    timescales : np.ndarray, shape=(n_modes,)
        In steps: 6158.9, 940.5, 484.4.
    eigenfunctions : np.ndarray, shape=(100, n_modes)
        Right eigenvectors on the bins, of mean 0 and variance 1 under the stationary density,
        their rarer end positive.
    """
    weight = stationary()
    root = np.sqrt(weight)
    symmetric = root[:, None] * transition_matrix() / root[None, :]
    values, vectors = np.linalg.eigh((symmetric + symmetric.T) / 2)
    chosen = slice(-2, -2 - n_modes, -1)
    functions = vectors[:, chosen] / root[:, None]
    functions = functions * np.sign(weight @ functions**3)
    return values[chosen] ** lag, -1 / np.log(values[chosen]), functions


def chain(n_steps: int, seed: int) -> np.ndarray:
    """Simulate the chain from its stationary density.

    Parameters
    ----------
    n_steps : int
        5e6 take about a second.
    seed : int
        A longer run begins with the shorter one of the same seed.

    Returns
    -------
    np.ndarray, shape=(n_steps,), int16
        Bin numbers; `CENTERS[bins]` are the positions.
    """
    rng = np.random.default_rng(seed)
    one_step = transition_matrix()
    # A uniform number under `left` moves down, one above `stay` moves up.
    left = [0.0, *np.diag(one_step, -1).tolist()]
    stay = [below + here for below, here in zip(left, np.diag(one_step).tolist(), strict=True)]
    stay[-1] = 1.0
    state = int(rng.choice(N_BINS, p=stationary()))
    out = np.empty(n_steps, np.int16)
    for first in range(0, n_steps, _DRAWN):
        visited = []
        for u in rng.random(min(_DRAWN, n_steps - first)).tolist():
            visited.append(state)
            if u < left[state]:
                state -= 1
            elif u >= stay[state]:
                state += 1
        out[first : first + len(visited)] = visited
    return out


def brownian(n_steps: int, seed: int) -> np.ndarray:
    """Simulate the Brownian dynamics from x = -0.75, the bottom of the leftmost well.

    Parameters
    ----------
    n_steps : int
        5e6 take several seconds.
    seed : int
        A longer run begins with the shorter one of the same seed.

    Returns
    -------
    np.ndarray, shape=(n_steps,), float64
        Positions x.
    """
    rng = np.random.default_rng(seed)
    exp, step, noise = math.exp, BROWNIAN_STEP, BROWNIAN_NOISE
    x = -0.75
    out = np.empty(n_steps, np.float64)
    for first in range(0, n_steps, _DRAWN):
        visited = []
        for kick in (noise * rng.standard_normal(min(_DRAWN, n_steps - first))).tolist():
            visited.append(x)
            right, middle, square = x - 0.5, x + 0.5, x * x
            force = (  # brownian_gradient, in floats for speed
                8 * x * square * square * square
                - 128 * x * exp(-80 * square)
                - 32 * right * exp(-80 * right * right)
                - 40 * middle * exp(-40 * middle * middle)
            )
            x += kick - 4 * step * force
        out[first : first + len(visited)] = visited
    return out


def brownian_kernel(
    low: float = -1.3, high: float = 1.3, n_points: int = 400
) -> tuple[np.ndarray, np.ndarray]:
    """Return the transition probabilities of one step of the Brownian dynamics on a grid.

    Parameters
    ----------
    low, high : float
        Ends of the grid.
    n_points : int, default=400

    Returns
    -------
    grid : np.ndarray, shape=(n_points,)
    kernel : np.ndarray, shape=(n_points, n_points)
        Row i: the probabilities of going from point i to each point j.
    """
    grid = np.linspace(low, high, n_points)
    mean = grid - BROWNIAN_STEP * brownian_gradient(grid)
    kernel = np.exp(-((grid[None, :] - mean[:, None]) ** 2) / (2 * BROWNIAN_NOISE**2))
    return grid, kernel / kernel.sum(axis=1, keepdims=True)


def brownian_spectrum(
    n_modes: int = 3, lag: int = 100, low: float = -1.3, high: float = 1.3, n_points: int = 400
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the slowest modes of the Brownian dynamics from its one-step kernel on a grid.

    Parameters
    ----------
    n_modes : int, default=3
        Without the constant.
    lag : int, default=100
        In steps.
    low, high : float
        The grid.  The default is converged; 100 points on [-1, 1], as in the paper's figure,
        cut the tails and give 0.88807, 0.44977, 0.21003 at lag 100.
    n_points : int, default=400

    Returns
    -------
    eigenvalues : np.ndarray, shape=(n_modes,)
        Of the kernel to the power of the lag: 0.88832, 0.45086, 0.21103 at lag 100.
    timescales : np.ndarray, shape=(n_modes,)
        In steps.
    grid : np.ndarray, shape=(n_points,)
    eigenfunctions : np.ndarray, shape=(n_points, n_modes)
        Of mean 0 and variance 1 under the stationary density, their rarer end positive.
    density : np.ndarray, shape=(n_points,)
        Stationary density, whose sum times the spacing is 1.
    """
    grid, kernel = brownian_kernel(low, high, n_points)
    values, right = np.linalg.eig(kernel)
    order = np.argsort(-values.real)
    values, functions = (
        values.real[order][1 : n_modes + 1],
        right.real[:, order][:, 1 : n_modes + 1],
    )
    left_values, left = np.linalg.eig(kernel.T)
    weight = np.abs(left[:, np.argmax(left_values.real)].real)
    weight /= weight.sum()
    functions = functions - weight @ functions
    functions /= np.sqrt(weight @ functions**2)
    functions = functions * np.sign(weight @ functions**3)
    density = weight / (grid[1] - grid[0])
    return values**lag, -1 / np.log(values), grid, functions, density
