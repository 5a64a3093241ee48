"""Latent space simulators: from MD trajectories to a validated simulator of the slow modes.

The package is light to import: the simulator (and with it TensorFlow) is loaded on first use.
"""

from importlib import import_module

from lss.errors import InputError

_LAZY = {
    "LatentSpaceSimulator": "lss.simulator",
    "SeriesSet": "lss.series.series_set",
    "TrajectorySet": "lss.trajectories.trajectory_set",
    "open_trajectories": "lss.trajectories.opening",
    "Featurizer": "lss.features.featurizer",
    "Ensemble": "lss.simulation.ensemble",
    "default_features": "lss.features.featurizer",
    "featurize": "lss.features.featurizer",
    "validate": "lss.run.validate",
    "superposed": "lss.run.superposition",
    "define_states": "lss.paths.chosen",
    "find_paths": "lss.paths.findings",
    "sample_passages": "lss.paths.passages",
    "write_paths": "lss.paths.write",
    "export_modes": "lss.export.write",
    "expectation": "lss.observables.expectation",
    "parse_time": "lss.units",
    "format_time": "lss.units",
}

__all__ = ["InputError", *sorted(_LAZY)]


def __getattr__(name):
    """Import a public name from its module when it is first asked for."""
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'lss' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_LAZY])
