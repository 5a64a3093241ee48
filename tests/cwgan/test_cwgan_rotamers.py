"""The joint density of torsions: learned, and drawn from as it says."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from cwgan import rotamers
from cwgan.growth import Growth
from cwgan.rotamer_sampler import UNRESOLVED, sampler
from cwgan.rotamers import N_BINS, RotamerDensity, bin_edges, density

ORDER = np.array([1, 0, 2])
PARENTS = np.tril(np.ones((3, 3), bool), -1)
#: Three torsions of a trunk, drawn in another order than the molecule has them.
THREE = Growth(ORDER, PARENTS, [], [])


def nowhere(n):
    """Coordinates, which no torsion of a trunk looks at."""
    return np.zeros((n, 3, 3), np.float32)


def wells(n, rng):
    """Torsions (n, 3) in three wells, the second in the well of the first, at each of two psi.

    Well 0 is taken in a tenth of the frames where psi is -1 and in six tenths where it is 1; the
    third torsion is even over the circle.
    """
    psi = rng.choice([-1.0, 1.0], n)
    share = np.where(psi[:, None] > 0, [0.6, 0.3, 0.1], [0.1, 0.2, 0.7])
    well = (rng.random(n)[:, None] > share.cumsum(1)).sum(1)
    centre = np.array([-2.0, 0.1, 2.1])
    first, second = (centre[well] + rng.normal(0, 0.15, n) for _ in range(2))
    angles = np.stack([first, second, rng.uniform(-np.pi, np.pi, n)], 1)
    return psi[:, None].astype(np.float32), np.angle(np.exp(1j * angles)).astype(np.float32)


def test_bins_are_narrow_where_the_data_are():
    rng = np.random.default_rng(0)
    edges = bin_edges(wells(5000, rng)[1])
    assert edges.shape == (3, N_BINS + 1) and (np.diff(edges) > 0).all()
    assert np.allclose(edges[:, [0, -1]], [-np.pi, np.pi])
    widths = np.diff(edges)
    # Even data, even bins: a share .7 of each rests on 78 frames, so widths vary by 8 %.
    assert widths[2].std() < 2 * 0.08 * widths[2].mean()
    middle = (edges[0, 1:] + edges[0, :-1]) / 2
    in_well = np.abs(middle - 0.1) < 0.15
    assert widths[0, in_well].max() < widths[0, np.abs(middle + 1) < 0.3].min() / 3


def test_what_is_drawn_has_the_density_that_was_learned(tmp_path):
    """Shares of wells at each psi, and the second torsion in the well of the first."""
    rng = np.random.default_rng(1)
    psi, angles = wells(20_000, rng)
    network = sampler(
        density(psi, angles, nowhere(len(psi)), np.arange(len(psi)), THREE, 800, seed=2), THREE
    )
    n = 4000
    for value, shares in ((1.0, [0.6, 0.3, 0.1]), (-1.0, [0.1, 0.2, 0.7])):
        code = network([np.full((n, 1), value), rng.normal(size=(n, 3))]).numpy()
        assert np.allclose((code**2).sum(1), 1, atol=1e-5)
        made = np.arctan2(code[:, 1], code[:, 0])
        well = np.abs(made[:, :1] - [-2.0, 0.1, 2.1]).argmin(1)
        found = np.bincount(well, minlength=3) / n
        # Five standard errors of the draws, and as much for what 10,000 frames tell of each share.
        assert np.abs(found - shares).max() < 5 * (0.5 / np.sqrt(n) + 0.5 / np.sqrt(10_000))
        other = np.abs(made[:, 1:2] - [-2.0, 0.1, 2.1]).argmin(1)
        assert (other == well).mean() > 0.97
        assert np.abs(np.bincount((made[:, 2] > 0).astype(int)) / n - 0.5).max() < 0.06
    network.save(tmp_path / "torsions.keras")
    again = keras.models.load_model(tmp_path / "torsions.keras")
    noise = rng.normal(size=(50, 3))
    assert np.array_equal(again([psi[:50], noise]), network([psi[:50], noise]))


def test_draws_follow_the_likelihood_of_the_network():
    """Untrained weights of any size: the sampler's histogram against the masked network's."""
    rng = np.random.default_rng(3)
    psi, angles = wells(500, rng)
    edges = bin_edges(angles)[ORDER]
    model = RotamerDensity(psi, angles[:, ORDER], nowhere(500), edges, THREE, np.arange(500), 0)
    for weight in model.weights:
        weight.assign(2.0 * weight + 0.1 * rng.normal(size=weight.shape))
    n = 20_000
    noise = rng.normal(size=(n, 3)).astype(np.float32)
    code = sampler(model, THREE)([np.full((n, 1), 0.3), noise]).numpy()
    first = np.arctan2(code[:, 1, ORDER[0]], code[:, 0, ORDER[0]])
    counts = np.histogram(first, edges[0])[0]
    middles = (edges[0, 1:] + edges[0, :-1]) / 2
    # The first torsion depends on no other: a network of it alone has the same weights.
    one = Growth(ORDER[:1], PARENTS[:1, :1], [], [])
    alone = RotamerDensity(psi, angles[:, ORDER[:1]], nowhere(500), edges[:1], one, np.arange(5), 0)
    for mine, theirs in zip(alone.weights, model.weights, strict=True):
        mine.assign(theirs.numpy()[tuple(slice(k) for k in mine.shape)])
    p = np.exp(
        [
            alone.log_likelihood(
                tf.constant([[0.3]]), tf.constant([[m]], tf.float32), tf.constant(nowhere(1))
            ).numpy()
            for m in middles
        ]
    )
    assert p.sum() == pytest.approx(1, abs=1e-4)
    p = np.maximum(p - UNRESOLVED, 0)
    p, drawn = p / p.sum(), p > 0
    assert not counts[~drawn].any()
    chi2 = ((counts - n * p)[drawn] ** 2 / (n * p[drawn])).sum()
    assert chi2 < N_BINS - 1 + 5 * np.sqrt(2 * (N_BINS - 1))


def test_what_frames_cannot_tell_from_none_is_not_drawn():
    """One well where psi is -1, two where it is 1: the network of few updates is not that sure."""
    rng = np.random.default_rng(5)
    psi, angles = wells(20_000, rng)
    psi, angles = psi, np.where(psi < 0, angles % 1.0, angles).astype(np.float32)
    network = sampler(
        density(psi, angles, nowhere(20_000), np.arange(20_000), THREE, 400, 2), THREE
    )
    code = network([np.full((20_000, 1), -1.0), rng.normal(size=(20_000, 3))]).numpy()
    made = np.arctan2(code[:, 1], code[:, 0])
    far = (made < -0.3) | (made > 1.3)
    # It is .0064 of the draws with all that the network gives: 60,000 of them tell .0003 of it.
    assert far.mean() < 0.002


def test_steps_of_training_do_not_exceed_what_was_asked(monkeypatch):
    steps = []
    monkeypatch.setattr(rotamers.RotamerDensity, "fit", lambda self, x, **_: steps.append(len(x)))
    psi, angles = wells(300, np.random.default_rng(4))
    for budget in (10, 40_000):
        density(psi, angles, nowhere(len(psi)), np.arange(300), THREE, budget, seed=0)
    assert steps == [1, rotamers.STEPS[0] // rotamers.N_INNER]
