"""A process that trains many models must not keep the data of each."""

import gc

import numpy as np
import pytest
import tensorflow as tf

N_FRAMES = 1237
"""A number that nothing else has, by which tensors of the data are known."""


def _encoder(psi):
    from srv import SRV

    settings = {"n_epochs": 1, "batch_size": 400, "hidden_size": 8, "activation": "swish"}
    SRV(2, 1, verbose=False, **settings).fit(psi, psi + 1)


def _propagator(psi):
    from mdn import Propagator

    settings = {"lag_time": 1, "n_epochs": 1, "hidden_size": 8, "activation": "swish"}
    Propagator(2, verbose=False, **settings).fit(psi, psi[:200])


def _decoder(psi):
    from cwgan import MolGen

    coords = np.random.default_rng(1).normal(size=(N_FRAMES, 3, 3)).astype(np.float32)
    settings = {"n_updates": 2, "hidden_size": 8, "batch_size": 50, "noise_dim": 2}
    MolGen(2, 9, verbose=False, **settings).fit(psi, coords)


@pytest.mark.parametrize("fit", [_encoder, _propagator, _decoder])
def test_a_fit_leaves_no_tensor_of_its_data(fit):
    fit(np.random.default_rng(0).normal(size=(N_FRAMES, 2)).astype(np.float32))
    gc.collect()
    kept = [o.shape for o in gc.get_objects() if isinstance(o, tf.Tensor) and o.shape.rank]
    # Of the decoder a tenth is held out of the training.
    assert not [shape for shape in kept if N_FRAMES * 0.85 < (shape[0] or 0) <= N_FRAMES]
