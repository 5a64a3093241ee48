"""Encoders and the variables that they make, for tests of every program."""

import numpy as np
import pytest

from lss.export.variables import variables
from lss.features.featurizer import Featurizer
from tests.lss.export.encoders import double_features, network

N_FRAMES = 100


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


@pytest.fixture(scope="module")
def features(featurizer, md_frames):
    found = double_features(featurizer, md_frames[:N_FRAMES])
    np.testing.assert_allclose(found, featurizer.compute(md_frames[:N_FRAMES]), atol=2e-5)
    return found
