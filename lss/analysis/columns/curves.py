"""The numbers behind the figures of columns: marginals, maps, spectra, a stretch of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from lss.analysis import Ensemble
from lss.analysis.blocks import Estimate, jackknife
from lss.analysis.columns import distances
from lss.analysis.columns.ruler import COARSE, FINE, JOINT, QUANTILES, ColumnRuler
from lss.analysis.columns.spectra import frequencies, in_bands, power
from lss.analysis.curves import Density
from lss.analysis.given import read_values
from lss.analysis.kinetics import autocorrelation
from lss.analysis.sample import Sample

#: Lags of the stretch of each ensemble that is drawn.
STRETCH = 300

Named = dict[str, Estimate]


@dataclass(frozen=True)
class ColumnCurves:
    """Numbers behind the figures of n columns, for each ensemble by name.

    Parameters
    ----------
    columns : lss.series.columns.Columns
        Names and units.
    marginals : list of Density
        Of each column, in its unit.
    survival : list of (np.ndarray, dict of np.ndarray)
        For each column, values of it and the share of frames above them.
    quantiles : tuple of float
        Of the data, that are exceeded.
    thresholds : np.ndarray, shape (n, quantiles)
        Their values in the units of the columns; nan where the one before is the same.
    exceedance : dict of Estimate, shape (n, quantiles)
        Share of frames above.
    dwell_ps : dict of Estimate, shape (n, quantiles, 2)
        Mean time below and above at a stretch.
    times_ps : np.ndarray, shape (lags,)
    correlation : dict of Estimate, shape (lags, n)
        Autocorrelation at these times.
    frequencies_per_ps : np.ndarray, shape (bands,)
        Middle of each band; empty where the series are too short for spectra.
    power : dict of Estimate, shape (bands, n)
        Mean power in each band, in the variance of the data: 1 throughout for white noise.
    pairs : np.ndarray, shape (p, 2)
        Columns of the maps.
    joint_edges : list of (np.ndarray, np.ndarray)
        Bin edges of each map.
    joint : dict of np.ndarray, shape (p, bins, bins)
        Share of frames.
    stretches : dict of (np.ndarray, np.ndarray)
        Times, **ps**, and values (frames, n) of the beginning of the longest series, one lag apart.
    """

    columns: object
    marginals: list[Density]
    survival: list[tuple[np.ndarray, dict[str, np.ndarray]]]
    quantiles: tuple[float, ...]
    thresholds: np.ndarray
    exceedance: Named
    dwell_ps: Named
    times_ps: np.ndarray
    correlation: Named
    frequencies_per_ps: np.ndarray
    power: Named
    pairs: np.ndarray
    joint_edges: list[tuple[np.ndarray, np.ndarray]]
    joint: dict[str, np.ndarray]
    stretches: dict[str, tuple[np.ndarray, np.ndarray]]


def make_column_curves(
    samples: dict[str, Sample],
    ensembles: Iterable[Ensemble],
    ruler: ColumnRuler,
    lag_ps: float,
) -> ColumnCurves:
    """Collect the curves of the ensembles that have values of columns."""
    sums = {e.name: e.structure for e in ensembles if e.structure is not None}
    totals = {name: s.total() for name, s in sums.items()}

    def each(statistic) -> Named:
        return {name: jackknife(statistic, s) for name, s in sums.items()}

    n = range(len(ruler.columns))
    has_spectra = ruler.window > 0
    return ColumnCurves(
        columns=ruler.columns,
        marginals=[_marginal(totals, ruler, k) for k in n],
        survival=[_survival(totals, ruler, k) for k in n],
        quantiles=QUANTILES,
        thresholds=ruler.thresholds * ruler.sd[:, None] + ruler.mean[:, None],
        exceedance=each(distances.exceedances),
        dwell_ps=each(lambda s: lag_ps * distances.dwell_lags(s)),
        times_ps=ruler.lags * lag_ps,
        correlation=each(lambda s: autocorrelation(s["column_lagged"])),
        frequencies_per_ps=_middle(ruler.window) / lag_ps if has_spectra else np.empty(0),
        power=each(lambda s: in_bands(power(s))) if has_spectra else {},
        pairs=ruler.pairs,
        joint_edges=[tuple(ruler.edges(k, COARSE // JOINT) for k in pair) for pair in ruler.pairs],
        joint={name: _maps(s) for name, s in totals.items()} if len(ruler.pairs) else {},
        stretches={name: _stretch(samples[name], lag_ps) for name in sums},
    )


def _middle(window: int) -> np.ndarray:
    return in_bands(frequencies(window)[:, None])[:, 0]


def _marginal(totals: dict, ruler: ColumnRuler, k: int) -> Density:
    edges = ruler.edges(k)
    counts = {name: distances.coarse(s["column_histogram"])[k] for name, s in totals.items()}
    share = {name: c / c.sum() for name, c in counts.items()}
    return Density(
        edges=edges,
        densities={name: p[1:-1] / np.diff(edges) for name, p in share.items()},
        outside={name: float(p[0] + p[-1]) for name, p in share.items()},
    )


def _survival(totals: dict, ruler: ColumnRuler, k: int) -> tuple[np.ndarray, dict]:
    above = {}
    for name, s in totals.items():
        counts = s["column_histogram"][k]
        above[name] = (1 - np.cumsum(counts)[:-1] / counts.sum()).clip(0)
    return ruler.edges(k, COARSE * FINE), above


def _maps(s: dict) -> np.ndarray:
    share = s["joint_histogram"] / s["joint_histogram"].sum(axis=(1, 2), keepdims=True)
    return share[:, 1:-1, 1:-1]


def _stretch(sample: Sample, lag_ps: float) -> tuple[np.ndarray, np.ndarray]:
    series, lag = sample.coordinates, sample.lag // sample.stride
    longest = int(np.argmax([len(x) for x in series]))
    values = read_values(series, longest, 0, min(STRETCH * lag, len(series[longest])))[::lag]
    return np.arange(len(values)) * lag_ps, values
