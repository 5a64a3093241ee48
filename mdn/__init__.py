"""The propagator: where does psi go in one lag time?

A mixture density network for p(psi_{t+tau} | psi_t), its training, and a sampler that runs at
the speed of the hardware. Arrays go in and out; lag times are in frames.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what editors and type checkers see
    from mdn.errors import DivergedError as DivergedError
    from mdn.errors import NotFittedError as NotFittedError
    from mdn.estimator import Propagator as Propagator
    from mdn.replicas import train_replicas as train_replicas
    from mdn.sampler import Sampler as Sampler

_HOME = {
    "DivergedError": "errors",
    "NotFittedError": "errors",
    "Propagator": "estimator",
    "Sampler": "sampler",
    "train_replicas": "replicas",
}
__all__ = sorted(_HOME)


def __getattr__(name):
    if name in _HOME:
        return getattr(import_module(f"mdn.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
