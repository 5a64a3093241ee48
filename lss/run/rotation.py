"""Whether the data of a run go round, and what their modes then are."""

import logging
from dataclasses import asdict

import h5py
import numpy as np

from lss.analysis.rotation import decay, period, resolved_eigenvalues
from lss.analysis.sample import Sample
from lss.run import inputs, run_files
from lss.run.kinds import kind_of
from lss_base.irreversibility import irreversibility

log = logging.getLogger(__name__)


def symmetrised(run, data, lag, seed, reversible=None):
    """Whether the covariances of a run's features are symmetrised at a lag, in frames.

    The features are looked at only where they decide; see `settled`.
    """
    kind = kind_of(inputs.open_data(run.settings("features")["source"])[0])
    asked = reversible is None and not kind.balanced
    turning = irreversibility(kind.instantaneous(data), lag, seed) if asked else None
    return settled(reversible, turning, kind.balanced)


def settled(reversible, turning, balanced):
    """Whether the encoder is to take detailed balance for granted.

    Parameters
    ----------
    reversible : bool or None
        As the user asked; None leaves it to the data.
    turning : lss_base.irreversibility.Irreversibility or None
        What was measured.
    balanced : bool
        Whether data of this kind are in detailed balance, whatever is measured: MD without driving.

    Returns
    -------
    bool
    """
    if reversible is not None:
        return reversible
    if balanced or turning is None or not turning.matters:
        return True
    log.info("%s: the encoder does not symmetrise.", sentence(described(turning)))
    return False


def sentence(found):
    """The measure in words.

    Parameters
    ----------
    found : dict
        As of `described`.
    """
    error = np.nan if found["error"] is None else found["error"]
    return (
        f"rotation ||C - C'|| / ||C + C'|| over one lag is {found['number']:.2g} +- {error:.1g} "
        f"(in detailed balance 0; by chance p = {found['chance']:.2g})"
    )


def warnings(turning, reversible, balanced):
    """What is lost where rotating data are symmetrised, as a list of sentences."""
    if not reversible or turning is None or not turning.matters:
        return []
    cause = (
        "MD in equilibrium has none: its starts were chosen, it is driven, or there is too little"
        if balanced
        else "the encoder symmetrises its covariances, which deletes it"
    )
    return [f"{sentence(described(turning))}; {cause}. `reversible` no keeps rotating dynamics"]


def described(turning):
    """The measure as numbers, for the report; None where nothing was measured."""
    return None if turning is None else asdict(turning)


def rotating_times(run, lag, spacing_ps, weights=None):
    """Decay and period of the modes of psi.h5, which are written there as well.

    Of modes that go round in pairs both have the same. A mode whose eigenvalue cannot be told from
    the data has none. `weights` are those of the frames, where they have some.

    Returns
    -------
    dict
        `timescales_ps` and `periods_ps`, (m,) each, nan where there is none.
    """
    psi = run_files.read_modes(run)
    values = resolved_eigenvalues(Sample(psi, None, lag, weights=weights))
    values = np.repeat(values, 1 + (values.imag > 0))  # of a pair there is one
    found = {}
    for name, time in (("timescales_ps", decay), ("periods_ps", period)):
        found[name] = np.full(psi[0].shape[1], np.nan)
        found[name][: len(values)] = [time(value, lag * spacing_ps) for value in values]
    with h5py.File(run.path / "psi.h5", "r+") as file:
        file.attrs.update(found)
    return found
