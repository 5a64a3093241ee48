"""cwgan: what does the molecule look like at psi?

A conditional Wasserstein GAN that draws structures from slow coordinates. Arrays in, arrays out.
"""

from importlib import import_module

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
