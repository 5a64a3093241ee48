"""The quantities by which ensembles are compared: values and distances, with their units.

A *value* belongs to one ensemble (a timescale, the mean Rg); its distance between two
ensembles is the difference, of logarithms where ``log``. A *divergence* is a distance
between two ensembles from the start (a free-energy RMSE, a Jensen-Shannon divergence).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, permutations

import numpy as np

from lss.analysis import Ensemble
from lss.analysis.kinetics import autocorrelation, fit_exponential, implied_timescale
from lss.analysis.named import between
from lss.analysis.rotation import decay, nearest, period, propagator_eigenvalues
from lss.analysis.thermodynamics import jensen_shannon_bits, profile_rmse_kT
from lss.analysis.transitions import passage_times_ps, probabilities

AREAS = (
    "marginals", "joint distribution", "free energies", "kinetics", "local structure",
    "global structure",
)  # fmt: skip


@dataclass(frozen=True)
class Quantity:
    """One figure to compare.

    Parameters
    ----------
    key : str
        Name in JSON, ending in the unit.
    label : str
        Name for readers.
    unit : str
        Unit of the value: ps, 1/ps, nm, kT, bits, sd (standard deviations of the data), dB, that of
        a column, or empty for pure numbers.
    group : str
        "latent", "structure" or "columns": which sums it is computed from.
    divergence : bool
        Whether it takes two ensembles' sums (given, reference) instead of one's.
    statistic : callable
        dict(s) of sums to a number.
    area : str
        One of :data:`AREAS`, by which the verdict is grouped.
    log : bool
        Whether differences are taken between logarithms.
    mode : int or None
        Which slow mode it belongs to, from 0; the cores are on the slowest.
    scale : float or None
        Size that a difference is measured by where neither the value nor the unit tells: the
        standard deviation of a column.
    """

    key: str
    label: str
    unit: str
    group: str
    divergence: bool
    statistic: Callable[..., float]
    area: str
    log: bool = False
    mode: int | None = None
    scale: float | None = None


def latent_quantities(
    n_modes: int, lag_ps: float, lags: np.ndarray, rotating: Sequence[complex] = ()
) -> list[Quantity]:
    """Free energies, timescales, transitions and Chapman-Kolmogorov distances.

    Where the process does not obey detailed balance, ``rotating`` holds the eigenvalues of the
    propagator of the data, for decays and periods.
    """
    found = []
    for i in range(n_modes):
        found += _mode_quantities(i, lag_ps, lags * lag_ps)
    for k, value in enumerate(rotating, start=1):
        found += _rotation_quantities(k, value, lag_ps)
    time = partial(
        Quantity, unit="ps", group="latent", divergence=False, area="kinetics", log=True, mode=0
    )
    share = partial(
        Quantity, unit="", group="latent", divergence=False, area="free energies", mode=0
    )
    apart = partial(Quantity, unit="", group="latent", divergence=True, area="kinetics")
    after = "after 1, 2, 5, 10 lags, RMS difference"
    return [
        *found,
        time("transitions_per_ps", "core-to-core transitions", unit="1/ps",
             statistic=partial(_crossings_per_ps, lag_ps=lag_ps)),
        time("passage_time_a_to_b_ps", "mean passage time A to B",
             statistic=lambda s: passage_times_ps(s["transitions"], lag_ps)[0]),
        time("passage_time_b_to_a_ps", "mean passage time B to A",
             statistic=lambda s: passage_times_ps(s["transitions"], lag_ps)[1]),
        share("core_a_population", "population of core A",
              statistic=lambda s: s["basins"][0] / s["basins"].sum()),
        share("core_b_population", "population of core B",
              statistic=lambda s: s["basins"][2] / s["basins"].sum()),
        apart("ck_correlation_rms", f"correlation of the modes {after}",
              statistic=lambda a, b: rms(
                  autocorrelation(a["ck_lagged"]) - autocorrelation(b["ck_lagged"]))),
        apart("ck_probability_rms", f"core-to-core probability {after}",
              statistic=lambda a, b: rms(
                  (probabilities(a["staying"]) - probabilities(b["staying"]))[..., :2])),
    ]  # fmt: skip


def _mode_quantities(i: int, lag_ps: float, times: np.ndarray) -> list[Quantity]:
    """Timescale and free energy of one mode."""
    of_mode = partial(Quantity, group="latent", mode=i)
    time = partial(of_mode, unit="ps", divergence=False, area="kinetics", log=True)
    energy = partial(of_mode, unit="kT", divergence=True, area="free energies")
    k = i + 1
    return [
        time(f"t_{k}_ps", f"implied timescale t_{k}",
             statistic=partial(_timescale, mode=i, lag_ps=lag_ps)),
        time(f"t_{k}_exponential_fit_ps", f"t_{k} from exponential fit",
             statistic=partial(_fitted, mode=i, times=times)),
        energy(f"free_energy_rmse_psi_{k}_kT", f"F(psi_{k}) RMSE, population-weighted",
               statistic=partial(_rmse, mode=i, weighted=True)),
        energy(f"free_energy_rmse_plain_psi_{k}_kT", f"F(psi_{k}) RMSE, plain",
               statistic=partial(_rmse, mode=i, weighted=False)),
    ]  # fmt: skip


def _rotation_quantities(k: int, target: complex, lag_ps: float) -> list[Quantity]:
    """Decay and period of one eigenvalue of the propagator: that nearest to the data's."""
    time = partial(Quantity, unit="ps", group="latent", divergence=False, area="kinetics", log=True)

    def measured(s, of) -> float:
        return of(nearest(propagator_eigenvalues(s["cross_lagged"]), target), lag_ps)

    turning = target.imag != 0
    what = f"rotation {k}" if turning else f"mode {k} of the propagator"
    found = [time(f"decay_{k}_ps", f"decay time of {what}", statistic=partial(measured, of=decay))]
    if turning:
        found.append(time(f"period_{k}_ps", f"period of {what}",
                          statistic=partial(measured, of=period)))  # fmt: skip
    return found


def _timescale(s, mode: int, lag_ps: float) -> float:
    return float(implied_timescale(autocorrelation(s["lagged"][0])[mode], lag_ps))


def _fitted(s, mode: int, times: np.ndarray) -> float:
    return float(fit_exponential(times, autocorrelation(s["lagged"])[:, mode : mode + 1])[0])


def _rmse(a, b, mode: int, weighted: bool) -> float:
    return profile_rmse_kT(a["psi_histogram"][mode], b["psi_histogram"][mode], weighted)


def _crossings_per_ps(s, lag_ps: float) -> float:
    """Crossings both ways over the time since a core was first visited; nan if never."""
    counts = s["transitions"]
    time = counts.sum() * lag_ps
    return float((counts[0, 1] + counts[1, 0]) / time) if time > 0 else float("nan")


def named_quantities(states: Sequence, frames: np.ndarray, lag_ps: float) -> list[Quantity]:
    """Population of each named state, and mean passage times of those that share no frame.

    ``frames`` are the sums ``named`` of the data, as of :func:`lss.analysis.named.add_named_sums`.
    """
    of = partial(Quantity, group="latent", divergence=False)
    found = [
        of(f"population_of_{state.name}", f"population of {state.name}", unit="",
           area="free energies", statistic=lambda s, i=i: s["named"][i, i] / s["named"][-1, -1])
        for i, state in enumerate(states)
    ]  # fmt: skip
    for i, j in combinations(range(len(states)), 2):
        if frames[i, j]:
            continue
        key = between(states[i], states[j])
        for way, (a, b) in enumerate(permutations((states[i].name, states[j].name))):
            time = of(
                f"time_from_{a}_to_{b}_ps",
                f"mean passage time {a} to {b}",
                unit="ps",
                area="kinetics",
                log=True,
                statistic=lambda s, key=key, way=way: passage_times_ps(s[key], lag_ps)[way],
            )
            found.append(time)
    return found


def rms(x: np.ndarray) -> float:
    return float(np.sqrt(np.nanmean(x**2))) if np.isfinite(x).any() else float("nan")


def structure_quantities(sums: dict[str, np.ndarray], site_kind: str) -> list[Quantity]:
    """Structure figures that the sums of the ensembles allow."""
    whole = partial(Quantity, group="structure", divergence=False, area="global structure")
    local = partial(Quantity, group="structure", divergence=False, area="local structure")
    found = [
        whole("rg_mean_nm", "Rg, mean", "nm", statistic=partial(_mean, name="rg")),
        whole("rg_sd_nm", "Rg, standard deviation", "nm", statistic=partial(_sd, name="rg")),
        whole("rmsd_mean_nm", "RMSD to the reference, mean", "nm",
              statistic=partial(_mean, name="rmsd")),
    ]  # fmt: skip
    if "ca_bonds" in sums:
        label = "CA-CA bond length"
        found += [
            local("ca_bond_mean_nm", f"{label}, mean", "nm",
                  statistic=partial(_mean, name="ca_bonds")),
            local("ca_bond_sd_nm", f"{label}, standard deviation", "nm",
                  statistic=partial(_sd, name="ca_bonds")),
        ]  # fmt: skip
    shares = [
        ("clashes", "clash_share", "frames with a clash"),
        ("inverted", "inverted_share", "tetrahedral centres inverted"),
        ("cis", "cis_share", "peptide bonds cis"),
    ]
    found += [
        local(key, label, "", statistic=partial(_share, name=name))
        for name, key, label in shares
        if name in sums
    ]
    return found + _structure_divergences(sums, site_kind)


def _structure_divergences(sums: dict[str, np.ndarray], site_kind: str) -> list[Quantity]:
    apart = partial(Quantity, group="structure", divergence=True)
    near, far = "local structure", "global structure"
    means = [("bonds", "bond lengths", "nm"), ("angles", "angles", "rad")]
    histograms = [
        ("torsion_histogram", "torsion_jsd_bits", "torsions, mean JSD", near),
        ("ramachandran_histogram", "phi_psi_jsd_bits", "phi-psi maps, mean JSD", near),
        ("pair_histogram", "pair_distance_jsd_bits", f"{site_kind} pair distances, mean JSD", far),
        ("tica_histogram", "tica_jsd_bits", "TICA map, JSD", far),
        ("rg_histogram", "rg_jsd_bits", "Rg, JSD", far),
        ("rmsd_histogram", "rmsd_jsd_bits", "RMSD to the reference, JSD", far),
    ]
    return [
        apart(f"{name}_rms_{unit}", f"{label}: mean of each, RMS difference", unit, area=near,
              statistic=partial(_means_apart, name=name))
        for name, label, unit in means
        if name in sums
    ] + [
        apart(key, label, "bits", area=area, statistic=partial(_jsd, name=name))
        for name, key, label, area in histograms
        if name in sums
    ]  # fmt: skip


def _mean(s, name: str) -> float:
    return mean_sd(s[name], s)[0]


def _sd(s, name: str) -> float:
    return mean_sd(s[name], s)[1]


def mean_sd(moments: np.ndarray, s: dict[str, np.ndarray]) -> tuple[float, float]:
    """Mean and standard deviation over frames (and rows, where there are several)."""
    rows = np.atleast_2d(moments)
    n = s["frames"] * len(rows)
    mean = rows[:, 0].sum() / n
    return float(mean), float(np.sqrt(max(rows[:, 1].sum() / n - mean**2, 0)))


def _share(s, name: str) -> float:
    return float(np.mean(s[name]) / s["frames"])


def _means_apart(a, b, name: str) -> float:
    return rms(a[name][:, 0] / a["frames"] - b[name][:, 0] / b["frames"])


def _jsd(a, b, name: str) -> float:
    """Mean over the rows (pairs, torsions); maps are taken cell by cell."""
    p, q = a[name], b[name]
    if name in ("ramachandran_histogram", "tica_histogram"):
        p, q = p.reshape(*p.shape[:-2], -1), q.reshape(*q.shape[:-2], -1)
    return float(np.mean(jensen_shannon_bits(p, q)))


def sums_of(ensemble: Ensemble, quantity: Quantity):
    """The block sums that a quantity is computed from; None where there are no coordinates."""
    return ensemble.latent if quantity.group == "latent" else ensemble.structure
