"""Transition paths: those of ordinary trajectories, and passage times in closed form."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from lss.analysis.transitions import Cores, transition_paths
from lss.errors import InputError
from lss.paths import findings, passages
from lss.paths.passages import sample_passages
from lss.paths.states import parse_states
from mdn.sampler import Sampler
from tests.paths_systems import normal_network
from tests.systems import telegraph


@pytest.fixture(scope="module")
def walker():
    """x' = .9 x + noise, a simulator as far as paths need one."""
    network = normal_network(0.9, 0.436)
    sampler = Sampler(network, [-6.0], [6.0])
    starts = np.random.default_rng(0).normal(size=(400, 1)).tolist()
    box = SimpleNamespace(mdn=network, meta={"start_psi": starts})
    return SimpleNamespace(sampler=sampler, box=box, n_modes=1, lag_time_ps=10.0)


@pytest.fixture(scope="module")
def found(walker):
    states = parse_states("low: psi1 < -1; high: psi1 > 1.2", 1)
    return sample_passages(walker, states["low"], states["high"], 600, seed=4, progress=False)


def test_they_are_those_of_ordinary_trajectories(walker, found):
    """The same walkers without looking: same paths, same passages, found by another function."""
    from lss.paths.states import starts_in

    n, cores = len(found.counts), Cores(-1.0, 1.2)
    start = parse_states("low: psi1 < -1", 1)["low"]
    psi0 = starts_in(start, walker, n, 4)
    chunks = list(walker.sampler.chunks(psi0, 1500, 4))
    psi = np.concatenate([psi0[None], *chunks]).swapaxes(0, 1)
    for i in range(n):
        known = transition_paths(psi[i], cores)[1 : 1 + found.counts[i].sum()]
        mine = sorted((p for p in found.paths if p.walker == i), key=lambda p: p.first)
        assert len(known) == len(mine)
        for path, (left, reached, direction) in zip(mine, known, strict=True):
            assert (path.first, path.direction) == (left, direction)
            np.testing.assert_array_equal(path.psi, psi[i, left : reached + 1])
        labels = cores.label(psi[i])
        entries = np.concatenate([[transition_paths(psi[i], cores)[0, 1]], known[:, 1]])
        legs = np.diff(entries)
        assert labels[entries[0]] == 1
        np.testing.assert_array_equal(found.steps[i], [legs[1::2].sum(), legs[::2].sum()])


def test_each_direction_has_as_many_as_were_asked_for(found):
    assert [len(found.of(k)) for k in (0, 1)] == [600, 600]
    assert (found.counts.sum(axis=0) == 600).all()
    assert np.ptp(found.counts) <= 1
    assert (found.durations_ps(0) >= 10.0).all()


def test_passage_times_are_those_of_the_kernel(found):
    """Of the same process on a grid: within three standard errors, which are small."""
    grid = np.linspace(-6, 6, 1201)
    kernel = np.exp(-0.5 * ((grid[None] - 0.9 * grid[:, None]) / 0.436) ** 2)
    kernel /= kernel.sum(axis=1, keepdims=True)
    low, high = grid < -1, grid > 1.2
    exact = exact_passage_times(kernel, low, high)
    value, error = found.passage_times_ps()
    assert (error < 0.06 * value).all()
    np.testing.assert_array_less(np.abs(value / 10.0 - exact), 3 * error / 10.0)


def exact_passage_times(kernel, low, high):
    """Mean steps between arrivals: Kac's lemma on the flux of the process on a grid."""
    values, left = np.linalg.eig(kernel.T)
    weight = np.abs(left[:, np.argmax(values.real)].real)
    weight /= weight.sum()
    middle = ~(low | high)
    inside = np.eye(middle.sum()) - kernel[np.ix_(middle, middle)]
    q = high.astype(float)
    q[middle] = np.linalg.solve(inside, kernel[np.ix_(middle, high)].sum(axis=1))
    back = low.astype(float)  # probability to have come from low
    reverse = weight[:, None] * kernel
    reverse = reverse.T / weight[:, None]
    inside = np.eye(middle.sum()) - reverse[np.ix_(middle, middle)]
    back[middle] = np.linalg.solve(inside, reverse[np.ix_(middle, low)].sum(axis=1))
    flux = (weight[low, None] * kernel[low]) @ q
    share = weight @ back
    return np.array([share / flux.sum(), (1 - share) / flux.sum()])


def test_equilibrium_frames(found):
    """Whole cycles are an equilibrium sample: here standard normal."""
    assert 5000 < len(found.psi) <= passages.FRAMES
    assert abs(found.psi.std() - 1) < 0.05 and abs(found.psi.mean()) < 0.1


def test_what_can_not_be_sampled_is_refused(walker, monkeypatch):
    states = parse_states("a: psi1 < -1; b: psi1 > -1.5; far: psi1 > 5.9", 1)
    with pytest.raises(InputError, match="in common"):
        sample_passages(walker, states["a"], states["b"], 2, progress=False)
    monkeypatch.setattr(passages, "PATIENCE", 100)
    with pytest.raises(InputError, match=r"no walker came over.*1 wait to come from 'a' to 'far'"):
        sample_passages(walker, states["a"], states["far"], 2, progress=False)
    with pytest.raises(InputError, match="`number` is 0"):
        sample_passages(walker, states["a"], states["far"], 0)


def test_few_frames_are_kept_evenly(walker, found, monkeypatch):
    """The same passages, of which every s-th frame is kept."""
    monkeypatch.setattr(passages, "FRAMES", 3000)
    states = parse_states("low: psi1 < -1; high: psi1 > 1.2", 1)
    again = sample_passages(walker, states["low"], states["high"], 600, seed=4, progress=False)
    np.testing.assert_array_equal(again.steps, found.steps)
    assert 1500 < len(again.psi) <= 3000 and abs(again.psi.std() - 1) < 0.1


def test_the_network_is_what_it_says():
    network = normal_network(0.9, 0.436)
    out = network(np.float32([[2.0]]))
    assert np.allclose(out["loc"], 1.8) and np.allclose(out["scale"], 0.436)
    assert isinstance(network, keras.Model)


def test_the_error_of_the_data_is_the_spread_of_the_times_of_the_replicas(rng, monkeypatch):
    """Of chains that leave either state in 50 and in 75 lags: ln(1.5) / sqrt(2) apart."""
    pair = findings.Pair(*parse_states("a: psi1 < 0; b: psi1 > 0", 1).values())
    asked = []

    class Replicas:
        def __init__(self, simulator):
            assert simulator is box_of_two

        def spread(self, statistic, n_steps, n_walkers, seed):
            asked.append(n_steps * n_walkers)
            walks = (telegraph(rng, (5000, 20, 1), flip).swapaxes(0, 1) for flip in (0.02, 1 / 75))
            values = [statistic(list(psi)) for psi in walks]
            return np.mean(values, axis=0), np.std(values, axis=0, ddof=1)

    box_of_two = SimpleNamespace(box=SimpleNamespace(replicas=[None] * 2), lag_time_ps=10.0)
    monkeypatch.setattr(findings, "Ensemble", Replicas)
    found = findings.spread_of_times(box_of_two, pair, np.array([500.0, 750.0]), seed=0)
    # Each time is known from some 1,000 passages to 3 %.
    assert found == pytest.approx(np.log(1.5) / np.sqrt(2), abs=0.1)
    assert asked[0] >= findings.ROUND_TRIPS * 125
    without = SimpleNamespace(box=SimpleNamespace(replicas=[]))
    assert np.isnan(findings.spread_of_times(without, pair, None, 0)).all()
