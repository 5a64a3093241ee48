"""One compared quantity: its values, its distances, and the ratio to a second MD run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from lss.analysis import Ensemble
from lss.analysis.blocks import Estimate, jackknife
from lss.analysis.quantities import Quantity, sums_of


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
    """

    quantity: Quantity
    md: Estimate | None
    lss: Estimate | None
    heldout: Estimate | None
    distance: Estimate
    limit: float | None = None
    model: float | None = None
    ratio: Estimate | None = None


def make_row(q: Quantity, md: Ensemble, lss: Ensemble, heldout: Ensemble | None) -> Row:
    """Compare one quantity between two ensembles, and with a second MD run if there is one."""
    a, b = sums_of(md, q), sums_of(lss, q)
    c = None if heldout is None else sums_of(heldout, q)
    if q.divergence:
        row = Row(q, None, None, None, jackknife(q.statistic, b, a))
    else:
        apart = jackknife(partial(difference, q), b, a)
        row = Row(q, jackknife(q.statistic, a), jackknife(q.statistic, b), None, apart)
    if c is None:
        return row
    if q.divergence:
        return _divergence_ratio(row, a, b, c)
    return _value_ratio(row, a, b, c)


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
