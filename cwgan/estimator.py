"""MolGen: the decoder as a scikit-learn style estimator."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import TransformerMixin

from cwgan import build, fitting
from cwgan.decoder import Decoder
from cwgan.frames import joined_frames
from cwgan.judged import judged
from cwgan.presets import PRESETS, columns
from lss_base.estimators import Estimator, preset, refusal, settled
from lss_base.precision import full_precision
from lss_base.trajectories import Series, as_parts, is_list

if TYPE_CHECKING:
    import keras
    from numpy.typing import ArrayLike

    from cwgan.contacts import Contacts

logger = logging.getLogger(__name__)


class MolGen(TransformerMixin, Estimator):
    """Conditional Wasserstein GAN that draws structures from slow coordinates psi.

    H. Sidky, W. Chen, A. L. Ferguson, Chem. Sci. 11 (2020) 9459, section 2.3 and equation 6. The
    constructor's defaults give the flat generator with tanh output of the package `hde`, for
    coordinates that the user has scaled to [-1, 1]. For molecules use
    ``MolGen.from_preset("recommended", latent_dim, n_atoms, bonds=bonds)``.

    Methods raise ValueError for arguments that do not fit; those other than `fit` raise
    `cwgan.NotFittedError` before it.

    Parameters
    ----------
    latent_dim : int
        Number of slow coordinates.
    output_dim : int
        Number of output coordinates; three for each atom where y is given as atoms.
    batch_size : int
        Frames of one update.
    noise_dim : int
    n_epochs : int
        Generator updates, each after `n_discriminator` updates of the critic.
    hidden_layer_depth, hidden_size : int
        Hidden layers of generator and critic, and their units.
    activation : str
    verbose : bool
        Show a progress bar with the energy distance to held-out structures.
    n_discriminator : int
        Updates of the critic for each one of the generator. With ``head="columns"`` it may be 0:
        then energy scores alone train the generator, and `discriminator` stays as it was built.
    head : {"tanh", "bonds", "columns"}
        Last layer of the generator: scaled coordinates, a molecule with its bonds, or columns of
        numbers in their own units. With "bonds" the critic sees internal geometry; with both others
        than "tanh" psi is given on a logarithmic scale and by rank.
    bonds : array-like (n_bonds, 2) of int, optional
        Bonds between the atoms 0 to n_atoms - 1. With ``head="bonds"`` they are guessed if missing;
        with "tanh" only `diagnose` looks at them.
    reference : array-like (n_atoms, 3), optional
        A structure, **nm**, on which `fit` superposes y; with ``head="bonds"`` each structure drawn
        is superposed on it too, exactly. Where not given, the mean of y for that head, and y as it
        comes for the other.
    bounds : array-like (output_dim, 2), optional
        Lowest and highest value of each column, which what is drawn keeps; infinite where there is
        none. For ``head="columns"``.
    n_updates : int, optional
        Length of the training in generator updates, rounded up to whole epochs of at most 1,000, in
        place of `n_epochs`.
    optimizer : {"rmsprop", "adam"}
        Adam has beta_1 0 and beta_2 .9.
    learning_rate : float
    decay : bool
        Constant learning rate first, then linear to zero.
    smoothing : float
        Momentum of the running mean of the generator's weights, which is what is kept; 0 for none.
    consistency : float
        Weight of the term that asks a structure to give back its psi, as a small regressor fitted
        beforehand reads it; for ``head="bonds"``.
    repulsion : float
        Weight of the term that keeps atoms from coming closer than they do in one frame of the
        data in a thousand; with `decay` it rises from 0 to this value as the learning rate falls.
        For ``head="bonds"``.
    warm_start : bool
        Whether a second fit goes on from the weights of the first, where the settings still ask
        for the same networks.
    validation_split : float, optional
        Part of the data held out to judge the training by: whole trajectories, or else the last
        part of each; without a gap, since there is no lag. None or 0: a tenth of the frames at
        random, at most 4,000; where that were fewer than 50, those that are trained on.
    seed : int or None
        Of initial weights, batches, the frames held out and the noise of `transform`, which draws
        other structures in each call since `fit`; with None all differ each time.

    Attributes
    ----------
    generator : keras.Model
        [psi (n, latent_dim), noise (n, noise_dim)] -> coordinates; uncompiled, stock layers only.
    discriminator : keras.Model
        [structure, condition] -> score.
    history : dict
        The curve of the energy distance with its floor, losses, learning rate and warnings, of the
        last fit.
    is_fitted : bool
    """

    def __init__(
        self,
        latent_dim: int,
        output_dim: int,
        batch_size: int = 1000,
        noise_dim: int = 50,
        n_epochs: int = 1000,
        hidden_layer_depth: int = 3,
        hidden_size: int = 200,
        activation: str = "swish",
        verbose: bool = True,
        n_discriminator: int = 5,
        *,
        head: str = "tanh",
        bonds: ArrayLike | None = None,
        reference: ArrayLike | None = None,
        bounds: ArrayLike | None = None,
        n_updates: int | None = None,
        optimizer: str = "rmsprop",
        learning_rate: float = 5e-5,
        decay: bool = False,
        smoothing: float = 0.0,
        consistency: float = 0.0,
        repulsion: float = 0.0,
        warm_start: bool = True,
        validation_split: float | None = None,
        seed: int | None = 0,
    ):
        self.latent_dim = latent_dim
        self.output_dim = output_dim
        self.batch_size = batch_size
        self.noise_dim = noise_dim
        self.n_epochs = n_epochs
        self.hidden_layer_depth = hidden_layer_depth
        self.hidden_size = hidden_size
        self.activation = activation
        self.verbose = verbose
        self.n_discriminator = n_discriminator
        self.head = head
        self.bonds = bonds
        self.reference = reference
        self.bounds = bounds
        self.n_updates = n_updates
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.decay = decay
        self.smoothing = smoothing
        self.consistency = consistency
        self.repulsion = repulsion
        self.warm_start = warm_start
        self.validation_split = validation_split
        self.seed = seed

    @classmethod
    def from_preset(
        cls,
        name: str,
        latent_dim: int,
        n_atoms: int,
        *,
        bonds: ArrayLike | None = None,
        **overrides: Any,
    ) -> MolGen:
        """Estimator with the settings of a preset, for y (n_frames, n_atoms, 3) in **nm**.

        Parameters
        ----------
        name : {"recommended", "paper"}
        latent_dim, n_atoms : int
        bonds : array-like (n_bonds, 2) of int, optional
        **overrides
            Constructor arguments that replace the preset's.
        """
        settings = {**preset(name, PRESETS), "bonds": bonds, **overrides}
        return cls(latent_dim, 3 * n_atoms, **settings)

    @classmethod
    def for_columns(
        cls, latent_dim: int, n_columns: int, *, bounds: ArrayLike | None = None, **overrides: Any
    ) -> MolGen:
        """Estimator for y (n_frames, n_columns) of any numbers, in their own units.

        Parameters
        ----------
        latent_dim, n_columns : int
        bounds : array-like (n_columns, 2), optional
            Lowest and highest value of each column; infinite where there is none.
        **overrides
            Constructor arguments that replace the recommended ones.
        """
        return cls(latent_dim, n_columns, **{**columns(), "bounds": bounds, **overrides})

    @full_precision()
    def fit(self, X: Series, y: Series) -> MolGen:
        """Train.

        Parameters
        ----------
        X : array-like (n_frames, latent_dim), or list of such
        y : array-like (n_frames, n_atoms, 3) in **nm**; or (n_frames, output_dim), scaled to
            [-1, 1] for ``head="tanh"`` and in nm for ``head="bonds"``; or list of such

        Returns
        -------
        self

        Raises
        ------
        ValueError
            On arguments and shapes that do not fit.
        DivergedError
            If training gave no finite structure.
        """
        build.check(self)
        psi, coords, lengths = joined_frames(self, X, y)
        seed = settled(self.seed)
        parts = self._parts if self.warm_start and self.is_fitted else None
        if parts is not None and parts.architecture != build.architecture(self):
            logger.warning("the settings of the networks have changed: training starts anew")
            parts = None
        if parts is not None and coords.shape[1:] != parts.builder.output_shape[1:]:
            raise refusal(
                "y",
                f"frames of shape {coords.shape[1:]}",
                f"{parts.builder.output_shape[1:]} as in the first fit",
                "give such frames, or set warm_start=False",
            )
        coords, reference = build.superposed(self, parts, coords)
        if parts is None:
            parts = build.build(self, psi, coords, reference, seed)
        # Training works on copies: models of an earlier fit stay as they were, even if it fails.
        self._parts, self.history = fitting.train(self, parts, psi, coords, lengths, seed)
        self._seed, self._n_calls = seed, 0  # of transform
        return self

    def transform(self, X: Series) -> Any:
        """Draw one structure for each row of psi, again where atoms clash (see `cwgan.Decoder`).

        Each call since `fit` draws noise of its own, decided by the seed of the fit;
        `cwgan.decode` takes a seed, and `contacts`.

        Parameters
        ----------
        X : array-like (n_frames, latent_dim), or list of such

        Returns
        -------
        ndarray (n_frames, n_atoms, 3) or (n_frames, output_dim), float32, as y was; list for list
        """
        self._check_fitted("transform")
        seed = _number([self._seed, self._n_calls])
        decoder = Decoder(self.generator, self.contacts)
        drawn = [
            decoder.decode(psi, seed, walker=walker)
            for walker, psi in enumerate(as_parts("X", X, self.latent_dim))
        ]
        self._n_calls += 1
        return drawn if is_list(X, self.latent_dim) else drawn[0]

    def diagnose(self, X: Series, y: Series) -> dict:
        """Compare structures drawn from psi with those that belong to it.

        Of more frames than 50,000, that many are taken, evenly spaced; fewer of more than 90 atoms.

        Parameters
        ----------
        X : array-like (n_frames, latent_dim), or list of such
        y : array-like (n_frames, n_atoms, 3) in **nm**, or list of such

        Returns
        -------
        dict
            Numbers, each beside the data's, and "warnings", a list of sentences.
        """
        self._check_fitted("diagnose")
        out = judged(self, X, y, _number([self._seed, 0]))
        return out | {"warnings": [*self.history["warnings"], *out["warnings"]]}

    @property
    def generator(self) -> keras.Model:
        self._check_fitted("generator")
        return self._parts.generator

    @property
    def discriminator(self) -> keras.Model:
        self._check_fitted("discriminator")
        return self._parts.critic

    @property
    def contacts(self) -> Contacts | None:
        """How close atoms may come, learned from y: `cwgan.Contacts`, or None for "tanh"."""
        self._check_fitted("contacts")
        return self._parts.contacts


def _number(key):
    """A seed of `decode` that follows from a key."""
    return int(np.random.SeedSequence(key).generate_state(1)[0])
