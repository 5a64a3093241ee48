"""Features of whole trajectory sets, streamed to one HDF5 file."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
from tqdm import tqdm

from lss.errors import InputError
from lss.storage import processes
from lss.storage.full_disk import new_hdf5
from lss.storage.whole_files import PARTIAL, remove, replacing

if TYPE_CHECKING:
    from lss.features.base import Features
    from lss.trajectories.trajectory_set import TrajectorySet

#: Aim of the size of an HDF5 chunk: a batch of consecutive frames touches few of them, and one
#: fits the chunk cache (1 MiB).
_CHUNK_BYTES = 512 * 1024


def dataset_name(i):
    """Return the name of the dataset of trajectory ``i``: ``"000000"``."""
    return f"{i:06d}"


def featurize(
    trajectories: TrajectorySet,
    featurizer: Features,
    path: str | Path,
    progress: bool = True,
    scheduler: str | None = None,
) -> Path:
    """Compute the features of a set of trajectories and write them to one HDF5 file.

    Frames are streamed, so that memory does not grow with their number. The file appears under
    its name when it is complete.

    Parameters
    ----------
    trajectories : TrajectorySet
    featurizer : Featurizer or lss.features.own.OwnFeatures
        Of the topology of the trajectories.
    path : str or Path
        The HDF5 file; replaced if it exists. It holds one dataset (n_frames, n_features) of
        float32 for each trajectory, named "000000" and on, chunked in blocks of consecutive
        frames, and the attributes ``spacing_ps``, ``features`` (names), ``specs``, ``sources``
        (file names) and ``n_frames``.
    progress : bool
        Show a progress bar over frames.
    scheduler : str, optional
        Other processes that compute the features, one trajectory each: see
        `lss.storage.processes.share`. The file is the same. They leave their parts in a folder
        beside `path`.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If a trajectory cannot be read or a feature is not finite; nothing is left behind.
    """
    path = Path(path)
    for leftover in path.parent.glob(f"{PARTIAL}{path.stem}-parts-*"):
        remove(leftover)
    # Workers that still do the tasks of a process that died must not meet those of this one.
    parts = path.with_name(f"{PARTIAL}{path.stem}-parts-{uuid.uuid4().hex}")
    try:
        # Attributes of more than 64 KiB (thousands of names) need the layout of HDF5 1.8.
        with (
            replacing(path) as partial,
            new_hdf5(partial, libver=("v108", "latest")) as file,
            tqdm(
                total=sum(trajectories.n_frames), desc="features", unit="frame",
                disable=not progress,
            ) as bar,
        ):  # fmt: skip
            if featurizer.names is None:  # of a function, that is to be called first
                featurizer.compute(trajectories.reference)
            _describe(file, trajectories, featurizer)
            if scheduler is None or trajectories.in_memory or not featurizer.shareable:
                for i in range(len(trajectories.files)):
                    _write(file, trajectories, featurizer, i, bar.update)
            else:
                try:
                    _gather(file, trajectories, featurizer, parts, scheduler, bar.update)
                finally:
                    remove(parts)
    except OSError as error:
        raise InputError(f"{path}: cannot write the features there ({error})") from error
    return path


def _describe(file, trajectories, featurizer):
    text = h5py.string_dtype()
    file.attrs["spacing_ps"] = float(trajectories.spacing_ps)
    file.attrs["n_frames"] = np.array(trajectories.n_frames, dtype=np.int64)
    for name, values in (
        ("features", featurizer.names),
        ("specs", featurizer.specs),
        ("sources", trajectories.names),
    ):
        file.attrs.create(name, np.array(values, dtype=object), dtype=text)


def _dataset(file, i, n, n_features):
    rows = max(_CHUNK_BYTES // (4 * n_features), 1)
    shape, chunks = (n, n_features), (min(rows, n), n_features)
    return file.create_dataset(dataset_name(i), shape, np.float32, chunks=chunks)


def _write(file, trajectories, featurizer, i, tick):
    """Compute the features of trajectory `i`, into a dataset of the file."""
    data, done = _dataset(file, i, trajectories.n_frames[i], len(featurizer.names)), 0
    for values in featurizer.values(trajectories, i):
        data[done : done + len(values)] = values
        done += len(values)
        tick(len(values))


def _write_part(folder, trajectories, featurizer, i):
    """As `_write`, into a file of its own; may run in another process."""
    # Where two do the same task, since one seemed dead, each has its own file.
    path = folder / f"{dataset_name(i)}-{uuid.uuid4().hex}.h5"
    with new_hdf5(path) as file:
        _write(file, trajectories, featurizer, i, lambda n: None)
    return path


def _gather(file, trajectories, featurizer, folder, scheduler, tick):
    """Let others compute the features; collect them in the file, a part at a time."""
    folder.mkdir(parents=True)
    numbers = range(len(trajectories.files))
    there = trajectories.elsewhere()
    tasks = [(folder.absolute(), there, featurizer, i) for i in numbers]
    found = processes.share(_write_part, tasks, trajectories.names, scheduler)
    for i, path in enumerate(found):
        with h5py.File(path) as part:
            source = part[dataset_name(i)]
            data = _dataset(file, i, *source.shape)
            for rows in source.iter_chunks():
                data[rows] = source[rows]
        remove(path)
        tick(len(data))
