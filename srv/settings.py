"""Settings of the encoder: the named presets, and the check of what the user set."""

import numbers

import keras
import numpy as np

_PAPER_PATIENCE = 20
#: Ways of finding weights of frames; "auto" takes one only where the data are not in equilibrium.
WEIGHTINGS = ("auto", "koopman", "rite")
_COUNTS = (
    "input_size",
    "n_components",
    "lag_time",
    "n_epochs",
    "batch_size",
    "hidden_layer_depth",
    "hidden_size",
)
# Least value, and what the value must stay below.
_RANGES = (
    ("learning_rate", 0, np.inf),
    ("epsilon", 0, 1),
    ("r_degree", 1, np.inf),
    ("dropout_rate", 0, 1),
    ("validation_split", 0, 1),
    ("l2_regularization", 0, np.inf),
    ("latent_space_noise", 0, np.inf),
)


def _recommended():
    return {
        "standardize": True,
        "activation": "gelu",
        "hidden_size": 50,
        "batch_normalization": True,
        "batch_size": 1000,
        "learning_rate": 0.01,
        "schedule": "cosine",
        "n_epochs": 6,
        "min_steps": 600,
        "max_steps": 4000,
    }


def _paper():
    stop = keras.callbacks.EarlyStopping(
        monitor="val_loss", mode="min", patience=_PAPER_PATIENCE, restore_best_weights=True
    )
    return {
        "activation": "tanh",
        "hidden_size": 100,
        "batch_normalization": True,
        "batch_size": 200_000,
        "learning_rate": 0.01,
        "n_epochs": 100,
        "validation_split": 0.2,
        "callbacks": [stop],
    }


_PRESETS = {"recommended": _recommended, "paper": _paper}


def preset(name):
    """Return the constructor arguments of a preset.

    "recommended"
        Standardised features; 2 x 50 GELU with batch normalisation; batches of 1,000 random
        pairs; Adam at .01 with warm-up and cosine decay; 6 epochs but at least 600 steps and at
        most 4,000, which is also what slow eigenvalues above .97 get.
    "paper"
        After Sidky, Chen & Ferguson, Chem. Sci. 11, 9459 (2020): 2 x 100 tanh with batch
        normalisation, Adam at .01, batches of up to 200,000 pairs, early stopping on the
        validation VAMP-2 with the best weights restored.

    Raises
    ------
    ValueError
        For another name.
    """
    if name not in _PRESETS:
        raise ValueError(f"preset {name!r} is not known; choose one of {sorted(_PRESETS)}.")
    return _PRESETS[name]()


def check_settings(srv, y=None, deflate=None):
    """Check the constructor arguments of an SRV; by scikit-learn's rules, `fit` does this.

    Raises
    ------
    ValueError
        Names the argument, what came and what was wanted.
    """
    for name in _COUNTS:
        check_count(name, getattr(srv, name))
    if not isinstance(srv.seed, numbers.Integral) or srv.seed < 0:
        raise ValueError(f"seed is {srv.seed!r}, wanted a whole number of at least 0.")
    for name in ("min_steps", "max_steps"):
        if getattr(srv, name) is not None:
            check_count(name, getattr(srv, name))
    if srv.min_steps and srv.max_steps and srv.min_steps > srv.max_steps:
        raise ValueError(f"min_steps={srv.min_steps} is more than max_steps={srv.max_steps}.")
    for name, low, high in _RANGES:
        value, open_end = getattr(srv, name), name in ("learning_rate", "epsilon")
        inside = isinstance(value, numbers.Real) and low <= value < high
        if not inside or (open_end and value == low):
            least = f"{'more than' if open_end else 'at least'} {low}"
            most = f" and less than {high}" if high < np.inf else ""
            raise ValueError(f"{name} is {value!r}, wanted a number, {least}{most}.")
    if srv.callbacks is not None and not isinstance(srv.callbacks, (list, tuple)):
        raise ValueError(f"callbacks is {srv.callbacks!r}, wanted a list of Keras callbacks.")
    for name in ("batch_normalization", "dropout_rate"):
        if getattr(srv, name) and srv.hidden_layer_depth == 1:
            raise ValueError(
                f"{name} is {getattr(srv, name)} with hidden_layer_depth=1, where it does nothing: "
                f"it acts from the second hidden layer on. Set {name}=0 or a greater depth."
            )
    if srv.schedule not in ("constant", "cosine"):
        raise ValueError(f'schedule is {srv.schedule!r}, wanted "constant" or "cosine".')
    if srv.batch_size <= srv.n_components:
        raise ValueError(
            f"batch_size={srv.batch_size} must exceed n_components={srv.n_components}: a "
            "covariance of fewer pairs than modes has no inverse."
        )
    of_modes = mode_weights(srv)
    if of_modes is not None and not all(w >= 0 for w in of_modes):
        raise ValueError(
            f"weights is {srv.weights}, wanted n_components={srv.n_components} numbers >= 0."
        )
    if isinstance(srv.weights, str) and srv.weights not in WEIGHTINGS:
        raise ValueError(
            f"weights is {srv.weights!r}, wanted None, one of {', '.join(WEIGHTINGS)}, a number "
            "for each mode, or an array for each trajectory."
        )
    if isinstance(srv.weights, str) and deflate is not None:
        raise ValueError("deflate and weights of frames cannot be combined: set weights=None.")
    if y is not None and srv.validation_split:
        raise ValueError("y and validation_split: give one of the two sources of validation data.")
    if y is not None and deflate is not None:
        raise ValueError("y and deflate: validate with validation_split where modes are deflated.")
    if deflate is not None and not srv.reversible:
        raise ValueError("deflate needs reversible=True.")
    if deflate is not None and of_modes is not None:
        raise ValueError("deflate and weights cannot be combined: set weights=None.")


def mode_weights(srv):
    """Return `srv.weights` where it is a number for each mode, as in the package `hde`, or None."""
    weights = srv.weights
    if weights is None or isinstance(weights, str):
        return None
    # Frames have an array a trajectory; one array for the only trajectory is no longer that short.
    plain = all(np.ndim(w) == 0 for w in weights)
    return list(map(float, weights)) if plain and len(weights) == srv.n_components else None


def check_count(name, value):
    """Raise ValueError where `value` is not a whole number of at least 1."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} is {value!r}, wanted a whole number of at least 1.")
