"""One check of all settings of a `Propagator`, where they are first used."""

import numpy as np

from lss_base.estimators import check_choice, check_count, check_training, refusal

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
    check_training(settings, with_validation)
    check_choice("schedule", settings.schedule, ("constant", "cosine"))
    check_choice("outside", settings.outside, ("clip", "redraw"))
    if isinstance(settings.bounds, str):
        check_choice("bounds", settings.bounds, ("auto", "data"))
    if settings.early_stopping is not None:
        check_count("early_stopping", settings.early_stopping)
        if not settings.validation_split and not with_validation:
            raise refusal(
                "early_stopping",
                f"{settings.early_stopping} without validation data",
                "None, or data to validate with",
                "set `validation_split`, or give fit a y",
            )


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
            raise refusal(
                f"coordinate {flat[0]} of X",
                f"constant, in single precision, at {least[flat[0]]}",
                "one that varies",
                "leave it out, or shift it to a mean of zero where it varies little about a large "
                "value",
            )
        if bounds == "auto" and (least >= 0).all() and (most <= 1).all():
            return np.zeros_like(least), np.ones_like(most)
        return least, most
    try:
        low, high = (np.broadcast_to(np.asarray(b, float), least.shape).copy() for b in bounds)
    except (TypeError, ValueError) as error:
        raise refusal(
            "bounds",
            repr(bounds),
            f"'auto', 'data' or a pair (low, high) of numbers or of arrays of length {len(least)}",
            "set `bounds` to one of these",
        ) from error
    if not (np.isfinite(low).all() and np.isfinite(high).all() and (low < high).all()):
        raise refusal("bounds", repr(bounds), "finite numbers, low below high", "order them so")
    # Data are float32: bounds taken from them in float64 must not leave out their own extremes.
    if (least < low.astype(np.float32)).any() or (most > high.astype(np.float32)).any():
        raise refusal(
            "bounds",
            repr(bounds),
            f"a range that holds the data, from {least.tolist()} to {most.tolist()}",
            "widen it, or take bounds='data'",
        )
    return low, high
