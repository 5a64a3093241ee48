"""Edges of what was seen of torsions."""

import numpy as np
import pytest
from scipy.stats import chisquare

from lss.adaptive.edges import Edge, choose_edges, edges, frames_at, tail_length, unseen
from lss.adaptive.reach import BINS, reach, torsions_of

NAMES = ["cos phi ALA 2", "sin phi ALA 2", "distance a", "cos psi ALA 2", "sin psi ALA 2"]


def features(phi, psi):
    """Features of torsions in degrees, a distance between them."""
    phi, psi = np.radians(phi), np.radians(psi)
    columns = [np.cos(phi), np.sin(phi), np.ones_like(phi), np.cos(psi), np.sin(psi)]
    return np.stack(columns, axis=1).astype(np.float32)


@pytest.fixture
def seen(rng):
    """phi from -100 to -50 over the first trajectory, and to -31 in the second; psi everywhere."""
    first = features(rng.uniform(-99, -51, 4000), rng.uniform(-180, 180, 4000))
    second = features(np.linspace(-59.9, -31, 300), rng.uniform(-180, 180, 300))
    return [first, second]


def test_torsions_are_a_cosine_and_a_sine_of_one_name():
    assert torsions_of(NAMES) == {"phi ALA 2": 0, "psi ALA 2": 3}
    assert torsions_of(["cos phi", "distance", "sin phi"]) == {}
    empty = reach([np.ones((5, 3))], ["cos phi", "distance", "sin phi"], [0])
    assert edges(empty) == [] and unseen(empty) == []


def test_reach_is_the_histogram_of_each_torsion(seen):
    found = reach(seen, NAMES, [0, 2])
    joined = np.concatenate(seen).astype(np.float64)
    for k, column in enumerate((0, 3)):
        angles = np.degrees(np.arctan2(joined[:, column + 1], joined[:, column]))
        assert np.array_equal(found.visits[k], np.histogram(angles, BINS, (-180, 180))[0])
    new = np.flatnonzero(found.first[0] == 2) * 5 - 180
    assert list(new) == [-50, -45, -40, -35] and (found.first[1] == 0).all()


def test_both_ends_of_a_gap_are_edges(seen):
    found = edges(reach(seen, NAMES, [0, 0]))
    assert [(e.torsion, 5 * e.bin - 180, e.side, 5 * e.gap) for e in found] == [
        (0, -35, 1, 290),
        (0, -100, -1, 290),
    ]
    assert unseen(reach(seen, NAMES, [0, 0])) == [
        "phi ALA 2 was never seen from -30 over 180 to -100 degrees"
    ]


def test_a_gap_over_the_end_of_the_circle_is_one(rng):
    angles = rng.uniform(-120, 130, 5000)
    names = NAMES[:2]
    found = reach([features(angles, angles)[:, :2]], names, [0])
    assert [(5 * e.bin - 180, 5 * e.gap) for e in edges(found)] == [(125, 110), (-120, 110)]
    assert unseen(found) == ["phi ALA 2 was never seen from 130 over 180 to -120 degrees"]
    wide = reach([features(angles, angles)[angles < 100, :2]], names, [0])
    assert unseen(wide) == ["phi ALA 2 was never seen from 100 over 180 to -120 degrees"]
    most = np.append(angles, 180.0)  # two gaps that are barriers
    assert edges(reach([features(most, most)[:, :2]], names, [0])) == []


def test_the_mean_excess_is_the_length_of_an_exponential_tail(rng):
    # The 20 outermost of an exponential tail of 4 bins: 4 +- 4 / sqrt(20) each, 100 times over.
    lengths = []
    for _ in range(100):
        x = rng.exponential(4.0, 20_000)
        visits = np.bincount((x.max() - x).astype(int))
        lengths.append(tail_length(visits))
    assert np.mean(lengths) == pytest.approx(4.0, abs=4 * 4 / np.sqrt(2000) + 0.25)
    assert tail_length(np.array([1])) == 0.5 and tail_length(np.array([30, 30, 30, 900])) == 1.5


def test_flat_ends_are_drawn_more_often_than_steep_ones(rng):
    found = [Edge(0, 3, 1, 30, 10.0), Edge(0, 40, -1, 30, 20.0)]
    chosen, score = choose_edges(found, [0, 0], 5000, rng)
    # Chances of 4 to 1: .8 +- sqrt(.16 / 5000).
    assert np.mean(np.array(chosen) == 0) == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / 5000))
    assert list(score) == [1.0, 0.25]
    # After seven runs that came no further from the first, the second is the better one.
    assert list(choose_edges(found, [7, 0], 1, rng)[1]) == [0.5, 1.0]


@pytest.mark.parametrize(("step", "near"), [(0.5, 20), (4.0, 4)])
def test_starts_are_the_outermost_frames_of_trajectories(rng, step, near):
    # The first came furthest to both sides, the next less, ...; within 15 degrees, at most twenty.
    n = int(30 / step**0.5)
    paths = [np.linspace(-150 + step * i, -20 - step * i, 60) for i in range(n)]
    data = [features(rng.permutation(phi), rng.uniform(-180, 180, 60)) for phi in paths]
    upper, lower = edges(reach(data, NAMES, [0] * n))
    number = 2000
    frames = frames_at(data, NAMES, [upper] * number + [lower] * 3, rng)
    for k, (i, j) in enumerate(frames):
        angle = np.degrees(np.arctan2(data[i][j, 1], data[i][j, 0]))
        outermost = -20 - step * i if k < number else -150 + step * i
        assert angle == pytest.approx(outermost, abs=1e-3)
    times = np.bincount([i for i, _ in frames[:number]])
    # (near + 1)^u with u uniform in [0, 1) lies between k and k + 1 with this chance.
    chance = np.diff(np.log(np.arange(1, near + 2))) / np.log(near + 1)
    assert chisquare(times, number * chance).pvalue > 1e-4
