"""Compare synthetic trajectories with MD, and with a second MD run where there is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lss.analysis import Ensemble, analyse, make_latent_ruler
from lss.analysis.columns.curves import ColumnCurves, make_column_curves
from lss.analysis.columns.quantities import column_quantities
from lss.analysis.columns.ruler import even_lags, make_column_ruler
from lss.analysis.curves import Curves, make_curves
from lss.analysis.gallery import Gallery, make_gallery
from lss.analysis.kinetics import implied_timescale
from lss.analysis.measures import describe
from lss.analysis.quantities import latent_quantities, named_quantities, structure_quantities
from lss.analysis.rotation import decay, resolved_eigenvalues
from lss.analysis.rows import Row, make_row
from lss.analysis.sample import Sample
from lss.analysis.structure import Ruler, make_ruler
from lss.analysis.together import check_together
from lss.analysis.transitions import Cores
from lss.errors import InputError
from lss.molecule.atoms import is_alpha_carbon
from lss.report.movie import Movie, make_movie
from lss.report.words import MOLECULE, SERIES, Words

if TYPE_CHECKING:
    import mdtraj
    from numpy.typing import ArrayLike

    from lss.series.columns import Columns


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
    srv_timescales_ps : list of float
        From the eigenvalues of the SRV, **ps**.
    gallery : Gallery or None
        Structures to draw, where there are coordinates.
    movie : Movie or None
        Synthetic frames to play, where there are coordinates.
    reversible : bool
        Whether the encoder took detailed balance for granted.
    words : Words
        In which the report speaks.
    columns : ColumnCurves or None
        Numbers behind the figures of the columns, where there are values of columns.
    """

    rows: list[Row]
    md: Ensemble
    lss: Ensemble
    heldout: Ensemble | None
    lag_ps: float
    cores: Cores
    core_names: tuple[str, str, str]
    curves: Curves
    srv_timescales_ps: list[float]
    gallery: Gallery | None = None
    movie: Movie | None = None
    reversible: bool = True
    words: Words = MOLECULE
    columns: ColumnCurves | None = None

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
    reference: mdtraj.Trajectory | None = None,
    columns: Columns | None = None,
    reversible: bool = True,
    eigenvalues: ArrayLike | None = None,
    states: Sequence = (),
    replicas: Sequence[Sample] = (),
    tick: Callable[[int], None] = lambda n: None,
) -> Comparison:
    """Compare an LSS ensemble with the MD, or the time series, that it was trained on.

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
    columns : lss.series.columns.Columns, optional
        Of a time series: then the samples' coordinates are values of these columns, and the report
        speaks of data.
    reversible : bool
        Whether the encoder took detailed balance for granted. Where it did not, decays and periods
        of the propagator's eigenvalues are compared as well.
    eigenvalues : array-like, shape (m,), optional
        Of the SRV.
    states : sequence
        States that the user named, such as of `lss.define_states`: their populations, and the
        passage times between those that have nothing in common, are compared as well.
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
    if columns is not None and reference is not None:
        raise InputError("reference and columns are both given; a molecule has no columns")
    words = MOLECULE if columns is None else SERIES
    samples = {words.data: md, "LSS": lss}
    if held_out is not None:
        samples[words.held_out] = held_out
    others = {f"replica {i}": r for i, r in enumerate(replicas, 1)}
    check_together(samples | others, reference, columns)
    latent = make_latent_ruler(md, lss, words.data, states)
    # The matrices are small: BLAS threads would spend their time waiting for one another.
    with threadpool_limits(1, user_api="blas"):
        rotating = resolved_eigenvalues(md)
        ruler, looks = None, {}
        if md.coordinates is not None and columns is None:
            ruler = _molecule_ruler(md, reference, tick)
        elif md.coordinates is not None:
            longest = min(md.steps, lss.steps) // 2
            slowest = np.nanmax([decay(x, 1) for x in rotating] + [0.0])
            ruler = make_column_ruler(samples, columns, even_lags(slowest, longest), tick)
        found = {
            name: analyse(name, sample, lag_ps, latent, ruler, tick)
            for name, sample in samples.items()
        }
        each = tuple(analyse("LSS", sample, lag_ps, latent, ruler, tick) for sample in replicas)
        found["LSS"] = replace(found["LSS"], replicas=each)
        if isinstance(ruler, Ruler):
            looks = _structures(samples, latent, ruler, reference, lag_ps)
        elif ruler is not None:
            looks = {"columns": make_column_curves(samples, found.values(), ruler, lag_ps)}
    ensembles = found[words.data], found["LSS"], found.get(words.held_out)
    wanted = latent_quantities(md.n_modes, lag_ps, latent.lags, () if reversible else rotating)
    wanted += named_quantities(states, ensembles[0].latent.total().get("named"), lag_ps)
    if isinstance(ruler, Ruler):
        wanted += structure_quantities(ensembles[0].structure.sums, ruler.measures.site_kind)
    elif ruler is not None:
        wanted += column_quantities(ruler, lag_ps)
    return Comparison(
        [make_row(q, *ensembles) for q in wanted],
        *ensembles,
        lag_ps=lag_ps,
        cores=latent.cores,
        core_names=_core_names(ensembles[0], reference),
        curves=make_curves(*ensembles, latent, ruler if columns is None else None, lag_ps),
        srv_timescales_ps=_srv_timescales(eigenvalues, lag_ps),
        reversible=reversible,
        words=words,
        **looks,
    )


def _molecule_ruler(md: Sample, reference, tick) -> Ruler:
    xyz = reference.xyz[0]
    measures = describe(reference.topology, xyz)
    weights = md.weights_of_coordinates
    return make_ruler(md.coordinates, md.coordinate_lag, measures, xyz, tick, weights)


def _structures(samples: dict, latent, ruler: Ruler, reference, lag_ps: float) -> dict:
    """Structures to draw and to play."""
    both = {name: samples[name] for name in ("MD", "LSS")}
    gallery = make_gallery(both, latent.cores, ruler)
    movie = make_movie(both["LSS"], latent.cores, reference.xyz[0], gallery.traces, lag_ps)
    return {"gallery": gallery, "movie": movie}


def _core_names(md: Ensemble, reference) -> tuple[str, str, str]:
    """Folded and unfolded for proteins of which one core is more compact and near the reference.

    Both are asked for, since a reference may be the first frame of an unfolded trajectory.
    """
    generic = ("core A (low psi_1)", "between the cores", "core B (high psi_1)")
    if md.structure is None or reference is None:
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
