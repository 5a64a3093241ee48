"""The quantities by which columns of time series are compared."""

from __future__ import annotations

from functools import partial

import numpy as np

from lss.analysis.columns import distances
from lss.analysis.columns.ruler import QUANTILES, ColumnRuler
from lss.analysis.columns.spectra import log_spectral_distance_dB, power
from lss.analysis.kinetics import autocorrelation
from lss.analysis.quantities import Quantity, rms


def column_quantities(ruler: ColumnRuler, lag_ps: float) -> list[Quantity]:
    """Marginals, joint distribution and kinetics of the columns, as far as the data allow."""
    columns = ruler.columns
    found = []
    for k in range(len(columns)):
        found += [*_marginal(ruler, k), *_kinetics(ruler, k, lag_ps)]
    if np.isfinite(columns.bounds).any():
        found.append(
            Quantity("out_of_bounds_share", "frames out of the bounds of the columns", "",
                     "columns", False, lambda s: float(s["out_of_bounds"] / s["frames"]),
                     "marginals")
        )  # fmt: skip
    return found + _joint(ruler)


def _marginal(ruler: ColumnRuler, k: int) -> list[Quantity]:
    name, unit = ruler.columns.names[k], ruler.columns.units[k]
    make = partial(Quantity, group="columns", area="marginals")
    apart, value = partial(make, divergence=True), partial(make, divergence=False)
    mean, sd, end = float(ruler.mean[k]), float(ruler.sd[k]), f"_{unit}" if unit else ""
    found = [
        apart(f"wasserstein_of_{name}_sd", f"{name}: W1", "sd",
              statistic=lambda a, b: float(distances.wasserstein(a, b, ruler.z_range)[k])),
        apart(f"jsd_of_{name}_bits", f"{name}: JSD", "bits",
              statistic=lambda a, b: float(distances.marginal_bits(a, b)[k])),
        value(f"mean_of_{name}{end}", f"{name}: mean", unit, scale=sd,
              statistic=lambda s: float(mean + sd * distances.mean_z(s)[k])),
        value(f"sd_of_{name}{end}", f"{name}: standard deviation", unit, log=True,
              statistic=lambda s: float(sd * distances.sd_z(s)[k])),
    ]  # fmt: skip
    for i, quantile in _thresholds(ruler, k):
        found.append(
            value(f"exceedance_of_{name}_q{quantile}", f"{name}: above the {quantile} % quantile",
                  "", log=True, statistic=lambda s, i=i: float(distances.exceedances(s)[k, i]))
        )  # fmt: skip
    return found


def _thresholds(ruler: ColumnRuler, k: int) -> list[tuple[int, str]]:
    """Number and per cent of the quantiles of a column."""
    used = np.isfinite(ruler.thresholds[k])
    return [(i, f"{100 * q:g}") for i, q in enumerate(QUANTILES) if used[i]]


def _kinetics(ruler: ColumnRuler, k: int, lag_ps: float) -> list[Quantity]:
    name = ruler.columns.names[k]
    make = partial(Quantity, group="columns", area="kinetics")
    found = [
        make(f"autocorrelation_of_{name}_rms", f"{name}: autocorrelation, RMS difference", "",
             divergence=True, statistic=lambda a, b: rms(_correlation(a, k) - _correlation(b, k)))
    ]  # fmt: skip
    if ruler.window:
        found.append(
            make(f"spectrum_of_{name}_dB", f"{name}: spectrum, log-spectral distance", "dB",
                 divergence=True,
                 statistic=lambda a, b: float(log_spectral_distance_dB(power(a), power(b))[k]))
        )  # fmt: skip
    for i, quantile in _thresholds(ruler, k):
        for j, side in ((1, "above"), (0, "below")):
            found.append(
                make(f"dwell_{side}_of_{name}_q{quantile}_ps",
                     f"{name}: mean stay {side} the {quantile} % quantile", "ps",
                     divergence=False, log=True, statistic=lambda s, i=i, j=j: float(
                         lag_ps * distances.dwell_lags(s)[k, i, j]))
            )  # fmt: skip
    return found


def _correlation(s, k: int) -> np.ndarray:
    return autocorrelation(s["column_lagged"])[:, k]


def _joint(ruler: ColumnRuler) -> list[Quantity]:
    names = ruler.columns.names
    apart = partial(Quantity, group="columns", area="joint distribution", divergence=True)
    found = [
        apart(f"jsd_of_{names[i]}_and_{names[j]}_bits", f"{names[i]} and {names[j]}: map, JSD",
              "bits", statistic=lambda a, b, p=p: float(distances.joint_bits(a, b)[p]))
        for p, (i, j) in enumerate(ruler.pairs)
    ]  # fmt: skip
    if len(names) > 1:
        off = ~np.eye(len(names), dtype=bool)
        found.append(
            apart("correlation_coefficients_rms",
                  "correlation coefficients between columns, RMS difference", "",
                  statistic=lambda a, b: rms(
                      (distances.correlations(a) - distances.correlations(b))[off]))
        )  # fmt: skip
    return found
