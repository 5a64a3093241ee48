"""The encoder: state-free reversible VAMPnets (SRV), which find the slow modes of a trajectory.

Arrays in, arrays out; lag times are in frames.  The names load Keras when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what editors and type checkers see
    from srv.automatic import candidate_lags as candidate_lags
    from srv.automatic import count_modes as count_modes
    from srv.choice import recommend as recommend
    from srv.errors import DegenerateOutputsError as DegenerateOutputsError
    from srv.errors import DivergedError as DivergedError
    from srv.errors import NotFittedError as NotFittedError
    from srv.estimator import SRV as SRV
    from srv.koopman import LaggedMoments as LaggedMoments
    from srv.lagtime import cross_validate as cross_validate
    from srv.lagtime import scan_lags as scan_lags
    from srv.loss import vamp_loss as vamp_loss

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
