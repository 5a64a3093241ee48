"""Latent space simulators: from MD trajectories to a validated simulator of the slow modes.

The package is light to import: the simulator (and with it TensorFlow) is loaded on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from lss.errors import InputError

if TYPE_CHECKING:  # what editors and type checkers see
    from lss.export.write import export_modes as export_modes
    from lss.features.featurizer import Featurizer as Featurizer
    from lss.features.featurizer import default_features as default_features
    from lss.features.featurizer import featurize as featurize
    from lss.observables.expectation import expectation as expectation
    from lss.paths.chosen import define_states as define_states
    from lss.paths.findings import find_paths as find_paths
    from lss.paths.passages import sample_passages as sample_passages
    from lss.paths.write import write_paths as write_paths
    from lss.run.superposition import superposed as superposed
    from lss.run.validate import validate as validate
    from lss.series.series_set import SeriesSet as SeriesSet
    from lss.simulation.ensemble import Ensemble as Ensemble
    from lss.simulator import LatentSpaceSimulator as LatentSpaceSimulator
    from lss.trajectories.opening import open_trajectories as open_trajectories
    from lss.trajectories.trajectory_set import TrajectorySet as TrajectorySet
    from lss.units import format_time as format_time
    from lss.units import parse_time as parse_time

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
