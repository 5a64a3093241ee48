"""A Markov state model of the pentapeptide, against which the modes of the encoder are held."""

from dataclasses import dataclass

import numpy as np

from lss.analysis.kinetics import implied_timescale
from lss.errors import InputError
from lss.features.featurizer import Featurizer

#: Features in which states are found; the modes of the encoder may see more.
FEATURES = ("phi", "psi")
#: Rounds of k-means; the timescales do not depend on the last ones.
ROUNDS = 50


@dataclass(frozen=True)
class MarkovModel:
    """A reversible Markov state model and where it was made.

    Parameters
    ----------
    timescales_ps : np.ndarray, shape (m,)
        In **ps**.
    standard_errors_ps : np.ndarray, shape (m,)
        Jackknife over the trajectories, **ps**; nan for fewer than two.
    n_states : int
        Connected states.
    centres : np.ndarray, shape (states, features)
        Of all states.
    functions : np.ndarray, shape (states, m)
        Right eigenvectors, nan in states that are not connected.
    """

    timescales_ps: np.ndarray
    standard_errors_ps: np.ndarray
    n_states: int
    centres: np.ndarray
    functions: np.ndarray

    def along(self, labels):
        """Values (n, m) of the eigenfunctions along a trajectory of state numbers (n,)."""
        return self.functions[labels]


def torsions(trajectories):
    """Backbone torsions of each trajectory, as sines and cosines: list of (n, d) float32."""
    featurizer = Featurizer(trajectories.topology, list(FEATURES))
    return [
        np.concatenate([featurizer.compute(chunk) for chunk in trajectories.iterate(i)])
        for i in range(len(trajectories.files))
    ]


def make_model(features, lag, spacing_ps, n_modes, n_states, seed):
    """Cluster by k-means and estimate a reversible Markov state model.

    Parameters
    ----------
    features : list of np.ndarray, shape (n_i, d)
    lag : int
        In frames.
    spacing_ps : float
        Time of a frame, **ps**.
    n_modes, n_states, seed : int

    Returns
    -------
    MarkovModel

    Raises
    ------
    InputError
        Where deeptime is not installed, or there are too few connected states.
    """
    try:
        from deeptime.clustering import KMeans
    except ImportError:
        raise InputError(
            "the Markov state model needs deeptime; install it: pip install 'deeptime>=0.4.5'"
        ) from None
    frames = np.concatenate(features)
    if len(frames) < n_states:
        raise InputError(f"{len(frames)} frames are too few for {n_states} states; give more")
    centres = KMeans(n_states, max_iter=ROUNDS, fixed_seed=seed).fit_fetch(frames).cluster_centers
    labels = [assign(x, centres) for x in features]
    timescales, n_connected, functions = _estimate(labels, lag, n_modes, n_states)
    left_out = [
        _estimate(labels[:i] + labels[i + 1 :], lag, n_modes, n_states)[0]
        for i in range(len(labels))
        if len(labels) > 1
    ]
    n = len(left_out)
    error = np.sqrt((n - 1) * np.var(left_out, axis=0)) if n else np.full(n_modes, np.nan)
    return MarkovModel(timescales * spacing_ps, error * spacing_ps, n_connected, centres, functions)


def assign(x, centres):
    """The nearest centre of each frame.

    Parameters
    ----------
    x : np.ndarray, shape (n, d)
    centres : np.ndarray, shape (states, d)

    Returns
    -------
    np.ndarray of int, shape (n,)
    """
    from scipy.spatial import cKDTree

    return cKDTree(centres).query(x)[1]


def refit(model, labels, lag, spacing_ps):
    """Timescales, **ps**, of other trajectories on the states of a model."""
    n_states, n_modes = model.functions.shape
    return _estimate(labels, lag, n_modes, n_states)[0] * spacing_ps


def _estimate(labels, lag, n_modes, n_states):
    """Timescales in frames, number of connected states, right eigenvectors (states, modes)."""
    from deeptime.markov import TransitionCountEstimator
    from deeptime.markov.msm import MaximumLikelihoodMSM

    counts = TransitionCountEstimator(lag, "sliding", n_states=n_states).fit_fetch(labels)
    connected = counts.submodel_largest()
    if connected.n_states <= n_modes:
        raise InputError(
            f"only {connected.n_states} states of the Markov model are connected at a lag of {lag} "
            "frames; give longer trajectories"
        )
    # Few modes of a few hundred states: the dense solver is fast and exact.
    model = MaximumLikelihoodMSM(reversible=True).fit_fetch(connected)
    values = model.eigenvalues(n_modes + 1)[1:].real
    functions = np.full((n_states, n_modes), np.nan)
    functions[connected.state_symbols] = model.eigenvectors_right(n_modes + 1)[:, 1:].real
    return implied_timescale(values, lag), connected.n_states, functions


def overlaps(psi, functions):
    """How far two sets of functions agree along the same frames.

    Parameters
    ----------
    psi : np.ndarray, shape (n, m)
    functions : np.ndarray, shape (n, m)
        nan in frames that do not count.

    Returns
    -------
    correlations : np.ndarray, shape (m, m)
        Absolute Pearson correlation of each psi with each function.
    canonical : np.ndarray, shape (m,)
        Canonical correlations of the two spaces: 1 where one function of either is the same.
    """
    known = np.isfinite(functions).all(axis=1)
    a, b = (x[known] - x[known].mean(axis=0) for x in (np.float64(psi), functions))
    scaled = [x / np.sqrt((x**2).sum(axis=0)) for x in (a, b)]
    bases = [np.linalg.qr(x)[0] for x in (a, b)]
    canonical = np.linalg.svd(bases[0].T @ bases[1], compute_uv=False)
    return np.abs(scaled[0].T @ scaled[1]), canonical
