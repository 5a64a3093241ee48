"""`Propagator.distribution`: the density of psi one lag later."""

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import multivariate_normal

from mdn.data import pairs


def test_distribution_is_the_mixture_of_transform(fitted, paths):
    psi, later = paths[0][:20], paths[0][1:21]
    density = fitted.distribution(psi)
    assert density.batch_shape == (20,) and density.event_shape == (2,)
    mixture = fitted.transform(psi)
    weights = softmax(mixture["logits"].astype(float), axis=1)
    for i, x in enumerate(np.float32(later)):
        components = zip(weights[i], mixture["loc"][i], mixture["scale"][i], strict=True)
        exact = sum(w * multivariate_normal(mu, np.diag(s**2)).pdf(x) for w, mu, s in components)
        # In float32 the exponent, of order 1 to 10 here, keeps seven digits.
        assert density.prob(later)[i].numpy() == pytest.approx(exact, rel=1e-4)
    mean = np.einsum("nc,ncm->nm", weights, mixture["loc"])
    np.testing.assert_allclose(density.mean(), mean, rtol=1e-4, atol=1e-5)
    x, y = pairs([np.float32(t) for t in paths], 1)
    log_prob = fitted.distribution(x).log_prob(y).numpy()
    assert log_prob.mean(dtype=float) == pytest.approx(fitted.score(paths), abs=1e-6)


def test_distribution_refuses_what_is_no_psi(fitted):
    for psi, message in (
        ([0.0, 1.0], r"psi is .* wanted shape \(n_frames, 2\)"),
        (np.zeros((2, 3, 2)), r"psi is .* wanted shape \(n_frames, 2\)"),
        ([[0, np.inf]], "psi is .* wanted finite"),
    ):
        with pytest.raises(ValueError, match=message):
            fitted.distribution(psi)
