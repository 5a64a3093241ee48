"""Where synthetic trajectories start: a frame of a trajectory, or latent states as given."""

import logging

import numpy as np

from lss.errors import InputError
from lss.trajectories.one_frame import read_frame

log = logging.getLogger(__name__)


def chosen_start(simulator, start_psi=None, start=None, start_frame=None, top=None):
    """The start state that was asked for: a latent state, or a frame of a trajectory.

    Parameters
    ----------
    simulator : lss.LatentSpaceSimulator
    start_psi : list of float, optional
        The state itself.
    start, top : str, optional
        Trajectory file of the same molecule, and its topology where it brings none.
    start_frame : int, optional
        Which frame of `start`, from 0; the first where not given.

    Returns
    -------
    np.ndarray, shape (1, m), or None
        None where nothing was asked for.

    Raises
    ------
    InputError
        For options that do not go together, a frame that is not there, or another molecule.
    """
    if start is None and (start_frame is not None or top is not None):
        raise InputError("`start_frame` and `top` go with `start`; name the trajectory file too")
    if start is not None and start_psi is not None:
        raise InputError("`start` and `start_psi` cannot be combined; give one")
    if start is not None:
        state = simulator.encode(read_frame(start, top, start_frame or 0))
    elif start_psi is not None:
        if len(start_psi) != simulator.n_modes:
            raise InputError(
                f"`start_psi` is {','.join(f'{x:g}' for x in start_psi)}, {len(start_psi)} "
                f"numbers, wanted {simulator.n_modes}; give one for each slow mode"
            )
        state = simulator.check_latent(start_psi, "`start_psi`")
    else:
        return None
    low, high = simulator.sampler.low, simulator.sampler.high
    for i in np.flatnonzero(((state < low) | (state > high))[0]):
        log.warning(
            "the start has psi_%d = %.3g, outside the range of the training data (%.3g to %.3g)",
            *(i + 1, state[0, i], low[i], high[i]),
        )
    return state
