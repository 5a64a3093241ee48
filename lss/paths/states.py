"""States by name: regions of psi, written as text, given by a structure, or found.

A state is a set of latent states psi, whatever it is given by: to be in it is then a property of
psi alone, as a committor needs it.
"""

import re
from dataclasses import dataclass

import numpy as np

from lss.analysis.transitions import find_cores
from lss.errors import InputError

EXAMPLE = "'folded: psi1 < -0.4; unfolded: psi1 > 0.6 and psi2 < 1'"
_NUMBER = r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
_CONDITION = re.compile(rf"psi_?(\d+)\s*(<=|>=|<|>)\s*{_NUMBER}", re.ASCII)
_BETWEEN = re.compile(rf"{_NUMBER}\s*(<=|<)\s*psi_?(\d+)\s*(<=|<)\s*{_NUMBER}", re.ASCII)
_NAME = re.compile(r"[A-Za-z][\w-]*", re.ASCII)
_COMPARE = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}
_TURNED = {"<": ">", "<=": ">="}


@dataclass(frozen=True)
class Region:
    """A state by conditions on psi, all of which must hold.

    Parameters
    ----------
    name : str
    conditions : tuple of (int, str, float)
        Number of the mode from 0, one of ``<``, ``<=``, ``>``, ``>=``, and the limit, in units of
        psi.
    """

    name: str
    conditions: tuple

    def contains(self, psi):
        """Whether each latent state is in the state: psi (..., m) -> bool (...)."""
        psi = np.asarray(psi)
        inside = np.ones(psi.shape[:-1], bool)
        for mode, sign, limit in self.conditions:
            inside &= _COMPARE[sign](psi[..., mode], limit)
        return inside

    def describe(self):
        """The state as text that `parse_states` reads."""
        parts = (f"psi{mode + 1} {sign} {limit:.6g}" for mode, sign, limit in self.conditions)
        return f"{self.name}: {' and '.join(parts)}"


def parse_states(text, n_modes):
    """Read states from text.

    Parameters
    ----------
    text : str
        Such as ``"folded: psi1 < -0.4; unfolded: 0.6 < psi1 < 3 and psi2 < 1"``. Mode 1 is the
        slowest, limits are in units of psi.
    n_modes : int
        Modes of the simulator.

    Returns
    -------
    dict of Region
        By name, in the order of the text.

    Raises
    ------
    InputError
        Where the text is no such list, a mode does not exist, or two states have one name.
    """
    states = {}
    for part in filter(None, (part.strip() for part in str(text).split(";"))):
        name, colon, rest = (piece.strip() for piece in part.partition(":"))
        if not colon:
            raise InputError(
                f"`states` has {part!r} without a colon, wanted a name and its conditions; write "
                f"such as {EXAMPLE}"
            )
        check_name(name, states)
        clauses = re.split(r"\s+and\s+", rest)
        found = [one for clause in clauses for one in conditions(clause, name, n_modes)]
        states[name] = Region(name, tuple(found))
    if not states:
        raise InputError(f"`states` is {text!r}, wanted one state or more; write such as {EXAMPLE}")
    return states


def check_name(name, states):
    """InputError for what is no name of a state, or is one already."""
    if not _NAME.fullmatch(name):
        raise InputError(
            f"the name of a state is {name!r}, wanted a letter and then letters, digits, _ or -; "
            f"write such as {EXAMPLE}"
        )
    if name in states:
        raise InputError(f"two states are called {name!r}, wanted one; give each its own name")


def conditions(clause, name, n_modes):
    """The conditions of ``psi1 < 2`` or ``0 < psi1 < 2``: list of (mode, sign, limit)."""
    clause = clause.strip()
    if single := _CONDITION.fullmatch(clause):
        mode, sign, limit = single.groups()
        found = [(int(mode), sign, float(limit))]
    elif between := _BETWEEN.fullmatch(clause):
        low, first, mode, second, high = between.groups()
        found = [(int(mode), _TURNED[first], float(low)), (int(mode), second, float(high))]
        if not float(low) < float(high):
            raise InputError(
                f"the state {name!r} has {clause!r}, which nothing meets; put the lower limit first"
            )
    else:
        raise InputError(
            f"the state {name!r} has the condition {clause!r}, wanted such as psi1 < -0.4 or "
            "0.2 < psi1 < 1; join several with 'and'"
        )
    for mode, _, _ in found:
        if not 1 <= mode <= n_modes:
            raise InputError(
                f"the state {name!r} has psi{mode}, wanted psi1 to psi{n_modes}, the modes of the "
                "simulator"
            )
    return [(mode - 1, sign, limit) for mode, sign, limit in found]


def found_states(psi):
    """The two cores of the slowest mode that the report compares.

    Parameters
    ----------
    psi : array-like, shape (n, m), or list of such
        Latent states of the training MD.

    Returns
    -------
    dict of Region
        ``A`` at low psi_1 and ``B`` at high psi_1; see `lss.analysis.transitions.find_cores`.
    """
    parts = psi if isinstance(psi, (list, tuple)) else [psi]
    cores = find_cores(np.concatenate([np.asarray(part)[:, 0] for part in parts]))
    return {
        "A": Region("A", ((0, "<=", cores.low),)),
        "B": Region("B", ((0, ">=", cores.high),)),
    }


def pick(states, name):
    """The state of a name; InputError, with the names there are, where there is none."""
    if name not in states:
        raise InputError(
            f"there is no state {name!r}, wanted one of {', '.join(states)}; define it with "
            "`states` or `state`"
        )
    return states[name]


def check_apart(start, goal, psi):
    """InputError where a latent state of (n, m) is in both of two states."""
    both = int((start.contains(psi) & goal.contains(psi)).sum())
    if both:
        raise InputError(
            f"the states {start.name!r} and {goal.name!r} have {both} of {len(psi)} latent states "
            "in common, wanted none; draw their limits apart"
        )


def starts_in(state, simulator, n, seed):
    """Draw n start states at random from the training frames of the box that are in a state.

    Parameters
    ----------
    state : Region or lss.paths.structure_states.NearStructure
    simulator : lss.LatentSpaceSimulator
    n, seed : int

    Returns
    -------
    np.ndarray, shape (n, m), float32, units of psi

    Raises
    ------
    InputError
        Where no frame is in the state.
    """
    stored = np.asarray(simulator.box.meta["start_psi"], np.float32)
    inside = stored[state.contains(stored)]
    if not len(inside):
        raise InputError(
            f"the state {state.name!r} holds none of the {len(stored)} training frames in the box "
            f"({state.describe()}), wanted at least one to start from; widen it"
        )
    return inside[np.random.default_rng(seed).integers(len(inside), size=n)]
