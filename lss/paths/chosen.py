"""The states that a user speaks of: written, given by structures, or found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np

from lss.errors import InputError
from lss.paths.states import found_states, parse_states, pick, starts_in
from lss.paths.structure_states import near_structure
from lss.simulation.starts import chosen_start

if TYPE_CHECKING:
    from lss.simulator import LatentSpaceSimulator


def define_states(
    simulator: LatentSpaceSimulator,
    states: str | None = None,
    state: Sequence[str] | None = (),
    radius: str | None = None,
    box: str | Path | None = None,
) -> dict:
    """States by name, in the one way in which commands and Python choose them.

    Parameters
    ----------
    simulator : lss.LatentSpaceSimulator
    states : str, optional
        Conditions on psi; see `lss.paths.states.parse_states`.
    state : list of str
        Such as ``"folded=native.pdb"``: within `radius` of a structure.
    radius : str, optional
        Largest RMSD of the decoded atoms, such as ``"0.3nm"``.
    box : str or pathlib.Path, optional
        Where the simulator was loaded from. In a run folder, states are found from all of its MD,
        as in the report; otherwise from the training frames that the box carries.

    Returns
    -------
    dict
        By name. Where nothing was given: the cores ``A`` and ``B`` of the slowest mode.

    Raises
    ------
    InputError
        Where what was given is no state.
    """
    if radius is not None and not state:
        raise InputError("`radius` goes with `state`; name the structure too")
    named = parse_states(states, simulator.n_modes) if states else {}
    for text in state or ():
        found = near_structure(text, simulator, radius, named)
        named[found.name] = found
    return named or found_states(training_psi(simulator.box, box))


def training_psi(box, path=None):
    """Latent states of the training MD: of the run folder around a box, or those in the box.

    Parameters
    ----------
    box : lss.box.Box
    path : str or pathlib.Path, optional
        Where it was loaded from.

    Returns
    -------
    list of np.ndarray, shape (n_i, m), or np.ndarray, shape (n, m)
        Trajectories; frames at random where there is no run folder.
    """
    stored = np.asarray(box.meta["start_psi"], np.float32)
    whole = None if path is None else Path(path).parent / "psi.h5"
    if whole is None or not whole.is_file():
        return stored
    with h5py.File(whole) as file:
        psi = [file[name][:] for name in sorted(file)]
    return psi if any(holds(part, stored[0]) for part in psi) else stored


def holds(psi, state):
    """Whether a latent state is a frame of a trajectory (n, m): not so of another run's."""
    return psi.shape[1:] == state.shape and bool((psi == state).all(axis=1).any())


def chosen_start_and_end(simulator, args, first, last):
    """Where trajectories start, and the state in which they end.

    Parameters
    ----------
    simulator : lss.LatentSpaceSimulator
    args : argparse.Namespace
        Of a command line with the flags for starts and states.
    first, last : int
        Numbers of the first walker and of the one after the last.

    Returns
    -------
    start : np.ndarray, shape (1, m) or (last - first, m), or None
    until : object or None
        A state.

    Raises
    ------
    InputError
        For options that do not go together, and states that are not there.
    """
    start = chosen_start(simulator, args.start_psi, args.start, args.start_frame, args.top)
    if args.start_state is not None and start is not None:
        raise InputError(
            "`start_state` cannot be combined with `start` or `start_psi`, wanted one of them; "
            "leave the others out"
        )
    if args.start_state is None and args.until is None:
        if args.states or args.state or args.radius:
            raise InputError(
                "states are defined and not used, wanted `start_state` or `until`; name one of "
                "them there"
            )
        return start, None
    states = define_states(simulator, args.states, args.state, args.radius, args.box)
    if args.start_state is not None:
        # Drawn for all walkers, so that a part starts as in the whole.
        start = starts_in(pick(states, args.start_state), simulator, last, args.seed)[first:]
    return start, None if args.until is None else pick(states, args.until)
