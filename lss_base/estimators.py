"""What the three estimators share: errors, checks of settings, presets, seeds, pickling."""

from __future__ import annotations

import logging
import numbers
import pickle

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError as _NotFittedError

logger = logging.getLogger(__name__)


class NotFittedError(_NotFittedError, RuntimeError):
    """Raised where a result of training is asked for before there was any.

    It is scikit-learn's error and also a `RuntimeError`.
    """


class DivergedError(ValueError):
    """Training left the finite numbers; what was fitted before it is kept."""


class Estimator(BaseEstimator):
    """Base of the three: scikit-learn's parameters, `is_fitted`, callbacks that can be pickled."""

    @property
    def is_fitted(self) -> bool:
        """Whether a `fit` has succeeded."""
        return hasattr(self, "history")

    def _check_fitted(self, method):
        """Raise NotFittedError where `method` is called too early."""
        if not self.is_fitted:
            name = type(self).__name__
            raise NotFittedError(
                f"{name} is not fitted, wanted a fitted one; call fit before {method}"
            )

    def __getstate__(self):
        state = super().__getstate__()
        if "callbacks" in state:
            state = {**state, "callbacks": picklable(self.callbacks)}
        return state


def refusal(name, value, wanted, advice):
    """The ValueError that refuses an argument, in the one grammar of all messages.

    Parameters
    ----------
    name : str
        Of the argument.
    value : str
        What came, in words or as its repr.
    wanted, advice : str
        What would have done, and what to do; arguments in backticks become flags on a command line.

    Returns
    -------
    ValueError
        To be raised by the caller.
    """
    return ValueError(f"{name} is {value}, wanted {wanted}; {advice}")


def check_count(name, value, least=1, most=None):
    """Refuse what is no whole number of at least `least`, and of at most `most` where given.

    Raises
    ------
    ValueError
    """
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        wanted = f"a whole number of at least {least}"
        wanted = wanted if most is None else f"a whole number from {least} to {most}"
        raise refusal(name, repr(value), wanted, f"give `{name}` such a number")


def check_number(name, value, low, high=np.inf, above=False):
    """Refuse what is no real number from `low` (or only `above` it) to less than `high`.

    Raises
    ------
    ValueError
    """
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not real or not low <= value < high or (above and value == low):
        wanted = f"a number {'above' if above else 'of at least'} {low}"
        wanted += f" and less than {high}" if high < np.inf else ""
        raise refusal(name, repr(value), wanted, f"give `{name}` such a number")


def check_choice(name, value, choices):
    """Refuse what is none of the choices.

    Raises
    ------
    ValueError
    """
    if not isinstance(value, str) or value not in choices:
        listed = ", ".join(map(repr, choices))
        raise refusal(name, repr(value), f"one of {listed}", f"set `{name}` to one of them")


def check_seed(seed):
    """Refuse what is neither None nor a whole number of at least 0.

    Raises
    ------
    ValueError
    """
    if seed is not None:
        check_count("seed", seed, least=0)


def check_training(settings, with_validation=False):
    """Check the settings that mean the same in every estimator that has them.

    Parameters
    ----------
    settings : Estimator
    with_validation : bool
        Whether `fit` was given validation data.

    Raises
    ------
    ValueError
    """
    check_seed(settings.seed)
    check_number("learning_rate", settings.learning_rate, 0, above=True)
    if settings.n_updates is not None:
        check_count("n_updates", settings.n_updates)
    split = settings.validation_split
    if split is not None:
        check_number("validation_split", split, 0, 1)
    if split and with_validation:
        raise refusal(
            "validation_split", repr(split), "0 where y is given", "give one of the two of them"
        )
    callbacks = getattr(settings, "callbacks", None)
    if callbacks is not None and not isinstance(callbacks, (list, tuple)):
        raise refusal(
            "callbacks", repr(callbacks), "a list of Keras callbacks", "put it into a list"
        )
    _check_activation(settings.activation)


def _check_activation(activation):
    import keras

    try:
        keras.activations.get(activation)
    except ValueError as error:
        raise refusal(
            "activation", repr(activation), "a name that Keras knows", 'take "swish" or "relu"'
        ) from error


def settled(seed):
    """The seed itself; for None a number from fresh entropy, another in each call."""
    return int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed


def preset(name, presets):
    """The settings of a preset, as a new dict.

    Parameters
    ----------
    name : str
    presets : dict
        Name -> function that returns the constructor's arguments.

    Raises
    ------
    ValueError
        For another name.
    """
    check_choice("name", name, sorted(presets))
    return presets[name]()


def picklable(callbacks):
    """Return the callbacks that can be pickled; warn of those that cannot: open files, lambdas."""
    kept = []
    for callback in callbacks or []:
        try:
            pickle.dumps(callback)
        except (TypeError, AttributeError, pickle.PicklingError) as error:
            logger.warning("%s is left out of the pickle: %s", type(callback).__name__, error)
        else:
            kept.append(callback)
    return kept or None
