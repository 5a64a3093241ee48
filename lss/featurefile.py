"""Features of whole trajectory sets, streamed to one HDF5 file."""

from pathlib import Path

import h5py
import numpy as np

from lss.bonds import molecule_bonds
from lss.errors import InputError
from lss.files import replacing

#: Aim of the size of an HDF5 chunk: a batch of consecutive frames touches few of them, and one
#: fits the chunk cache (1 MiB).
_CHUNK_BYTES = 512 * 1024
#: Frames are read so many at a time that their coordinates take about this much.
_READ_BYTES = 8 * 1024 * 1024


def dataset_name(i):
    """Return the name of the dataset of trajectory ``i``: ``"000000"``."""
    return f"{i:06d}"


def featurize(trajectories, featurizer, path, progress=True):
    """Compute the features of a set of trajectories and write them to one HDF5 file.

    Frames are streamed, so that memory does not grow with their number. The file appears under
    its name when it is complete.

    Parameters
    ----------
    trajectories : TrajectorySet
    featurizer : Featurizer
        Of the topology of the trajectories.
    path : str or Path
        The HDF5 file; replaced if it exists. It holds one dataset (n_frames, n_features) of
        float32 for each trajectory, named "000000" and on, chunked in blocks of consecutive
        frames, and the attributes ``spacing_ps``, ``features`` (names), ``specs``, ``sources``
        (file names) and ``n_frames``.
    progress : bool
        Show a progress bar over frames.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If a trajectory cannot be read or a feature is not finite; nothing is left behind.
    """
    path = Path(path)
    try:
        # Attributes of more than 64 KiB (thousands of names) need the layout of HDF5 1.8.
        with (
            replacing(path) as partial,
            h5py.File(partial, "w", libver=("v108", "latest")) as file,
        ):
            _write(file, trajectories, featurizer, progress)
    except OSError as error:
        raise InputError(f"{path}: cannot write the features there ({error})") from error
    return path


def _write(file, trajectories, featurizer, progress):
    from tqdm import tqdm

    n_features = len(featurizer.names)
    text = h5py.string_dtype()
    file.attrs["spacing_ps"] = float(trajectories.spacing_ps)
    file.attrs["n_frames"] = np.array(trajectories.n_frames, dtype=np.int64)
    for name, values in (
        ("features", featurizer.names),
        ("specs", featurizer.specs),
        ("sources", [str(path) for path in trajectories.files]),
    ):
        file.attrs.create(name, np.array(values, dtype=object), dtype=text)
    # To make molecules whole, all their atoms are read.
    atoms = len(molecule_bonds(trajectories.topology, featurizer.atoms)[0])
    chunk = int(np.clip(_READ_BYTES // (12 * atoms + 4 * n_features), 1, 10_000))
    rows = max(_CHUNK_BYTES // (4 * n_features), 1)
    with tqdm(
        total=sum(trajectories.n_frames), desc="features", unit="frame", disable=not progress
    ) as bar:
        for i, n in enumerate(trajectories.n_frames):
            data = file.create_dataset(
                dataset_name(i), (n, n_features), np.float32, chunks=(min(rows, n), n_features)
            )
            done = 0
            for frames in trajectories.iterate(i, chunk, featurizer.atoms):
                try:
                    values = featurizer.compute(frames, selected=True, first_frame=done)
                except InputError as error:
                    raise InputError(f"{trajectories.files[i]}: {error}") from error
                data[done : done + len(values)] = values
                done += len(values)
                bar.update(len(values))
