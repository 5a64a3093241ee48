"""Starts for the next MD of a run: real frames of its trajectories, chosen by the scores."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lss.adaptive import edges
from lss.adaptive.cells import make_cells
from lss.adaptive.ends import choose_ends, find_ends
from lss.adaptive.islands import describe_islands
from lss.adaptive.scores import EDGES, UNIFORM, UNIFORM_SHARE, choose_cells, score_cells
from lss.errors import InputError
from lss.run import inputs, run_files
from lss.units import lag_in_frames
from lss_base.estimators import check_count, check_seed

if TYPE_CHECKING:
    from lss.run.run_folder import Run

_ROUND = re.compile(r"round-(\d+)")
#: Share of a batch that starts at the ends of what was seen of the torsions.
EDGES_SHARE = {"mixed": 1 / 2, EDGES: 1 - UNIFORM_SHARE}


@dataclass(frozen=True)
class Start:
    """One start of MD.

    Attributes
    ----------
    trajectory, frame : int
        Of the training MD.
    psi : np.ndarray, shape (m,)
    cell : int
    score : float
        Of the cell, that of the best cell being 1; of an edge in the same way.
    reason : str
    seed : int
        Of the velocities.
    end : (str, float) or None
        Torsion and degrees, where it lies at the end of what was seen of one.
    """

    trajectory: int
    frame: int
    psi: np.ndarray
    cell: int
    score: float
    reason: str
    seed: int
    end: tuple | None = None


@dataclass(frozen=True)
class Proposal:
    """A batch of starts and what it was chosen from.

    Attributes
    ----------
    starts : list of Start
    cells : lss.adaptive.cells.Cells
    scores : lss.adaptive.scores.Scores
    psi, weights : list of np.ndarray
        Of the frames; weights may be None.
    target : str
    separate : list of str
        A sentence for each island of cells that is not connected with the largest one.
    reach : lss.adaptive.reach.Reach
        Where the torsions among the features have been.
    ends : list of lss.adaptive.ends.End
        Of what was seen of them, those that MD may pass.
    """

    starts: list
    cells: object
    scores: object
    psi: list
    weights: list | None
    target: str
    separate: list
    reach: object
    ends: list


def propose(
    run: Run,
    number: int,
    strategy: str = "mixed",
    target: str = "timescales",
    seed: int = 0,
    more: float | None = None,
) -> Proposal:
    """Choose frames of the training MD from which to start the next MD.

    Parameters
    ----------
    run : lss.run.run_folder.Run
        With its encoder.
    number : int
        Starts to choose.
    strategy, target
        See `lss.adaptive.scores.score_cells`. "mixed" takes the round of a trajectory from the
        folder `round-NNN` that it lies in; others were there before the first round. Half of
        its starts, and nearly all of those of "edges", lie at the ends of what was seen of the
        torsions among the features (see `lss.adaptive.edges`), where there are such ends.
    seed : int
    more : float, optional
        Lag times that one piece of the next MD will be long.

    Returns
    -------
    Proposal

    Raises
    ------
    InputError
        Where the run is not trained, or a setting is not one of those above.
    """
    trajectories, _ = inputs.open_data(run.settings("features")["source"])
    psi, weights = run_files.read_psi(run), run_files.read_weights(run)
    lag = lag_in_frames(run.settings("srv")["lag_time_ps"], trajectories.spacing_ps)
    try:
        check_count("number", number)
        check_seed(seed)
        cells = make_cells(psi, seed=seed)
        scores = score_cells(
            cells, lag, strategy, target, n_modes=1, more=more, rounds=rounds_of(trajectories)
        )
        ends, reach = find_ends(run, trajectories.names, rounds_of(trajectories))
        chosen_ends = choose_ends(run, ends, reach, number, EDGES_SHARE.get(strategy, 0), seed)
        inner = number - len(chosen_ends)
        chosen = choose_cells(scores, cells, inner, seed) if inner else []
    except InputError:
        raise
    except ValueError as error:
        raise InputError(str(error)) from error
    separate = describe_islands(cells, scores.pieces, lag, trajectories.names)
    taken = [frame for _, _, frame in chosen_ends]
    starts = pick_frames(psi, cells, scores, chosen, seed, without=taken)
    for number, (end, score, (i, j)) in enumerate(chosen_ends):
        why = f"{EDGES}: {edges.in_words(reach, end.edge)}; at its end"
        velocities = int(np.random.default_rng([seed, 1, number]).integers(2**31 - 1))
        cell = int(cells.of_frames[i][j])
        starts.append(Start(i, j, psi[i][j], cell, score, why, velocities, end.place))
    return Proposal(starts, cells, scores, psi, weights, target, separate, reach, ends)


def rounds_of(trajectories):
    """The round of each trajectory, by the folder `round-NNN` that it lies in; 0 without one."""
    found = [_ROUND.findall(name) for name in trajectories.names]
    return [int(numbers[-1]) if numbers else 0 for numbers in found]


def pick_frames(psi, cells, scores, chosen, seed, without=()):
    """A frame, drawn at random, of each cell that was chosen; none twice if there are others.

    Parameters
    ----------
    psi : list of np.ndarray
    cells : lss.adaptive.cells.Cells
    scores : lss.adaptive.scores.Scores
    chosen : list of (int, str)
        As of `lss.adaptive.scores.choose_cells`.
    seed : int
    without : iterable of (int, int)
        Trajectories and frames not to start from.

    Returns
    -------
    list of Start
    """
    rng = np.random.default_rng(seed)
    where = np.concatenate(cells.of_frames)
    first = np.cumsum([0, *map(len, psi)])
    used = {int(first[i] + j) for i, j in without}
    starts = []
    for number, (cell, why) in enumerate(chosen):
        members = np.flatnonzero(where == cell)
        free = np.setdiff1d(members, list(used))
        frame = int(rng.choice(free if len(free) else members))
        used.add(frame)
        i = int(np.searchsorted(first, frame, side="right") - 1)
        j = frame - int(first[i])
        score = float(scores.values[cell] / scores.values.max())
        velocities = int(np.random.default_rng([seed, number]).integers(2**31 - 1))
        starts.append(Start(i, j, psi[i][j], cell, score, reason(scores, cell, why), velocities))
    return starts


def reason(scores, cell, why):
    """Why MD starts in a cell, in words."""
    visits, piece = int(scores.visits[cell]), scores.pieces[cell]
    seen = "1 frame in this cell" if visits == 1 else f"{visits} frames in this cell"
    if why == EDGES:  # of a start that died
        return f"edges: in the cell of a start at an edge; {seen}"
    if why == UNIFORM:
        return f"uniform: drawn from all cells alike; {seen}"
    if why == "counts":
        return f"counts: {seen}"
    if piece != 0:
        return f"uncertainty: not connected with the largest part, so its weight is unknown; {seen}"
    return f"uncertainty: more transitions from here make the target surer; {seen}"
