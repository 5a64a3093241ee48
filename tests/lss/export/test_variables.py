"""What is exported, before any program's text: layers, formulas, ranges; and what is refused."""

import keras
import numpy as np
import pytest

from lss.box import load_box
from lss.errors import InputError
from lss.export.layers import FORMULAS, folded
from lss.export.variables import Range, ranges
from lss.export.write import export_modes, structure_of
from tests.lss.export.encoders import double, network


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


def test_ranges_of_two_states(rng):
    """sigma is half the deviation within a state, whatever lies between the states."""
    psi = np.where(rng.random(20_000) < 0.3, -1.0, 2.0) + 0.1 * rng.normal(size=20_000)
    (found,) = ranges(psi[:, None])
    assert found.sigma == pytest.approx(0.05, rel=0.05)
    assert isinstance(found, Range) and found.low == psi.min()


def test_what_can_not_be_exported_is_refused(trained, md_frames, tmp_path):
    box = load_box(trained.box)
    with pytest.raises(InputError, match="wanted one of plumed, openmm"):
        export_modes(box, "colvars", md_frames[0])
    with pytest.raises(InputError, match=r"give `simulator\.box`"):
        export_modes(trained, "plumed", md_frames[0])
    with pytest.raises(InputError, match="give `top`"):
        structure_of(tmp_path / "box")
