"""Compare synthetic trajectories with MD, and with a second MD run where there is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lss.analysis import Ensemble, analyse, make_latent_ruler
from lss.analysis.curves import Curves, make_curves
from lss.analysis.gallery import Gallery, make_gallery
from lss.analysis.kinetics import implied_timescale
from lss.analysis.measures import describe
from lss.analysis.quantities import latent_quantities, structure_quantities
from lss.analysis.rows import Row, make_row
from lss.analysis.sample import Sample, check_together
from lss.analysis.structure import make_ruler
from lss.analysis.transitions import Cores
from lss.errors import InputError
from lss.molecule.atoms import is_alpha_carbon
from lss.report.movie import Movie, make_movie


@dataclass(frozen=True)
class Comparison:
    """Everything that was found; the report is made from it.

    Parameters
    ----------
    rows : list of Row
        The compared quantities.
    md, lss, heldout : lss.analysis.Ensemble
        The block sums (held-out: or None).
    lag_ps : float
        The lag, **ps**.
    cores : Cores
        On psi_1.
    core_names : tuple of str
        Names of core A, the region between, and core B.
    curves : Curves
        Numbers behind the figures.
    gallery : Gallery or None
        Structures to draw, where there are coordinates.
    movie : Movie or None
        Synthetic frames to play, where there are coordinates.
    srv_timescales_ps : list of float
        From the eigenvalues of the SRV, **ps**.
    """

    rows: list[Row]
    md: Ensemble
    lss: Ensemble
    heldout: Ensemble | None
    lag_ps: float
    cores: Cores
    core_names: tuple[str, str, str]
    curves: Curves
    gallery: Gallery | None
    movie: Movie | None
    srv_timescales_ps: list[float]

    def row(self, key: str) -> Row:
        """The row of one quantity by its key.

        Raises
        ------
        KeyError
            When it was not computed.
        """
        for row in self.rows:
            if row.quantity.key == key:
                return row
        raise KeyError(key)

    @property
    def n_modes(self) -> int:
        """Number of modes."""
        return self.md.latent.sums["psi_histogram"].shape[1]


def compare(
    md: Sample,
    lss: Sample,
    held_out: Sample | None = None,
    *,
    lag_ps: float,
    reference=None,
    eigenvalues=None,
    replicas: Sequence[Sample] = (),
    tick: Callable[[int], None] = lambda n: None,
) -> Comparison:
    """Compare an LSS ensemble with the MD it was trained on.

    Parameters
    ----------
    md, lss : lss.analysis.sample.Sample
        The MD that was trained on, and the synthetic trajectories. Structures are compared where
        both have coordinates; those of the MD must be of so many frames that the lag is a whole
        number of them.
    held_out : lss.analysis.sample.Sample, optional
        A second MD run that no network was trained on: gives the ratios.
    lag_ps : float
        The lag, **ps**.
    reference : mdtraj.Trajectory, optional
        One frame of the decoded atoms, **nm**, that RMSD are measured to; needed with coordinates.
    eigenvalues : array-like, shape (m,), optional
        Of the SRV.
    replicas : sequence of Sample
        Of propagators trained on bootstrap samples of the MD (`mdn.replicas`): their spread is the
        error of the LSS that comes of the MD. Structures are compared where they have coordinates.
    tick : callable
        Called with the number of coordinate frames done since the last call.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        When samples do not fit together, or trajectories are shorter than the lag.
    """
    from threadpoolctl import threadpool_limits

    if not lag_ps > 0:
        raise InputError(f"lag_ps is {lag_ps}, wanted more than 0 ps")
    samples = {"MD": md, "LSS": lss}
    if held_out is not None:
        samples["held-out MD"] = held_out
    check_together(samples | {f"replica {i}": r for i, r in enumerate(replicas, 1)}, reference)
    latent = make_latent_ruler(md, lss)
    # The matrices are small: BLAS threads would spend their time waiting for one another.
    with threadpool_limits(1, user_api="blas"):
        ruler = gallery = movie = None
        if md.coordinates is not None:
            xyz = reference.xyz[0]
            measures = describe(reference.topology, xyz)
            weights = md.weights_of_coordinates
            ruler = make_ruler(md.coordinates, md.coordinate_lag, measures, xyz, tick, weights)
        found = {
            name: analyse(name, sample, lag_ps, latent, ruler, tick)
            for name, sample in samples.items()
        }
        others = [analyse("LSS", sample, lag_ps, latent, ruler, tick) for sample in replicas]
        found["LSS"] = replace(found["LSS"], replicas=tuple(others))
        if ruler is not None:
            gallery = make_gallery({"MD": md, "LSS": lss}, latent.cores, ruler)
            movie = make_movie(lss, latent.cores, xyz, gallery.traces, lag_ps)
    ensembles = found["MD"], found["LSS"], found.get("held-out MD")
    wanted = latent_quantities(md.n_modes, lag_ps, latent.lags)
    if ruler is not None:
        wanted += structure_quantities(found["MD"].structure.sums, ruler.measures.site_kind)
    return Comparison(
        [make_row(q, *ensembles) for q in wanted],
        *ensembles,
        lag_ps=lag_ps,
        cores=latent.cores,
        core_names=_core_names(found["MD"], reference),
        curves=make_curves(*ensembles, latent, ruler, lag_ps),
        gallery=gallery,
        movie=movie,
        srv_timescales_ps=_srv_timescales(eigenvalues, lag_ps),
    )


def _core_names(md: Ensemble, reference) -> tuple[str, str, str]:
    """Folded and unfolded for proteins of which one core is more compact and near the reference.

    Both are asked for, since a reference may be the first frame of an unfolded trajectory.
    """
    generic = ("core A (low psi_1)", "between the cores", "core B (high psi_1)")
    if md.structure is None:
        return generic
    residues = sum(map(is_alpha_carbon, reference.topology.atoms))
    sums = md.structure.total()
    frames = sums["basin_frames"]
    if residues < 10 or not (frames[[0, 2]] > 0).all():
        return generic
    rg, rmsd = (sums["basin_moments"][[0, 2], k, 0] / frames[[0, 2]] for k in (0, 1))
    if rmsd.max() < 1.5 * rmsd.min() or rmsd.argmin() != rg.argmin():
        return generic
    names = ("folded", "transition", "unfolded")
    return names if rmsd[0] < rmsd[1] else names[::-1]


def _srv_timescales(eigenvalues, lag_ps: float) -> list[float]:
    if eigenvalues is None:
        return []
    return implied_timescale(np.asarray(eigenvalues, dtype=np.float64), lag_ps).tolist()


def frames_to_do(md: Sample, lss: Sample, held_out: Sample | None = None, replicas=()) -> int:
    """Total that ``tick`` of :func:`compare` will be told, for a progress bar."""
    passes = (md, md, md, lss, held_out, *replicas)
    return sum(len(x) for s in passes if s is not None for x in s.coordinates or [])
