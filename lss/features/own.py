"""Features of the user's own, as arrays in files.

A simulator trained on them does not know how they follow from structures: it encodes features.
"""

import contextlib
import glob
from pathlib import Path

import h5py
import numpy as np

from lss.errors import InputError
from lss.features.base import Features
from lss.features.featurizer import Featurizer, default_features
from lss.features.function import checked, numbered
from lss.features.specifications import MAX_FEATURES
from lss.trajectories import formats
from lss.trajectories.file_search import digest, natural

_SUFFIXES = (".npy", ".h5", ".hdf5")
_READ_BYTES = 8 * 1024 * 1024


def featurizer_for(trajectories, specs=None):
    """The features of a set of trajectories.

    Parameters
    ----------
    trajectories : lss.TrajectorySet
    specs : list of str or Featurizer, optional
        Words (see `lss.Featurizer`), files of features (see `OwnFeatures`), or a featurizer. Words
        that suit the topology where not given.

    Returns
    -------
    Featurizer or OwnFeatures
    """
    if isinstance(specs, Features):
        return specs
    files = [str(spec).lower().endswith(_SUFFIXES) for spec in specs or ()]
    if not any(files):
        return Featurizer(trajectories.topology, specs or default_features(trajectories.topology))
    if not all(files):
        word = specs[files.index(False)]
        raise InputError(
            f"`features` are files and {word!r}: give either files of your own features or words; "
            "columns from both can be put into one file"
        )
    return OwnFeatures(specs, trajectories)


class OwnFeatures:
    """Features in files: one array (n_frames, n_features) for each trajectory, in their order.

    Nothing is read but what is asked for.

    Parameters
    ----------
    specs : list of str
        Names or globs of `.npy` files, one array each, and HDF5 files, one dataset a trajectory,
        sorted naturally by name. Names of the features are those of the fields of a structured
        `.npy`, or the attribute ``names`` (or ``features``) of the HDF5 file; else ``feature 1``
        and on.
    trajectories : lss.TrajectorySet

    Raises
    ------
    InputError
        If a file cannot be read, or the arrays are not as many, or not as long, as the
        trajectories, or differ in their features.
    """

    own = True
    shareable = False  # there is nothing to compute

    def __init__(self, specs, trajectories):
        self.specs = [str(spec) for spec in specs]
        self._places = [place for spec in self.specs for place in _places(spec)]
        self._check_number(trajectories)
        described = [self._describe(place) for place in self._places]
        columns, names = described[0][1:]
        for place, (rows, width, own), name, wanted in zip(
            self._places, described, trajectories.names, trajectories.n_frames, strict=True
        ):
            if rows != wanted:
                raise InputError(
                    f"{_say(place)} has {rows} rows, its trajectory {name} has {wanted} frames: "
                    "give one row a frame"
                )
            if (width, own) != (columns, names):
                raise InputError(
                    f"{_say(place)} has other features ({width}) than {_say(self._places[0])} "
                    f"({columns}): give the same for each trajectory"
                )
        if not 1 <= columns <= MAX_FEATURES:
            raise InputError(
                f"{_say(self._places[0])} has {columns} features: give 1 to {MAX_FEATURES}"
            )
        self.names = names or numbered(columns)

    def __len__(self):
        return len(self.names)

    def values(self, trajectories, i):
        """Yield the features of trajectory `i` in chunks: (n, n_features) of float32."""
        place = self._places[i]
        rows = max(_READ_BYTES // (8 * len(self)), 1)
        for start in range(0, trajectories.n_frames[i], rows):
            with formats.reading(place[0]), _opened(place) as data:
                values = _plain(data[start : start + rows])
            yield checked(values, self.names, start, _say(place))

    def fingerprints(self, trajectories):
        """Identify the files, as `TrajectorySet.fingerprints`."""
        paths = dict.fromkeys(path for path, _ in self._places)
        return [{"kind": "features", "file": str(path), **digest(path)} for path in paths]

    def to_dict(self):
        """What a box says of the features."""
        return {"specs": self.specs, "names": self.names}

    def _check_number(self, trajectories):
        found, wanted = len(self._places), len(trajectories.names)
        if found != wanted:
            raise InputError(
                f"{', '.join(self.specs)}: the number of arrays is {found}, of trajectories "
                f"{wanted}: give one array for each trajectory, in their order"
            )

    @staticmethod
    def _describe(place):
        """Rows, columns and names (None where there are none) of one array."""
        path, _ = place
        with formats.reading(path, "read features from"), _opened(place) as data:
            fields = list(data.dtype.names or ())
            if data.ndim != 1 and (fields or data.ndim != 2):
                raise InputError(
                    f"{_say(place)} has the shape {data.shape}, wanted (n_frames, n_features)"
                )
            width = len(fields) or (1 if data.ndim == 1 else data.shape[1])
            kinds = [data.dtype[name] for name in fields] or [data.dtype]
            if any(kind.kind not in "biuf" for kind in kinds):
                raise InputError(f"{_say(place)} holds {data.dtype}, wanted numbers")
            names = fields or _attribute(data)
            if names and len(names) != width:
                raise InputError(f"{_say(place)} has {len(names)} names for {width} features")
            return len(data), width, names or None


def _places(spec):
    """The arrays of a file name or glob: (path, name of the dataset or None) each."""
    paths = [spec] if Path(spec).exists() else sorted(glob.glob(spec), key=natural)
    if not paths:
        raise InputError(f"no file of features matches {spec!r}: check the path")
    for path in map(Path, paths):
        if path.suffix.lower() == ".npy":
            yield path, None
            continue
        with formats.reading(path, "read features from"), h5py.File(path) as file:
            series = [name for name in file if isinstance(file[name], h5py.Dataset)]
        yield from ((path, name) for name in sorted(series, key=natural))


def _say(place):
    path, name = place
    return str(path) if name is None else f"{name} of {path}"


@contextlib.contextmanager
def _opened(place):
    """The array at a place, read where it is sliced."""
    path, name = place
    if name is None:
        yield np.load(path, mmap_mode="r", allow_pickle=False)
        return
    with h5py.File(path) as file:
        yield file[name]


def _plain(block):
    """Rows of an array as (n, n_features) of float32."""
    block = np.asarray(block)
    if block.dtype.names:
        block = np.stack([block[name] for name in block.dtype.names], axis=1)
    with np.errstate(over="ignore"):  # what does not fit is refused as infinite
        return block.reshape(len(block), -1).astype(np.float32)


def _attribute(data):
    """Names of the features of an HDF5 dataset: its attribute, or that of its file."""
    if not isinstance(data, h5py.Dataset):
        return []
    for owner in (data, data.file):
        for key in ("names", "features"):
            if key in owner.attrs:
                values = np.atleast_1d(owner.attrs[key])
                return [v.decode() if isinstance(v, bytes) else str(v) for v in values]
    return []
