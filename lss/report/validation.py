"""Compare synthetic trajectories with MD, and with a second MD run where there is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lss.analysis import Ensemble, analyse, make_latent_ruler
from lss.analysis.blocks import N_BLOCKS
from lss.analysis.curves import Curves, make_curves
from lss.analysis.gallery import Gallery, make_gallery
from lss.analysis.given import as_trajectories, check_coords, check_modes, check_psi, coordinate_lag
from lss.analysis.kinetics import implied_timescale
from lss.analysis.measures import describe
from lss.analysis.quantities import latent_quantities, structure_quantities
from lss.analysis.rows import Row, make_row
from lss.analysis.structure import make_ruler
from lss.analysis.transitions import Cores
from lss.errors import InputError
from lss.molecule.atoms import is_alpha_carbon
from lss.report.movie import Movie, make_movie

#: Names of the ensembles, in the order of all tables.
ENSEMBLES = ("MD", "LSS", "held-out MD")


@dataclass(frozen=True)
class Comparison:
    """Everything that was found; the report is made from it.

    Parameters
    ----------
    rows : list of Row
        The compared quantities.
    md, lss, heldout : Ensemble
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
    md_psi,
    lss_psi,
    md_lag_frames: int,
    lag_ps: float,
    *,
    md_coords=None,
    lss_coords=None,
    topology=None,
    reference: np.ndarray | None = None,
    heldout_psi=None,
    heldout_coords=None,
    eigenvalues=None,
    cores: tuple[float, float] | None = None,
    n_blocks: int = N_BLOCKS,
    tick: Callable[[int], None] = lambda n: None,
) -> Comparison:
    """Compare an LSS ensemble with the MD it was trained on.

    Parameters
    ----------
    md_psi : list of array-likes, shape (n_i, m)
        Latent MD trajectories at the MD's frame spacing.
    lss_psi : array-like, shape (trajectories, frames, m), or list
        Latent synthetic trajectories; one frame is one lag.
    md_lag_frames : int
        The lag in MD frames.
    lag_ps : float
        The lag, **ps**.
    md_coords, lss_coords : list of array-likes, shape (k_i, atoms, 3), optional
        Coordinates of the decoded atoms, **nm**, of every frame of psi or of every s-th (s is
        found; for MD it must divide the lag), of all trajectories or the first ones. Sliced
        in chunks, so HDF5 datasets and memory maps do.
    topology : mdtraj.Topology, optional
        Of the decoded atoms; needed with coordinates.
    reference : np.ndarray, shape (atoms, 3), optional
        Reference structure, **nm**; needed with coordinates.
    heldout_psi, heldout_coords : as for the MD, optional
        A second MD run that no network was trained on: gives the ratios.
    eigenvalues : array-like, shape (m,), optional
        Of the SRV.
    cores : tuple of float, optional
        Ends of the two cores on psi_1; found from the MD where not given.
    n_blocks : int
        Blocks behind the errors.
    tick : callable
        Called with the number of coordinate frames done since the last call.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        When arrays do not fit together, or trajectories are shorter than the lag.
    """
    from threadpoolctl import threadpool_limits

    if md_lag_frames < 1 or not lag_ps > 0:
        raise InputError(
            f"md_lag_frames {md_lag_frames} and lag_ps {lag_ps}: the lag must be at least one "
            "frame and longer than 0 ps"
        )
    if heldout_coords is not None and heldout_psi is None:
        raise InputError("heldout_coords are of use only with heldout_psi; give it as well")
    psi = {"MD": check_psi(md_psi, "md_psi"), "LSS": check_psi(lss_psi, "lss_psi")}
    if heldout_psi is not None:
        psi["held-out MD"] = check_psi(heldout_psi, "heldout_psi")
    check_modes(psi)
    named = {"md_coords": md_coords, "lss_coords": lss_coords, "heldout_coords": heldout_coords}
    coords = dict(zip(ENSEMBLES, check_coords(named, topology, reference).values(), strict=True))
    latent = make_latent_ruler(
        psi["MD"], md_lag_frames, psi["LSS"], None if cores is None else Cores(*cores)
    )
    # The matrices are small: BLAS threads would spend their time waiting for one another.
    with threadpool_limits(1, user_api="blas"):
        ruler = None
        if coords["MD"] is not None:
            lag = coordinate_lag(psi["MD"], coords["MD"], md_lag_frames)
            ruler = make_ruler(coords["MD"], lag, describe(topology, reference), reference, tick)
        found = {
            name: analyse(name, x, 1 if name == "LSS" else md_lag_frames, lag_ps, latent,
                          coords[name], ruler, n_blocks, tick)
            for name, x in psi.items()
        }  # fmt: skip
        gallery = movie = None
        if ruler is not None:
            pairs = {name: (psi[name], coords[name]) for name in ("MD", "LSS")}
            gallery = make_gallery(pairs, latent.cores, ruler)
            movie = make_movie(*pairs["LSS"], latent.cores, reference, gallery.traces, lag_ps)
    md, lss, heldout = (found.get(name) for name in ENSEMBLES)
    wanted = latent_quantities(len(latent.psi_range[0]), lag_ps, latent.lags)
    if ruler is not None:
        wanted += structure_quantities(md.structure.sums, ruler.measures.site_kind)
    return Comparison(
        rows=[make_row(q, md, lss, heldout) for q in wanted],
        md=md,
        lss=lss,
        heldout=heldout,
        lag_ps=lag_ps,
        cores=latent.cores,
        core_names=_core_names(md, topology),
        curves=make_curves(md, lss, heldout, latent, ruler, lag_ps),
        gallery=gallery,
        movie=movie,
        srv_timescales_ps=_srv_timescales(eigenvalues, lag_ps),
    )


def _core_names(md: Ensemble, topology) -> tuple[str, str, str]:
    """Folded and unfolded for proteins of which one core is more compact and near the reference.

    Both are asked for, since a reference may be the first frame of an unfolded trajectory.
    """
    generic = ("core A (low psi_1)", "between the cores", "core B (high psi_1)")
    if md.structure is None or topology is None:
        return generic
    residues = sum(map(is_alpha_carbon, topology.atoms))
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


def frames_to_do(md_coords, lss_coords, heldout_coords=None) -> int:
    """Total that ``tick`` of :func:`compare` will be told, for a progress bar."""
    passes = ((md_coords, 3), (lss_coords, 1), (heldout_coords, 1))
    return sum(
        n * len(x)
        for coords, n in passes
        if coords is not None
        for x in as_trajectories(coords, "coords", 3)
    )
