"""`Propagator`: fit, drop-in behaviour, seeds, errors."""

import pickle

import keras
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError as SklearnNotFittedError

from mdn import NotFittedError, Propagator
from mdn.data import hold_out, pairs
from mdn.head import distribution


def small(**settings):
    defaults = {"n_components": 3, "lag_time": 2, "n_epochs": 2, "hidden_size": 8}
    return Propagator(2, **{**defaults, "verbose": False, **settings})


def test_reaches_the_entropy_of_an_autoregressive_process(fitted, paths):
    # Conditional entropy of both coordinates, ln sqrt(2 pi e (1 - a^2)) each, = 1.8637; the
    # mean over 6,600 pairs has a standard error of 1 / sqrt(6600) = .012.
    exact = np.log(2 * np.pi * np.e) + 0.5 * np.log((1 - 0.81) * (1 - 0.25))
    assert abs(-fitted.score(paths) - exact) < 4 * 0.0123


def test_sampled_correlation_is_that_of_the_process(fitted, paths):
    path = fitted.propagate(paths[0][:400], 300, seed=1)
    for i, a in enumerate((0.9, 0.5)):
        ours = np.corrcoef(path[:-1, :, i].ravel(), path[1:, :, i].ravel())[0, 1]
        # 6,600 training pairs: standard error sqrt((1 - a^2) / n) = .0054 and .0107.
        assert abs(ours - a) < 4 * np.sqrt((1 - a**2) / 6600)


def test_shapes_and_dropin_names(fitted, paths):
    assert fitted.propagate(paths[0][:5]).shape == (1, 5, 2)
    assert fitted.propagate(paths[0][:5], 0).shape == (0, 5, 2)
    mixture = fitted.transform(paths[0])
    assert {k: v.shape for k, v in mixture.items()} == {
        "logits": (4000, 4),
        "loc": (4000, 4, 2),
        "scale": (4000, 4, 2),
    }
    assert [len(m["logits"]) for m in fitted.transform(paths)] == [4000, 2500, 90]
    assert fitted.transform(paths[0][:3].tolist())["loc"].shape == (3, 4, 2)
    everything = np.concatenate(paths)
    np.testing.assert_array_equal(fitted.low_, everything.min(0).astype(np.float32))
    np.testing.assert_allclose(fitted.high_, everything.max(0), rtol=1e-6)


def test_constructor_is_that_of_the_replaced_package():
    p = Propagator(3, 4, 5, 6, 0.1, 7, 8, 9, "tanh", None, False)
    assert (p.input_dim, p.n_components, p.lag_time, p.batch_size) == (3, 4, 5, 6)
    assert (p.learning_rate, p.n_epochs, p.hidden_layer_depth, p.hidden_size) == (0.1, 7, 8, 9)
    assert (p.activation, p.callbacks, p.verbose) == ("tanh", None, False)
    d = Propagator(3)
    assert (d.n_components, d.lag_time, d.batch_size, d.learning_rate) == (2, 100, 1000, 0.001)
    assert (d.n_epochs, d.hidden_layer_depth, d.hidden_size) == (100, 2, 100)
    assert (d.activation, d.callbacks, d.verbose) == ("swish", None, True)
    with pytest.raises(TypeError):
        Propagator(3, 4, 5, 6, 0.1, 7, 8, 9, "tanh", None, False, 0)


def test_data_in_the_unit_interval_are_clipped_to_it(paths):
    # Cut off, so that they pile up at both ends and half of a component there is outside.
    scaled = [np.clip(0.5 + 0.3 * p, 0, 1) for p in paths[:2]]
    p = small().fit(scaled)
    np.testing.assert_array_equal([p.low_, p.high_], [[0, 0], [1, 1]])
    path = p.propagate(scaled[0][:50], 50)
    assert path.min() >= 0 and path.max() <= 1
    assert p.sampler().outside_fraction == p.sampler().clipped_fraction > 0


def test_one_dimensional_psi_and_flat_arrays(paths):
    flat = [p[:, 0] for p in paths]
    p = small().set_params(input_dim=1).fit(flat)
    assert p.propagate([[0.1], [0.2]], 3).shape == (3, 2, 1)
    q = small().set_params(input_dim=1).fit([f[:, None] for f in flat])
    np.testing.assert_array_equal(p.propagate([[0.1]], 9, 1), q.propagate([[0.1]], 9, 1))


def test_global_random_state_is_left_alone(paths):
    np.random.seed(4)  # noqa: NPY002
    small().fit(paths)
    after = np.random.random()  # noqa: NPY002
    np.random.seed(4)  # noqa: NPY002
    assert after == np.random.random()  # noqa: NPY002


def test_a_second_fit_goes_on_and_leaves_the_first_model_alone(paths):
    p = small(n_epochs=5).fit(paths)
    first, before = p.model, p.model.get_weights()
    loss, path = p.history["loss"][-1], p.propagate(paths[0][:4], 5, seed=0)
    p.set_params(n_epochs=3, learning_rate=5e-4, batch_size=200).fit(paths)
    assert len(p.history["loss"]) == 3 and p.history["loss"][0] < loss
    assert all(np.array_equal(a, b) for a, b in zip(before, first.get_weights(), strict=True))
    assert not np.array_equal(path, p.propagate(paths[0][:4], 5, seed=0))


def test_second_fit_beyond_the_range_warns(paths, caplog):
    p = small(bounds="data").fit(paths)
    p.fit(paths)
    assert "outside" not in caplog.text
    p.fit([2 * t for t in paths])
    assert "outside the range of the first fit" in caplog.text


def test_early_stopping_and_callbacks_see_validation_loss(paths):
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(logs["val_loss"])

    stop = keras.callbacks.EarlyStopping("val_loss", patience=1, restore_best_weights=True)
    p = small(n_epochs=30, learning_rate=0.2, validation_split=0.34, callbacks=[stop, Watch()]).fit(
        paths
    )
    assert len(seen) < 30 and p.history["val_loss"] == seen
    held = hold_out([np.float32(t) for t in paths], 0.34, 2, 0)[1]
    assert -p.score(held) == pytest.approx(min(seen), abs=1e-4)
    q = small(n_epochs=30, learning_rate=0.2, validation_split=0.34, early_stopping=1).fit(paths)
    np.testing.assert_allclose(q.history["val_loss"], seen)


def test_validation_data_as_y(paths):
    p = small().fit(paths[:1], paths[1:])
    assert p.history["val_loss"][-1] == pytest.approx(-p.score(paths[1:]), abs=1e-4)
    with pytest.raises(ValueError, match=r"validation_split is 0.2, wanted 0 where y is given"):
        p.set_params(validation_split=0.2).fit(paths[:1], paths[1:])


def test_ensemble(paths):
    p = small(n_models=2).fit(paths)
    assert len(p.members_) == len(p.histories_) == 2
    assert p.transform(paths[0])["logits"].shape[1] == 6
    assert not np.array_equal(p.members_[0].get_weights()[-2], p.members_[1].get_weights()[-2])
    x, y = (part[:500] for part in pairs([np.float32(t) for t in paths], 2))
    likelihood = [distribution(m(x)).prob(y).numpy() for m in (*p.members_, p.model)]
    np.testing.assert_allclose(likelihood[2], (likelihood[0] + likelihood[1]) / 2, rtol=1e-4)
    assert p.propagate(paths[0][:3], 4).shape == (4, 3, 2)
    q = pickle.loads(pickle.dumps(p))
    np.testing.assert_array_equal(q.propagate(paths[0][:3], 4), p.propagate(paths[0][:3], 4))
    p.fit(paths)


def test_time_reversed_pairs():
    """A sawtooth: with pairs in both directions a step down is about as likely as a step up."""
    rng = np.random.default_rng(0)
    saw = (np.arange(3000) % 10 / 10 + rng.normal(0, 0.02, 3000))[:, None]
    settings = {"n_components": 4, "lag_time": 1, "n_updates": 600, "verbose": False}
    settings |= {"hidden_size": 32, "learning_rate": 3e-3}
    up = {}
    for reverse in (False, True):
        p = Propagator.from_preset("recommended", 1, time_reversed=reverse, **settings).fit(saw)
        step = p.propagate(np.full((1000, 1), 0.5), 1)[0, :, 0] - 0.5
        up[reverse] = np.mean(step > 0)
    assert up[False] > 0.95 and 0.25 < up[True] < 0.75


def test_callbacks_are_pickled_where_they_can_be(paths, tmp_path, caplog):
    stop, log = keras.callbacks.TerminateOnNaN(), keras.callbacks.CSVLogger(tmp_path / "log.csv")
    p = small(callbacks=[stop, log]).fit(paths)
    (kept,) = pickle.loads(pickle.dumps(p)).callbacks
    assert isinstance(kept, keras.callbacks.TerminateOnNaN)
    assert "CSVLogger is left out of the pickle" in caplog.text


def test_each_call_without_a_seed_draws_numbers_of_its_own(fitted, paths):
    """Else walkers that are moved step by step would meet the same random numbers at each."""
    start, twin = paths[0][:3], pickle.loads(pickle.dumps(fitted))
    first, second = fitted.propagate(start), fitted.propagate(start)
    assert np.abs(first - second).min() > 0
    np.testing.assert_array_equal(twin.propagate(start), first)
    np.testing.assert_array_equal(twin.propagate(start), second)


@pytest.mark.parametrize("method", ["transform", "score", "propagate", "diagnose", "distribution"])
def test_not_fitted(method):
    for error in (NotFittedError, SklearnNotFittedError, RuntimeError):
        with pytest.raises(error, match=f"call fit before {method}"):
            getattr(small(), method)(np.zeros((5, 2)))


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"lag_time": 0}, "lag_time is 0, wanted a whole number of at least 1"),
        ({"lag_time": 2.5}, "lag_time is 2.5, wanted a whole number"),
        ({"lag_time": 10_000}, "less than 4000, the frames of the longest trajectory in X"),
        ({"learning_rate": 0}, "learning_rate is 0, wanted a number above 0"),
        ({"schedule": "linear"}, "schedule is 'linear', wanted one of 'constant', 'cosine'"),
        ({"outside": "reflect"}, "outside is 'reflect', wanted one of 'clip', 'redraw'"),
        ({"bounds": "unit"}, "bounds is 'unit', wanted one of 'auto', 'data'"),
        ({"bounds": (0, 1)}, "wanted a range that holds the data"),
        ({"bounds": (1, 0)}, "low below high"),
        ({"bounds": 3}, "wanted 'auto', 'data' or a pair"),
        (
            {"validation_split": 1},
            "wanted a number of at least 0 and less than 1",
        ),
        ({"validation_split": 1e-4}, "hold out more"),
        ({"early_stopping": 5}, "early_stopping is 5 without validation data"),
        ({"activation": "nonsense"}, "activation is 'nonsense', wanted a name that Keras knows"),
        ({"n_models": 0}, "n_models is 0, wanted a whole number of at least 1"),
        ({"seed": -1}, "seed is -1, wanted a whole number of at least 0"),
        (
            {"callbacks": keras.callbacks.TerminateOnNaN()},
            "wanted a list of Keras callbacks",
        ),
    ],
)
def test_bad_settings_are_refused(paths, settings, message):
    p = small(**settings)
    with pytest.raises(ValueError, match=message):
        p.fit(paths)
    assert not p.is_fitted


def test_empty_trajectories_give_empty_mixtures(fitted, paths):
    empty, some = fitted.transform([np.empty((0, 2)), paths[0][:3]])
    assert {name: len(value) for name, value in empty.items()} == dict.fromkeys(some, 0)
    assert empty["loc"].shape[1:] == some["loc"].shape[1:]


def test_bad_starts_are_refused_by_name(fitted):
    for x0, message in (([0.0, 1.0], "x0 is an array of shape"), ([[0, np.nan]], "x0 is nan")):
        with pytest.raises(ValueError, match=message):
            fitted.propagate(x0)


def test_unknown_preset():
    known = "'paper', 'predictive', 'recommended'"
    with pytest.raises(ValueError, match=f"name is 'best', wanted one of {known}"):
        Propagator.from_preset("best", 2)


def test_predictive_preset_does_not_learn_few_pairs_by_heart():
    rng = np.random.default_rng(0)

    def autoregressive(n):
        x = rng.normal(size=n)
        for t in range(1, n):
            x[t] = 0.8 * x[t - 1] + 0.6 * x[t]
        return x[:, None]

    few, fresh = [autoregressive(300) for _ in range(8)], autoregressive(20_000)
    p = Propagator.from_preset("predictive", 1, lag_time=1, verbose=False).fit(few)
    assert len(p.history["loss"]) < 100
    # The best possible is -log .6 - log(2 pi e) / 2 = -.908, known from 20,000 pairs to .005. Each
    # number fitted to n pairs costs 1 / 2n; the 24 components' own 71 of them, to 1,900 pairs, .02.
    exact = -np.log(0.6) - np.log(2 * np.pi * np.e) / 2
    assert exact - 0.08 < p.score(fresh) < exact + 0.02


def test_paper_preset_has_the_settings_of_the_paper():
    p = Propagator.from_preset("paper", 3, lag_time=7)
    assert (p.n_components, p.hidden_layer_depth, p.hidden_size) == (24, 2, 100)
    assert (p.activation, p.early_stopping, p.lag_time) == ("relu", 10, 7)
