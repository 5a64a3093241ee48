"""The numbers behind the figures: profiles, correlation functions, maps."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lss.analysis import CK_LAGS, PSI_BINS, Ensemble, LatentRuler
from lss.analysis.blocks import Estimate, jackknife
from lss.analysis.kinetics import autocorrelation, implied_timescale
from lss.analysis.structure import SCALAR_BINS, TICA_BINS, Ruler
from lss.analysis.thermodynamics import Profile, alignment_kT, free_energy, populations
from lss.analysis.transitions import probabilities

Named = dict[str, Estimate]


@dataclass(frozen=True)
class Density:
    """Probability density of one quantity in each ensemble, on common bins."""

    edges: np.ndarray
    densities: dict[str, np.ndarray]
    outside: dict[str, float]


@dataclass(frozen=True)
class Curves:
    """Numbers behind the figures, for each ensemble by name.

    Parameters
    ----------
    profiles : dict of list of Profile
        F of each mode.
    alignment_kT : dict of list of float
        Constant to add to the profile of each mode to align it with the MD's.
    noise_kT : list of float
        The free-energy RMSE that block errors alone would give, for each mode.
    times_ps : np.ndarray, shape (lags,)
        Times of the autocorrelations and the implied timescales.
    correlation : dict of Estimate, shape (lags, m)
        C_i(t).
    timescales_ps : dict of Estimate, shape (lags, m)
        -t / ln C_i(t).
    ck_times_ps : np.ndarray, shape (4,)
        Times of the Chapman-Kolmogorov test.
    ck_correlation : dict of Estimate, shape (4, m)
        C_i at these times.
    ck_probability : dict of Estimate, shape (4, 2, 2)
        Probability from core to core after these times.
    profile_data_kT : list of np.ndarray, shape (bins,)
        Standard deviation of the LSS's aligned profile of each mode over its replicas; empty
        without replicas.
    timescale_data_ps : np.ndarray, shape (lags, m), or None
        The same of its timescales.
    tica_edges, tica_populations
        Bin edges, shape (2, bins + 1), and populations, shape (bins, bins); None and empty
        without coordinates.
    densities : dict of Density
        Of ``rg_nm`` and ``rmsd_nm``; empty without coordinates.
    """

    profiles: dict[str, list[Profile]]
    alignment_kT: dict[str, list[float]]
    noise_kT: list[float]
    times_ps: np.ndarray
    correlation: Named
    timescales_ps: Named
    ck_times_ps: np.ndarray
    ck_correlation: Named
    ck_probability: Named
    profile_data_kT: list[np.ndarray] = field(default_factory=list)
    timescale_data_ps: np.ndarray | None = None
    tica_edges: np.ndarray | None = None
    tica_populations: dict[str, np.ndarray] = field(default_factory=dict)
    densities: dict[str, Density] = field(default_factory=dict)

    @property
    def training(self) -> str:
        """Name of the ensemble that was trained on."""
        return next(iter(self.profiles))


def make_curves(
    md: Ensemble,
    lss: Ensemble,
    heldout: Ensemble | None,
    latent: LatentRuler,
    ruler: Ruler | None,
    lag_ps: float,
) -> Curves:
    """Collect the curves of two or three ensembles."""
    ensembles = [e for e in (md, lss, heldout) if e is not None]
    modes = range(latent.psi_range.shape[1])
    edges = [np.linspace(*latent.psi_range[:, i], PSI_BINS + 1) for i in modes]
    profiles = {
        e.name: [free_energy(e.latent, "psi_histogram", i, edges[i]) for i in modes]
        for e in ensembles
    }
    aligned = {
        name: [alignment_kT(p.population, q.population) for p, q in zip(own, profiles[md.name],
                                                                        strict=True)]
        for name, own in profiles.items()
    }  # fmt: skip
    times = latent.lags * lag_ps
    return Curves(
        profiles=profiles,
        alignment_kT=aligned,
        noise_kT=[_noise(a, b) for a, b in zip(profiles[md.name], profiles[lss.name], strict=True)],
        times_ps=times,
        correlation={
            e.name: jackknife(lambda s: autocorrelation(s["lagged"]), e.latent) for e in ensembles
        },
        timescales_ps={
            e.name: jackknife(
                lambda s: implied_timescale(autocorrelation(s["lagged"]), times[:, None]), e.latent
            )
            for e in ensembles
        },
        ck_times_ps=np.array(CK_LAGS) * lag_ps,
        ck_correlation={
            e.name: jackknife(lambda s: autocorrelation(s["ck_lagged"]), e.latent)
            for e in ensembles
        },
        ck_probability={
            e.name: jackknife(lambda s: probabilities(s["staying"])[..., :2], e.latent)
            for e in ensembles
        },
        **_replica_curves(lss, profiles[md.name], times),
        **({} if ruler is None else _structure_curves(ensembles, ruler)),
    )


def _replica_curves(lss: Ensemble, reference: list[Profile], times: np.ndarray) -> dict:
    """How far profiles and timescales of the replicas of an LSS differ."""
    totals = [replica.latent.total() for replica in lss.replicas]
    if len(totals) < 2:
        return {}
    found = []
    for i, profile in enumerate(reference):
        shares = [populations(s["psi_histogram"][i])[1:-1] for s in totals]
        with np.errstate(divide="ignore", invalid="ignore"):
            energies = [-np.log(p) + alignment_kT(p, profile.population) for p in shares]
            found.append(np.std(energies, axis=0, ddof=1))
    each = [implied_timescale(autocorrelation(s["lagged"]), times[:, None]) for s in totals]
    return {"profile_data_kT": found, "timescale_data_ps": np.std(each, axis=0, ddof=1)}


def _noise(a: Profile, b: Profile) -> float:
    """Weighted root mean square of the combined block errors, weights as in the RMSE."""
    both = np.isfinite(a.standard_error_kT) & np.isfinite(b.standard_error_kT)
    if not both.any():
        return float("nan")
    variance = a.standard_error_kT[both] ** 2 + b.standard_error_kT[both] ** 2
    return float(np.sqrt(np.average(variance, weights=a.population[both])))


def _structure_curves(ensembles: list[Ensemble], ruler: Ruler) -> dict:
    totals = {e.name: e.structure.total() for e in ensembles if e.structure is not None}
    maps = {
        name: s["tica_histogram"][1:-1, 1:-1] / s["tica_histogram"].sum()
        for name, s in totals.items()
    }
    edges = np.stack([np.linspace(*ruler.tica_range[:, i], TICA_BINS + 1) for i in range(2)])
    densities = {
        "rg_nm": _density(totals, "rg_histogram", ruler.rg_range),
        "rmsd_nm": _density(totals, "rmsd_histogram", ruler.rmsd_range),
    }
    return {"tica_edges": edges, "tica_populations": maps, "densities": densities}


def _density(totals: dict, key: str, limits: np.ndarray) -> Density:
    edges = np.linspace(limits[0, 0], limits[1, 0], SCALAR_BINS + 1)
    share = {name: s[key][0] / s[key].sum() for name, s in totals.items()}
    return Density(
        edges=edges,
        densities={name: p[1:-1] / np.diff(edges) for name, p in share.items()},
        outside={name: float(p[0] + p[-1]) for name, p in share.items()},
    )
