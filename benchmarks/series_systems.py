"""Processes that are no molecules, whose long run or exact answers are known.

Each is simulated as many independent series at once, after a run-in; all are functions of their
seed. Time is in units of the system.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lss.series.columns import Columns


@dataclass(frozen=True)
class System:
    """One process.

    Parameters
    ----------
    name, about : str
    columns : lss.series.columns.Columns
    simulate : callable
        (seed, number of series, frames of each) to an array (series, frames, columns).
    spacing : float
        Time between frames, in units of the system.
    lag : int
        Frames in the lag of its simulator.
    n_modes : int
        Of the encoder.
    period : float or None
        Exact, in units of the system.
    """

    name: str
    about: str
    columns: Columns
    simulate: Callable[[int, int, int], np.ndarray]
    spacing: float
    lag: int
    n_modes: int
    period: float | None = None


def _columns(names: str, whole=False, lower=None) -> Columns:
    names = tuple(names.split())
    n = len(names)
    return Columns(names, ("",) * n, (whole,) * n, (lower,) * n, (None,) * n)


# --- a genetic toggle switch --------------------------------------------------------------------

#: Largest rate of production, number that halves it, exponent, and rate of what is always made.
PRODUCTION, HALF, HILL, LEAK = 20.0, 6.0, 3, 0.2
TOGGLE_SPACING = 1.0


def toggle_rates(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Rates of making A, making B, losing A, losing B; each represses the other's production."""
    return np.stack([_production(b), _production(a), a, b])


def _production(repressor: np.ndarray) -> np.ndarray:
    return LEAK + PRODUCTION / (1 + (repressor / HALF) ** HILL)


def toggle(seed: int, n_series: int, n_frames: int) -> np.ndarray:
    """Numbers of two repressors of one another (Gardner et al., Nature 403 (2000) 339).

    By the algorithm of Gillespie (J. Phys. Chem. 81 (1977) 2340); time is in lifetimes of a
    molecule.
    """
    rng = np.random.default_rng(seed)
    run_in = 50
    # Either is high in half of the series, as in equilibrium.
    first = np.where(rng.random(n_series) < 0.5, 20, 0)
    state = np.stack([first, 20 - first])
    change = np.array([[1, 0, -1, 0], [0, 1, 0, -1]])
    frames = np.empty((n_frames + run_in, n_series, 2))
    time, done = np.zeros(n_series), np.zeros(n_series, int)
    while done.min() < len(frames):
        rates = toggle_rates(*state.astype(float))
        along = np.cumsum(rates, axis=0)
        time += rng.standard_exponential(n_series) / along[-1]
        # Until this reaction all is as it was: frames that it passes show the state before it.
        passed = np.minimum(np.ceil(time / TOGGLE_SPACING).astype(int), len(frames))
        for k in np.flatnonzero(passed > done):
            frames[done[k] : passed[k], k] = state[:, k]
        done = np.maximum(done, passed)
        which = (rng.random(n_series) * along[-1] >= along).sum(axis=0)
        state += change[:, which]
    return frames[run_in:].swapaxes(0, 1)


def toggle_chain(most: int = 60) -> tuple[np.ndarray, float]:
    """Exact stationary distribution (most + 1, most + 1) and slowest time of the toggle switch."""
    from scipy.sparse import coo_matrix, diags, identity
    from scipy.sparse.linalg import eigs

    n = most + 1
    a, b = (x.ravel() for x in np.meshgrid(np.arange(n), np.arange(n), indexing="ij"))
    rates = toggle_rates(a.astype(float), b.astype(float))
    rows, columns, values = [], [], []
    for (da, db), rate in zip([(1, 0), (0, 1), (-1, 0), (0, -1)], rates, strict=True):
        inside = (a + da <= most) & (b + db <= most) & (rate > 0)
        rows.append(np.flatnonzero(inside))
        columns.append(((a + da) * n + b + db)[inside])
        values.append(rate[inside])
    q = coo_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), (n * n, n * n)
    ).tocsr()
    q = (q - diags(np.asarray(q.sum(axis=1)).ravel())).tocsc()
    # Nearest to a small positive number: the eigenvalues 0 and that of the slowest mode.
    found, vectors = eigs(q.T - 1e-6 * identity(n * n), k=2, sigma=0)
    order = np.argsort(-found.real)
    stationary = vectors[:, order[0]].real.reshape(n, n)
    return stationary / stationary.sum(), float(-1 / (found[order[1]].real + 1e-6))


# --- six modes of the atmosphere ----------------------------------------------------------------

#: Parameters of Crommelin, Opsteegh and Verhulst (J. Atmos. Sci. 61 (2004) 1406), with flow that
#: goes back and forth between a zonal and a blocked regime; noise is ours, in a unit of time ** .5.
ZONAL, DAMPING, BETA, TOPOGRAPHY, ASPECT, NOISE = (0.95, -0.76095), 0.1, 1.25, 0.2, 0.5, 0.01
FLOW_SPACING, FLOW_STEP = 1.0, 0.05


def _flow_coefficients(m: int) -> tuple[float, ...]:
    """alpha, beta, gamma, gamma star and delta of a wave number."""
    b2, m2, root2 = ASPECT**2, m * m, math.sqrt(2)
    mixed = root2 * ASPECT / math.pi / (4 * m2 - 1)
    return (
        8 * root2 / math.pi * m2 / (4 * m2 - 1) * (b2 + m2 - 1) / (b2 + m2),
        BETA * b2 / (b2 + m2),
        TOPOGRAPHY * 4 * m**3 * mixed / (b2 + m2),
        TOPOGRAPHY * 4 * m * mixed,
        64 * root2 / (15 * math.pi) * (b2 - m2 + 1) / (b2 + m2),
    )


def flow_tendency(x: np.ndarray) -> np.ndarray:
    """Rate of change of the six modes, (6, ...)."""
    alpha1, beta1, gamma1, star1, delta1 = _flow_coefficients(1)
    alpha2, beta2, gamma2, star2, delta2 = _flow_coefficients(2)
    epsilon = 16 * math.sqrt(2) / (5 * math.pi)
    x1, x2, x3, x4, x5, x6 = x
    first, second = alpha1 * x1 - beta1, alpha2 * x1 - beta2
    return np.stack([
        star1 * x3 - DAMPING * (x1 - ZONAL[0]),
        -first * x3 - DAMPING * x2 - delta1 * x4 * x6,
        first * x2 - gamma1 * x1 - DAMPING * x3 + delta1 * x4 * x5,
        star2 * x6 - DAMPING * (x4 - ZONAL[1]) + epsilon * (x2 * x6 - x3 * x5),
        -second * x6 - DAMPING * x5 - delta2 * x4 * x3,
        second * x5 - gamma2 * x4 - DAMPING * x6 + delta2 * x4 * x2,
    ])  # fmt: skip


def flow(seed: int, n_series: int, n_frames: int) -> np.ndarray:
    """The six modes with white noise (Heun's scheme); time is in days, nearly."""
    rng = np.random.default_rng(seed)
    run_in, steps = 500, round(FLOW_SPACING / FLOW_STEP)
    x = 0.1 * rng.standard_normal((6, n_series))
    x[[0, 3]] += np.array(ZONAL)[:, None]
    frames = np.empty((n_frames, 6, n_series))
    for k in range(-run_in, n_frames):
        kicks = NOISE * math.sqrt(FLOW_STEP) * rng.standard_normal((steps, 6, n_series))
        for kick in kicks:
            slope = flow_tendency(x)
            guess = x + FLOW_STEP * slope + kick
            x = x + FLOW_STEP / 2 * (slope + flow_tendency(guess)) + kick
        if k >= 0:
            frames[k] = x
    return frames.transpose(2, 0, 1)


# --- an epidemic --------------------------------------------------------------------------------

#: People; contacts that infect, recoveries and losses of immunity a day; the infected outside who
#: are met.
PEOPLE, CONTACT, RECOVERY, WANING, OUTSIDE = 20_000, 0.5, 0.2, 0.005, 5.0
EPIDEMIC_SPACING = 1


def epidemic(seed: int, n_series: int, n_frames: int) -> np.ndarray:
    """Susceptible and infected people, one step a day, in which each one's fate is drawn (SIRS)."""
    rng = np.random.default_rng(seed)
    susceptible = np.full(n_series, round(PEOPLE * RECOVERY / CONTACT))
    infected = np.full(n_series, round(PEOPLE * 0.6 * WANING / (WANING + RECOVERY)))
    frames = np.empty((n_frames, 2, n_series))
    for k in range(-2000, n_frames):
        pressure = CONTACT * (infected + OUTSIDE) / PEOPLE
        caught = rng.binomial(susceptible, -np.expm1(-pressure))
        recovered = rng.binomial(infected, -math.expm1(-RECOVERY))
        waned = rng.binomial(PEOPLE - susceptible - infected, -math.expm1(-WANING))
        susceptible = susceptible - caught + waned
        infected = infected + caught - recovered
        if k >= 0:
            frames[k] = susceptible, infected
    return frames.transpose(2, 0, 1)


# --- a noisy limit cycle ------------------------------------------------------------------------

#: Angle a unit of time, pull to the circle, and noise.
TURN, PULL, SHAKE = 0.2, 0.5, 0.15
CYCLE_STEP, CYCLE_SPACING = 0.02, 1.0


def cycle(seed: int, n_series: int, n_frames: int) -> np.ndarray:
    """Real and imaginary part of dz = (PULL (1 - |z|^2) + i TURN) z dt + SHAKE dW.

    The noise is the same in all directions and the turn at all radii, so that the angle is exp(i k
    TURN t) on average times a decay: the period of every mode of the angle is exact.
    """
    rng = np.random.default_rng(seed)
    steps = round(CYCLE_SPACING / CYCLE_STEP)
    z = np.exp(2j * math.pi * rng.random(n_series))
    turn = np.exp(1j * TURN * CYCLE_STEP)
    frames = np.empty((n_frames, n_series), complex)
    for k in range(-50, n_frames):
        kicks = rng.standard_normal((steps, 2, n_series)) * SHAKE * math.sqrt(CYCLE_STEP)
        for kick in kicks:
            # The turn commutes with the rest, and is done exactly.
            z = (z + CYCLE_STEP * PULL * (1 - np.abs(z) ** 2) * z) * turn + kick[0] + 1j * kick[1]
        if k >= 0:
            frames[k] = z
    return np.stack([frames.real, frames.imag], axis=-1).swapaxes(0, 1)


SYSTEMS = {
    "toggle": System("toggle", "genetic toggle switch, numbers of two repressors",
                     _columns("A B", whole=True, lower=0.0), toggle, TOGGLE_SPACING, 5, 2),
    "flow": System("flow", "six modes of the atmosphere, zonal and blocked",
                   _columns("x1 x2 x3 x4 x5 x6"), flow, FLOW_SPACING, 2, 6),
    "epidemic": System("epidemic", "SIRS epidemic in 20,000 people",
                       _columns("susceptible infected", whole=True, lower=0.0), epidemic,
                       EPIDEMIC_SPACING, 5, 2),
    "cycle": System("cycle", "noisy limit cycle (Stuart-Landau)", _columns("x y"), cycle,
                    CYCLE_SPACING, 8, 2, 2 * math.pi / TURN),
}  # fmt: skip
