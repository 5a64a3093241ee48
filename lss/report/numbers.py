"""Every number of the report as JSON-able data; each key names its unit."""

from __future__ import annotations

import dataclasses
import math

from lss.analysis import Ensemble
from lss.analysis.blocks import Estimate
from lss.analysis.columns.curves import ColumnCurves
from lss.analysis.rows import Row
from lss.report.lights import judged, light
from lss.report.tables import errors_note
from lss.report.validation import Comparison
from lss.report.verdict import Verdict
from lss.report.words import Words

#: Raised when a key changes its meaning.
FORMAT_VERSION = 1


def comparison_data(c: Comparison, verdict: Verdict) -> dict:
    """A comparison as nested dicts of numbers, arrays and text.

    Parameters
    ----------
    c : Comparison
        From :func:`lss.report.validation.compare`.
    verdict : Verdict
        From :func:`lss.report.verdict.judge`.
    """
    ensembles = [e for e in (c.md, c.lss, c.heldout) if e is not None]
    return {
        "format_version": FORMAT_VERSION,
        "lag_ps": c.lag_ps,
        "errors": errors_note(c),
        "ensembles": {e.name: _ensemble(e, c.words) for e in ensembles},
        "cores_on_psi_1": {
            "core_a_up_to": c.cores.low,
            "core_b_from": c.cores.high,
            "names": list(c.core_names),
        },
        "srv_timescales_ps": c.srv_timescales_ps,
        **({} if c.reversible else {"reversible": False}),
        "quantities": {row.quantity.key: _row(row, c.words) for row in c.rows},
        "verdict": dataclasses.asdict(verdict),
        **_curves(c),
    }


def _ensemble(e: Ensemble, words: Words) -> dict:
    measured = 0 if e.structure is None else int(e.structure.sizes.sum())
    return {
        "trajectories": e.n_trajectories,
        "frames": e.n_frames,
        "frame_spacing_ps": e.frame_ps,
        "total_time_ps": e.n_frames * e.frame_ps,
        f"{words.thing}_measured": measured,
        "core_to_core_transitions_at_lag_resolution": e.crossings,
        "blocks": e.blocks,
    }


def _estimate(e: Estimate | None) -> dict | None:
    if e is None:
        return None
    low, high = e.interval(0.95)
    return {
        "value": e.value,
        "standard_error": e.standard_error,
        "interval_95_percent": [low, high],
        "degrees_of_freedom": e.dof,
        "bias_from_finite_number_of_frames": e.bias,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _row(row: Row, w: Words) -> dict:
    q = row.quantity
    return {
        "label": q.label,
        "unit": q.unit or "dimensionless",
        "area": q.area,
        "distance_unit": "difference of natural logarithms" if q.log else q.unit or "dimensionless",
        w.key: _estimate(row.md),
        "lss": _estimate(row.lss),
        f"heldout_{w.key}": _estimate(row.heldout),
        "lss_standard_error_from_data": _finite(row.data_error),
        "lss_with_data": _estimate(row.lss_with_data),
        f"{w.key}_relative_standard_error": _finite(row.known_to),
        f"lss_to_{w.key}": _estimate(row.distance),
        f"{w.key}_to_heldout": row.limit,
        "lss_to_heldout": row.model,
        f"ratio_to_second_{w.run_key}": _estimate(row.ratio),
        "light": light(row) if judged(row) else None,
    }


def _curves(c: Comparison) -> dict:
    curves = c.curves
    data = {
        "free_energy": {
            name: [
                _profile(p, k, c.words) for p, k in zip(own, curves.alignment_kT[name], strict=True)
            ]
            for name, own in curves.profiles.items()
        },
        "free_energy_rmse_from_errors_alone_kT": curves.noise_kT,
        "correlation_times_ps": curves.times_ps,
        "autocorrelation": _named(curves.correlation),
        "implied_timescales_against_lag_ps": _named(curves.timescales_ps),
        "chapman_kolmogorov_times_ps": curves.ck_times_ps,
        "chapman_kolmogorov_autocorrelation": _named(curves.ck_correlation),
        "chapman_kolmogorov_core_to_core_probability": _named(curves.ck_probability),
    }
    if curves.tica_edges is not None:
        data["tica_bin_edges_dimensionless"] = curves.tica_edges
        data["tica_populations"] = curves.tica_populations
        data["densities"] = {k: dataclasses.asdict(d) for k, d in curves.densities.items()}
    if c.columns is not None:
        data["columns"] = column_data(c.columns)
    if c.gallery is not None:
        data["mean_rmsd_of_pairs_nm"] = dict(
            zip(c.core_names, c.gallery.pairwise_rmsd_nm, strict=True)
        )
    return data


def column_data(curves: ColumnCurves) -> dict:
    """Numbers of the columns, in their order and units."""
    return {
        "names": curves.columns.names,
        "units": curves.columns.units,
        "marginals": [dataclasses.asdict(d) for d in curves.marginals],
        "quantiles": curves.quantiles,
        "thresholds": curves.thresholds,
        "exceedance": _named(curves.exceedance),
        "mean_stay_below_and_above_ps": _named(curves.dwell_ps),
        "correlation_times_ps": curves.times_ps,
        "autocorrelation": _named(curves.correlation),
        "frequencies_per_ps": curves.frequencies_per_ps,
        "power_in_variance_of_the_data": _named(curves.power),
        "pairs": [[curves.columns.names[i] for i in pair] for pair in curves.pairs],
    }


def _named(estimates: dict[str, Estimate]) -> dict:
    return {name: _estimate(e) for name, e in estimates.items()}


def _profile(p, shift: float, words: Words) -> dict:
    return {
        "bin_edges_psi": p.edges,
        "free_energy_kT": p.free_energy_kT,
        "standard_error_kT": p.standard_error_kT,
        "population": p.population,
        "empty_bins": int((p.population == 0).sum()),
        "outside_share": p.outside,
        f"alignment_with_{words.key}_kT": shift,
    }
