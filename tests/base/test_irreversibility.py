"""The rotation of a process, against closed forms, and of reversible ones by chance alone."""

import numpy as np
import pytest
from scipy.signal import lfilter

from lss_base.irreversibility import irreversibility
from tests.systems import autoregressive


def rotating(rng, n, turn, memory):
    """A damped rotation in the plane, of unit variance: z(t+1) = a exp(i w) z(t) + noise."""
    noise = rng.normal(size=(n, 2)) @ np.array([1, 1j])
    z = lfilter([np.sqrt(1 - memory**2)], [1, -memory * np.exp(1j * turn)], noise)
    return np.stack([z.real, z.imag], axis=1)


@pytest.mark.parametrize("turn, lag", [(0.05, 4), (0.3, 2), (0.01, 5)])
def test_a_rotation_has_its_tangent(turn, lag):
    """C = a^tau R(w tau): antisymmetric over symmetric part is tan(w tau)."""
    x = rotating(np.random.default_rng(0), 60_000, turn, 0.95)
    found = irreversibility([x @ [[1, 0.5], [0, 0.3]]], lag)  # whitening undoes any mixing
    exact = np.tan(turn * lag)
    assert abs(found.number - exact) < 4 * found.error and found.error < 0.03
    assert found.chance < 0.01 and found.matters == (exact > 0.1)


def test_without_rotation_chance_is_even():
    """p of the randomisation test is uniform: of 60 runs at most 3 + 3 sd are below .05."""
    rng = np.random.default_rng(1)
    found = [irreversibility([autoregressive(rng, (2000, 3), 0.9)], 2) for _ in range(60)]
    chances = np.array([f.chance for f in found])
    assert np.count_nonzero(chances < 0.05) <= 8 and not any(f.matters for f in found)
    assert 0.35 < chances.mean() < 0.65


def test_many_columns_do_not_make_rotation_of_noise():
    x = autoregressive(np.random.default_rng(2), (3000, 30), 0.8)
    found = irreversibility([x], 1)
    assert found.number < 0.05 and not found.matters


def test_trajectories_on_disk_are_read_in_steps():
    x = rotating(np.random.default_rng(3), 410_000, 0.02, 0.99)
    whole, half = (irreversibility([x[:n]], 10) for n in (200_000, 410_000))
    assert half.number == pytest.approx(np.tan(0.2), abs=4 * half.error)
    assert whole.number == pytest.approx(half.number, abs=4 * whole.error)


def test_of_many_columns_parts_are_in_memory(monkeypatch):
    x = rotating(np.random.default_rng(4), 20_000, 0.1, 0.9)
    whole = irreversibility([x, x[:500]], 3)
    monkeypatch.setattr("lss_base.irreversibility._ENTRIES", 4000)
    parts = irreversibility([x, x[:500]], 3)
    # The basis is that of 2,000 frames: unit variance within 3 sd of sqrt(2 * 19 / 2000) / 2.
    assert parts.number == pytest.approx(whole.number, rel=0.2)


def test_of_nothing_nothing_is_said():
    assert irreversibility([np.zeros((5, 2))], 5) is None
    assert irreversibility([np.zeros((50, 2))], 5) is None
