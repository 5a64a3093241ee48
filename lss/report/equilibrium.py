"""Whether trajectories started in equilibrium, and the weights that make up for it, in words."""

import numpy as np

from lss.analysis.blocks import jackknife
from lss.report.tables import Table, errors_note
from lss.report.validation import Comparison
from lss.report.wording import estimate
from lss.simulation.composition import way_of_weights
from lss.units import format_time
from lss_base.weights import effective_size

SHORT = (
    "Half of the trajectories are shorter than the slowest timescale: whether they started in "
    "equilibrium can hardly be told from them. Where you chose their starts, set `weights` to "
    "'rite'."
)
NAMES = {"rite": "RiteWeight", "koopman": "Koopman reweighting", "given": "the weights given"}


def equilibrium(srv, lengths):
    """What a fitted SRV found of the equilibrium of its trajectories.

    Parameters
    ----------
    srv : srv.SRV
    lengths : sequence of int
        Frames of the trajectories.

    Returns
    -------
    dict
        `departure` and `departure_error`, the shift of the mean of psi over one lag time and what
        it would be by chance, in standard deviations; `departure_p_value`; `trajectories` with a
        pair of frames; `weights`: "rite", "koopman", "given" or None. With weights also
        `effective_frames`, as many of equal weight tell as much, of `weighted_frames`; and
        `clipped`, the share of the pairs whose weight was negative. `shorter_than_slowest`: whether
        half of the trajectories are shorter than the slowest timescale.
    """
    departure = srv.departure_
    found = {
        "departure": departure.distance,
        "departure_error": departure.error,
        "departure_p_value": departure.p_value,
        "trajectories": departure.n_trajectories,
        "weights": way_of_weights(srv),
        "shorter_than_slowest": bool(np.median(lengths) < np.nanmax([*srv.timescales_, 0.0])),
    }
    if srv.weights_ is None:
        return found
    weights = np.concatenate(srv.weights_)
    return found | {
        "effective_frames": effective_size(weights),
        "weighted_frames": int(np.count_nonzero(weights)),
        "clipped": srv.clipped_,
    }


def sentences(found, lag_ps):
    """The same in words.

    Parameters
    ----------
    found : dict
        As of `equilibrium`.
    lag_ps : float

    Returns
    -------
    list of str
    """
    moved = (
        f"over one lag of {format_time(lag_ps)} the mean of psi moves by "
        f"{found['departure']:.2g} standard deviations"
    )
    lines = [f"Start of the trajectories: {moved}, {_judged(found)}."]
    if found["weights"] is None:
        doubt = [SHORT] if found.get("shorter_than_slowest") else []
        return [*lines, "Frames have no weights.", *doubt]
    share = found["effective_frames"] / found["weighted_frames"]
    return [
        *lines,
        f"Frames are weighted by {NAMES[found['weights']]}: they tell as much as "
        f"{found['effective_frames']:,.0f} frames of equal weight, {share:.0%} of "
        f"{found['weighted_frames']:,}; {found['clipped']:.1%} of the pairs had a negative weight "
        "and have 0.",
    ]


def _judged(found):
    error, p_value = found["departure_error"], found["departure_p_value"]
    if error is None or not np.isfinite(error):
        n = found["trajectories"]
        few = "one trajectory is" if n == 1 else f"{n} trajectories are"
        return f"and {few} too few to tell whether by chance"
    told = f"{error:.1g} would be chance (p = {p_value:.2g}, {found['trajectories']} trajectories)"
    return told


def weighting(c: Comparison) -> Table | None:
    """What the weights of the MD change, and whether the LSS, which has none, agrees with them."""
    if c.md.unweighted is None:
        return None
    modes = range(1, c.n_modes + 1)
    keys = [f"t_{i}_ps" for i in modes] + ["core_a_population", "core_b_population"]
    body = []
    for row in map(c.row, keys):
        q = row.quantity
        plain = jackknife(q.statistic, c.md.unweighted)
        values = (plain, row.md, row.lss)
        body.append([q.label, *(estimate(value, q.unit, row.md) for value in values)])
    for row in (c.row(f"free_energy_rmse_psi_{i}_kT") for i in modes):
        q = row.quantity
        plain = jackknife(q.statistic, c.lss.latent, c.md.unweighted)
        label = f"{q.label}, of the LSS to it"
        body.append([label, estimate(plain, q.unit), estimate(row.distance, q.unit), ""])
    caption = (
        "The propagator needs no weights, since it learns where each step leads from where it "
        "began: the stationary distribution that it comes to is a check of the weights. "
        f"{errors_note(c)}."
    )
    data = c.words.data
    return Table(caption, ["", f"{data}, all frames alike", f"{data}, weighted", "LSS"], body, [])
