"""What SRV, Propagator and MolGen all obey: one test for each rule, and all three pass through."""

import pickle
import re
from dataclasses import dataclass, field

import keras
import numpy as np
import pytest
import sklearn.exceptions
from sklearn.base import clone

from cwgan import MolGen
from lss_base.estimators import DivergedError, NotFittedError
from mdn import Propagator
from srv import SRV

GRAMMAR = re.compile(r"^[\w\[\]., ]+ is .+, wanted .+; \S.+$", re.DOTALL)
LENGTHS = (150, 90, 60)


def _walk(seed, width):
    """Trajectories of bounded, slow coordinates."""
    rng = np.random.default_rng(seed)
    steps = (np.cumsum(rng.normal(0, 0.3, (n, width)), axis=0) for n in LENGTHS)
    return [np.sin(x + rng.uniform(0, 6, width)).astype(np.float32) for x in steps]


def _structures(psi):
    """Flat coordinates in [-1, 1] that follow psi."""
    return [np.tanh(np.stack([x[:, 0], x[:, 1], x.sum(1)], axis=1)) for x in psi]


@dataclass
class Case:
    """An estimator with tiny settings, and how its rules are put to it."""

    kind: type
    settings: dict
    data: tuple  # arguments of fit, each a list of trajectories
    shapes: tuple  # positional arguments of the constructor
    preset_shapes: tuple
    methods: dict = field(default_factory=dict)  # method -> arguments, to be called unfitted
    network: str = "model"
    other: dict = field(default_factory=dict)  # a change of the networks

    def make(self, **changes):
        return self.kind(*self.shapes, **{**self.settings, "verbose": False, **changes})

    def weights(self, fitted):
        return getattr(fitted, self.network).get_weights()

    def outputs(self, fitted):
        found = fitted.transform(self.data[0])
        return [np.concatenate([np.ravel(v) for v in _values(part)]) for part in found]


def _values(part):
    return part.values() if isinstance(part, dict) else [part]


PSI, FEATURES = _walk(1, 2), _walk(2, 3)
SMALL = {"n_updates": 3, "hidden_size": 4, "batch_size": 40}
CASES = [
    Case(
        SRV,
        {**SMALL, "n_components": 1, "lag_time": 2, "learning_rate": 0.01, "activation": "relu"},
        (FEATURES,),
        (3,),
        (3,),
        {"transform": (FEATURES,), "score": (FEATURES,), "diagnose": (FEATURES,)},
        "encoder",
        {"hidden_size": 5},
    ),
    Case(
        Propagator,
        {**SMALL, "n_components": 2, "lag_time": 2},
        (PSI,),
        (2,),
        (2,),
        {"transform": (PSI,), "score": (PSI,), "diagnose": (PSI,), "propagate": (PSI[0][:2],)},
        "model",
        {"n_components": 3},
    ),
    Case(
        MolGen,
        {**SMALL, "noise_dim": 3, "hidden_layer_depth": 1},
        (PSI, _structures(PSI)),
        (2, 3),
        (2, 1),
        {"transform": (PSI,), "diagnose": (PSI, _structures(PSI))},
        "generator",
        {"noise_dim": 4},
    ),
]


@pytest.fixture(params=CASES, ids=lambda case: case.kind.__name__, scope="module")
def case(request):
    return request.param


@pytest.fixture(scope="module")
def fitted(case):
    """Fitted once with the seed 1; not to be changed."""
    return case.make(seed=1).fit(*case.data)


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_parameters_go_round(case, fitted):
    model = case.make(seed=7)
    assert model.get_params()["seed"] == 7 and model.get_params()["n_updates"] == 3
    assert model.set_params(warm_start=False) is model and not model.warm_start
    assert clone(model).get_params() == model.get_params()
    assert fitted.is_fitted and not clone(fitted).is_fitted
    with pytest.raises(ValueError, match="Invalid parameter"):
        model.set_params(nonsense=1)


def test_the_same_words_have_the_same_defaults(case):
    defaults = case.kind(*case.shapes).get_params()
    assert defaults["seed"] == 0 and defaults["n_updates"] is None and defaults["warm_start"]
    assert not defaults["validation_split"]


def test_what_is_not_fitted_says_so(case):
    for method, arguments in case.methods.items():
        for error in (NotFittedError, sklearn.exceptions.NotFittedError, RuntimeError):
            with pytest.raises(error, match=f"call fit before {method}") as raised:
                getattr(case.make(), method)(*arguments)
        assert type(raised.value) is NotFittedError and GRAMMAR.match(str(raised.value))


def test_seeds(case, fitted):
    keras.utils.set_random_seed(5)  # the global seed decides nothing
    again, other = (case.make(seed=seed).fit(*case.data) for seed in (1, 2))
    assert same(case.weights(fitted), case.weights(again))
    assert not same(case.weights(fitted), case.weights(other))
    fresh = case.make(seed=None).fit(*case.data)
    assert not any(same(case.weights(fresh), case.weights(one)) for one in (fitted, other))


def test_one_array_is_a_list_of_one(case):
    one, listed = (
        case.make().fit(*data)
        for data in ([part[0] for part in case.data], [part[:1] for part in case.data])
    )
    assert same(case.weights(one), case.weights(listed))
    alone, inside = (one.transform(x) for x in (case.data[0][0], [case.data[0][0]]))
    assert isinstance(inside, list) and len(inside) == 1 and type(alone) is type(inside[0])


def _broken(x):
    x = x.copy()
    x[3, 1] = np.nan
    return x


WRONG = {
    "nan": (lambda parts: [parts[0], _broken(parts[1])], r"X\[1\] is nan in column 1 of frame 3"),
    "infinite": (lambda parts: np.full_like(parts[0], np.inf), "X is inf in column 0 of frame 0"),
    "width": (lambda parts: [x[:, :1] for x in parts], r"X\[0\] is an array of shape \(150, 1\)"),
    "axes": (lambda parts: parts[0][:, 0], r"X is an array of shape \(150,\)"),
    "empty list": (lambda parts: [], "X is"),
    "words": (lambda parts: [["a", "b"]] * 9, "X is no array of numbers"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_data_are_named(case, wrong):
    change, message = WRONG[wrong]
    with pytest.raises(ValueError, match=message) as raised:
        case.make().fit(change(case.data[0]), *case.data[1:])
    assert GRAMMAR.match(str(raised.value)), raised.value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", -1),
        ("seed", 1.5),
        ("n_updates", 0),
        ("learning_rate", 0),
        ("learning_rate", "fast"),
        ("validation_split", 1.0),
        ("batch_size", 2.5),
        ("hidden_size", True),
        ("activation", "nonsense"),
    ],
)
def test_wrong_settings_are_named(case, name, value):
    model = case.make(**{name: value})
    with pytest.raises(ValueError, match=f"^{name} is {value!r}, wanted") as raised:
        model.fit(*case.data)
    assert GRAMMAR.match(str(raised.value)) and not model.is_fitted


def test_a_second_fit_goes_on_or_starts_anew_and_spares_the_first_network(case):
    copies = [[x.copy() for x in part] for part in case.data]
    model = case.make(seed=1)
    assert model.fit(*case.data) is model
    assert all(same(part, copy) for part, copy in zip(case.data, copies, strict=True))
    network, before = getattr(model, case.network), case.weights(model)
    further = case.weights(model.fit(*case.data))
    assert same(network.get_weights(), before) and not same(further, before)
    anew = model.set_params(warm_start=False).fit(*case.data)
    assert same(case.weights(anew), before)


def test_changed_networks_start_anew(case):
    model = case.make(seed=1).fit(*case.data)
    shapes = [w.shape for w in case.weights(model)]
    model.set_params(**case.other).fit(*case.data)
    assert [w.shape for w in case.weights(model)] != shapes


def test_pickling_keeps_what_it_gives(case, fitted):
    copy = pickle.loads(pickle.dumps(fitted))
    assert same(case.outputs(copy), case.outputs(fitted))
    assert copy.history == fitted.history


def test_history_and_diagnosis(case, fitted):
    assert isinstance(fitted.history, dict)
    curves = [value for value in fitted.history.values() if isinstance(value, list)]
    assert curves and all(isinstance(name, str) for name in fitted.history)
    if case.kind is MolGen:
        # Atoms are what it judges; these have one each.
        model = case.make().fit(PSI, [y.reshape(-1, 1, 3) for y in case.data[1]])
        report = model.diagnose(PSI, [y.reshape(-1, 1, 3) for y in case.data[1]])
    else:
        report = fitted.diagnose(*case.data)
    assert isinstance(report["warnings"], list)
    assert all(isinstance(sentence, str) for sentence in report["warnings"])


def test_held_out_trajectories(case):
    model = case.make(validation_split=0.34).fit(*case.data)
    curve = "energy_distance" if case.kind is MolGen else "val_loss"
    assert np.isfinite(model.history[curve]).all()
    with pytest.raises(ValueError, match=r"^validation_split is") as raised:
        case.make(validation_split=0.001).fit(*[part[0] for part in case.data])
    assert GRAMMAR.match(str(raised.value))


def test_presets(case):
    for name in ("recommended", "paper"):
        model = case.kind.from_preset(name, *case.preset_shapes, seed=3)
        assert not model.is_fitted and model.seed == 3
    with pytest.raises(
        ValueError, match=r"^name is 'best', wanted one of 'paper', .*'recommended'"
    ):
        case.kind.from_preset("best", *case.preset_shapes)


def test_networks_are_plain_keras(case, fitted, tmp_path):
    network = getattr(fitted, case.network)
    assert isinstance(network, keras.Model) and not network.compiled
    assert {type(layer).__module__.split(".")[0] for layer in network.layers} == {"keras"}
    network.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras")
    assert same(loaded.get_weights(), network.get_weights())


def test_divergence_is_one_line_and_loses_nothing(case):
    model = case.make(seed=1).fit(*case.data)
    before, history = case.outputs(model), model.history
    model.set_params(learning_rate=1e38, n_updates=200)
    with pytest.raises(DivergedError, match="finite") as raised:
        model.fit(*case.data)
    assert isinstance(raised.value, ValueError)
    assert "\n" not in str(raised.value) and "`learning_rate`" in str(raised.value)
    assert GRAMMAR.match(str(raised.value)), raised.value
    assert model.history == history
    if case.kind is not MolGen:  # whose every call draws other structures
        assert same(case.outputs(model), before)
    # The next fit goes on from what was fitted before the failure.
    model.set_params(learning_rate=1e-4, n_updates=3).fit(*case.data)
    assert all(np.isfinite(w).all() for w in case.weights(model))
