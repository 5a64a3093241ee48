"""The systems of the benchmark of time series do what their equations say."""

import numpy as np
import pytest

from benchmarks import series_systems as systems


@pytest.mark.parametrize("name", systems.SYSTEMS)
def test_a_system_is_a_function_of_its_seed_and_fits_its_columns(name):
    system = systems.SYSTEMS[name]
    x = system.simulate(3, 4, 30)
    assert x.shape == (4, 30, len(system.columns)) and np.isfinite(x).all()
    np.testing.assert_array_equal(x, system.simulate(3, 4, 30))
    assert not np.array_equal(x, system.simulate(4, 4, 30))
    low, high = system.columns.bounds.T
    assert ((x >= low) & (x <= high)).all()
    assert (x == np.round(x)).all() == all(system.columns.whole)


def test_the_toggle_switch_has_the_stationary_distribution_of_its_master_equation():
    exact, slowest = systems.toggle_chain()
    assert exact.sum() == pytest.approx(1) and exact.min() > -1e-12
    np.testing.assert_allclose(exact, exact.T, atol=1e-9)
    assert 100 < slowest < 500
    x = systems.toggle(0, 150, 60).astype(int)
    # |A - B| mixes in a few lifetimes, whichever is high: about 10 independent frames a series.
    numbers = np.arange(len(exact))
    apart = np.abs(numbers[:, None] - numbers)
    mean, square = (exact * apart).sum(), (exact * apart**2).sum()
    error = np.sqrt((square - mean**2) / (150 * 10))
    assert np.abs(x[..., 0] - x[..., 1]).mean() == pytest.approx(mean, abs=4 * error)


def test_the_flow_without_forcing_keeps_its_energy():
    """Topography and advection do no work: sum of w_i x_i dx_i/dt = 0."""
    x = np.random.default_rng(0).normal(size=(6, 50))
    b2 = systems.ASPECT**2
    weights = np.array([1, b2 + 1, b2 + 1, 4, b2 + 4, b2 + 4])[:, None]
    forced = np.zeros((6, 1))
    forced[[0, 3], 0] = systems.ZONAL
    free = systems.flow_tendency(x) + systems.DAMPING * (x - forced)
    assert (weights * x * free).sum(axis=0) == pytest.approx(0, abs=1e-12)
    assert np.abs(free).max() > 1


def test_an_epidemic_changes_by_what_its_probabilities_say():
    x = systems.epidemic(0, 40, 400)
    susceptible, infected = x[:, :-1, 0], x[:, :-1, 1]
    caught = susceptible * -np.expm1(
        -systems.CONTACT * (infected + systems.OUTSIDE) / systems.PEOPLE
    )
    recovered = infected * -np.expm1(-systems.RECOVERY)
    change = np.diff(x[..., 1], axis=1)
    # Poisson variance, nearly, of either.
    error = np.sqrt((caught + recovered).mean() / change.size)
    assert change.mean() == pytest.approx((caught - recovered).mean(), abs=4 * error)
    assert x.sum(axis=-1).max() <= systems.PEOPLE


def test_the_cycle_turns_by_its_angle_on_average():
    x = systems.cycle(0, 400, 100)
    z = x[..., 0] + 1j * x[..., 1]
    products = z[:, 1:] * z[:, :-1].conj()
    each = np.angle(products.sum(axis=1))
    angle = systems.TURN * systems.CYCLE_SPACING
    assert each.mean() == pytest.approx(angle, abs=4 * each.std() / len(each) ** 0.5)
