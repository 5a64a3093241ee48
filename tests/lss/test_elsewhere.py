"""Boxes of older versions, and the networks of a box in other people's TensorFlow code."""

import zipfile
from pathlib import Path

import keras
import mdtraj
import numpy as np
import pytest
import tensorflow as tf

from lss.examples import example
from lss.simulator import LatentSpaceSimulator

DATA = Path(__file__).parents[1] / "data"
NAMES = {"srv": ["features"], "mdn": ["psi"], "cwgan": ["psi", "noise"]}


@pytest.mark.parametrize("box", sorted(DATA.glob("*.lss")), ids=lambda path: path.stem)
def test_a_box_of_an_older_version_gives_what_it_gave(box):
    simulator = LatentSpaceSimulator.load(box)
    known = np.load(box.with_suffix(".npz"))
    data = example("wlall")
    psi = simulator.encode(mdtraj.load(data.files[0], top=data.top)[:5])
    np.testing.assert_allclose(psi, known["psi"], rtol=0, atol=1e-4)
    # A step is a choice of a component: on another processor rounding may turn one, rarely.
    path = simulator.propagate(known["psi"][:1], 1, seed=1)[0]
    np.testing.assert_allclose(path, known["path"][:2], rtol=0, atol=1e-3)
    xyz = simulator.coordinates(known["path"], seed=1)
    np.testing.assert_allclose(xyz, known["xyz"], rtol=0, atol=1e-4)


@pytest.fixture(scope="module", params=NAMES)
def network(request, tmp_path_factory):
    """A network loaded by Keras alone, and a function that makes inputs of n rows for it."""
    folder = tmp_path_factory.mktemp("box")
    with zipfile.ZipFile(DATA / "format-1.lss") as archive:
        archive.extract(f"{request.param}.keras", folder)
    model = keras.models.load_model(folder / f"{request.param}.keras")
    assert [tensor.name for tensor in model.inputs] == NAMES[request.param]
    rng = np.random.default_rng(0)

    def inputs(n):
        arrays = [rng.normal(size=(n, x.shape[1])).astype(np.float32) for x in model.inputs]
        return arrays[0] if len(arrays) == 1 else arrays

    return model, inputs


def outputs(value):
    """The outputs of any of the networks as a list of arrays, in the order of their names."""
    values = [value[key] for key in sorted(value)] if isinstance(value, dict) else [value]
    return [np.asarray(v) for v in values]


def same(found, wanted):
    for a, b in zip(outputs(found), outputs(wanted), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("n", [0, 1, 7])
def test_any_number_of_rows_in_single_precision(network, n):
    model, inputs = network
    for value in outputs(model(inputs(n))):
        assert value.shape[0] == n and value.dtype == np.float32


def test_under_tf_function_and_in_a_data_pipeline(network):
    model, inputs = network
    x = inputs(6)
    compiled = tf.function(lambda *args: model(args[0] if len(args) == 1 else list(args)))
    parts = tuple(x) if isinstance(x, list) else (x,)
    same(compiled(*map(tf.constant, parts)), model(x))
    rows = [
        outputs(batch) for batch in tf.data.Dataset.from_tensor_slices(parts).batch(2).map(compiled)
    ]
    joined = [np.concatenate(column) for column in zip(*rows, strict=True)]
    for found, wanted in zip(joined, outputs(model(x)), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_as_a_layer_of_a_larger_model(network):
    model, inputs = network
    x = inputs(4)
    entries = [keras.Input(tensor.shape[1:]) for tensor in model.inputs]
    value = model(entries[0] if len(entries) == 1 else entries)
    first = value[sorted(value)[0]] if isinstance(value, dict) else value
    larger = keras.Model(entries, keras.layers.Rescaling(2.0)(first))
    doubled = larger(x if isinstance(x, list) else [x])
    np.testing.assert_allclose(np.asarray(doubled), 2 * outputs(model(x))[0], rtol=1e-4, atol=1e-5)


def test_exported_for_tensorflow_alone(network, tmp_path):
    model, inputs = network
    x = inputs(3)
    model.export(tmp_path / "saved", verbose=False)
    served = tf.saved_model.load(tmp_path / "saved")
    same(served.serve(x), model(x))
