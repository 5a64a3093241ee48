"""SRV as its users see it: known answers, saving, scikit-learn, repeated fits, errors."""

import pickle

import keras
import numpy as np
import pytest
from deeptime.decomposition import vamp_score_data
from scipy.linalg import eigvalsh
from sklearn.base import clone

from srv import SRV, NotFittedError
from tests.elsewhere import run_without_ours
from tests.systems import telegraph


@pytest.fixture(scope="module")
def fitted(two_state):
    return SRV.from_preset("recommended", 2, n_components=1, verbose=False, hidden_size=16).fit(
        two_state
    )


def test_known_eigenvalue_and_eigenfunction(fitted, two_state):
    # Eigenvalue 2 * .98 - 1 = .96. n = 15,000 frames hold about n (1 - .96^2) / (1 + .96^2) = 600
    # independent ones of the product, so its standard error is about .04 / sqrt(300) = .0023.
    assert fitted.eigenvalues_[0] == pytest.approx(0.96, abs=0.01)
    assert fitted.timescales_[0] == pytest.approx(-1 / np.log(fitted.eigenvalues_[0]))
    psi = np.concatenate(fitted.transform(two_state))[:, 0]
    state = np.sign(np.concatenate(two_state)[:, 0])
    assert abs(np.corrcoef(psi, state)[0, 1]) > 0.98


def test_modes_have_zero_mean_and_unit_variance_over_the_pairs(fitted, two_state):
    psi = fitted.transform(two_state)
    both = np.concatenate([p[:-1] for p in psi] + [p[1:] for p in psi])
    assert both.mean() == pytest.approx(0, abs=1e-5)
    assert both.std() == pytest.approx(1, abs=1e-5)


def test_score_equals_deeptime_on_held_out_data(two_processes, quick):
    features, _ = two_processes
    srv = SRV(2, **{**quick, "n_components": 2}).fit(features[:3])
    psi = srv.transform(features[3]).astype(np.float64)
    for k in (2, 3):
        expected = vamp_score_data(psi[:-1, : k - 1], psi[1:, : k - 1], r=2, epsilon=1e-14)
        found = srv.score(features[3], score_k=k, kind="vamp2")
        assert found == pytest.approx(expected, abs=1e-8)
        both = np.concatenate([psi[:-1, : k - 1], psi[1:, : k - 1]])
        both -= both.mean(axis=0)
        later = np.roll(both, len(psi) - 1, axis=0)
        eigenvalues = eigvalsh(both.T @ later, both.T @ both)
        found = srv.score(features[3], score_k=k, kind="rayleigh")
        assert found == pytest.approx(1 + eigenvalues.sum(), abs=1e-8)
    assert srv.score(features[3]) == srv.score(features[3], score_k=3)
    correlations = [np.corrcoef(psi[:-5, i], psi[5:, i])[0, 1] for i in range(2)]
    by_mode = srv.score(features[3], lag_time=5)
    assert by_mode == pytest.approx(1 + np.sum(np.square(correlations)), abs=1e-8)


def test_the_sign_of_a_mode_does_not_depend_on_the_seed(fitted, two_state, quick):
    other = SRV(2, **{**quick, "seed": 4}).fit(two_state).transform(two_state[0])
    assert np.corrcoef(fitted.transform(two_state[0])[:, 0], other[:, 0])[0, 1] > 0.9


def test_global_random_state_is_left_alone(two_state, quick):
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    SRV(2, **quick).fit(two_state)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_second_fit_goes_on_and_leaves_the_first_encoder_alone(two_state, quick):
    srv = SRV(2, **{**quick, "n_epochs": 1}).fit(two_state)
    encoder, x = srv.encoder, two_state[0]
    before, score = np.asarray(encoder(x)), srv.train_score_
    srv.n_epochs, srv.batch_size, srv.learning_rate = 4, 250, 0.003
    srv.weights, srv.r_degree = [1.0], 3
    srv.fit(two_state)
    np.testing.assert_array_equal(before, np.asarray(encoder(x)))
    assert np.abs(srv.transform(x) - before).max() > 1e-4
    assert srv.train_score_ > score - 0.005
    assert len(srv.history["loss"]) == 4


def test_early_stopping_on_held_out_trajectories(two_state, quick):
    stop = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=2, min_delta=0.01, restore_best_weights=True
    )
    srv = SRV(2, **{**quick, "n_epochs": 40, "validation_split": 0.3, "callbacks": [stop]})
    srv.fit(two_state)
    assert len(srv.history["val_loss"]) < 40
    assert 1 < srv.validation_score_ < 2
    assert clone(srv).callbacks[0].patience == 2
    pickle.loads(pickle.dumps(srv))


def test_validation_data_as_y(two_state, quick):
    srv = SRV(2, **quick).fit(two_state[:2], two_state[2])
    assert srv.validation_score_ == pytest.approx(srv.score(two_state[2], kind="vamp2"))


def test_pickle_clone_and_params(fitted, two_state):
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy.transform(two_state[0]), fitted.transform(two_state[0]))
    fresh = clone(fitted)
    assert not fresh.is_fitted
    assert fresh.get_params() == fitted.get_params()
    assert fresh.set_params(n_epochs=3).n_epochs == 3
    with pytest.raises(NotFittedError):
        fresh.transform(two_state[0])
    with pytest.raises(RuntimeError):
        fresh.score(two_state[0])


def test_transform_refuses_nan(fitted):
    x = np.zeros((10, 2))
    x[4, 1] = np.nan
    with pytest.raises(ValueError, match=r"X\[0\] is not finite in frame 4"):
        fitted.transform([x])
    assert fitted.transform(np.zeros((0, 2))).shape == (0, 1)


def test_encoder_loads_with_plain_keras(fitted, two_state, tmp_path):
    fitted.encoder.save(tmp_path / "srv.keras")
    np.save(tmp_path / "x.npy", two_state[0][:100])
    code = (
        "import keras, numpy as np\n"
        "m = keras.models.load_model('srv.keras')\n"
        "np.save('psi.npy', np.asarray(m(np.load('x.npy'))))\n"
    )
    run_without_ours(code, tmp_path)
    psi = np.asarray(fitted.encoder(two_state[0][:100]))
    np.testing.assert_array_equal(np.load(tmp_path / "psi.npy"), psi)


def test_drop_modes(two_processes, quick):
    features, _ = two_processes
    srv = SRV(2, **{**quick, "n_components": 3}).fit(features)
    psi, values = srv.transform(features[0]), srv.eigenvalues_
    srv.drop_modes([1])
    np.testing.assert_allclose(srv.transform(features[0]), psi[:, [0, 2]], atol=1e-5)
    np.testing.assert_array_equal(srv.eigenvalues_, values[[0, 2]])
    with pytest.raises(ValueError, match="some but not all"):
        srv.drop_modes([5])


def test_deflation_removes_a_planted_slow_process(two_processes, quick):
    features, slow = two_processes
    plain = SRV(2, **{**quick, "n_components": 2, "n_epochs": 8}).fit(features)
    assert plain.eigenvalues_[0] == pytest.approx(0.99, abs=0.006)
    srv = SRV(2, **{**quick, "n_components": 1, "n_epochs": 8}).fit(features, deflate=slow)
    psi = np.concatenate(srv.transform(features))[:, 0]
    assert abs(np.corrcoef(psi, np.concatenate(slow))[0, 1]) < 0.01
    # What is left is the chain with eigenvalue .9; without deflation it would be .99.
    assert srv.eigenvalues_[0] == pytest.approx(0.9, abs=0.03)


def test_nonreversible_left_and_right(two_state, quick):
    srv = SRV(2, **{**quick, "reversible": False}).fit(two_state)
    left, right = (srv.transform(two_state, side=side) for side in ("left", "right"))
    x = np.concatenate([p[:-1] for p in left])[:, 0]
    y = np.concatenate([p[1:] for p in right])[:, 0]
    assert np.mean(x * y) == pytest.approx(srv.eigenvalues_[0], abs=1e-4)
    assert srv.score(two_state) == pytest.approx(1 + srv.eigenvalues_[0] ** 2, abs=1e-4)


def test_slow_modes_get_the_long_schedule(quick, caplog):
    rng = np.random.default_rng(0)
    state = telegraph(rng, 20_000, 0.002)
    x = (state[:, None] + 0.1 * rng.standard_normal((20_000, 2))).astype(np.float32)
    settings = {**quick, "min_steps": 50, "max_steps": 120, "n_epochs": 1}
    with caplog.at_level("INFO", logger="srv"):
        srv = SRV(2, **settings).fit(x)
    assert srv.n_steps_ >= 170
    assert "training goes on" in caplog.text


class _StopAtFirstEpoch(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.rates = []

    def on_epoch_end(self, epoch, logs=None):
        self.rates.append(float(self.model.optimizer.learning_rate))
        self.model.stop_training = True


def test_long_schedule_begins_where_an_early_stop_ended_the_first(quick):
    x = np.repeat([0.0, 1, 0, 1], 300)[:, None]
    x = x + 0.1 * np.random.default_rng(0).standard_normal(x.shape)
    stop = _StopAtFirstEpoch()
    settings = {"batch_size": 200, "n_epochs": 20, "max_steps": 200, "callbacks": [stop]}
    srv = SRV(1, **{**quick, **settings}).fit(x)
    # One epoch of each schedule: 5 steps of 100 in the first, 5 of 200 in the second.
    assert srv.n_steps_ == 10
    assert len(srv.history["loss"]) == 2
    # Warm-up: the step after this epoch is the sixth of the ten that the rate rises for.
    assert stop.rates == pytest.approx([0.01 * 6 / 10])


def test_few_visits_are_said(quick, caplog):
    x = np.zeros((4000, 1), np.float32)
    x[1000:1200] = x[3000:3300] = 1
    x += 0.1 * np.random.default_rng(0).standard_normal(x.shape).astype(np.float32)
    srv = SRV(1, **quick).fit(x)
    assert srv.visits_.tolist() == [2]
    assert "rests on 2 visits" in caplog.text


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lag_time": 0}, "lag_time"),
        ({"lag_time": 1.5}, "lag_time"),
        ({"lag_time": 10_000}, "lag_time is 10000 frames, wanted less than 6000"),
        ({"batch_size": 1}, "batch_size"),
        ({"weights": [1.0, 2.0]}, "weights"),
        ({"schedule": "linear"}, "schedule"),
        ({"validation_split": 1.0}, "validation_split"),
        ({"n_components": 0}, "n_components"),
        ({"r_degree": 0}, "r_degree"),
        ({"learning_rate": -1}, "learning_rate"),
        ({"learning_rate": "fast"}, "learning_rate is 'fast', wanted a number above 0"),
        ({"dropout_rate": None}, "dropout_rate is None, wanted a number of at least 0 and less"),
        ({"callbacks": keras.callbacks.TerminateOnNaN()}, "wanted a list of Keras callbacks"),
        ({"hidden_layer_depth": 1}, "batch_normalization"),
    ],
)
def test_wrong_settings_are_named(two_state, quick, settings, message):
    with pytest.raises(ValueError, match=message):
        SRV(2, **{**quick, **settings}).fit(two_state)


def test_wrong_data_are_named(two_state, quick):
    with pytest.raises(ValueError, match=r"X\[1\] is an array of shape \(5, 3\)"):
        SRV(2, **quick).fit([two_state[0], np.zeros((5, 3))])
    bad = two_state[1].copy()
    bad[17, 1] = np.nan
    with pytest.raises(ValueError, match=r"X\[1\] is nan in column 1 of frame 17"):
        SRV(2, **quick).fit([two_state[0], bad])
    with pytest.raises(ValueError, match=r"validation_split is 0.2, wanted 0 where y is given"):
        SRV(2, **{**quick, "validation_split": 0.2}).fit(two_state[:2], two_state[2])
    with pytest.raises(ValueError, match="deflate is 1 series"):
        SRV(2, **quick).fit(two_state, deflate=[np.zeros(6000)])
    with pytest.raises(ValueError, match="real numbers"):
        SRV(2, **quick).fit(np.full((100, 2), "a"))


@pytest.mark.parametrize("lag_time", [0, -1, 1.5])
def test_score_refuses_a_lag_that_is_none(fitted, two_state, lag_time):
    with pytest.raises(ValueError, match=f"lag_time is {lag_time}"):
        fitted.score(two_state, lag_time=lag_time)


@pytest.mark.parametrize("kind", ["autocorrelation", "vamp2", "rayleigh"])
def test_a_mode_that_does_not_vary_scores_nothing(fitted, kind):
    assert fitted.score(np.ones((50, 2)), kind=kind) == 1


def test_features_with_too_few_states_are_refused(quick, caplog):
    x = np.repeat(np.random.default_rng(0).integers(0, 2, 500), 4).astype(np.float32)[:, None]
    with pytest.raises(ValueError, match=r"independent\s+functions"):
        SRV(1, **{**quick, "n_components": 3}).fit(x)
    assert "Starting again from another seed" in caplog.text


def test_a_constant_feature_does_no_harm(two_state, quick):
    padded = [np.hstack([x, np.full((len(x), 1), 5.0, np.float32)]) for x in two_state]
    srv = SRV(3, **quick).fit(padded)
    assert srv.eigenvalues_[0] == pytest.approx(0.96, abs=0.01)
