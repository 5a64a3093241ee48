"""Errors of the encoder."""

from sklearn.exceptions import NotFittedError as _SklearnNotFittedError


class NotFittedError(_SklearnNotFittedError, RuntimeError):
    """Raised where a fitted encoder is needed and `fit` has not been called.

    It is scikit-learn's error and also a `RuntimeError`.
    """


class DegenerateOutputsError(ValueError):
    """The network's outputs hold fewer independent functions of the data than modes wanted."""
