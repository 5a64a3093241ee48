"""`Propagator`: the mixture density network as a scikit-learn style estimator."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from lss_base.estimators import Estimator, check_seed, preset, settled
from lss_base.precision import full_precision
from lss_base.trajectories import Series, as_parts, as_weights, is_list
from mdn import head, members
from mdn.data import hold_out, pair_starts, pairs
from mdn.presets import PRESETS
from mdn.sampler import Sampler
from mdn.settings import check_settings

if TYPE_CHECKING:
    import keras
    from numpy.typing import ArrayLike


logger = logging.getLogger(__name__)
_BATCH = 16384


class Propagator(Estimator):
    """Mixture density network for p(psi_{t+tau} | psi_t): Sidky et al. (2020), eq. 5; `mdn.head`.

    Methods raise ValueError for arguments that do not fit; those other than `fit` raise
    `mdn.NotFittedError` before it. Positional arguments and their defaults are those of the package
    `hde`; better ones are in `Propagator.from_preset("recommended", input_dim, lag_time=...)`.

    Parameters
    ----------
    input_dim : int
        Dimension m of psi.
    n_components : int
        Mixture components C.
    lag_time : int, frames
        Lag time tau of the model, and length of one of its steps.
    batch_size : int
        Pairs of one update, drawn at random from all.
    learning_rate : float
        Of Adam; the highest one where `schedule` is "cosine".
    n_epochs : int
        Epochs, each of as many updates as it takes to see as many pairs as there are.
    hidden_layer_depth, hidden_size : int
        Number and width of the hidden layers.
    activation : str
        Of the hidden layers, by its Keras name.
    callbacks : list of keras.callbacks.Callback, optional
        They are given `loss`, and `val_loss` where there are validation data.
    verbose : bool
        Show a progress bar.
    seed : int or None
        Decides initial weights, batches, held-out data, and samples where no other is given; with
        None all differ each time.
    n_updates : int, optional
        Length in updates, rounded up to whole epochs of 500, in place of `n_epochs`.
    warm_start : bool
        Whether a second fit goes on from the weights of the first, if the networks are the same.
    schedule : {'constant', 'cosine'}
        'cosine' warms up over 100 updates and decays to zero at the end of each fit. Without
        decay the last weights carry the noise of the batches: twice the error of the
        transition matrix on the test system.
    validation_split : float
        Part of the data held out, for `val_loss`: whole trajectories, or else the last part of
        each with a gap of one lag.
    early_stopping : int, optional
        Epochs without a better `val_loss` after which to stop and to restore the best weights.
    bounds : 'auto', 'data' or (low, high)
        The training range, to which means are confined and in which samples are kept: a pair of
        numbers or of arrays (m,), or that of the data. 'auto' is (0, 1) where all data lie in
        it, as `hde` expects, and else that of the data. The first fit sets it; later ones keep it.
    outside : {'clip', 'redraw'}
        What becomes of samples outside the range: clipped to it as in `hde`, or drawn again,
        which is the model's own density truncated.
    time_reversed : bool
        Train on pairs in both directions. This assumes dynamics in equilibrium with detailed
        balance, and data that sample it.
    n_models : int
        Networks trained from different seeds; `members_` lists them, `model` is their mixture.

    Attributes
    ----------
    model : keras.Model
        psi (n, m) -> dict of `logits` (n, C), `loc` (n, C, m), `scale` (n, C, m), units of psi;
        stock layers only. With `n_models` networks it has as many times C components.
    members_ : list of keras.Model
        The networks that `model` mixes.
    low_, high_ : np.ndarray, shape (m,), units of psi
        The training range.
    history : dict of list of float
        Mean negative log likelihood of every epoch of the last fit, nats a pair: `loss`,
        `val_loss`. With several models, of the first; `histories_` has all.
    """

    def __init__(
        self,
        input_dim: int,
        n_components: int = 2,
        lag_time: int = 100,
        batch_size: int = 1000,
        learning_rate: float = 0.001,
        n_epochs: int = 100,
        hidden_layer_depth: int = 2,
        hidden_size: int = 100,
        activation: str = "swish",
        callbacks: list[keras.callbacks.Callback] | None = None,
        verbose: bool = True,
        *,
        seed: int | None = 0,
        n_updates: int | None = None,
        warm_start: bool = True,
        schedule: str = "constant",
        validation_split: float = 0.0,
        early_stopping: int | None = None,
        bounds: str | tuple[ArrayLike, ArrayLike] = "auto",
        outside: str = "clip",
        time_reversed: bool = False,
        n_models: int = 1,
    ):
        self.input_dim = input_dim
        self.n_components = n_components
        self.lag_time = lag_time
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.n_epochs = n_epochs
        self.hidden_layer_depth = hidden_layer_depth
        self.hidden_size = hidden_size
        self.activation = activation
        self.callbacks = callbacks
        self.verbose = verbose
        self.seed = seed
        self.n_updates = n_updates
        self.warm_start = warm_start
        self.schedule = schedule
        self.validation_split = validation_split
        self.early_stopping = early_stopping
        self.bounds = bounds
        self.outside = outside
        self.time_reversed = time_reversed
        self.n_models = n_models

    @classmethod
    def from_preset(cls, name: str, input_dim: int, **overrides: Any) -> Propagator:
        """A propagator with named settings.

        Parameters
        ----------
        name : {'recommended', 'paper', 'predictive'}
            Settings at the statistical floor of the systems they were measured on; the paper's: 24
            components, two layers of 100 ReLU, Adam, early stopping; or the recommended ones,
            stopped where held-out trajectories are predicted best: for few frames, where the
            density counts and not what long samples of it do.
        input_dim, **overrides
            As in the constructor.
        """
        return cls(input_dim, **{**preset(name, PRESETS), **overrides})

    @full_precision()
    def fit(self, X: Series, y: Series | None = None) -> Propagator:
        """Train on all pairs one lag apart.

        Parameters
        ----------
        X : array-like, shape (n_frames, m), or list of such, units of psi
            One trajectory or several. No pair spans two.
        y : like X, optional
            Validation data, in place of `validation_split`.

        Raises
        ------
        ValueError
            For settings or data that make no sense.
        DivergedError
            Where the likelihood or weights were not finite.
        """
        check_settings(self, with_validation=y is not None)
        seed = settled(self.seed)
        training = as_parts("X", X, self.input_dim)
        if y is None:
            training, held = hold_out(training, self.validation_split, self.lag_time, seed)
        else:
            held = as_parts("y", y, self.input_dim)
        starts = pair_starts(training, self.lag_time)
        frames = np.concatenate(training)
        validation = pairs(held, self.lag_time, "y" if y is not None else "X") if held else None
        fits = self._fits if self.is_fitted and self.warm_start else 0
        if self._goes_on(frames):
            networks = [members.copy(network) for network in self.members_]
        else:
            networks = members.build(self, frames, seed)
        histories = [
            members.train(network, self, frames, starts, validation, (seed, i, fits))
            for i, network in enumerate(networks)
        ]
        # A fit that fails leaves the estimator as it was.
        self.members_, self.model = networks, head.mix(networks)
        self.low_, self.high_ = head.training_range(self.model)
        self.histories_, self.history = histories, histories[0]
        self._built, self._fits, self._sampler = members.architecture(self), fits + 1, None
        self._seed, self._n_calls = seed, 0  # of propagate without a seed
        return self

    def transform(self, X: Series) -> Any:
        """The mixture that follows each frame.

        Parameters
        ----------
        X : array-like, shape (n, m), or list of such, units of psi

        Returns
        -------
        dict of np.ndarray
            `logits` (n, C), `loc` (n, C, m) and `scale` (n, C, m); a list of such for a list.
        """
        self._check_fitted("transform")
        parts = as_parts("X", X, self.input_dim)
        outputs = [members.predict(self.model, part, _BATCH) for part in parts]
        return outputs if is_list(X, self.input_dim) else outputs[0]

    def distribution(self, psi: ArrayLike) -> Any:
        """The density of psi one lag later, p(psi_{t+tau} | psi_t): the paper's eq. 5.

        It is what training maximises. Unlike samples it is not confined to the training range.

        Parameters
        ----------
        psi : array-like, shape (n, m), units of psi

        Returns
        -------
        tfp.distributions.MixtureSameFamily
            Float32; batch shape (n,), event shape (m,), units of psi.
        """
        self._check_fitted("distribution")
        (psi,) = as_parts("psi", np.asarray(psi), self.input_dim)
        return head.distribution(self.model(psi))

    def score(self, X: Series, y: Any = None) -> float:
        """Mean log likelihood of the pairs in X (see `fit`), nats a pair; `y` is not used."""
        self._check_fitted("score")
        first, second = pairs(as_parts("X", X, self.input_dim), self.lag_time)
        return members.mean_log_likelihood(self.model, first, second, _BATCH)

    def propagate(self, x0: ArrayLike, n_steps: int = 1, seed: int | None = None) -> np.ndarray:
        """Sample trajectories.

        Parameters
        ----------
        x0 : array-like, shape (n_walkers, m), units of psi
            Where the walkers start; not part of the result.
        n_steps : int
            Steps of one lag time.
        seed : int, optional
            Where not given, each call draws numbers of its own, decided by the seed of the fit.

        Returns
        -------
        np.ndarray, shape (n_steps, n_walkers, m), float32, units of psi
            Steps first and without the start: the order of the package `hde`. That of
            `lss.LatentSpaceSimulator.propagate` is walkers first, trajectories with their starts.
        """
        self._check_fitted("propagate")
        (x0,) = as_parts("x0", np.asarray(x0), self.input_dim)
        if seed is None:
            # A notebook that propagates step by step must not meet the same numbers in each.
            key = np.random.SeedSequence([self._seed, self._n_calls])
            seed, self._n_calls = int(key.generate_state(1)[0]), self._n_calls + 1
        chunks = self.sampler().chunks(x0, n_steps, seed)
        return np.concatenate([np.empty((0, len(x0), self.input_dim), np.float32), *chunks])

    def sampler(self) -> Sampler:
        """The `Sampler` of this propagator; it keeps what it has compiled."""
        self._check_fitted("sampler")
        sampler = getattr(self, "_sampler", None)
        if sampler is None or sampler.outside != self.outside:
            self._sampler = Sampler(self.model, self.low_, self.high_, self.outside)
        return self._sampler

    def diagnose(
        self, X: Series, seed: int | None = None, *, weights: list[np.ndarray] | None = None
    ) -> dict:
        """What the likelihood hides: is the kinetics of the model that of the data?

        Parameters
        ----------
        X : array-like, shape (n_frames, m), or list of such, units of psi
            The training data, or others of the same system.
        seed : int, optional
            Of the short sample; that of the fit where not given.
        weights : list of np.ndarray, shape (n_i,), optional
            Of the frames of X, such as `weights_` of an SRV, where the trajectories did not start
            in equilibrium. The propagator needs none: it is conditional on where a step begins.

        Returns
        -------
        dict
            As of `mdn.diagnostics.diagnose`.
        """
        from mdn.diagnostics import diagnose

        self._check_fitted("diagnose")
        check_seed(seed)
        data = as_parts("X", X, self.input_dim)
        seed = self._seed if seed is None else seed
        weights = None if weights is None else as_weights("weights", weights, data)
        return diagnose(self.members_, self.sampler(), data, self.lag_time, seed, weights)

    def _goes_on(self, frames):
        """Whether this fit trains the current networks further."""
        if not (self.is_fitted and self.warm_start):
            return False
        if members.architecture(self) != self._built:
            logger.warning("the architecture has changed: training starts anew")
            return False
        members.warn_beyond(frames, self.low_, self.high_)
        return True

    def __getstate__(self):
        return {**super().__getstate__(), "_sampler": None}
