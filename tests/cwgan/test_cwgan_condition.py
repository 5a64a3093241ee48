import keras
import numpy as np

from cwgan.condition import EVEN, MOST, balanced_rows, condition
from cwgan.layers import frozen


def seen(psi, asked=None):
    x = keras.Input((psi.shape[1],))
    model = keras.Model(x, condition(x, psi, frozen))
    return model(psi if asked is None else asked).numpy()


def test_scale_and_rank_have_mean_0_and_variance_1():
    psi = np.random.default_rng(0).normal(3.0, 0.1, (4000, 2)).astype(np.float32)
    out = seen(psi)
    assert np.abs(out.mean(0)).max() < 1e-3
    # Ranks go in 201 steps between quantiles, linear inside each: the variance of a uniform
    # distribution up to the square of a step.
    assert np.abs(out.std(0) - 1).max() < 1e-2


def test_states_near_and_far_from_a_narrow_bulk_are_told_apart():
    rng = np.random.default_rng(0)
    psi = np.concatenate([rng.normal(0, 0.03, 9700), np.full(200, 0.5), np.full(100, 16.0)])
    near, far = seen(psi[:, None].astype(np.float32))[[9700, 9900], 0]
    bulk = seen(psi[:, None].astype(np.float32))[:9700, 0]
    assert near > bulk.max() and far > near + bulk.std()


def test_a_constant_coordinate_says_nothing():
    psi = np.full((100, 1), 2.0, np.float32)
    assert np.abs(seen(psi)).max() < 1e-5
    assert np.isfinite(seen(psi, psi + 1)).all()


def test_every_frame_is_drawn():
    psi = np.random.default_rng(0).normal(size=(1000, 2))
    counts = np.bincount(balanced_rows(psi), minlength=1000)
    assert counts.sum() == 2000
    # The even part takes a quarter: what is left of a frame's own two draws is 1.5.
    assert counts.min() >= 1


def test_a_rare_state_is_drawn_as_often_as_its_range_deserves():
    rare = np.arange(10_000) % 100 == 0
    psi = np.where(rare, 10.0, 0.0)[:, None]
    # Two occupied bins share the even part equally: 1/2 of it, against 1 % by nature. A frame of
    # the rare state would be drawn 50 times as often as it occurs: more than the most allowed.
    even = 0.01 * MOST / (0.01 * MOST + 0.99 * 0.5 / 0.99)
    wanted = (1 - EVEN) * 0.01 + EVEN * even
    # A systematic sample of 20,000: each frame's count is off by less than one.
    assert abs(rare[balanced_rows(psi)].mean() - wanted) <= 100 / 20_000


def test_a_uniform_coordinate_stays_nearly_uniform_beside_a_constant_one():
    psi = np.stack([np.linspace(0, 1, 4000), np.zeros(4000)], 1)
    first = np.arange(4000) < 1000
    # The inverse hyperbolic sine of +-2 units is at most 1.5 times steeper in the middle, and
    # only a quarter of the draws follow it.
    assert abs(first[balanced_rows(psi)].mean() - 0.25) < 0.05
