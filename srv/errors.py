"""Errors of the encoder: those of all three networks, and that of outputs of too low a rank."""

from lss_base.estimators import DivergedError, NotFittedError
from lss_base.kinetics import DegenerateOutputsError

__all__ = ["DegenerateOutputsError", "DivergedError", "NotFittedError"]
