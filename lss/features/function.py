"""Features that a function of the user's computes from structures."""

import hashlib

import numpy as np

from lss.errors import InputError
from lss.features.base import Features


class FromFunction(Features):
    """Features that a function of the user's computes; see `Featurizer.from_function`."""

    own = True
    shareable = False  # other processes may not find the function
    everything = True

    def __init__(self, function, topology, names=None):
        if not callable(function):
            raise InputError(f"function is {function!r}, wanted a function of a trajectory")
        self.function, self.topology = function, topology
        self.specs = [getattr(function, "__qualname__", type(function).__name__)]
        self.names = None if names is None else [str(name) for name in names]
        self.atoms = np.arange(topology.n_atoms)

    def compute(self, trajectory, *, selected=False, first_frame=0):
        self._check_atoms(trajectory, selected)
        if not selected:
            trajectory = self._whole(trajectory, first_frame)
        values = np.asarray(self.function(trajectory))
        if values.ndim == 1:
            values = values[:, None]
        if values.ndim != 2 or len(values) != len(trajectory) or values.dtype.kind not in "biuf":
            raise InputError(
                f"{self.specs[0]} returned {values.dtype} of the shape {values.shape} for "
                f"{len(trajectory)} frames: return numbers, one row a frame"
            )
        if self.names is None:
            self.names = numbered(values.shape[1])
        if values.shape[1] != len(self.names):
            raise InputError(
                f"{self.specs[0]} returned {values.shape[1]} features, wanted {len(self.names)}: "
                "return as many for each frame, and give as many names"
            )
        return checked(values.astype(np.float32), self.names, first_frame, self.specs[0])

    def fingerprints(self, trajectories):
        """Identify the function by what it makes of the reference structure."""
        found = hashlib.sha256(self.compute(trajectories.reference).tobytes()).hexdigest()
        return [{"kind": "function", "name": self.specs[0], "sha256": found}]

    def to_dict(self):
        return {"specs": self.specs, "names": self.names}


def numbered(n):
    """Names for features that have none."""
    return [f"feature {i + 1}" for i in range(n)]


def checked(values, names, first_frame, source):
    """Features that are finite numbers, or InputError that names the frame and the feature."""
    if not np.isfinite(values.sum(dtype=np.float64)):
        frame, column = np.argwhere(~np.isfinite(values))[0]
        raise InputError(
            f"{source}: frame {first_frame + frame}: the feature {names[column]!r} is not a finite "
            "number in single precision"
        )
    return values
