"""Small systems whose propagator is known exactly."""

import subprocess
import sys

import numpy as np
import pytest

CORRELATION = (0.9, 0.5)


def autoregressive(n, correlation, rng):
    """AR(1) with unit variance: psi' ~ N(a psi, 1 - a^2)."""
    noise = rng.normal(size=n) * np.sqrt(1 - correlation**2)
    path = np.empty(n)
    path[0] = rng.normal()
    for i in range(1, n):
        path[i] = correlation * path[i - 1] + noise[i]
    return path


@pytest.fixture(scope="session")
def paths():
    """Three trajectories, of unequal lengths, of two independent AR(1) coordinates."""
    rng = np.random.default_rng(1)
    return [np.stack([autoregressive(n, a, rng) for a in CORRELATION], 1) for n in (4000, 2500, 90)]


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
import sys, numpy, keras
model = keras.models.load_model(sys.argv[1])
assert not {"mdn", "srv", "cwgan", "lss"} & set(sys.modules)
outputs = model(numpy.load(sys.argv[2]))
numpy.savez(sys.argv[3], **{k: numpy.asarray(v) for k, v in outputs.items()})
"""


@pytest.fixture
def plain_keras(tmp_path):
    """load(path, inputs): outputs of a saved model, in a process that cannot see our packages."""

    def load(path, inputs):
        np.save(tmp_path / "inputs.npy", inputs)
        command = [sys.executable, "-I", "-c", _LOAD, path, "inputs.npy", "outputs.npz"]
        subprocess.run([str(c) for c in command], check=True, cwd=tmp_path, capture_output=True)
        return np.load(tmp_path / "outputs.npz")

    return load
