"""How much each cell deserves the next MD, and a batch of starts that is not spent on one cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lss.adaptive.markov import reversible_matrix, separate_pieces, transition_counts
from lss.adaptive.uncertainty import TARGETS, decrease, rows_of, variance
from lss_base.estimators import check_choice, check_count, check_number

if TYPE_CHECKING:
    from lss.adaptive.cells import Cells

STRATEGIES = ("mixed", "counts", "uncertainty", "edges")
UNIFORM, EDGES = "uniform", "edges"
#: "mixed" goes over to the uncertainty when at most this share of cells is new in so many rounds.
QUIET_ROUNDS, NEW_SHARE = 2, 0.1
UNIFORM_SHARE = 0.15


@dataclass(frozen=True)
class Scores:
    """Scores of cells and where they come from.

    Attributes
    ----------
    values : np.ndarray, shape (n_cells,)
        Not negative; only their ratios count.
    strategy : {"counts", "uncertainty"}
        That is in force; "mixed" is either.
    visits : np.ndarray of int, shape (n_cells,)
        Frames in each cell.
    pieces : np.ndarray of int, shape (n_cells,)
        See `lss.adaptive.markov.separate_pieces`.
    error : float
        Standard error of the target that the transitions seen leave: of ln t, of populations or of
        F in kT (root mean square over modes or cells); nan where no model was made.
    """

    values: np.ndarray
    strategy: str
    visits: np.ndarray
    pieces: np.ndarray
    error: float = np.nan


def score_cells(
    cells: Cells,
    lag: int,
    strategy: str = "mixed",
    target: str = "timescales",
    *,
    n_modes: int = 1,
    more: float | None = None,
    rounds: Sequence[int] | None = None,
) -> Scores:
    """Score the cells of psi.

    Parameters
    ----------
    cells : lss.adaptive.cells.Cells
    lag : int
        In frames.
    strategy : {"mixed", "counts", "uncertainty", "edges"}
        "counts", and "edges" for those starts that do not lie at edges, is 1 / visits.
        "uncertainty" is the decrease of the variance of the target that more transitions from the
        cell would bring, by the Markov model of the largest piece; cells outside it, whose weight
        and rates are not known at all, have the score of the best cell inside. "mixed" is "counts"
        as long as the last rounds found many cells: see `settled`.
    target : {"timescales", "populations", "F"}
    n_modes : int
        Slowest processes whose timescales are asked for.
    more : float, optional
        Transitions that one piece of MD would add; as many as the mean trajectory has, at least
        one, where not given.
    rounds : sequence of int, optional
        The round of each trajectory, for "mixed"; where not given, all are of round 0.

    Returns
    -------
    Scores

    Raises
    ------
    ValueError
    """
    check_choice("strategy", strategy, STRATEGIES)
    check_choice("target", target, TARGETS)
    check_count("n_modes", n_modes)
    long = [c for c in cells.of_frames if len(c) > lag]
    counts = transition_counts(long, lag, len(cells))
    pieces, visits = separate_pieces(counts), cells.visits
    if strategy == "mixed":
        strategy = "uncertainty" if settled(cells, rounds) else "counts"
    inside = np.flatnonzero(pieces == 0)
    if strategy in ("counts", EDGES) or len(inside) < 3:
        return Scores(1 / visits, "counts", visits, pieces)
    if more is None:
        more = max(1.0, np.mean([(len(c) - lag) / lag for c in long]))
    part = counts[inside][:, inside]
    n = np.asarray(part.sum(axis=1)).ravel()
    rows = rows_of(target, *reversible_matrix(part), n_modes)
    drop = decrease(rows, n, more)
    values = np.full(len(cells), drop.max())
    values[inside] = drop
    n_asked = n_modes if target == "timescales" else len(inside)
    error = np.sqrt(variance(rows, n) / n_asked)
    return Scores(values, "uncertainty", visits, pieces, error)


def settled(cells, rounds, quiet=QUIET_ROUNDS):
    """Whether hardly a cell was new in the last `quiet` rounds; False where there were not as many.

    At most one in ten: at the rim of what was visited there are always new ones, and the last of
    them is not worth all the MD.
    """
    latest = max(rounds, default=0) if rounds is not None else 0
    if latest < quiet:
        return False
    return bool(np.mean(cells.first_rounds(rounds) > latest - quiet) <= NEW_SHARE)


def choose_cells(
    scores: Scores, cells: Cells, number: int, seed: int, uniform: float = UNIFORM_SHARE
) -> list[tuple[int, str]]:
    """Choose the cells of a batch of starts.

    The first cell is the one of the highest score. After each choice the scores are multiplied by
    the mean over the chosen cells of 1 - exp(-d^2 / 2 w^2), the spreading of FAST (M. Zimmerman and
    G. Bowman, J. Chem. Theory Comput. 11, 5747 (2015)), and a cell that was chosen k times has its
    score divided by (k + 1)^2, as the decrease of a variance with the number of runs. The last ones
    are drawn from all cells alike.

    Parameters
    ----------
    scores : Scores
    cells : lss.adaptive.cells.Cells
    number : int
    seed : int
    uniform : float
        Share of the batch that is drawn from all cells alike, from 0 to less than 1.

    Returns
    -------
    list of (int, str)
        Cell and strategy of each start.
    """
    check_count("number", number)
    check_number("uniform", uniform, 0, 1)
    rng = np.random.default_rng(seed)
    n_uniform = int(rng.binomial(number, uniform))
    ties = 1 + 1e-9 * rng.random(len(cells))
    width, chosen, times = typical_distance(cells), [], np.zeros(len(cells))
    spread = np.zeros(len(cells))
    for _ in range(number - n_uniform):
        far = spread / len(chosen) if chosen else 1.0
        cell = int(np.argmax(scores.values * ties * (far + 1e-6) / (1 + times) ** 2))
        chosen.append(cell)
        times[cell] += 1
        spread += 1 - np.exp(-(cells.distances(cell) ** 2) / (2 * width**2))
    drawn = rng.integers(len(cells), size=n_uniform)
    return [(c, scores.strategy) for c in chosen] + [(int(c), UNIFORM) for c in drawn]


def typical_distance(cells):
    """Median distance of a centre from the nearest other one, in standard deviations of psi."""
    from sklearn.neighbors import NearestNeighbors

    points = cells.centres / cells.scale
    if len(points) < 2:
        return 1.0
    found = NearestNeighbors(n_neighbors=2).fit(points).kneighbors(points)[0][:, 1]
    return max(float(np.median(found)), 1e-12)
