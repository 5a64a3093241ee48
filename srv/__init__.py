"""The encoder: state-free reversible VAMPnets (SRV), which find the slow modes of a trajectory.

Arrays in, arrays out; lag times are in frames.  The names load Keras when they are first used.
"""

from importlib import import_module

_HOMES = {
    "SRV": "srv.estimator",
    "DivergedError": "srv.errors",
    "NotFittedError": "srv.errors",
    "DegenerateOutputsError": "srv.errors",
    "vamp_loss": "srv.loss",
    "LaggedMoments": "srv.koopman",
    "scan_lags": "srv.lagtime",
    "cross_validate": "srv.lagtime",
    "recommend": "srv.choice",
    "candidate_lags": "srv.automatic",
    "count_modes": "srv.automatic",
}
__all__ = sorted(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module 'srv' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__():
    return __all__
