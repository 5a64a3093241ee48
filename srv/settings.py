"""Settings of the encoder: the named presets, and the check of what the user set."""

import keras
import numpy as np

from lss_base.estimators import check_choice, check_count, check_number, check_training, refusal

_PAPER_PATIENCE = 20
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
    ("epsilon", 0, 1),
    ("r_degree", 1, np.inf),
    ("dropout_rate", 0, 1),
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


#: Ways of finding weights of frames; "auto" takes one only where the data are not in equilibrium.
WEIGHTINGS = ("auto", "koopman", "rite")
PRESETS = {"recommended": _recommended, "paper": _paper}
"""Constructor arguments of `SRV.from_preset`.

"recommended"
    Standardised features; 2 x 50 GELU with batch normalisation; batches of 1,000 random pairs;
    Adam at .01 with warm-up and cosine decay; 6 epochs but at least 600 updates and at most 4,000,
    which is also what slow eigenvalues above .97 get.
"paper"
    After Sidky, Chen & Ferguson, Chem. Sci. 11, 9459 (2020): 2 x 100 tanh with batch
    normalisation, Adam at .01, batches of up to 200,000 pairs, early stopping on the validation
    VAMP-2 with the best weights restored.
"""


def bounds_on_updates(srv):
    """Least and greatest number of updates, None where there is no bound."""
    if srv.n_updates is not None:
        return srv.n_updates, srv.n_updates
    return srv.min_steps, srv.max_steps


def check_settings(srv, y=None, deflate=None):
    """Check the constructor arguments of an SRV; by scikit-learn's rules, `fit` does this.

    Raises
    ------
    ValueError
        Names the argument, what came and what was wanted.
    """
    for name in _COUNTS:
        check_count(name, getattr(srv, name))
    for name in ("min_steps", "max_steps"):
        if getattr(srv, name) is not None:
            check_count(name, getattr(srv, name))
    if srv.min_steps and srv.max_steps and srv.min_steps > srv.max_steps:
        raise refusal(
            "min_steps",
            srv.min_steps,
            f"at most max_steps={srv.max_steps}",
            "lower it, or raise `max_steps`",
        )
    check_training(srv, with_validation=y is not None)
    for name, low, high in _RANGES:
        check_number(name, getattr(srv, name), low, high, above=name == "epsilon")
    check_choice("schedule", srv.schedule, ("constant", "cosine"))
    check_choice("disconnected", srv.disconnected, ("drop", "keep"))
    _check_network(srv)
    _check_weights(srv)
    if deflate is not None:
        _check_deflation(srv, y)


def _check_network(srv):
    for name in ("batch_normalization", "dropout_rate"):
        if getattr(srv, name) and srv.hidden_layer_depth == 1:
            raise refusal(
                name,
                f"{getattr(srv, name)} with hidden_layer_depth=1",
                "0, since it acts from the second hidden layer on",
                "unset it or give more layers",
            )
    if srv.batch_size <= srv.n_components:
        raise refusal(
            "batch_size",
            srv.batch_size,
            f"more than n_components={srv.n_components}",
            "raise it: a covariance of fewer pairs than modes has no inverse",
        )


def _check_weights(srv):
    if isinstance(srv.weights, str):
        check_choice("weights", srv.weights, WEIGHTINGS)
    elif srv.weights is not None:
        plain = all(np.ndim(weight) == 0 for weight in srv.weights)
        of_modes = mode_weights(srv)
        if (plain and isinstance(srv.weights, (list, tuple)) and of_modes is None) or (
            of_modes is not None and not min(of_modes) >= 0
        ):
            raise refusal(
                "weights",
                srv.weights,
                f"{srv.n_components} numbers of at least 0, one for each mode",
                "give as many, or an array for each trajectory, a word, or None",
            )


def mode_weights(srv):
    """Return `srv.weights` where it is a number for each mode, as in the package `hde`, or None."""
    weights = srv.weights
    if weights is None or isinstance(weights, str) or len(weights) != srv.n_components:
        return None
    # Those of frames are one array a trajectory, or the one array of the only trajectory.
    return [float(w) for w in weights] if all(np.ndim(w) == 0 for w in weights) else None


def _check_deflation(srv, y):
    if y is not None:
        raise refusal("y", "given with deflate", "None", "set validation_split instead")
    if not srv.reversible:
        raise refusal("reversible", "False with deflate", "True", "set it, or deflate nothing")
    if srv.weights is not None:
        raise refusal("weights", "given with deflate", "None", "unset them, or deflate nothing")
