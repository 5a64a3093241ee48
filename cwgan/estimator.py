"""MolGen: the decoder as a scikit-learn style estimator."""

import logging

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from cwgan import build
from cwgan.arrays import NotFittedError, as_frames, as_parts, joined
from cwgan.assessment import diagnose
from cwgan.decoder import decode
from cwgan.presets import PRESETS

logger = logging.getLogger(__name__)

MAX_DIAGNOSED = 50_000  # frames


class MolGen(TransformerMixin, BaseEstimator):
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
        data in a thousand; with `decay` it rises from 0 to this value as the learning rate falls.
        For ``head="bonds"``.
    warm_start : bool
        Whether a second fit goes on from the weights of the first, where the settings still ask
        for the same networks.
    seed : int, optional
        Of initial weights, batches, the frames held out and the noise of `transform`, which thus
        draws the same structures in each call; with None all differ each time.

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
        build.check(self)
        psi, coords = self._frames(X, y, "X", "y")
        parts = self._parts if self.warm_start and self._is_fitted() else None
        if parts is not None and parts.architecture != build.architecture(self):
            logger.warning("the settings of the networks have changed: training starts anew")
            parts = None
        if parts is None:
            parts = build.build(self, psi, coords)
        elif coords.shape[1:] != parts.generator.output_shape[1:]:
            raise ValueError(
                f"y: got frames of shape {coords.shape[1:]}, the first fit had "
                f"{parts.generator.output_shape[1:]}; set warm_start=False"
            )
        # Training works on copies: models of an earlier fit stay as they were, even if it fails.
        self._parts, self.history = build.train(self, parts, psi, coords)
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
            return [self._decode(x, walker, f"X[{walker}]") for walker, x in enumerate(X)]
        return self._decode(X, 0, "X")

    def diagnose(self, psi, coords):
        """Compare structures drawn from psi with those that belong to it.

        Of more frames than 50,000, that many are taken, evenly spaced.

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
        psi, coords = self._frames(psi, coords, "psi", "coords")
        drawn = self.generator.output_shape[1:]
        if coords.ndim != 3 or coords.shape[1:] != drawn:
            raise ValueError(
                f"coords: got frames of shape {coords.shape[1:]}, wanted atoms, (n_atoms, 3), as "
                f"the fit must have had; this generator draws {drawn}"
            )
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

    def _decode(self, X, walker, name):
        self._check_fitted()
        psi = as_frames(name, X, self.latent_dim)
        return decode(self.generator, psi, self._decode_seed(), walker=walker)

    def _decode_seed(self):
        return int(np.random.SeedSequence(self.seed).generate_state(1)[0])

    def _frames(self, X, y, x_name, y_name):
        """All frames of psi and of the coordinates, checked to belong together."""
        psi = as_parts(x_name, X, self.latent_dim)
        flat = self._is_flat(y)
        if not flat and self.output_dim % 3:
            raise ValueError(f"output_dim: got {self.output_dim}, wanted three for each atom")
        coords = as_parts(y_name, y, self.output_dim if flat else (self.output_dim // 3, 3))
        if len(psi) > 1 and len(coords) > 1:
            lengths, wanted = [len(part) for part in coords], [len(part) for part in psi]
            if lengths != wanted:
                raise ValueError(
                    f"{y_name}: got trajectories of {lengths} frames, wanted {wanted} as {x_name} "
                    "has"
                )
        psi, coords = joined(psi), joined(coords)
        if flat and self.head == "bonds":
            coords = coords.reshape(len(coords), -1, 3)
        if len(psi) != len(coords):
            raise ValueError(
                f"{y_name}: got {len(coords)} frames, wanted {len(psi)} as {x_name} has"
            )
        return psi, coords

    def _is_flat(self, y):
        """Whether a frame of y is a row of numbers, not atoms; y may be a list of either."""
        if not (isinstance(y, (list, tuple)) and len(y)):
            return np.ndim(y) == 2
        shape = np.shape(y[0])
        # Rows, or arrays of rows; but a list of single frames is one array of atoms.
        return len(shape) < 3 and (self.output_dim == 3 or shape != (self.output_dim // 3, 3))

    def _is_fitted(self):
        return getattr(self, "_parts", None) is not None

    def _check_fitted(self):
        if not self._is_fitted():
            raise NotFittedError("this MolGen is not fitted: call fit(X, y) first")
