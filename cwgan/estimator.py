"""MolGen: the decoder as a scikit-learn style estimator."""

import logging

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from cwgan import build
from cwgan.arrays import NotFittedError, as_frames
from cwgan.assessment import diagnose
from cwgan.decoder import decode
from cwgan.presets import PRESETS

logger = logging.getLogger(__name__)

MAX_DIAGNOSED = 50_000  # frames


class MolGen(TransformerMixin, BaseEstimator):
    """Conditional Wasserstein GAN that draws structures from slow coordinates psi.

    The constructor's defaults give the flat generator with tanh output of the package replaced, for
    coordinates that the user has scaled to [-1, 1]. For molecules use
    ``MolGen.from_preset("recommended", latent_dim, n_atoms, bonds=bonds)``.

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
    head : {"tanh", "bonds"}
        Last layer of the generator: scaled coordinates, or a tree of bond vectors. With "bonds" the
        critic sees internal geometry, and psi is given on a logarithmic scale and by rank.
    bonds : array-like (n_bonds, 2) of int, optional
        Bonds between the atoms 0 to n_atoms - 1. With ``head="bonds"`` they are guessed if missing;
        with "tanh" only `diagnose` looks at them.
    n_updates : int, optional
        Generator updates; overrides `n_epochs`.
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
        data in a thousand; where the learning rate falls, it rises to this weight meanwhile. For
        ``head="bonds"``.
    warm_start : bool
        Whether a second fit goes on from the weights of the first.
    seed : int, optional

    Attributes
    ----------
    generator : keras.Model
        [psi (n, latent_dim), noise (n, noise_dim)] -> coordinates; uncompiled, stock layers only.
    discriminator : keras.Model
        [structure, condition] -> score.
    history : dict
        The curve of the energy distance with its floor, losses, learning rate and warnings.
    """

    def __init__(
        self,
        latent_dim,
        output_dim,
        batch_size=1000,
        noise_dim=50,
        n_epochs=1000,
        hidden_layer_depth=3,
        hidden_size=200,
        activation="swish",
        verbose=True,
        n_discriminator=5,
        *,
        head="tanh",
        bonds=None,
        n_updates=None,
        optimizer="rmsprop",
        learning_rate=5e-5,
        decay=False,
        smoothing=0.0,
        consistency=0.0,
        repulsion=0.0,
        warm_start=True,
        seed=None,
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
        self.n_updates = n_updates
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.decay = decay
        self.smoothing = smoothing
        self.consistency = consistency
        self.repulsion = repulsion
        self.warm_start = warm_start
        self.seed = seed

    @classmethod
    def from_preset(cls, name, latent_dim, n_atoms, *, bonds=None, **overrides):
        """Estimator with the settings of a preset, for y (n_frames, n_atoms, 3) in **nm**.

        Parameters
        ----------
        name : {"recommended", "paper"}
        latent_dim, n_atoms : int
        bonds : array-like (n_bonds, 2) of int, optional
        **overrides
            Constructor arguments that replace the preset's.
        """
        if name not in PRESETS:
            raise ValueError(f"name: got {name!r}, wanted one of {sorted(PRESETS)}")
        return cls(latent_dim, 3 * n_atoms, **{**PRESETS[name], "bonds": bonds, **overrides})

    def fit(self, X, y):
        """Train.

        Parameters
        ----------
        X : array-like (n_frames, latent_dim), or list of such
        y : array-like (n_frames, n_atoms, 3) in **nm**, superposed; or (n_frames, output_dim),
            scaled to [-1, 1] for ``head="tanh"`` and in nm for ``head="bonds"``; or list of such

        Returns
        -------
        self

        Raises
        ------
        ValueError
            On arguments and shapes that do not fit.
        FloatingPointError
            If training gave no finite structure.
        """
        psi, coords = self._frames(X, y)
        build.check(self)
        if not (self.warm_start and self._is_fitted()):
            self._parts = build.build(self, psi, coords)
        elif coords.shape[1:] != self._parts.generator.output_shape[1:]:
            raise ValueError(
                f"y: got {coords.shape[1]} atoms, the first fit had "
                f"{self._parts.generator.output_shape[1]}; set warm_start=False"
            )
        # Training works on copies: the models of an earlier fit stay as they were.
        self._parts, self.history = build.train(self, self._parts, psi, coords)
        return self

    def transform(self, X):
        """Draw one structure for each row of psi.

        Parameters
        ----------
        X : array-like (n_frames, latent_dim), or list of such

        Returns
        -------
        ndarray (n_frames, n_atoms, 3) or (n_frames, output_dim), float32, as y was; list for list
        """
        if isinstance(X, (list, tuple)) and len(X) and np.ndim(X[0]) == 2:
            return [self._decode(x, walker) for walker, x in enumerate(X)]
        return self._decode(X, 0)

    def diagnose(self, psi, coords):
        """Compare structures drawn from psi with those that belong to it.

        Of more than 50,000 frames, so many are taken evenly.

        Parameters
        ----------
        psi : array-like (n_frames, latent_dim), or list of such
        coords : array-like (n_frames, n_atoms, 3) in **nm**, superposed, or list of such

        Returns
        -------
        dict
            Numbers, each beside the data's, and "warnings", a list of sentences.
        """
        self._check_fitted()
        psi, coords = self._frames(psi, coords)
        if coords.ndim != 3:
            raise ValueError("coords: diagnose needs (n_frames, n_atoms, 3)")
        rows = build.evenly(len(psi), MAX_DIAGNOSED)
        psi, coords = psi[rows], coords[rows]
        made = decode(self.generator, psi, self._decode_seed())
        out = diagnose(psi, coords, made, self._parts.graph)
        out["warnings"] = [*self.history["warnings"], *out["warnings"]]
        return out

    @property
    def generator(self):
        self._check_fitted()
        return self._parts.generator

    @property
    def discriminator(self):
        self._check_fitted()
        return self._parts.critic

    def _decode(self, X, walker):
        self._check_fitted()
        psi = as_frames("X", X, self.latent_dim)
        return decode(self.generator, psi, self._decode_seed(), walker=walker)

    def _decode_seed(self):
        return int(np.random.SeedSequence(self.seed).generate_state(1)[0])

    def _frames(self, X, y):
        psi = as_frames("X", X, self.latent_dim)
        sample = y[0] if isinstance(y, (list, tuple)) else y
        flat = np.ndim(sample) == (2 if len(np.shape(sample)) != 3 else -1)
        shape = (self.output_dim,) if flat else (self.output_dim // 3, 3)
        coords = as_frames("y", y, shape)
        if flat and self.head == "bonds":
            coords = coords.reshape(len(coords), -1, 3)
        if len(psi) != len(coords):
            raise ValueError(f"y: got {len(coords)} frames, wanted {len(psi)} as X has")
        return psi, coords

    def _is_fitted(self):
        return getattr(self, "_parts", None) is not None

    def _check_fitted(self):
        if not self._is_fitted():
            raise NotFittedError("this MolGen is not fitted: call fit(X, y) first")
