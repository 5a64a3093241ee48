"""One compared quantity: its values, how well they are known, distances, ratio to a second run."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from lss.analysis import Ensemble
from lss.analysis.blocks import Estimate, jackknife
from lss.analysis.quantities import Quantity, sums_of
from lss.analysis.thermodynamics import populations


@dataclass(frozen=True)
class Row:
    """One quantity, compared.

    Parameters
    ----------
    quantity : Quantity
        What it is.
    md, lss, heldout : Estimate or None
        Its value in each ensemble (None for divergences, and where there is no ensemble).
    distance : Estimate
        LSS to training MD: difference (of logarithms) or divergence.
    limit, model : float or None
        Training MD to held-out MD, and LSS to held-out MD.
    ratio : Estimate or None
        model / limit: 1 is as good as a second MD run.
    data_error : float
        Standard error of the LSS's value, or of its distance to the MD, that comes of the finite MD
        that it was trained on: the spread over its replicas. Relative where the quantity is
        compared by logarithms; nan without replicas.
    known_to : float
        Relative standard error to which the MD itself tells the figure, of free energies in kT: the
        largest of its block error, `data_error`, and for the slowest mode what the number of
        crossings allows. nan for what is neither kinetics nor thermodynamics of a mode nor
        compared by logarithms.
    """

    quantity: Quantity
    md: Estimate | None
    lss: Estimate | None
    heldout: Estimate | None
    distance: Estimate
    limit: float | None = None
    model: float | None = None
    ratio: Estimate | None = None
    data_error: float = math.nan
    known_to: float = math.nan

    @property
    def lss_with_data(self) -> Estimate | None:
        """The LSS's value with the errors of sampling and of data in quadrature."""
        if self.lss is None or not math.isfinite(self.data_error):
            return self.lss
        size = abs(float(self.lss.value)) if self.quantity.log else 1.0
        error = np.hypot(self.lss.standard_error, size * self.data_error)
        return replace(self.lss, standard_error=error)


def make_row(q: Quantity, md: Ensemble, lss: Ensemble, heldout: Ensemble | None) -> Row:
    """Compare one quantity between two ensembles, and with a second MD run if there is one."""
    a, b = sums_of(md, q), sums_of(lss, q)
    c = None if heldout is None else sums_of(heldout, q)
    if q.divergence:
        row = Row(q, None, None, None, jackknife(q.statistic, b, a))
    else:
        apart = jackknife(partial(difference, q), b, a)
        row = Row(q, jackknife(q.statistic, a), jackknife(q.statistic, b), None, apart)
    row = replace(row, data_error=_spread(q, lss, a))
    row = replace(row, known_to=_known_to(row, md))
    if c is None:
        return row
    if q.divergence:
        return _divergence_ratio(row, a, b, c)
    return _value_ratio(row, a, b, c)


def _spread(q: Quantity, lss: Ensemble, md) -> float:
    """Standard deviation of a figure over the replicas of the LSS, of logarithms where `q.log`."""
    totals = [sums_of(replica, q).total() for replica in lss.replicas]
    if len(totals) < 2:
        return math.nan
    values = [q.statistic(s, md.total()) if q.divergence else q.statistic(s) for s in totals]
    values = np.array(values, dtype=np.float64)
    if q.log:
        values = np.log(np.where(values > 0, values, np.nan))
    # One replica that never crosses has no timescale: nobody knows how long it is.
    return float(np.std(values, ddof=1)) if np.isfinite(values).all() else math.inf


def _known_to(row: Row, md: Ensemble) -> float:
    q, parts = row.quantity, []
    of_mode = q.area in ("kinetics", "free energies") and q.mode is not None
    if not (of_mode or q.log):
        return math.nan
    if q.divergence:
        parts.append(_profile_error(md, q.mode))
    elif float(row.md.value) > 0:
        parts += [float(row.md.standard_error) / float(row.md.value)]
        size = 1.0 if q.log else float(row.lss.value)
        parts += [row.data_error / size if size > 0 else math.nan]
    if q.mode == 0:
        # A rate is known from the crossings one way, which are half of them.
        parts.append(math.sqrt(2 / md.crossings) if md.crossings > 0 else math.inf)
    return float(np.fmax.reduce(parts)) if parts else math.nan


def _profile_error(md: Ensemble, mode: int) -> float:
    """Population-weighted block standard error of F(psi_i) of the MD, kT."""
    share = jackknife(lambda s: populations(s["psi_histogram"][mode]), md.latent)
    seen = (share.value > 0) & np.isfinite(share.standard_error)
    if not seen.any():
        return math.nan
    relative = share.standard_error[seen] / share.value[seen]
    return float(np.sqrt(np.average(relative**2, weights=share.value[seen])))


def _divergence_ratio(row: Row, md, lss, heldout) -> Row:
    statistic = row.quantity.statistic
    totals = md.total(), lss.total(), heldout.total()
    return replace(
        row,
        limit=float(statistic(totals[0], totals[2])),
        model=float(statistic(totals[1], totals[2])),
        ratio=jackknife(
            lambda a, b, c: _quotient(statistic(b, c), statistic(a, c)), md, lss, heldout
        ),
    )


def _value_ratio(row: Row, md, lss, heldout) -> Row:
    apart = partial(difference, row.quantity)
    limit = jackknife(apart, md, heldout)
    # Two runs may agree by luck: they are expected to differ by the standard error.
    bound = float(np.fmax(abs(limit.value), limit.standard_error))
    return replace(
        row,
        heldout=jackknife(row.quantity.statistic, heldout),
        limit=bound,
        model=abs(apart(lss.total(), heldout.total())),
        ratio=jackknife(lambda b, c: _quotient(abs(apart(b, c)), bound), lss, heldout),
    )


def _quotient(x: float, y: float) -> float:
    return float(x / y) if y > 0 else float("nan")


def difference(q: Quantity, s: dict, reference: dict) -> float:
    """Difference of a value between two ensembles, of logarithms where the quantity says so."""
    x, y = q.statistic(s), q.statistic(reference)
    if q.log:
        return float(np.log(x / y)) if x > 0 and y > 0 else float("nan")
    return float(x - y)
