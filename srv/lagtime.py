"""Choosing the lag time and the number of modes: implied timescales, cross-validation, the gap."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import clone

from lss_base.estimators import DivergedError, check_count, refusal
from lss_base.kinetics import DegenerateOutputsError, implied_timescales, moduli
from lss_base.moments import LaggedMoments
from lss_base.resampling import bootstrap_timescales
from lss_base.trajectories import Series, as_sources
from srv.data import check_trajectories
from srv.windows import windows

if TYPE_CHECKING:
    from srv.estimator import SRV

logger = logging.getLogger(__name__)


class _Numbers:
    """A dataclass of numbers and arrays that can be written as JSON."""

    def to_dict(self):
        """Return the fields as lists and numbers, None for NaN."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}


@dataclass(frozen=True)
class LagScan(_Numbers):
    """Implied timescales against lag, in frames.

    `lags` (L,); `timescales`, `low`, `high` (L, m): estimate and the 16th and 84th percentile of
    the bootstrap, NaN where the eigenvalue is not in (0, 1); `eigenvalues` (L, m); `visits` (L,
    m) to the rarer end of each mode; `n_pairs` (L,); `n_short` (L,) trajectories that are not
    longer than the lag and not used; `weighted` (L,), whether pairs had weights of their own;
    `half`, half of the median length of a trajectory.
    """

    lags: np.ndarray
    timescales: np.ndarray
    low: np.ndarray
    high: np.ndarray
    eigenvalues: np.ndarray
    visits: np.ndarray
    n_pairs: np.ndarray
    n_short: np.ndarray
    weighted: np.ndarray
    half: int

    @classmethod
    def from_dict(cls, data):
        """Return the scan of which `to_dict` gave the data."""
        return cls(**{name: np.array(values, np.float64) for name, values in data.items()})


@dataclass(frozen=True)
class CrossValidation(_Numbers):
    """Score of the first 1..m modes, `held_out` and `training`, each (n_folds, m).

    Quote differences between columns or methods fold by fold: the spread over folds is mostly
    that of which slow events were held out.
    """

    held_out: np.ndarray
    training: np.ndarray

    @property
    def gains(self):
        """Mean and standard error over folds of what each mode adds, (m,) each."""
        added = np.diff(self.held_out, axis=1, prepend=1.0)
        return added.mean(axis=0), added.std(axis=0, ddof=1) / np.sqrt(len(added))


def scan_lags(
    X: Series,
    lags: Sequence[int],
    srv: SRV,
    *,
    n_bootstrap: int = 200,
    seed: int = 0,
    progress: Callable = iter,
) -> LagScan:
    """Train an SRV at each lag and return its timescales with bootstrap errors.

    The bootstrap draws whole trajectories with replacement and solves the eigenproblem anew in
    the span of the trained modes.  Fewer than ten trajectories are cut into twenty or more
    blocks first; blocks shorter than a timescale understate its error.  Weights of pairs are those
    of the fit at each lag, in every resample; where "auto" weights at one lag, all lags are
    weighted.  A lag at which training fails twice has NaN.  Of an SRV with ``reversible=False``
    eigenvalues are the moduli of those of the propagator on its modes, and timescales decays.

    Parameters
    ----------
    X : array-like or list of array-likes, each shape=(n_i, d)
    lags : sequence of int
        In frames.
    srv : SRV
        Cloned with each lag; not changed.
    n_bootstrap : int, default=200
    seed : int, default=0
        Of the resampling.
    progress : callable, optional
        Wraps the sequence of lags, as tqdm does.

    Returns
    -------
    LagScan

    Raises
    ------
    ValueError
        Where a lag is not a positive whole number or as long as the longest trajectory.
    DegenerateOutputsError, DivergedError
        Where training fails at every lag.
    """
    check_count("n_bootstrap", n_bootstrap)
    trajectories, _ = as_sources("X", X, srv.input_size)
    lengths = np.array([x.shape[0] for x in trajectories])
    lags = _checked_lags(lags, lengths.max())
    rest = X, trajectories, n_bootstrap, seed
    found = {lag: _row(srv, lag, *rest) for lag in progress(lags.tolist())}
    unweighted = [lag for lag, (row, _) in found.items() if not row[-1]]
    auto = isinstance(srv.weights, str) and srv.weights == "auto"
    if auto and 0 < len(unweighted) < len(found):
        # Starts that were not in equilibrium are there at all lags, though some show them less.
        always = clone(srv).set_params(weights="rite")
        found |= {lag: _row(always, lag, *rest) for lag in progress(unweighted)}
    rows, failures = zip(*found.values(), strict=True)
    if all(failures):
        raise failures[-1]
    *columns, weighted = (np.array(column) for column in zip(*rows, strict=True))
    n_pairs = np.array([np.maximum(lengths - lag, 0).sum() for lag in lags])
    n_short = np.array([np.sum(lengths <= lag) for lag in lags])
    return LagScan(lags, *columns, n_pairs, n_short, weighted, int(np.median(lengths)) // 2)


def _row(srv, lag, X, trajectories, n_bootstrap, seed):
    """What a scan has of a lag, NaN where training fails, and the error with which it did."""
    try:
        with quiet():
            model = clone(srv).set_params(lag_time=lag).fit(X)
    except (DegenerateOutputsError, DivergedError) as error:
        logger.warning("No modes are found at a lag of %d frames: %s", lag, error)
        nothing = np.full(srv.n_components, np.nan)
        return (*[nothing] * 4, np.zeros(srv.n_components, int), False), error
    psi = model.transform(trajectories)
    options = {"weights": model.weights_, "reversible": srv.reversible}
    low, high = bootstrap_timescales(psi, lag, n_bootstrap, seed, **options)
    values = model.eigenvalues_ if srv.reversible else _decays(psi, lag, model.weights_)
    found = implied_timescales(values, lag), low, high, values, model.visits_
    return (*found, model.weights_ is not None), None


def _decays(psi, lag, weights):
    """Moduli of the propagator's eigenvalues on modes, (m,); NaN of a mode that others tell."""
    moments = LaggedMoments(lag)
    for i, x in enumerate(psi):
        moments.start()
        moments.update(x, None if weights is None else weights[i])
    found = np.full(psi[0].shape[1], np.nan)
    values = moduli(moments.covariances(reversible=False))
    found[: len(values)] = values
    return found


@contextmanager
def quiet():
    """Keep what each fit would say of its own modes out of the log."""
    fitting = logging.getLogger("srv.fitting")
    level = fitting.level
    fitting.setLevel(logging.ERROR)
    try:
        yield
    finally:
        fitting.setLevel(level)


def _checked_lags(lags, longest):
    """Return the lags, sorted, each once."""
    given = np.unique([*lags])
    whole = given.astype(int)
    if not len(whole) or (whole != given).any() or whole[0] < 1 or whole[-1] >= longest:
        raise refusal(
            "lags",
            f"{given.tolist()} frames",
            f"one or more whole numbers from 1 to {longest - 1}",
            f"give shorter `lags`, since the longest trajectory has {longest} frames",
        )
    return whole


def cross_validate(
    X: Series,
    srv: SRV,
    *,
    n_folds: int = 5,
    seed: int = 0,
    kind: str = "vamp2",
    progress: Callable = iter,
) -> CrossValidation:
    """Train on all folds but one and score the first 1..m modes on the one left out.

    A fold is a set of whole trajectories; where there are fewer trajectories than folds, a
    contiguous part of each, with a gap of one lag around it.

    Parameters
    ----------
    X : array-like or list of array-likes, each shape=(n_i, d)
    srv : SRV
        Cloned for each fold; not changed.
    n_folds : int, default=5
    seed : int, default=0
        Of the assignment of trajectories to folds.
    kind : {"vamp2", "rayleigh", "autocorrelation"}
        Of the held-out score: see `SRV.score`.
    progress : callable, optional
        Wraps the sequence of folds, as tqdm does.

    Returns
    -------
    CrossValidation

    Raises
    ------
    ValueError
        Where a fold, or what is left without it, has no trajectory longer than the lag.
    """
    check_count("n_folds", n_folds, least=2)
    check_trajectories(X, srv.input_size, srv.lag_time)
    trajectories, _ = as_sources("X", X, srv.input_size)
    folds = [_fold(trajectories, i, n_folds, srv.lag_time, seed) for i in range(n_folds)]
    for part in (part for fold in folds for part in fold):
        longest = max((x.shape[0] for x in part), default=0)
        if longest <= srv.lag_time:
            raise refusal(
                "X",
                f"too short to be cross-validated: with n_folds={n_folds} the longest piece of a "
                f"part has {longest} frames",
                f"more than lag_time={srv.lag_time}",
                "give longer trajectories, a shorter lag or fewer folds",
            )
    held_out, training = [], []
    for train, test in progress(folds):
        model = clone(srv).fit(train)
        counts = range(2, len(model.eigenvalues_) + 2)
        held_out.append([model.score(test, score_k=k, kind=kind) for k in counts])
        training.append(1 + np.cumsum(model.eigenvalues_ ** (1 if kind == "rayleigh" else 2)))
    return CrossValidation(np.array(held_out), np.array(training))


def _fold(trajectories, fold, n_folds, lag, seed):
    """Return the training and the test trajectories of a fold."""
    if len(trajectories) >= n_folds:
        # Dealt out in order of length, so that the folds are of like size.
        order = np.random.default_rng(seed).permutation(len(trajectories))
        order = sorted(order.tolist(), key=lambda i: -trajectories[i].shape[0])
        test = set(order[fold::n_folds])
        return (
            [x for i, x in enumerate(trajectories) if i not in test],
            [trajectories[i] for i in sorted(test)],
        )
    train, test = [], []
    for x in trajectories:
        n = x.shape[0]
        first, last = round(fold * n / n_folds), round((fold + 1) * n / n_folds)
        test += windows(x, [(first, last)])
        train += windows(x, [(0, first - lag), (last + lag, n)])
    return train, test


def _plain(value):
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and np.isnan(value) else value
