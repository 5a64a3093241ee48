"""Three trained networks made one simulator: what a box says of them, and whether they fit."""

import mdtraj
import numpy as np

from lss.box import FORMAT, Box
from lss.errors import InputError
from lss.features.base import Features
from lss.storage.versions import versions
from lss.storage.whole_files import plain
from lss.units import format_time, lag_in_frames, time_ps

STARTS = 1000  # start states that a box carries


def encoder_meta(srv, lag_ps, spacing_ps, features):
    """What lss.json says of a fitted SRV.

    Parameters
    ----------
    srv : srv.SRV
    lag_ps, spacing_ps : float
        Lag time and time between frames, **ps**.
    features : dict
        As of `lss.Featurizer.to_dict`.
    """
    return {
        "lag_time_ps": lag_ps,
        "frame_spacing_ps": spacing_ps,
        "eigenvalues": srv.eigenvalues_,
        "timescales_ps": np.asarray(srv.timescales_) * spacing_ps,
        "lag_frames": srv.lag_time,
        "features": features,
        "n_features": srv.input_size,
        "n_modes": len(srv.eigenvalues_),
        "reversible": srv.reversible,
        "weights": way_of_weights(srv),
        "units": {"time": "ps", "length": "nm", "psi": "standard deviations"},
    }


def way_of_weights(srv):
    """How a fitted SRV came by weights of frames: "rite", "koopman", "given", or None without."""
    from srv.reweighting import chosen_method

    if srv.weights_ is None:
        return None
    return chosen_method(srv.weights, srv.departure_) or "given"


def propagator_meta(propagator, psi, seed, weights=None):
    """What lss.json says of a fitted propagator, with start states drawn from its training data.

    Parameters
    ----------
    propagator : mdn.Propagator
    psi : list of np.ndarray, shape (n_i, m)
    seed : int
    weights : list of np.ndarray, shape (n_i,), optional
        Of the frames: the start states are drawn by them.
    """
    from mdn.data import starting_frames

    return {
        "psi_low": propagator.low_,
        "psi_high": propagator.high_,
        "start_psi": starting_frames(psi, STARTS, seed, weights),
    }


def decoder_meta(molgen):
    """What lss.json says of a fitted decoder.

    Parameters
    ----------
    molgen : cwgan.MolGen
    """
    contacts = molgen.contacts
    return {
        "noise_dim": molgen.noise_dim,
        "contacts": None if contacts is None else contacts.to_dict(),
    }


def compose(srv, propagator, molgen, topology, lag_time, start_psi, features, frame_spacing, seed):
    """A box of fitted estimators; see `lss.LatentSpaceSimulator.from_estimators`."""
    encoder = network("srv", srv, "encoder", "srv.SRV")
    model = network("propagator", propagator, "model", "mdn.Propagator")
    generator = network("molgen", molgen, "generator", "cwgan.MolGen")
    n_modes = encoder.output_shape[-1]
    check_modes(n_modes, propagator.input_dim, molgen.latent_dim)
    lag_ps, spacing_ps = times(lag_time, frame_spacing, srv.lag_time, propagator.lag_time)
    described = described_features(features, srv.input_size)
    meta = {"format": FORMAT, **encoder_meta(srv, lag_ps, spacing_ps, described)}
    meta |= {"versions": versions()}
    starts = states(start_psi, n_modes)
    fits = srv.weights_ and [len(w) for w in srv.weights_] == [len(x) for x in starts]
    meta |= propagator_meta(propagator, starts, seed, srv.weights_ if fits else None)
    meta |= decoder_meta(molgen)
    reference = structure(topology, generator, meta["start_psi"], seed)
    return Box(plain(meta), reference, encoder, model, generator)


def network(name, estimator, attribute, wanted):
    """The network of a fitted estimator; InputError where it has none."""
    try:
        return getattr(estimator, attribute)
    except (AttributeError, ValueError):  # scikit-learn's NotFittedError is both
        raise InputError(
            f"`{name}` is a {type(estimator).__name__} without `{attribute}`, wanted a fitted "
            f"{wanted}; call its fit first"
        ) from None


def check_modes(n_modes, input_dim, latent_dim):
    for name, argument, value in (
        ("propagator", "input_dim", input_dim),
        ("molgen", "latent_dim", latent_dim),
    ):
        if value != n_modes:
            raise InputError(
                f"`{argument}` of `{name}` is {value}, wanted {n_modes}, the number of modes of "
                "`srv`; fit all three on the same modes"
            )


def times(lag_time, frame_spacing, encoder_lag, propagator_lag):
    """Lag time and time between frames, **ps**, of networks with these lags in frames."""
    if propagator_lag != encoder_lag:
        raise InputError(
            f"`lag_time` of `propagator` is {propagator_lag} frames, wanted {encoder_lag}, that of "
            "`srv`; fit both with one lag time"
        )
    lag_ps = time_ps(lag_time, "`lag_time`")
    if frame_spacing is None:
        return lag_ps, lag_ps / encoder_lag
    spacing_ps = time_ps(frame_spacing, "`frame_spacing`")
    frames = lag_in_frames(lag_ps, spacing_ps, "`lag_time`")
    if frames != encoder_lag:
        raise InputError(
            f"`lag_time` is {format_time(lag_ps)}, {frames} frames of {format_time(spacing_ps)}, "
            f"wanted {format_time(encoder_lag * spacing_ps)}, the {encoder_lag} frames of `srv`; "
            "give that, or fit with another lag time"
        )
    return lag_ps, spacing_ps


def described_features(features, n_features):
    """Features as lss.json describes them; those that are not ours have numbers for names."""
    if features is None:
        return {"specs": [], "names": [f"feature {i}" for i in range(n_features)]}
    if not isinstance(features, Features):
        raise InputError(
            f"`features` is a {type(features).__name__}, wanted the lss.Featurizer that `srv` was "
            "fitted with; give None where its features are your own"
        )
    if len(features) != n_features:
        raise InputError(
            f"`features` has {len(features)} features, wanted {n_features}, the input of `srv`; "
            "give the lss.Featurizer that `srv` was fitted with"
        )
    return features.to_dict()


def states(psi, n_modes):
    """Latent states as a list of arrays (n_i, m), checked."""
    try:
        parts = psi if isinstance(psi, (list, tuple)) and np.ndim(psi[:1]) == 3 else [psi]
        parts = [np.asarray(part, np.float32) for part in parts]
    except (TypeError, ValueError):
        parts = [np.empty(0)]
    for part in parts:
        if part.ndim != 2 or part.shape[1] != n_modes or not len(part):
            raise InputError(
                f"`start_psi` has shape {part.shape}, wanted (n, {n_modes}), or a list of such; "
                "give what `srv` makes of the training data"
            )
        if not np.isfinite(part).all():
            raise InputError("`start_psi` holds NaN or infinity; give finite latent states")
    return parts


def structure(topology, generator, psi, seed):
    """The reference structure: an mdtraj.Trajectory of one frame of the decoded atoms.

    Where there is a topology only, of structures drawn for `psi` the one closest to their mean.
    """
    from cwgan.decoder import decode

    single = isinstance(topology, mdtraj.Trajectory) and len(topology) == 1
    if not single and not isinstance(topology, mdtraj.Topology):
        frames = f" of {len(topology)} frames" if isinstance(topology, mdtraj.Trajectory) else ""
        raise InputError(
            f"`topology` is a {type(topology).__name__}{frames}, wanted an mdtraj.Trajectory of "
            "one frame, the structure on which the coordinates were superposed; lss.superposed "
            "gives it"
        )
    drawn = tuple(generator.output_shape[1:])
    if drawn != (topology.n_atoms, 3):
        raise InputError(
            f"`molgen` draws frames of shape {drawn}, wanted ({topology.n_atoms}, 3) as "
            "`topology` has; fit it on coordinates (n_frames, n_atoms, 3) of these atoms, in nm"
        )
    if single:
        return topology
    xyz = decode(generator, psi, seed)
    closest = np.argmin(((xyz - xyz.mean(axis=0)) ** 2).sum((1, 2)))
    return mdtraj.Trajectory(xyz[closest], topology)
