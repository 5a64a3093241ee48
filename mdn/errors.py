"""Errors of the propagator."""

from sklearn.exceptions import NotFittedError as _NotFittedError


class NotFittedError(_NotFittedError, RuntimeError):
    """A fitted attribute or method was asked for before `fit`."""
