"""One check of all settings of a `Propagator`, where they are first used."""

import keras
import numpy as np

_COUNTS = (
    "input_dim",
    "n_components",
    "lag_time",
    "batch_size",
    "n_epochs",
    "hidden_layer_depth",
    "hidden_size",
    "n_models",
)


def check_settings(settings, with_validation):
    """Refuse settings that make no sense.

    Parameters
    ----------
    settings : object
        With the constructor arguments of `Propagator` as attributes.
    with_validation : bool
        Whether `fit` was given validation data.

    Raises
    ------
    ValueError
        Naming the argument, what came, and what is wanted.
    """
    for name in _COUNTS:
        check_count(name, getattr(settings, name))
    for name in ("n_updates", "early_stopping"):
        if getattr(settings, name) is not None:
            check_count(name, getattr(settings, name))
    check_count("seed", settings.seed, least=0)
    if not _is_number(settings.learning_rate) or not 0 < settings.learning_rate < np.inf:
        raise ValueError(f"learning_rate must be a positive number, got {settings.learning_rate!r}")
    split = settings.validation_split
    if not _is_number(split) or not 0 <= split < 1:
        raise ValueError(f"validation_split must be at least 0 and below 1, got {split!r}")
    if split and with_validation:
        raise ValueError("y and validation_split: give one of the two sources of validation data")
    _check_choice("schedule", settings.schedule, ("constant", "cosine"))
    _check_choice("outside", settings.outside, ("clip", "redraw"))
    if isinstance(settings.bounds, str):
        _check_choice("bounds", settings.bounds, ("auto", "data"))
    try:
        keras.activations.get(settings.activation)
    except ValueError as error:
        raise ValueError(f"activation: Keras knows no {settings.activation!r}") from error
    if settings.callbacks is not None and not isinstance(settings.callbacks, (list, tuple)):
        raise ValueError(f"callbacks must be a list of Keras callbacks, got {settings.callbacks!r}")
    if settings.early_stopping and not split and not with_validation:
        raise ValueError(
            "early_stopping needs validation data: set validation_split, or give fit a y"
        )


def check_count(name, value, least=1):
    """Refuse what is no integer of at least `least`."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < least:
        raise ValueError(f"{name} must be an integer of at least {least}, got {value!r}")


def training_bounds(bounds, frames):
    """The training range that `bounds` asks for.

    Parameters
    ----------
    bounds : 'auto', 'data' or (low, high)
        As in `Propagator`.
    frames : np.ndarray, shape (n, m), units of psi

    Returns
    -------
    low, high : np.ndarray, shape (m,), float64, units of psi

    Raises
    ------
    ValueError
        If a coordinate is constant, or data lie outside the bounds given.
    """
    least, most = frames.min(axis=0).astype(float), frames.max(axis=0).astype(float)
    if isinstance(bounds, str):
        flat = np.flatnonzero(least == most)
        if len(flat):
            raise ValueError(
                f"coordinate {flat[0]} of X is constant, in single precision, at {least[flat[0]]}: "
                "there is nothing to learn; leave it out, or shift it to a mean of zero where it "
                "varies little about a large value"
            )
        if bounds == "auto" and (least >= 0).all() and (most <= 1).all():
            return np.zeros_like(least), np.ones_like(most)
        return least, most
    try:
        low, high = (np.broadcast_to(np.asarray(b, float), least.shape).copy() for b in bounds)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"bounds must be 'auto', 'data' or a pair (low, high) of numbers or of arrays of "
            f"length {len(least)}, got {bounds!r}"
        ) from error
    if not (np.isfinite(low).all() and np.isfinite(high).all() and (low < high).all()):
        raise ValueError(f"bounds must be finite and low below high, got {bounds!r}")
    # Data are float32: bounds taken from them in float64 must not leave out their own extremes.
    if (least < low.astype(np.float32)).any() or (most > high.astype(np.float32)).any():
        raise ValueError(
            f"bounds {bounds!r} leave out data, which reach from {least.tolist()} to "
            f"{most.tolist()}; widen them, or take bounds='data'"
        )
    return low, high


def _is_number(value):
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _check_choice(name, value, choices):
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}")
