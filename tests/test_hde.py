"""The names of the replaced package: constructors, attributes, and its chain of three models."""

import inspect
import pickle

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from hde import HDE, MolGen, Propagator, analysis
from tests.systems import autoregressive, telegraph

CONSTRUCTORS = {
    HDE: {
        "input_size": inspect.Parameter.empty,
        "n_components": 2,
        "lag_time": 1,
        "reversible": True,
        "n_epochs": 100,
        "learning_rate": 0.001,
        "dropout_rate": 0,
        "l2_regularization": 0.0,
        "hidden_layer_depth": 2,
        "hidden_size": 100,
        "activation": "tanh",
        "batch_size": 100,
        "validation_split": 0,
        "callbacks": None,
        "batch_normalization": False,
        "latent_space_noise": 0,
        "verbose": True,
    },
    Propagator: {
        "input_dim": inspect.Parameter.empty,
        "n_components": 2,
        "lag_time": 100,
        "batch_size": 1000,
        "learning_rate": 0.001,
        "n_epochs": 100,
        "hidden_layer_depth": 2,
        "hidden_size": 100,
        "activation": "swish",
        "callbacks": None,
        "verbose": True,
    },
    MolGen: {
        "latent_dim": inspect.Parameter.empty,
        "output_dim": inspect.Parameter.empty,
        "batch_size": 1000,
        "noise_dim": 50,
        "n_epochs": 1000,
        "hidden_layer_depth": 3,
        "hidden_size": 200,
        "activation": "swish",
        "verbose": True,
        "n_discriminator": 5,
    },
}


@pytest.mark.parametrize("estimator", CONSTRUCTORS, ids=lambda e: e.__name__)
def test_constructors_keep_their_order_and_defaults(estimator):
    parameters = inspect.signature(estimator).parameters.values()
    positional = {p.name: p.default for p in parameters if p.kind == p.POSITIONAL_OR_KEYWORD}
    assert list(positional.items()) == list(CONSTRUCTORS[estimator].items())


@pytest.mark.parametrize(
    "estimator", [HDE(3), Propagator(2), MolGen(2, 6)], ids=lambda e: type(e).__name__
)
def test_what_is_not_fitted_says_so(estimator):
    twin = clone(estimator)
    assert twin.get_params() == estimator.get_params()
    with pytest.raises(RuntimeError, match="fit"):
        twin.transform(np.zeros((4, 3 if isinstance(twin, HDE) else 2)))


@pytest.mark.parametrize(
    "estimator", [HDE(2), Propagator(2), MolGen(2, 6)], ids=lambda e: type(e).__name__
)
def test_the_error_is_that_of_scikit_learn_too(estimator):
    with pytest.raises(NotFittedError):
        estimator.transform(np.zeros((4, 2)))


@pytest.fixture(scope="module")
def two_wells():
    """Telegraph noise with a stay probability of .99 in one coordinate, white noise in two more."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(6000, 3))
    x[:, 0] += 3 * telegraph(rng, 6000, 0.01)
    return x.astype(np.float32)


@pytest.fixture(scope="module")
def fitted(two_wells):
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=5, restore_best_weights=True)
    hde = HDE(
        3,
        n_components=1,
        lag_time=10,
        batch_size=1000,
        n_epochs=8,
        validation_split=0.2,
        batch_normalization=True,
        learning_rate=0.01,
        callbacks=[stop],
        verbose=False,
    )
    hde.r_degree = 2
    return hde.fit(two_wells)


def test_the_encoder_finds_the_slow_process(fitted, two_wells):
    """lambda = .98 ** 10, and the timescale -lag / ln lambda = 49.5 frames.

    Some 60 flips are seen, so the rate is known to 1 / sqrt(60) = 13 %: 3 sigma are 40 %.
    """
    assert fitted.timescales_ == pytest.approx([49.5], rel=0.4)
    psi = fitted.transform(two_wells)
    assert psi.shape == (6000, 1)
    assert abs(np.corrcoef(psi[:, 0], np.sign(two_wells[:, 0]))[0, 1]) > 0.97
    assert len(fitted.history["val_loss"]) == len(fitted.history["loss"])


def test_a_second_fit_goes_on_and_may_be_changed(fitted, two_wells):
    twin = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(twin.transform(two_wells), fitted.transform(two_wells))
    twin.n_epochs, twin.batch_size, twin.learning_rate, twin.callbacks = 2, 2000, 1e-4, None
    twin.weights, twin.r_degree = np.array([2.0]), 3
    twin.fit([two_wells[:3000], two_wells[3000:]])
    assert len(twin.history["loss"]) == 2
    # It began where the first ended: a fresh network is nowhere near.
    assert abs(twin.eigenvalues_[0] - fitted.eigenvalues_[0]) < 0.05


def test_score_is_one_and_the_squared_autocorrelation(fitted, two_wells):
    for lag in (10, 20):
        psi = fitted.transform(two_wells)
        (found,) = analysis.empirical_correlation(psi[:-lag], psi[lag:])
        given = None if lag == 10 else lag
        assert fitted.score(two_wells, lag_time=given) == pytest.approx(1 + found**2, abs=1e-6)
    halves = [two_wells[:3000], two_wells[3000:]]
    assert fitted.score(halves) == pytest.approx(fitted.score(two_wells), abs=0.01)


def test_not_reversible_with_callbacks_that_keep_files(two_wells, tmp_path, caplog):
    best, log = tmp_path / "best.keras", tmp_path / "log.csv"
    callbacks = [
        keras.callbacks.ModelCheckpoint(best, monitor="val_loss", save_best_only=True),
        keras.callbacks.CSVLogger(log),
    ]
    hde = HDE(3, 2, 10, False, 6, 0.01, batch_size=500, callbacks=callbacks, verbose=False)
    halves = [two_wells[:3000], two_wells[3000:]]
    left = hde.fit(halves, halves[1]).transform(halves)
    assert [psi.shape for psi in left] == [(3000, 2)] * 2
    assert keras.models.load_model(best).output_shape == (None, 2)
    assert len(log.read_text().splitlines()) == 7
    np.testing.assert_array_equal(hde.left_singular_values_, hde.eigenvalues_)
    np.testing.assert_array_equal(hde.right_singular_values_, hde.eigenvalues_)
    twin = pickle.loads(pickle.dumps(hde))
    assert "CSVLogger is left out of the pickle" in caplog.text and len(twin.callbacks) == 1
    right = twin.transform(halves, side="right")
    for ours, theirs in zip(hde.transform(halves, side="right"), right, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    now, later = (
        np.concatenate(part) for part in ([x[:-10] for x in left], [x[10:] for x in right])
    )
    found = analysis.empirical_correlation(now, later)
    np.testing.assert_allclose(found, hde.eigenvalues_, atol=1e-4)
    for k in (2, 3):
        wanted = 1 + np.sum(found[: k - 1] ** 2)
        assert twin.score(halves, score_k=k) == pytest.approx(wanted, abs=1e-5)
    assert hde.timescales_ == pytest.approx(-10 / np.log(hde.eigenvalues_))


def test_frozen_layers_of_an_encoder_do_not_stop_the_next_fit(two_wells):
    hde = HDE(3, 1, 10, n_epochs=1, learning_rate=0.01, batch_size=500, verbose=False)
    before = hde.fit_transform(two_wells)
    hde.encoder.trainable = False
    encoder = hde.encoder
    hde.fit(two_wells)
    assert np.abs(hde.transform(two_wells) - before).max() > 1e-3
    np.testing.assert_allclose(np.asarray(encoder(two_wells)), before, atol=1e-5)


def test_propagator_and_generator_follow(fitted, two_wells):
    psi = fitted.transform(two_wells)
    scaled = (psi - psi.min(0)) / np.ptp(psi, axis=0)
    propagator = Propagator(1, n_components=4, lag_time=10, n_epochs=3, verbose=False).fit(scaled)
    steps = propagator.propagate(scaled[:5], n_steps=7)
    assert steps.shape == (7, 5, 1)
    assert steps.min() >= 0 and steps.max() <= 1
    coordinates = np.tanh(two_wells[:, [0, 1, 2, 0, 1, 2]] / 4)
    molgen = MolGen(1, 6, batch_size=100, n_epochs=5, verbose=False).fit(psi, coordinates)
    drawn = molgen.transform(psi[:9])
    assert drawn.shape == (9, 6) and np.abs(drawn).max() <= 1
    assert isinstance(molgen.generator, keras.Model)
    assert isinstance(molgen.discriminator, keras.Model)


def test_analysis_against_closed_forms(rng):
    """An AR(1) process x' = a x + noise has timescale -1 / ln a at every lag."""
    a, n = 0.9, 200_000
    x = autoregressive(rng, (n, 1), a)
    # The variance of a correlation of an AR(1) process is about (1 - a^2) / n at lag 1.
    correlation = analysis.empirical_correlation(x[:-1], x[1:])
    assert correlation == pytest.approx([a], abs=4 * np.sqrt((1 - a**2) / n))
    timescales = analysis.generate_its([x[: n // 2], x[n // 2 :]], [1, 2, 5])
    assert timescales.shape == (3, 1)
    # d t / t = d a / (a |ln a|): four standard errors at lag 1, more samples of less at lag 5.
    assert timescales[:, 0] == pytest.approx(-1 / np.log(a), rel=0.08)
    np.testing.assert_allclose(analysis.empirical_gram_schmidt(3 * x, x), [3.0])
