"""Small systems whose propagator is known exactly."""

import numpy as np
import pytest

from tests.elsewhere import run_without_ours
from tests.systems import autoregressive

CORRELATION = (0.9, 0.5)


@pytest.fixture(scope="session")
def paths():
    """Three trajectories, of unequal lengths, of two independent AR(1) coordinates."""
    rng = np.random.default_rng(1)
    return [autoregressive(rng, (n, 2), CORRELATION) for n in (4000, 2500, 90)]


@pytest.fixture(scope="session")
def fitted(paths):
    """A propagator of these trajectories; not to be changed."""
    from mdn import Propagator

    settings = {"n_components": 4, "n_updates": 1000, "lag_time": 1, "verbose": False}
    return Propagator.from_preset("recommended", 2, **settings).fit(paths)


@pytest.fixture(scope="session")
def network():
    """An untrained network of spread-out, narrow components that stay inside the range."""
    from mdn.head import build_network

    net = build_network([-1, 0, 2], [1, 5, 3], [0, 2, 2.5], [0.5, 1, 0.2], 6, (16, 16), seed=3)
    rng = np.random.default_rng(0)
    for name, spread, shift in (("logits", 1, 0), ("loc_unit", 1, 0), ("scale_unit", 0.3, -4)):
        layer = net.get_layer(name)
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel, rng.normal(shift, spread, bias.shape)])
    return net


_LOAD = """
import numpy, keras
outputs = keras.models.load_model({path!r})(numpy.load("inputs.npy"))
numpy.savez("outputs.npz", **{{k: numpy.asarray(v) for k, v in outputs.items()}})
"""


@pytest.fixture
def plain_keras(tmp_path):
    """load(path, inputs): outputs of a saved model, in a process that cannot see our packages."""

    def load(path, inputs):
        np.save(tmp_path / "inputs.npy", inputs)
        run_without_ours(_LOAD.format(path=str(path)), tmp_path)
        return np.load(tmp_path / "outputs.npz")

    return load
