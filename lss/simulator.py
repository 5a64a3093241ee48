"""The latent space simulator: encode, propagate, decode."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import mdtraj
import numpy as np

from lss.box import Box, load_box, save_box
from lss.errors import InputError
from lss.features.featurizer import is_own, own_specs
from lss.series.data_frame import data_frame
from lss.series.series_set import SeriesSet
from lss.simulation.composition import compose
from lss.simulation.simulate import simulate

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from cwgan.estimator import MolGen
    from lss.features.base import Features
    from lss_base.trajectories import Series
    from mdn.estimator import Propagator
    from srv.estimator import SRV


def own_features(given, described):
    """Features of the user's own as an array (n, d) of float32, or InputError."""
    specs, wanted = own_specs(described), len(described["names"])
    if isinstance(given, mdtraj.Trajectory):
        raise InputError(
            f"the simulator was trained on features of its user's own ({specs}): encode takes "
            f"these features, an array (n_frames, {wanted}), not structures"
        )
    try:
        values = np.asarray(given, np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"trajectory is no array of features: {error}") from error
    if values.ndim != 2 or values.shape[1] != wanted or not np.isfinite(values).all():
        raise InputError(
            f"the features have the shape {values.shape}, wanted finite numbers of the shape "
            f"(n_frames, {wanted}): give those that the simulator was trained on ({specs})"
        )
    return values


class LatentSpaceSimulator:
    """A simulator composed of the three trained networks (paper, Fig. 1).

    Parameters
    ----------
    box : lss.box.Box
        The networks with what they need; see `load`.
    outside : {"redraw", "clip"}
        What to do with a latent sample outside the range of the training data.

    Attributes
    ----------
    lag_time_ps : float
        Time between two frames of a synthetic trajectory, **ps**.
    n_modes : int
        Dimension m of the latent space.
    """

    def __init__(self, box: Box, outside: str = "redraw"):
        from cwgan.decoder import Decoder
        from mdn.sampler import Sampler

        self.box = box
        self.lag_time_ps = float(box.meta["lag_time_ps"])
        self.n_modes = int(box.meta["n_modes"])
        self.sampler = Sampler(box.mdn, box.meta["psi_low"], box.meta["psi_high"], outside=outside)
        self.decoder = Decoder(box.cwgan, box.contacts())

    @classmethod
    def load(cls, path: str | Path, outside: str = "redraw") -> LatentSpaceSimulator:
        """Load a simulator from a box folder or an `.lss` file (see `lss.box.load_box`)."""
        return cls(load_box(path), outside=outside)

    @classmethod
    def from_estimators(
        cls,
        srv: SRV,
        propagator: Propagator,
        molgen: MolGen,
        *,
        topology: mdtraj.Trajectory | mdtraj.Topology,
        lag_time: str | float,
        start_psi: Series,
        features: Features | None = None,
        frame_spacing: str | float | None = None,
        seed: int = 0,
        outside: str = "redraw",
    ) -> LatentSpaceSimulator:
        """Compose fitted estimators to a simulator, in memory; `save` makes it a box.

        Parameters
        ----------
        srv : srv.SRV
        propagator : mdn.Propagator
            Fitted to the modes of `srv`, with its lag time.
        molgen : cwgan.MolGen
            Fitted to the modes of `srv` and coordinates (n_frames, n_atoms, 3) in **nm**.
        topology : mdtraj.Trajectory or mdtraj.Topology
            The decoded atoms: one frame, the structure on which the coordinates were superposed
            (see `lss.superposed`). Of a topology alone the structure is drawn from `molgen`.
        lag_time : str or float
            That of `srv` and `propagator`, with its unit, such as "20ns", or in **ps**.
        start_psi : array_like, shape (n_frames, m), or list of such
            The modes of the training data, from which start states are drawn; by the weights of
            `srv`, where it has some for as many frames.
        features : lss.Featurizer, optional
            What `srv` was fitted to. Without it `encode` takes features, not structures.
        frame_spacing : str or float, optional
            Time between frames of the training data, as `lag_time`. Where given, `lag_time` is
            checked by it; else it follows from the lag times.
        seed : int
            Of the start states.
        outside : {"redraw", "clip"}
            As in the constructor.

        Returns
        -------
        LatentSpaceSimulator

        Raises
        ------
        InputError
            Where an estimator is not fitted, or the numbers of modes, atoms or features, or the
            lag times do not agree.
        """
        box = compose(
            srv, propagator, molgen, topology, lag_time, start_psi, features, frame_spacing, seed
        )
        return cls(box, outside=outside)

    def save(self, path: str | Path) -> None:
        """Save the simulator as a folder, or as one file where `path` ends in `.lss`."""
        save_box(self.box, path)

    def encode(self, trajectory: mdtraj.Trajectory | SeriesSet | np.ndarray) -> Any:
        """Project a trajectory on the slow modes: x -> psi(x) (paper, section 2.1).

        Parameters
        ----------
        trajectory : mdtraj.Trajectory
            Of the same molecule; its atoms are found by residue and atom name, further ones
            (solvent) are ignored. Of a simulator that was trained on features of its user's own:
            these features, an array (n_frames, n_features). Of a time series: a `lss.SeriesSet` of
            the same columns.

        Returns
        -------
        psi : np.ndarray, shape (n_frames, m), float32
            Of a time series a list of such, one a segment.

        Raises
        ------
        InputError
            Where `trajectory` is no trajectory, or an atom that the features need is not in it; the
            first is named. Where the features are the user's own and do not come.
        """
        if self.box.series is not None:
            return self._encode_series(trajectory)
        described = self.box.meta["features"]
        if is_own(described):
            return self._encode(own_features(trajectory, described))
        if not isinstance(trajectory, mdtraj.Trajectory):
            raise InputError(
                f"trajectory is a {type(trajectory).__name__}, wanted an mdtraj.Trajectory: load "
                "files with mdtraj.load"
            )
        return self._encode(self.box.featurizer(trajectory.topology).compute(trajectory))

    def _encode_series(self, data):
        """psi of each segment of a `lss.SeriesSet`."""
        if not isinstance(data, SeriesSet) or data.columns.names != self.box.series.columns.names:
            columns = ", ".join(self.box.series.columns.names)
            raise InputError(
                f"trajectory is a {type(data).__name__}, wanted an lss.SeriesSet of the columns "
                f"{columns}: make one with lss.SeriesSet.of or open"
            )
        scheme = self.box.series
        parts = [scheme.unseasoned(s.values, s.first_ps, data.spacing_ps) for s in data.segments]
        return [self._encode(scheme.features(x)) for x in parts if len(x) >= scheme.delays]

    def _encode(self, features):
        return np.asarray(self.box.srv.predict(features, batch_size=8192, verbose=0))

    def propagate(
        self, psi0: ArrayLike, n_steps: int, seed: int, first_walker: int = 0
    ) -> np.ndarray:
        """Sample latent trajectories: psi(t + tau) ~ p(. | psi(t)) (paper, equation 5).

        Parameters
        ----------
        psi0 : array_like, shape (n_walkers, m) or (m,)
            Start states.
        n_steps : int
            Number of steps of one lag time each.
        seed : int
        first_walker : int
            Number of the first walker: the random numbers of a walker follow from the seed and
            its number alone.

        Returns
        -------
        psi : np.ndarray, shape (n_walkers, n_steps + 1, m), float32
            Beginning with `psi0`. Trajectories come first, since each is decoded, analysed and
            written for itself; `mdn.Propagator.propagate` keeps the order of the package `hde`,
            (n_steps, n_walkers, m) without the start.
        """
        psi0 = self.check_latent(psi0, "psi0")
        psi = np.empty((len(psi0), n_steps + 1, self.n_modes), np.float32)
        psi[:, 0], first = psi0, 1
        for chunk in self.sampler.chunks(psi0, n_steps, seed, first_walker=first_walker):
            psi[:, first : first + len(chunk)] = chunk.swapaxes(0, 1)
            first += len(chunk)
        return psi

    def decode(
        self, psi: ArrayLike, seed: int, first: int = 0, walker: int = 0
    ) -> mdtraj.Trajectory:
        """Draw one structure for each latent state: x ~ p(x | psi) (paper, equation 6).

        Again where atoms come closer than in the training data: see `cwgan.Decoder`, which
        `self.decoder` is, and which counts. Pieces that are cut elsewhere than between tiles of
        2,048 frames agree to rounding only, by which one at the very limit may be drawn again.

        Parameters
        ----------
        psi : array_like, shape (n_frames, m)
        seed : int
        first : int
            Number of the first frame.
        walker : int
            Number of the trajectory: the noise of a frame follows from the seed, the trajectory
            and the number of the frame, as in `simulate`.

        Returns
        -------
        mdtraj.Trajectory
            Of the decoded atoms, superposed on the reference of the decoder (those of a box made
            before version 0.2.0: nearly so). Times run from `first` in steps of the lag time. Of a
            time series a pandas.DataFrame of its columns, with times as index.
        """
        xyz = self.coordinates(psi, seed, first, walker)
        if self.box.series is not None:
            return data_frame(xyz, first, self.lag_time_ps, self.box.series)
        time = (first + np.arange(len(xyz))) * self.lag_time_ps
        return mdtraj.Trajectory(xyz, self.box.reference.topology, time=time)

    def coordinates(self, psi: ArrayLike, seed: int, first: int = 0, walker: int = 0) -> np.ndarray:
        """As `decode`, the coordinates alone: shape (n_frames, atoms, 3), **nm**.

        Of a time series the values of its columns, (n_frames, n_columns), in their units.
        """
        drawn = self.decoder.decode(self.check_latent(psi, "psi"), seed, first, walker)
        if self.box.series is None:
            return drawn
        return self.box.series.finished(drawn, first, self.lag_time_ps)

    # Its first argument is the simulator.
    simulate = simulate

    def starts(self, n: int, seed: int) -> np.ndarray:
        """Draw n start states at random from the training frames that the box carries.

        Returns
        -------
        psi0 : np.ndarray, shape (n, m), float32
        """
        stored = np.asarray(self.box.meta["start_psi"], np.float32)
        return stored[np.random.default_rng(seed).integers(len(stored), size=n)]

    def check_latent(self, psi: ArrayLike, name: str) -> np.ndarray:
        psi = np.atleast_2d(np.asarray(psi, np.float32))
        if psi.ndim != 2 or psi.shape[1] != self.n_modes:
            raise InputError(
                f"{name} has shape {psi.shape}, wanted (n, {self.n_modes}): one row a state, one "
                "column a mode"
            )
        if not np.isfinite(psi).all():
            raise InputError(f"{name} holds NaN or infinity; give finite latent states")
        return psi
