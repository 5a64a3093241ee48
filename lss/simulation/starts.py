"""Where synthetic trajectories start: a frame of a trajectory, or latent states as given."""

import logging

import numpy as np

from lss.errors import InputError
from lss.trajectories.trajectory_set import read_frame

log = logging.getLogger(__name__)


def chosen_start(simulator, psi=None, trajectory=None, frame=None, top=None):
    """The start state that a command line asks for.

    Parameters
    ----------
    simulator : lss.LatentSpaceSimulator
    psi : list of float, optional
        The state itself.
    trajectory, top : str, optional
        Trajectory file of the same molecule, and its topology where it brings none.
    frame : int, optional
        Which frame of `trajectory`, from 0; the first where not given.

    Returns
    -------
    np.ndarray, shape (1, m), or None
        None where nothing was asked for.

    Raises
    ------
    InputError
        For options that do not go together, a frame that is not there, or another molecule.
    """
    if trajectory is None and (frame is not None or top is not None):
        raise InputError("--start-frame and --top go with --start; name the trajectory file too")
    if trajectory is not None and psi is not None:
        raise InputError("--start and --start-psi cannot be combined; give one")
    if trajectory is not None:
        start = simulator.encode(read_frame(trajectory, top, frame or 0))
    elif psi is not None:
        if len(psi) != simulator.n_modes:
            raise InputError(
                f"--start-psi {','.join(f'{x:g}' for x in psi)} has {len(psi)} numbers; give "
                f"{simulator.n_modes}, one for each slow mode"
            )
        start = simulator.check_latent(psi, "--start-psi")
    else:
        return None
    low, high = simulator.sampler.low, simulator.sampler.high
    for i in np.flatnonzero(((start < low) | (start > high))[0]):
        log.warning(
            "the start has psi_%d = %.3g, outside the range of the training data (%.3g to %.3g)",
            *(i + 1, start[0, i], low[i], high[i]),
        )
    return start
