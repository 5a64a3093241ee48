"""cwgan: what does the molecule look like at psi?

A conditional Wasserstein GAN that draws structures from slow coordinates. Arrays in, arrays out.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what editors and type checkers see
    from cwgan.assessment import diagnose as diagnose
    from cwgan.bonds import bond_graph as bond_graph
    from cwgan.bonds import guess_bonds as guess_bonds
    from cwgan.contacts import Contacts as Contacts
    from cwgan.decoder import Decoder as Decoder
    from cwgan.decoder import decode as decode
    from cwgan.diagnostics import energy_distance as energy_distance
    from cwgan.errors import DivergedError as DivergedError
    from cwgan.errors import NotFittedError as NotFittedError
    from cwgan.estimator import MolGen as MolGen
    from cwgan.superpose import mean_structure as mean_structure

_HOMES = {
    "MolGen": "cwgan.estimator",
    "DivergedError": "cwgan.errors",
    "Contacts": "cwgan.contacts",
    "Decoder": "cwgan.decoder",
    "NotFittedError": "cwgan.errors",
    "bond_graph": "cwgan.bonds",
    "guess_bonds": "cwgan.bonds",
    "decode": "cwgan.decoder",
    "diagnose": "cwgan.assessment",
    "energy_distance": "cwgan.diagnostics",
    "mean_structure": "cwgan.superpose",
}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module 'cwgan' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__():
    return [*globals(), *__all__]
