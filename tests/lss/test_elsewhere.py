"""Boxes of older versions, and the networks of a box in other people's TensorFlow code."""

import importlib.metadata
import importlib.util
import zipfile
from pathlib import Path

import keras
import mdtraj
import numpy as np
import pytest
import tensorflow as tf

from lss.examples import example
from lss.simulator import LatentSpaceSimulator
from tests.elsewhere import OURS, run_without_ours

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
INPUTS = {"srv": ["features"], "mdn": ["psi"], "cwgan": ["psi", "noise"]}
OUTPUTS = {"srv": {"psi"}, "mdn": {"logits", "loc", "scale"}, "cwgan": {"coordinates"}}


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
    xyz = simulator.box.cwgan.predict([known["path"], known["noise"]], verbose=0)
    np.testing.assert_allclose(xyz, known["xyz"], rtol=0, atol=1e-4)


@pytest.fixture(scope="module", params=INPUTS)
def network(request, tmp_path_factory):
    """A network loaded by Keras alone, and a function that makes inputs of n rows for it."""
    folder = tmp_path_factory.mktemp("box")
    with zipfile.ZipFile(DATA / "format-1.lss") as archive:
        archive.extract(f"{request.param}.keras", folder)
    model = keras.models.load_model(folder / f"{request.param}.keras")
    assert [tensor.name for tensor in model.inputs] == INPUTS[request.param]
    assert set(model.output_names) == OUTPUTS[request.param]
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


TENSORFLOW_ALONE = """
import numpy as np, tensorflow as tf
srv, mdn, cwgan = (tf.saved_model.load(f"exported/{n}") for n in ("srv", "mdn", "cwgan"))
psi = srv.serve(np.load("frames.npy"))
xyz = cwgan.serve([psi, tf.constant(np.load("noise.npy"))])
np.savez("served.npz", psi=psi, xyz=xyz, **mdn.serve(psi))
"""


def test_the_how_to_as_it_stands_in_a_process_without_this_package(tmp_path):
    """What docs/howto.md shows, with the files of a box and nothing else of ours."""
    spec = importlib.util.spec_from_file_location("pages", ROOT / "docs" / "pages.py")
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    ours = "from lss", "from srv", "from mdn"
    shown = [x for x in pages.blocks("howto") if not any(word in x for word in ours)]
    with zipfile.ZipFile(DATA / "format-1.lss") as archive:
        archive.extractall(tmp_path / "RUN" / "box")
    keep = """
none = tf.zeros((100, noise.shape[-1]))
np.save("frames.npy", frames), np.save("noise.npy", none)
np.savez("shown.npz", psi0=psi, coordinates=coordinates, modes=modes, structures=structures,
         same=same, psi=srv(frames), xyz=cwgan([srv(frames), none]),
         **mdn(srv(frames)))
"""
    run_without_ours("\n".join([*map(str.strip, shown), keep]), tmp_path)
    made = np.load(tmp_path / "shown.npz")
    assert made["psi0"].shape == (8, 2) and made["coordinates"].shape == (1, 5, 3)
    np.testing.assert_allclose(made["modes"], made["psi"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(made["same"], made["psi"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(made["structures"], made["xyz"], rtol=1e-4, atol=1e-5)
    run_without_ours(TENSORFLOW_ALONE, tmp_path)
    served = np.load(tmp_path / "served.npz")
    for name in served.files:
        np.testing.assert_allclose(served[name], made[name], rtol=1e-4, atol=1e-5, err_msg=name)


def test_no_other_package_that_is_installed_has_a_name_of_ours():
    """Installed beside somebody's TensorFlow project, ours hides nothing and is not hidden."""
    for distribution in importlib.metadata.distributions():
        if distribution.metadata["Name"] != "latent-space-simulator":
            top = {Path(f).parts[0].removesuffix(".py") for f in distribution.files or []}
            assert not top & set(OURS), distribution.metadata["Name"]
