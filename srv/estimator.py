"""SRV, the estimator of slow modes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import TransformerMixin

from lss_base.estimators import Estimator, check_choice, check_count, preset, settled
from lss_base.kinetics import implied_timescales
from lss_base.precision import full_precision
from lss_base.trajectories import Series, is_list
from lss_base.weights import effective_size
from srv.data import check_trajectories
from srv.diagnostics import diagnose
from srv.evaluation import encode
from srv.fitting import fit_network, log_report
from srv.held_out import with_validation
from srv.lobe import project
from srv.modes import count_visits, kept_modes, score_modes
from srv.reweighting import weights_of
from srv.settings import PRESETS, check_settings

if TYPE_CHECKING:
    import keras


class SRV(TransformerMixin, Estimator):
    """State-free reversible VAMPnet: a network whose outputs are the slowest modes of the data.

    Chen, Sidky & Ferguson, J. Chem. Phys. 150, 214114 (2019); section 2.1 of Sidky, Chen &
    Ferguson, Chem. Sci. 11, 9459 (2020).  Names and defaults up to `verbose` are those of the
    package `hde`; `SRV.from_preset("recommended", ...)` gives better ones.  Methods raise
    ValueError for arguments that do not fit; those but `fit` raise `srv.NotFittedError` before it.

    Parameters
    ----------
    input_size : int
        Number of features.
    n_components : int, default=2
        Number of modes m, without the constant.
    lag_time : int, default=1
        In frames.
    reversible : bool, default=True
        Symmetrise the covariances.  False: left and right singular functions.
    n_epochs : int, default=100
        Passes over all pairs in one `fit`.
    learning_rate : float, default=0.001
        Of Adam; the peak where `schedule` is "cosine".
    dropout_rate, l2_regularization : float, default=0
    hidden_layer_depth, hidden_size : int, default=2, 100
    activation : str, default="tanh"
    batch_size : int, default=100
        Pairs in a batch, more than n_components; at most all pairs are used.
    validation_split : float, default=0
        Fraction of the data held out: whole trajectories, or the last part of a single one with
        a gap of one lag.
    callbacks : list of keras.callbacks.Callback, optional
    batch_normalization : bool, default=False
    latent_space_noise : float, default=0
        Standard deviation of the noise on the outputs in training.
    verbose : bool, default=True
        Show a progress bar.
    r_degree : float, default=2
        Exponent r of the loss -(1 + sum_i w_i lambda_i^r).
    weights : {"auto", "koopman", "rite"}, list of arrays (n_i,), or n_components floats, optional
        Of the pairs of frames, for trajectories that did not start in equilibrium: found from the
        outputs (`srv.reweighting`; "auto" only where they are seen not to be), or given, one number
        a frame, that of the pair that starts there.  Numbers for the modes are the weights w_i of
        the loss, as in the package `hde`.
    epsilon : float, default=1e-6
        Added to the diagonal of the batch's correlation matrix before it is inverted.
    standardize : bool, default=False
        Standardise the features inside the network, with the statistics of the first fit.
    schedule : {"constant", "cosine"}, default="constant"
        Learning rate; "cosine" warms up over 5 % of the steps and decays to 1 %.
    min_steps, max_steps : int, optional
        Bounds on the number of updates that `n_epochs` makes.  Where an eigenvalue exceeds .97
        after fewer than `max_steps`, training goes on for `max_steps`; weights that are found take
        a quarter of the first updates more, before that, and it must exceed .97 with them too.
    n_updates : int, optional
        Length in updates, rounded up to whole epochs, in place of `n_epochs` and its bounds.
    warm_start : bool, default=True
        Whether a second fit goes on from the weights of the first, if the network is the same.
    seed : int or None, default=0
        Of initial weights, batches and the validation split; with None others in each fit.
    disconnected : {"drop", "keep"}, default="drop"
        What weights that are found make of states that are entered and never left, or left and
        never entered, which would take all the weight or none: leave them out, with a warning, or
        let them keep their share of the data.

    Attributes
    ----------
    encoder : keras.Model
        features (n, input_size) -> psi (n, m): mean 0, variance 1 under the equilibrium density;
        the longer tail of each mode positive.  Uncompiled, stock layers only.
    eigenvalues_ : np.ndarray, shape=(m,)
        Descending; if not reversible singular values, also as `left_singular_values_` and
        `right_singular_values_`.
    timescales_ : np.ndarray, shape=(m,)
        -lag_time / ln(eigenvalue) in frames; NaN where the eigenvalue is not in (0, 1).
    means_, eigenvectors_, norms_ : np.ndarray
        ``psi = (f - means_) eigenvectors_ / norms_``, with f the outputs of the network.
    visits_ : np.ndarray of int, shape=(m,)
        How often the training trajectories came to the rarer end of each mode.
    train_score_, validation_score_ : float
        VAMP-2; the second is NaN without validation data.
    departure_ : lss_base.equilibrium.Departure
        How far the trajectories are from equilibrium, along the outputs of the network.
    weights_ : list of np.ndarray, each shape=(n_i,), or None
        Of the frames, 1 on average over the pairs; 0 in what was held out or skipped.
    clipped_ : float
        Share of the pairs whose weight came out negative and is 0.
    effective_size_ : float or None
        How many frames of equal weight would tell as much as the weighted ones.
    one_way_states_ : list of lss_base.connectivity.OneWayState
        States that are entered and never left, or the other way round.
    n_skipped_ : int
        Trajectories not longer than the lag.
    n_steps_ : int
        Updates that the optimiser made in the last fit.
    history : dict of list
        "loss" and, with validation data, "val_loss" for each epoch of the last fit.
    is_fitted : bool
    """

    def __init__(
        self,
        input_size: int,
        n_components: int = 2,
        lag_time: int = 1,
        reversible: bool = True,
        n_epochs: int = 100,
        learning_rate: float = 0.001,
        dropout_rate: float = 0,
        l2_regularization: float = 0.0,
        hidden_layer_depth: int = 2,
        hidden_size: int = 100,
        activation: str = "tanh",
        batch_size: int = 100,
        validation_split: float = 0,
        callbacks: list[keras.callbacks.Callback] | None = None,
        batch_normalization: bool = False,
        latent_space_noise: float = 0,
        verbose: bool = True,
        *,
        r_degree: float = 2,
        weights: Any = None,
        epsilon: float = 1e-6,
        standardize: bool = False,
        schedule: str = "constant",
        min_steps: int | None = None,
        max_steps: int | None = None,
        n_updates: int | None = None,
        warm_start: bool = True,
        seed: int | None = 0,
        disconnected: str = "drop",
    ):
        self.input_size = input_size
        self.n_components = n_components
        self.lag_time = lag_time
        self.reversible = reversible
        self.n_epochs = n_epochs
        self.learning_rate = learning_rate
        self.dropout_rate = dropout_rate
        self.l2_regularization = l2_regularization
        self.hidden_layer_depth = hidden_layer_depth
        self.hidden_size = hidden_size
        self.activation = activation
        self.batch_size = batch_size
        self.validation_split = validation_split
        self.callbacks = callbacks
        self.batch_normalization = batch_normalization
        self.latent_space_noise = latent_space_noise
        self.verbose = verbose
        self.r_degree = r_degree
        self.weights = weights
        self.epsilon = epsilon
        self.standardize = standardize
        self.schedule = schedule
        self.min_steps = min_steps
        self.max_steps = max_steps
        self.n_updates = n_updates
        self.warm_start = warm_start
        self.seed = seed
        self.disconnected = disconnected

    @classmethod
    def from_preset(cls, name: str, input_size: int, **overrides: Any) -> SRV:
        """An unfitted SRV with named settings.

        Parameters
        ----------
        name : {"recommended", "paper"}
            See `srv.settings.PRESETS`.
        input_size, **overrides
            As in the constructor.
        """
        return cls(input_size, **{**preset(name, PRESETS), **overrides})

    @full_precision()
    def fit(
        self,
        X: Series,
        y: Series | None = None,
        *,
        deflate: Series | None = None,
        parents: Sequence[tuple[int, int] | None] | None = None,
    ) -> SRV:
        """Train on all pairs of frames one lag apart, then solve for the modes.

        Parameters
        ----------
        X : array-like or list of array-likes, each shape=(n_i, input_size)
            Trajectories; no pair spans two.  An h5py.Dataset is streamed, not loaded.
        y : like X, optional
            Validation data, in place of `validation_split`.
        deflate : array or list of arrays, each shape=(n_i, k), optional
            Known slow processes, one series a trajectory; the modes found are orthogonal to them
            under the equilibrium density.  Reversible only.
        parents : list of (int, int) or None, optional
            For each trajectory the number of an earlier one and the frame of it that it was started
            from, or None: over a barrier no trajectory of a relay goes all the way.

        Raises
        ------
        ValueError
            For wrong arguments, NaN in the features, no trajectory longer than the lag.
        DegenerateOutputsError
            Where training collapsed twice, or the features span too few functions.
        DivergedError
            Where the loss, a weight or an output was not finite, from two seeds.
        """
        check_settings(self, y, deflate)
        seed = settled(self.seed)
        data, validation = with_validation(self, X, y, deflate, parents, seed)
        network = self._network if self.warm_start and self.is_fitted else None
        result = fit_network(self, network, data, validation, seed)
        self._network, self.history, self.n_steps_ = result.network, result.history, result.n_steps
        self.n_skipped_ = data.n_skipped
        self._keep(result.modes)
        self.visits_ = count_visits(result.outputs, result.modes)
        self.departure_, self.clipped_ = result.departure, result.clipped
        self.one_way_states_ = result.one_way
        self.weights_ = weights_of(result.data, X) if result.weighted else None
        weighted = None if self.weights_ is None else np.concatenate(self.weights_)
        self.effective_size_ = None if weighted is None else effective_size(weighted)
        self.train_score_ = 1.0 + float(np.sum(self.eigenvalues_**2))
        self.validation_score_ = math.nan
        if validation is not None:
            self.validation_score_ = score_modes(
                self.encoder, self.right_encoder_, validation, self.n_components, "vamp2"
            )
        log_report(self)
        return self

    def transform(self, X: Series, side: str = "left") -> Any:
        """Return the modes psi of each frame.

        Parameters
        ----------
        X : array-like, shape=(n, input_size), or list of them
        side : {"left", "right"}
            Which singular functions, if not reversible.

        Returns
        -------
        np.ndarray, shape=(n, m), float32, or a list of them for a list
        """
        self._check_fitted("transform")
        check_choice("side", side, ("left", "right"))
        psi = encode(self.encoder if side == "left" else self.right_encoder_, X, self.input_size)
        return psi if is_list(X, self.input_size) else psi[0]

    def score(
        self,
        X: Series,
        lag_time: int | None = None,
        score_k: int | None = None,
        *,
        kind: str = "autocorrelation",
    ) -> float:
        """Return the score of the modes on data, at most the number of modes + 1.

        Parameters
        ----------
        X : array-like or list of array-likes, each shape=(n_i, input_size)
        lag_time : int, optional
            In frames; default that of the training.
        score_k : int, optional
            Count the constant and the first score_k - 1 modes; default all.
        kind : {"autocorrelation", "vamp2", "rayleigh"}
            1 + the sum of the squared autocorrelations of the modes (if not reversible, of left
            with right functions); or 1 + ||C00^-1/2 C01 C11^-1/2||_F^2, deeptime's VAMP-2, which
            counts correlations between different modes as well; or the generalised matrix Rayleigh
            quotient (McGibbon & Pande, J. Chem. Phys. 142, 124105 (2015)), 1 + the sum of the
            eigenvalues of the modes in X (if not reversible, of the correlations of left with right
            functions), which chance lowers as often as it raises it. A mode that does not vary in X
            counts 0.
        """
        self._check_fitted("score")
        n_modes = len(self.eigenvalues_)
        score_k = n_modes + 1 if score_k is None else score_k
        check_count("score_k", score_k, 2, n_modes + 1)
        check_choice("kind", kind, ("vamp2", "autocorrelation", "rayleigh"))
        lag_time = self.lag_time if lag_time is None else lag_time
        data = check_trajectories(X, self.input_size, lag_time)
        return score_modes(self.encoder, self.right_encoder_, data, int(score_k) - 1, kind)

    def diagnose(self, X: Series) -> dict:
        """Do the modes rest on enough events, and hold on the data X? See `srv.diagnostics`.

        Returns
        -------
        dict
            As of `srv.diagnostics.diagnose`.
        """
        self._check_fitted("diagnose")
        data = check_trajectories(X, self.input_size, self.lag_time)
        return diagnose(self, self._network.lobe, self._modes, data)

    def drop_modes(self, modes: Sequence[int]) -> SRV:
        """Remove modes, such as a nuisance one, from the fitted encoder.

        Parameters
        ----------
        modes : sequence of int
            Numbers of the modes, 0 for the slowest.

        Returns
        -------
        SRV
            Itself, with a new `encoder`; another `fit` brings all n_components modes back.
        """
        self._check_fitted("drop_modes")
        kept = kept_modes(modes, len(self.eigenvalues_))
        self._keep(self._modes.select(kept))
        self.visits_ = self.visits_[kept]
        return self

    def _keep(self, modes):
        """Set the fitted attributes that follow from the eigenproblem."""
        self._modes = modes
        self.eigenvalues_ = modes.values
        self.timescales_ = implied_timescales(modes.values, self.lag_time)
        self.norms_ = 1 / np.linalg.norm(modes.left, axis=0)
        self.means_, self.eigenvectors_ = modes.mean_0, modes.left * self.norms_
        self.encoder = project(self._network.lobe, modes.mean_0, modes.left)
        self.right_encoder_ = self.encoder
        if not self.reversible:
            self.left_singular_values_ = self.right_singular_values_ = modes.values
            self.right_encoder_ = project(self._network.lobe, modes.mean_t, modes.right)
