"""Committors and passage times by equations: closed forms, and an exact kernel."""

from types import SimpleNamespace

import numpy as np
import pytest
from keras import ops

from lss import four_well
from lss.errors import InputError
from lss.paths.counting import count_hits, spread_beyond_chance
from lss.paths.kernel import (
    Mesh,
    arrival_steps,
    committor,
    followers,
    log_density,
    stationary,
)
from lss.paths.moments import calibrated, truncated_moments
from lss.paths.states import parse_states
from mdn.sampler import Sampler
from tests.paths_systems import gaussian_network


def birth_death(matrix, weight, a, b):
    """Committor and passage times of a chain with nearest neighbours, as sums (W. Feller).

    From everything up to bin a to everything from bin b on.
    """
    n = len(matrix)
    resistance = 1 / (weight[:-1] * np.diag(matrix, 1))
    q = np.zeros(n)
    q[b:] = 1
    inner = np.cumsum(resistance[a:b])
    q[a + 1 : b] = (inner / inner[-1])[:-1]
    # Mean steps from bin i to bin i + 1: the weight to its left over the flux to the right.
    up = np.cumsum(weight)[:-1] * resistance
    steps = np.zeros(n)
    steps[:b] = np.cumsum(up[:b][::-1])[::-1]
    return q, steps


def test_four_well_chain_in_closed_form():
    """Committor, passage times and rates of the chain, to rounding."""
    matrix, weight = four_well.transition_matrix(), four_well.stationary()
    a, b = 20, 80
    bins = np.arange(four_well.N_BINS)
    q, steps = birth_death(matrix, weight, a, b)
    forward = committor(matrix, bins <= a, bins >= b)
    np.testing.assert_allclose(forward, q, atol=1e-9)
    np.testing.assert_allclose(stationary(matrix), weight, atol=1e-12)
    # A chain of neighbours arrives in its states at their edges.
    _, back = birth_death(matrix[::-1, ::-1], weight[::-1], 99 - b, 99 - a)
    arrivals = arrival_steps(matrix, weight, forward, bins <= a, bins >= b)
    np.testing.assert_allclose(arrivals, [steps[a], back[99 - b]], rtol=1e-8)


@pytest.mark.parametrize(("a", "b"), [(0, 0), (5, 3)])
def test_states_that_make_no_sense_are_refused(a, b):
    bins = np.arange(10)
    with pytest.raises(InputError, match="wanted some in each"):
        committor(np.eye(10), bins < a, bins >= b)


@pytest.fixture(scope="module")
def well():
    """Brownian dynamics in the four wells: one Gaussian a step, known on a grid as well."""

    def mean(x):
        slope = 8 * x**7 - 128 * x * ops.exp(-80 * x**2)
        slope -= 32 * (x - 0.5) * ops.exp(-80 * (x - 0.5) ** 2)
        slope -= 40 * (x + 0.5) * ops.exp(-40 * (x + 0.5) ** 2)
        return x - 4 * four_well.BROWNIAN_STEP * slope

    network = gaussian_network(mean, four_well.BROWNIAN_NOISE)
    sampler = Sampler(network, [-1.3], [1.3])
    box = SimpleNamespace(mdn=network)
    states = parse_states("a: psi1 < -0.55; b: psi1 > 0.65", 1)
    return SimpleNamespace(sampler=sampler, box=box), states["a"], states["b"]


def test_a_mesh_has_committor_and_passage_times_of_the_exact_kernel(well):
    """1 %, over barriers that take some two thousand steps."""
    simulator, start, goal = well
    grid, kernel = four_well.brownian_kernel()
    weight = stationary(kernel)
    inside = [state.contains(grid[:, None]) for state in (start, goal)]
    q = committor(kernel, *inside)
    steps = arrival_steps(kernel, weight, q, *inside)
    rng = np.random.default_rng(0)
    origins = np.concatenate([rng.choice(grid, p=weight, size=1500), rng.uniform(-1.1, 1.1, 1500)])
    mesh = Mesh.build(simulator, origins[:, None])
    np.testing.assert_allclose(mesh.matrix.sum(axis=1), 1)
    middle = np.abs(grid) < 1.1
    np.testing.assert_allclose(
        mesh.committor(start, goal, grid[middle, None]), q[middle], atol=0.01
    )
    found = arrival_steps(
        mesh.matrix,
        stationary(mesh.matrix),
        mesh.committor(start, goal),
        start.contains(mesh.points),
        goal.contains(mesh.points),
    )
    np.testing.assert_allclose(found, steps, rtol=0.015)


def test_counting_agrees_with_the_exact_kernel(well):
    """Within four standard errors at each of nine points; a right coordinate has no spread."""
    simulator, start, goal = well
    grid, kernel = four_well.brownian_kernel()
    q = committor(kernel, start.contains(grid[:, None]), goal.contains(grid[:, None]))
    points = np.linspace(-0.5, 0.6, 9)
    counted = count_hits(simulator, start, goal, points[:, None], 400, seed=3)
    known = np.interp(points, grid, q)
    error = np.sqrt(known * (1 - known) / 400)
    np.testing.assert_array_less(np.abs(counted - known), 4 * error + 1e-3)


def test_the_committor_test_tells_a_wrong_coordinate():
    rng = np.random.default_rng(1)
    right = rng.binomial(300, 0.5, size=60) / 300
    wrong = rng.binomial(300, rng.normal(0.5, 0.15, size=60).clip(0, 1)) / 300
    value, error = spread_beyond_chance(right, 300)
    assert value < 0.02
    value, error = spread_beyond_chance(wrong, 300)
    assert abs(value - 0.15) < 3 * error and error < 0.03


def test_density_is_that_of_the_mixture(rng):
    """Of two Gaussians in two dimensions, by scipy."""
    from scipy.stats import norm

    class Model:
        def __call__(self, psi):
            import tensorflow as tf

            ones = tf.ones_like(psi[:, :1])
            loc = tf.stack([psi, -psi], axis=1)
            scale = tf.stack([0.5 + psi**2, 0.3 + tf.abs(psi)], axis=1)
            return {"logits": ones * [0.2, -0.4], "loc": loc, "scale": scale}

    psi, points = rng.normal(size=(70, 2)), rng.normal(size=(5, 2))
    found = log_density(Model(), psi, points)
    share = np.exp([0.2, -0.4]) / np.exp([0.2, -0.4]).sum()
    known = sum(
        w * norm.pdf(points[None], s * psi[:, None], d[:, None]).prod(axis=2)
        for w, s, d in zip(share, (1, -1), (0.5 + psi**2, 0.3 + np.abs(psi)), strict=True)
    )
    np.testing.assert_allclose(found, np.log(known), rtol=1e-3, atol=2e-4)


def mixture(rng, n):
    return {
        "logits": rng.normal(size=(n, 3)),
        "loc": rng.normal(size=(n, 3, 2)),
        "scale": rng.uniform(0.3, 1, size=(n, 3, 2)),
    }


def test_moments_of_a_confined_mixture(rng):
    """By integration on a grid, in each coordinate."""
    out, low, high = mixture(rng, 4), np.array([-0.7, -2.0]), np.array([0.9, 1.5])
    found = truncated_moments(*out.values(), low, high)
    axes = [np.linspace(a, b, 2001) for a, b in zip(low, high, strict=True)]
    for i in range(4):
        total, sums = 0.0, np.zeros(4)
        for weight, loc, scale in zip(
            np.exp(out["logits"][i]), out["loc"][i], out["scale"][i], strict=True
        ):
            bells = [
                np.exp(-0.5 * ((x - m) / s) ** 2) / s
                for x, m, s in zip(axes, loc, scale, strict=True)
            ]
            areas = [np.trapezoid(b, x) for b, x in zip(bells, axes, strict=True)]
            total += weight * areas[0] * areas[1]
            for k in (0, 1):
                for power in (1, 2):
                    moment = np.trapezoid(bells[k] * axes[k] ** power, axes[k])
                    sums[k + 2 * (power - 1)] += weight * moment * areas[1 - k]
        np.testing.assert_allclose(found[i], sums / total, rtol=1e-4)


def test_calibrated_rows_have_their_moments(rng):
    centre = np.array([100.0, 0.0])
    points = rng.normal(size=(800, 2)) + centre
    mean = rng.uniform(-0.5, 0.5, size=(6, 2)) + centre
    log = -((points[None] - mean[:, None]) ** 2).sum(axis=2)
    rows = np.exp(log) / np.exp(log).sum(axis=1, keepdims=True)
    wanted = np.concatenate([mean, mean**2 + 0.5], axis=1)
    found = calibrated(rows, points, wanted)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)
    moments = np.concatenate([found @ points, found @ points**2], axis=1)
    np.testing.assert_allclose(moments, wanted, atol=2e-3)
    assert np.abs(rows @ points - mean).max() > 0.02, "they had not before"


def test_followers_are_distributed_as_the_mixture(rng):
    """Many of one origin: mean and spread of the confined mixture."""
    out = {k: np.repeat(v, 4096, axis=0) for k, v in mixture(rng, 1).items()}
    low, high = np.array([-4.0, -4.0]), np.array([4.0, 4.0])
    found = followers(out, low, high, seed=2)
    assert ((found >= low) & (found <= high)).all()
    known = truncated_moments(*(v[:1] for v in out.values()), low, high)[0]
    np.testing.assert_allclose(found.mean(axis=0), known[:2], atol=5e-3)
    np.testing.assert_allclose((found**2).mean(axis=0), known[2:], atol=1e-2)
