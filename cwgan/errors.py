"""Errors of the decoder."""

from lss_base.estimators import DivergedError, NotFittedError

__all__ = ["DivergedError", "NotFittedError"]
