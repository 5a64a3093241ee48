"""Exported modes, read back by other means: values of the encoder, gradients by differences."""

import re
import sys

import keras
import mdtraj
import numpy as np
import pytest
import tensorflow as tf

from lss.box import load_box
from lss.errors import InputError
from lss.export.layers import FORMULAS, folded
from lss.export.openmm import openmm_module
from lss.export.plumed import atoms_range, plumed_input
from lss.export.variables import Range, ranges, variables
from lss.export.write import export_modes, structure_of
from lss.features.featurizer import Featurizer
from tests.lss.export.plumed_reader import Plumed

N_FRAMES = 100
STEP_NM = 1e-5


def network(n_features, activation, rng, batch_normalization=True):
    """An encoder of the layers that srv.SRV has, with statistics as after a training."""
    layers = [keras.layers.Normalization(mean=rng.normal(size=n_features),
                                         variance=rng.uniform(0.2, 1, n_features))]  # fmt: skip
    for _ in range(2):
        layers.append(keras.layers.Dense(8, activation=activation))
        if batch_normalization:
            layers.append(keras.layers.BatchNormalization())
    layers += [keras.layers.Dropout(0.1), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((n_features,)), *layers])
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    return keras.Model(model.inputs[0], model.outputs[0])


def double(model):
    """The same network in double precision: what rounding does not blur."""
    features = x = keras.Input(model.input_shape[1:], dtype="float64")
    for layer in model.layers[1:]:
        copy = type(layer).from_config(layer.get_config() | {"dtype": "float64"})
        x = copy(x)
        if layer.weights:
            copy.set_weights(layer.get_weights())
    return keras.Model(features, x)


@pytest.fixture(scope="module")
def featurizer(md_frames):
    specs = ["backbone-torsions", "ca-distances"]
    return Featurizer(md_frames.topology, specs)


@pytest.fixture(scope="module", params=["gelu", "tanh"])
def case(request, md_frames, featurizer):
    rng = np.random.default_rng(0)
    model = network(len(featurizer.names), request.param, rng)
    psi = rng.normal(size=(500, 2))
    return request.param, model, variables(model, featurizer, md_frames, psi)


def double_features(featurizer, frames):
    """The features in double precision, by formulas of the reader."""
    described = featurizer.to_dict()
    out = []
    for xyz in frames.xyz.astype(np.float64):
        row = []
        for four in described["torsions"].values():
            a, b, c, d = xyz[featurizer.atoms[list(four)]]
            m, n = np.cross(b - a, c - b), np.cross(c - b, d - c)
            size = np.linalg.norm(m) * np.linalg.norm(n)
            sine = np.linalg.norm(c - b) * np.dot(b - a, n) / size
            row += [np.dot(m, n) / size, sine]
        for two in described["distances"].values():
            a, b = xyz[featurizer.atoms[list(two)]]
            row.append(np.linalg.norm(a - b))
        out.append(row)
    return np.array(out)


@pytest.fixture(scope="module")
def features(featurizer, md_frames):
    found = double_features(featurizer, md_frames[:N_FRAMES])
    np.testing.assert_allclose(found, featurizer.compute(md_frames[:N_FRAMES]), atol=2e-5)
    return found


def test_plumed_has_the_values_of_the_encoder(case, md_frames, features):
    """On 100 frames of MD; single precision leaves 1e-5, double 1e-6 and much less."""
    activation, model, found = case
    text = plumed_input(found)
    assert ("ANN" in text) == (activation == "tanh")
    reader = Plumed(text)
    exact = double(model).predict(features, verbose=0)
    single = model.predict(features.astype(np.float32), verbose=0)

    @tf.function
    def read(xyz):
        values = reader.evaluate(xyz)
        return tf.stack([values["psi1"], values["psi2"]])

    for k, xyz in enumerate(md_frames.xyz[:N_FRAMES]):
        psi = read(xyz.astype(np.float64)).numpy()
        np.testing.assert_allclose(psi, exact[k], atol=1e-6)
        np.testing.assert_allclose(psi, single[k], atol=2e-5)


def differences(value, xyz, atoms):
    """Gradient of a function of positions over some atoms, by central differences."""
    out = np.zeros_like(xyz)
    for atom in atoms:
        for axis in range(3):
            ends = []
            for sign in (1, -1):
                moved = xyz.copy()
                moved[atom, axis] += sign * STEP_NM
                ends.append(value(moved))
            out[atom, axis] = (ends[0] - ends[1]) / (2 * STEP_NM)
    return out


def module_of(found, tmp_path, monkeypatch):
    (tmp_path / "exported_modes.py").write_text(openmm_module(found))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "exported_modes", raising=False)
    import exported_modes

    return exported_modes


def test_openmm_has_values_and_gradients(case, md_frames, features, tmp_path, monkeypatch):
    """Values of the encoder and of the PLUMED text; gradients of the text and by differences."""
    _, model, found = case
    modes, reader = module_of(found, tmp_path, monkeypatch), Plumed(plumed_input(found))
    exact = double(model).predict(features, verbose=0)
    for k, xyz in enumerate(md_frames.xyz[:N_FRAMES].astype(np.float64)):
        np.testing.assert_allclose(modes.psi(xyz), exact[k], atol=1e-6)
        if k % 20:
            continue
        slopes = modes.gradient(xyz)
        for mode in (0, 1):
            _, known = reader.value_and_gradient(xyz, f"psi{mode + 1}")
            scale = np.abs(known).max()
            np.testing.assert_allclose(slopes[mode], known, atol=1e-9 * scale)
            by_steps = differences(lambda x, m=mode: modes.psi(x)[m], xyz, modes.ATOMS[::4])
            np.testing.assert_allclose(
                by_steps[modes.ATOMS[::4]], known[modes.ATOMS[::4]], atol=1e-4 * scale
            )
            np.testing.assert_allclose(known.sum(axis=0), 0, atol=1e-9 * scale)
    off, wrong = modes.check()
    assert off < 2e-5 and wrong < 1e-4


def test_openmm_takes_them(case, md_frames, tmp_path, monkeypatch):
    """Energy and forces of a PythonForce in OpenMM, and one hill of metadynamics along it."""
    openmm = pytest.importorskip("openmm")
    from openmm import app

    modes = module_of(case[2], tmp_path, monkeypatch)
    xyz = md_frames.xyz[3].astype(np.float64)

    def context(*forces):
        system = openmm.System()
        for _ in xyz:
            system.addParticle(12.0)
        for force in forces:
            system.addForce(force)
        made = openmm.Context(system, openmm.VerletIntegrator(0.001))
        made.setPositions(xyz)
        return made.getState(getEnergy=True, getForces=True)

    for mode in (0, 1):
        state = context(modes.force(mode + 1))
        assert state.getPotentialEnergy()._value == pytest.approx(modes.psi(xyz)[mode], abs=1e-5)
        forces, slope = state.getForces(asNumpy=True)._value, modes.gradient(xyz)[mode]
        np.testing.assert_allclose(forces, -slope, atol=1e-4 * np.abs(slope).max())
    variable = modes.bias_variable(1)
    known = modes.NUMBERS["ranges"][0]
    assert variable.biasWidth == known["sigma"] and variable.minValue == known["grid"][0]
    system = openmm.System()
    for _ in xyz:
        system.addParticle(12.0)
    meta = app.Metadynamics(system, [variable], 300, 10, 1.0, 1)
    run = app.Simulation(md_frames.topology.to_openmm(), system, openmm.VerletIntegrator(1e-6))
    run.context.setPositions(xyz)
    meta.step(run, 2)
    assert meta.getFreeEnergy()._value.min() < -0.5


@pytest.mark.parametrize("activation", sorted(FORMULAS))
def test_every_activation_as_layers_and_formula(activation, rng):
    """Keras's own in double precision, but for its constants, which are single."""
    x = np.linspace(-4, 4, 41)
    namespace = {"x": x, "exp": np.exp, "log": np.log, "tanh": np.tanh}
    from scipy.special import erf

    wanted = np.array(keras.activations.get(activation)(keras.ops.array(x, "float64")))
    np.testing.assert_allclose(
        eval(FORMULAS[activation], {}, {**namespace, "erf": erf}), wanted, atol=1e-8
    )
    inputs = rng.normal(size=(5, 3))
    model = network(3, activation, np.random.default_rng(0))
    layers, out = folded(model), inputs
    for layer in layers:
        out = out @ layer.kernel.T + layer.bias
        out = np.array(keras.activations.get(layer.activation)(keras.ops.array(out, "float64")))
    np.testing.assert_allclose(out, double(model).predict(inputs, verbose=0), atol=1e-7)


def test_slopes_of_every_activation(case, tmp_path, monkeypatch):
    """Of the module for OpenMM, by differences."""
    known = module_of(case[2], tmp_path, monkeypatch).ACTIVATIONS
    assert set(known) == set(FORMULAS)
    x = np.linspace(-4, 4, 41)
    for function in known.values():
        _, slope = function(x)
        by_steps = (function(x + 1e-6)[0] - function(x - 1e-6)[0]) / 2e-6
        np.testing.assert_allclose(slope, by_steps, atol=1e-8)


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (keras.layers.Dense(4, activation="relu"), "activation 'relu'.*train with `activation`"),
        (keras.layers.LayerNormalization(), "a layer LayerNormalization"),
    ],
)
def test_what_has_no_formula_is_refused(layer, said):
    model = keras.Sequential([keras.Input((3,)), layer, keras.layers.Dense(1)])
    with pytest.raises(InputError, match=said):
        folded(model)


def test_the_text_is_of_plumed(case, md_frames):
    """Atoms from 1, molecules made whole first, 17 digits, ranges of the data."""
    _, _, found = case
    text = plumed_input(found)
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert lines[0] == f"WHOLEMOLECULES ENTITY0=1-{md_frames.n_atoms}"
    top = max(int(a) for a in re.findall(r"ATOMS=(?:\d+,)*(\d+)", text))
    assert top <= md_frames.n_atoms and "ATOMS=0" not in text
    assert lines[-1].startswith("PRINT ARG=psi1,psi2")
    assert len(re.findall(r"0\.\d{16,}", text)) > 100
    low, high, bins = found.ranges[0].grid
    assert f"GRID_MIN={low:.4g} GRID_MAX={high:.4g} GRID_BIN={bins}" in text
    assert low < found.ranges[0].low < found.ranges[0].high < high


def test_atoms_are_counted_from_one():
    assert atoms_range(np.arange(4, 9)) == "5-9"
    assert atoms_range(np.array([0, 2, 3])) == "1,3,4"


def test_ranges_of_two_states(rng):
    """sigma is half the deviation within a state, whatever lies between the states."""
    psi = np.where(rng.random(20_000) < 0.3, -1.0, 2.0) + 0.1 * rng.normal(size=20_000)
    (found,) = ranges(psi[:, None])
    assert found.sigma == pytest.approx(0.05, rel=0.05)
    assert isinstance(found, Range) and found.low == psi.min()


def test_export_of_a_run(trained, tmp_path, small_md):
    """By the command, with the atoms of the run, and of another file of the molecule."""
    import runpy

    out = tmp_path / "plumed.dat"
    with pytest.MonkeyPatch.context() as patch:
        words = ["lss", "export", str(trained.box), "--to", "plumed", "--out", str(out)]
        patch.setattr(sys, "argv", words)
        runpy.run_module("lss.__main__", run_name="tested")["run"]()
        with pytest.raises(InputError, match="exists"):
            runpy.run_module("lss.__main__", run_name="tested")["run"]()
    frame = mdtraj.load(small_md[0].replace("*", "0"), top=small_md[1])[7]
    values = Plumed(out.read_text()).evaluate(frame.xyz[0].astype(np.float64))
    from lss.simulator import LatentSpaceSimulator

    psi = LatentSpaceSimulator.load(trained.box).encode(frame)[0]
    np.testing.assert_allclose([values["psi1"], values["psi2"]], psi, atol=1e-4)
    # The same molecule in a file without hydrogens of the side chains: other numbers, same psi.
    kept = frame.topology.select("element != H or name H")
    less = frame.atom_slice(kept)
    less.save_pdb(str(tmp_path / "system.pdb"))
    again = export_modes(
        load_box(trained.box), "plumed", structure_of(trained.box, str(tmp_path / "system.pdb"))
    )
    assert f"ENTITY0=1-{len(kept)}" in again
    values = Plumed(again).evaluate(less.xyz[0].astype(np.float64))
    np.testing.assert_allclose([values["psi1"], values["psi2"]], psi, atol=1e-4)


def test_what_can_not_be_exported_is_refused(trained, md_frames, tmp_path):
    box = load_box(trained.box)
    with pytest.raises(InputError, match="wanted one of plumed, openmm"):
        export_modes(box, "colvars", md_frames[0])
    with pytest.raises(InputError, match=r"give `simulator\.box`"):
        export_modes(trained, "plumed", md_frames[0])
    with pytest.raises(InputError, match="give `top`"):
        structure_of(tmp_path / "box")
