"""What the score of an encoder hides: modes that rest on few events, or hold in training only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lss_base.connectivity import one_way_states
from lss_base.equilibrium import departure_of
from lss_base.kinetics import implied_timescales, slow_modes
from lss_base.moments import block_moments
from lss_base.resampling import jackknife_error
from srv.evaluation import OutputPass
from srv.modes import Modes, count_visits, score_modes
from srv.reweighting import psi_of

if TYPE_CHECKING:
    import keras

    from srv.data import Trajectories
    from srv.estimator import SRV

# Fewer visits to the rarer end of a mode than this are warned of.
_FEW_VISITS = 10
# Weights that tell as much as less than this share of the frames are warned of.
_FEW_WEIGHTS = 0.1
# What becomes of one-way states.
_FATE = {
    "drop": "The data do not tell its population: weights leave it out (`disconnected`).",
    "keep": "The data do not tell its population: weights leave it its share (`disconnected`).",
    "as they are": "The data do not tell its population: that in psi is only its share of frames.",
}
# Modes whose squared eigenvalues elsewhere sum to less than this part of what they are in training
# are memorised pieces of the trajectory more than they are slow modes.
HOLDS = 0.6


def diagnose(srv: SRV, lobe: keras.Model, modes: Modes, trajectories: Trajectories) -> dict:
    """Judge the modes of a fitted SRV on data.

    Parameters
    ----------
    srv : SRV
    lobe, modes : keras.Model, srv.modes.Modes
        Its network, and the solution of the eigenproblem for the outputs.
    trajectories : srv.data.Trajectories
        The training data, or others of the same system: then the scores tell what was memorised.

    Returns
    -------
    dict
        Plain numbers and lists, None for what cannot be estimated; times in frames.

        - `lag_time`, `n_pairs`, `n_skipped` (trajectories not longer than the lag), of the data;
        - `eigenvalues`, `timescales` of the fit; `timescales_data`, and `_error` (jackknife), those
          of the modes in the data;
        - `visits`: how often the data come to the rarer end of each mode;
        - `departure`, `_error`, `_p_value`: how far the data are from equilibrium, in standard
          deviations of psi (`lss_base.equilibrium.departure`);
        - `one_way_states`: those that are not both entered and left, as dicts
          (`lss_base.connectivity.OneWayState`);
        - `effective_size`, `effective_share` of the weights of the fit: how many frames of equal
          weight would tell as much, and what share of the frames this is; `clipped`, the share of
          pairs whose weight was negative and is 0;
        - `score`: VAMP-2 of the data; `train_score`, `validation_score`, those of the fit;
        - `warnings`: sentences, empty where all is well.
    """
    outputs = OutputPass(lobe, trajectories)
    visits = count_visits(outputs, modes)
    psi = psi_of(outputs, modes, trajectories)
    departure = departure_of(psi, trajectories.lag_time)
    one_way, _ = one_way_states(psi, trajectories.lag_time)
    times, errors = _timescales(psi, trajectories.lag_time)
    size = srv.effective_size_
    score = score_modes(
        srv.encoder, srv.right_encoder_, trajectories, len(srv.eigenvalues_), "vamp2"
    )
    report = {
        "lag_time": int(trajectories.lag_time),
        "n_pairs": int(trajectories.n_pairs),
        "n_skipped": int(trajectories.n_skipped),
        "eigenvalues": srv.eigenvalues_.tolist(),
        "timescales": _plain(srv.timescales_),
        "timescales_data": _plain(times),
        "timescales_data_error": _plain(errors),
        "visits": visits.tolist(),
        "departure": departure.distance,
        "departure_error": _plain(departure.error),
        "departure_p_value": _plain(departure.p_value),
        "one_way_states": [
            vars(state) | {"low": state.low.tolist(), "high": state.high.tolist()}
            for state in one_way
        ],
        "effective_size": size,
        "effective_share": None if size is None else size / n_weighted(srv.weights_),
        "clipped": srv.clipped_,
        "score": score,
        "train_score": srv.train_score_,
        "validation_score": _plain(srv.validation_score_),
    }
    found = [*warnings_of(report), *equilibrium_warnings(srv, departure, one_way)]
    return {**report, "warnings": found}


def _timescales(psi, lag_time):
    """Timescales along the slow directions of the modes in the data, and jackknife errors."""
    sums = block_moments(psi, lag_time).sums()

    def estimate(some):
        return implied_timescales(slow_modes(some)[0], lag_time)

    return jackknife_error(estimate, sums)


def warnings_of(report):
    """What is wrong, in words, of a report of `diagnose`."""
    found = mode_warnings(report["visits"], report["eigenvalues"])
    for name, where in (("score", "these data"), ("validation_score", "validation data")):
        if report[name] is not None:
            found += _memorised(report[name], report["train_score"], where)
    if report["n_skipped"]:
        found.append(
            f"{report['n_skipped']} trajectories are not longer than the lag of "
            f"{report['lag_time']} frames and are not used."
        )
    return found


def memorised_warnings(validation):
    """Sentences on a training whose modes did not hold on the folds that were left out.

    Parameters
    ----------
    validation : srv.lagtime.CrossValidation
    """
    held, trained = (float(np.mean(s[:, -1])) for s in (validation.held_out, validation.training))
    return _memorised(held, trained, "data left out")


def _memorised(held, trained, where):
    if held - 1 >= HOLDS * (trained - 1):
        return []
    return [
        f"The modes have a VAMP-2 of {held:.3f} on {where} and of {trained:.3f} in "
        "training: they are memorised in part. Train shorter, or ask for fewer modes."
    ]


def mode_warnings(visits, eigenvalues):
    """Sentences on modes whose rarer end was seldom come to, or that have no timescale."""
    found = [
        f"Mode {i} (eigenvalue {eigenvalue:.3f}) rests on {count} visit{'' if count == 1 else 's'} "
        "to its rarer end: its timescale and populations are known to a factor only, and a "
        "held-out score depends on which trajectories are held out. More data would help."
        for i, (count, eigenvalue) in enumerate(zip(visits, eigenvalues, strict=True), start=1)
        if count < _FEW_VISITS
    ]
    outside = [float(value) for value in eigenvalues if not 0 < value < 1]
    if outside:
        found.append(
            f"Eigenvalues {outside} are not between 0 and 1 and have no timescale (NaN): a process "
            "that has decayed at the lag, or too little data. Shorten the lag or ask for fewer "
            "modes."
        )
    return found


def equilibrium_warnings(srv, departure, one_way):
    """Sentences on trajectories that did not start in equilibrium, and on one-way states.

    Parameters
    ----------
    srv : SRV
        Whose weights were found in its training data.
    departure : lss_base.equilibrium.Departure
    one_way : list of lss_base.connectivity.OneWayState
    """
    found = [f"In these data {state}. {_FATE[_fate(srv)]}" for state in one_way]
    if srv.weights_ is None:
        if departure.significant:
            found.append(
                f"The {departure.n_trajectories} trajectories did not start in equilibrium: over "
                f"one lag the mean of psi moves by {departure.distance:.2g} standard deviations, "
                f"where {departure.error:.1g} is chance. Symmetrised covariances then give wrong "
                "timescales and populations: set `weights` to 'auto', or use trajectories from "
                "equilibrium."
            )
        return found
    share = srv.effective_size_ / n_weighted(srv.weights_)
    if share < _FEW_WEIGHTS:
        found.append(
            f"The weights of the frames are uneven: they tell as much as {share:.0%} of the frames "
            "with equal weights would. Longer trajectories, or starts nearer to equilibrium, would "
            "help."
        )
    return found


def n_weighted(weights):
    """Frames of the trajectories that have any weight."""
    return sum(len(w) for w in weights if w.any())


def _fate(srv):
    found = srv.weights_ is not None and isinstance(srv.weights, str)
    return srv.disconnected if found else "as they are"


def _plain(value):
    """Lists and numbers, None for NaN."""
    value = np.asarray(value, float)
    return np.where(np.isfinite(value), value, None).tolist()
