"""Columns instead of atoms: in their units, within their bounds, readable anywhere."""

import keras
import numpy as np
import pytest

from cwgan import MolGen

BOUNDS = [[-np.inf, np.inf], [0, np.inf], [0, 1]]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    psi = rng.normal(size=(3000, 1)).astype(np.float32)
    one = 50 + 10 * psi + rng.normal(0, 2, psi.shape)
    share = np.clip(0.5 + 0.3 * psi + rng.normal(0, 0.1, psi.shape), 0, 1)
    return psi, np.concatenate([one, np.exp(psi), share], 1).astype(np.float32)


@pytest.fixture(scope="module")
def fitted(data):
    return MolGen.for_columns(1, 3, bounds=BOUNDS, n_updates=400, verbose=False).fit(*data)


def test_what_is_drawn_is_in_units_and_within_bounds(fitted, data):
    made = fitted.transform(data[0])
    assert made.shape == data[1].shape
    assert made[:, 1].min() >= 0 and made[:, 2].min() >= 0 and made[:, 2].max() <= 1
    found = fitted.diagnose(*data)
    # 400 updates are few: this and the correlation say that columns are learned, not how well.
    assert max(found["marginal_distance"]) < 0.1  # exact where it was fitted, by another draw
    assert np.corrcoef(made[:, 0], data[0][:, 0])[0, 1] > 0.9
    assert found["mean_data"][0] == pytest.approx(50, abs=1)


def test_the_law_at_each_psi_is_that_of_the_data(data):
    """A line with Gaussian noise of standard deviation 2, from 3,000 rows.

    They tell slope and noise to 2 / sqrt(3000) = .037 and 2 / sqrt(6000) = .026. The bounds leave
    room for a training of 6,000 updates, and none for a slope or a noise that was not learned.
    """
    psi, values = data
    model = MolGen.for_columns(1, 1, n_updates=6000, seed=1, verbose=False).fit(psi, values[:, :1])
    # Within two standard deviations: beyond are 5 % of the rows that were trained on.
    fresh = np.random.default_rng(2).uniform(-2, 2, (20_000, 1)).astype(np.float32)
    made = model.transform(fresh)[:, 0]
    slope, middle = np.polyfit(fresh[:, 0], made, 1)
    assert slope == pytest.approx(10, abs=0.4) and middle == pytest.approx(50, abs=0.4)
    noise = made - middle - slope * fresh[:, 0]
    assert noise.std() == pytest.approx(2, abs=0.3)
    assert abs(np.corrcoef(np.abs(noise), np.abs(fresh[:, 0]))[0, 1]) < 0.3


def test_a_critic_can_be_had_as_well(data):
    model = MolGen.for_columns(1, 3, n_discriminator=1, n_updates=5, verbose=False).fit(*data)
    assert model.transform(data[0]).shape == data[1].shape
    with pytest.raises(ValueError, match="n_discriminator"):
        MolGen(1, 3, n_discriminator=0, verbose=False).fit(*data)


def test_bounds_hold_however_far_the_network_goes(fitted, data, tmp_path):
    fitted.generator.save(tmp_path / "columns.keras")
    network = keras.models.load_model(tmp_path / "columns.keras")
    noise = 100 * np.random.default_rng(1).normal(size=(500, 50))
    made = np.asarray(network([data[0][:500], noise.astype(np.float32)]))
    assert made[:, 1].min() >= 0 and made[:, 2].min() >= 0 and made[:, 2].max() <= 1
    assert np.isfinite(made).all() and np.ptp(made[:, 0]) > 100


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bounds": [[0, 1]]}, "bounds is an array of shape"),
        ({"bounds": [[1, 0]] * 3}, "bounds"),
        ({"bounds": [[60, 61], *BOUNDS[1:]]}, "in column 0"),
        ({"consistency": 1.0}, "consistency"),
        ({"head": "tanh"}, "bounds"),
    ],
)
def test_what_does_not_fit_is_refused(data, change, said):
    settings = {"bounds": BOUNDS, "n_updates": 10, "verbose": False} | change
    with pytest.raises(ValueError, match=said):
        MolGen.for_columns(1, 3, **settings).fit(*data)


def test_columns_that_cannot_be_decoded_are_refused(data):
    psi, values = data
    model = MolGen.for_columns(1, 3, n_updates=10, verbose=False)
    still = values.copy()
    still[:, 1] = 4.0
    with pytest.raises(ValueError, match="constant in column 1"):
        model.fit(psi, still)
    with pytest.raises(ValueError, match="frames of atoms"):
        MolGen.for_columns(1, 6, n_updates=10).fit(psi, np.zeros((len(psi), 2, 3)))
