"""The files of a run folder: modes, coordinates, networks and what describes the box."""

import json
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from lss.box import FORMAT, save_replicas
from lss.errors import InputError
from lss.features.featurizer import Featurizer
from lss.run.superposition import BLOCK, superpose_all
from lss.storage import processes
from lss.storage.full_disk import new_hdf5
from lss.storage.networks import load_network
from lss.storage.whole_files import replacing, write_json

IN_MEMORY = 2**29  # bytes of features that are read at once, of which training makes two copies
WAYS = (None, "auto", "koopman", "rite")  # in which an SRV finds weights of frames
WEIGHTS = "weights"  # group of psi.h5
DECODER_BYTES = 2**27  # of coordinates that the decoder is trained on; of more, a sample


def open_features(run):
    """features.h5, open for reading; uncached, since HDF5 would keep a cache a trajectory."""
    return h5py.File(run.path / "features.h5", rdcc_nbytes=0)


def feature_arrays(file):
    """Features of an open features.h5: arrays, or HDF5 datasets where memory would not do."""
    data = list(file.values())
    if sum(d.size * d.dtype.itemsize for d in data) <= IN_MEMORY:
        data = [d[:] for d in data]
    return data


def read_known(path, features):
    """Known modes along the training trajectories, to be deflated.

    Parameters
    ----------
    path : str
        A `.keras` network of the same features, such as another run's `box/srv.keras`, or an HDF5
        file with one dataset (n_frames,) or (n_frames, k) a trajectory, such as `psi.h5`.
    features : h5py.File
        The open features.h5.

    Returns
    -------
    list of np.ndarray, shape (n_frames, k)

    Raises
    ------
    InputError
        Where the file does not fit the trajectories.
    """
    if Path(path).suffix == ".keras":
        network = load_network(Path(path))
        width = next(iter(features.values())).shape[1]
        if network.input_shape[-1] != width:
            raise InputError(
                f"`deflate` is {path}, a network of {network.input_shape[-1]} features, wanted one "
                f"of the {width} of this run; give a network of the same features"
            )
        return [network.predict(x[:], batch_size=8192, verbose=0) for x in features.values()]
    if not h5py.is_hdf5(path):
        raise InputError(
            f"`deflate` is {path}, neither a .keras network nor an HDF5 file; give one of them"
        )
    return _series("deflate", path, features)


def weights_asked_for(weights, features):
    """What `SRV(weights=...)` takes, of what a run was told.

    Parameters
    ----------
    weights : {"auto", "koopman", "rite"}, str or None
        A way to find them, or an HDF5 file with one dataset (n_frames,) a trajectory.
    features : h5py.File
        The open features.h5.

    Returns
    -------
    str, None or list of np.ndarray, shape (n_frames,)

    Raises
    ------
    InputError
        Where the file does not fit the trajectories.
    """
    if weights in WAYS:
        return weights
    if not h5py.is_hdf5(weights):
        raise InputError(
            f"`weights` is {weights}, wanted auto, koopman, rite, none or an HDF5 file; give one "
            "of them"
        )
    return _series("weights", weights, features)


def _series(name, path, features):
    """The datasets of an HDF5 file, one a trajectory and of as many frames."""
    with h5py.File(path) as file:
        found = [data[:] for data in datasets(file)]
    lengths = [len(x) for x in features.values()]
    given = [len(series) for series in found]
    if given != lengths:
        raise InputError(
            f"`{name}` is {path}, with series of {given} frames, wanted {lengths} as the "
            "trajectories have; give one series a trajectory, in their order"
        )
    return found


def datasets(group):
    """The datasets of an HDF5 file or group, which may hold groups beside them."""
    return [data for data in group.values() if isinstance(data, h5py.Dataset)]


def save_network(model, run, name):
    """Write box/NAME.keras."""
    with replacing(run.box / f"{name}.keras") as partial:
        model.save(partial)


def write_replicas(run, replicas):
    """Write box/replicas/ and the start states of each; none where there are none."""
    save_replicas([replica.model for replica in replicas], run.box)
    write_meta(run, replica_starts=[replica.starts for replica in replicas] or None)


def write_psi(run, srv, features, weights=None, **attributes):
    """Project all frames on the modes, a trajectory at a time, and write psi.h5.

    Where the run has a Dask cluster, its workers do it, with the network in the box. Where the
    frames have weights, (n_frames,) each, they are in the group `weights`, under the names of the
    trajectories.
    """
    names = list(features)
    if run.cluster() is None:
        found = (srv.transform(features[name]) for name in names)
    else:
        paths = (run.box / "srv.keras").absolute(), (run.path / "features.h5").absolute()
        tasks = [(*paths, name) for name in names]
        what = [f"features {name}" for name in names]
        found = processes.share(project, tasks, what, run.cluster())
    with replacing(run.path / "psi.h5") as partial, new_hdf5(partial) as file:
        file.attrs.update(attributes)
        for name, psi in zip(names, found, strict=True):
            file[name] = np.asarray(psi, np.float32)
        for name, own in zip(names, weights or (), strict=False):
            file[f"{WEIGHTS}/{name}"] = np.asarray(own, np.float32)


def project(network, features, name):
    """Modes of one trajectory, (n_frames, m), from the network and the features in files."""
    from srv.evaluation import evaluate

    with h5py.File(features) as file:
        return evaluate(load_network(network), file[name])


def read_psi(run):
    """Modes of the training trajectories: list of arrays (n_frames, m)."""
    run.require("srv")
    return read_modes(run)


def read_modes(run):
    """As `read_psi`, within the stage that wrote them."""
    with h5py.File(run.path / "psi.h5") as file:
        return [data[:] for data in datasets(file)]


@contextmanager
def open_psi(run):
    """The same as HDF5 datasets that are read where sliced; yields a list."""
    run.require("srv")
    with h5py.File(run.path / "psi.h5") as file:
        yield datasets(file)


def read_weights(run):
    """Weights of the frames of psi.h5: list of arrays (n_frames,), or None where all are equal."""
    run.require("srv")
    with h5py.File(run.path / "psi.h5") as file:
        return [data[:] for data in file[WEIGHTS].values()] if WEIGHTS in file else None


def feature_atoms(run, trajectories):
    """Atoms that the features are computed from; none where they are the user's own."""
    if run.report("features").get("own"):
        return ()
    return Featurizer(trajectories.topology, run.settings("features")["features"]).atoms


def write_coordinates(run, trajectories, atoms):
    """Write coords.h5: the decoded atoms of all frames, superposed on one reference structure.

    Several molecules are put into one image together with those of the features, so that features
    and decoded atoms come from the same coordinates.

    Returns
    -------
    mdtraj.Trajectory
        The reference, one frame: the real structure that is closest to the mean of all.
    """
    with replacing(run.path / "coords.h5") as partial, new_hdf5(partial) as file:
        stores = [
            file.create_dataset(f"{i:06d}", (n_frames, len(atoms), 3), np.float32)
            for i, n_frames in enumerate(trajectories.n_frames)
        ]
        return superpose_all(trajectories, atoms, stores, feature_atoms(run, trajectories))


@contextmanager
def open_coordinates(run):
    """Superposed coordinates of the decoded atoms, as HDF5 datasets that are read where sliced.

    Yields a list of datasets (n_frames, atoms, 3), **nm**.
    """
    with h5py.File(run.path / "coords.h5") as file:
        yield list(file.values())


def weighing_method(run):
    """How the weights of a run were found; None where there are none, or they were given."""
    method = run.report("srv").get("equilibrium", {}).get("weights")
    return None if method == "given" else method


def read_frames(run, seed, discard=0):
    """Modes and superposed coordinates that the decoder is trained on.

    Of more than `DECODER_BYTES` of coordinates (0.56 million frames of 20 atoms), one frame drawn
    at random from each of as many equal stretches: training makes a given number of updates, and
    memory does not grow with the data.

    Parameters
    ----------
    run : lss.run.run_folder.Run
    seed : int
    discard : int
        Frames to leave out at the start of each trajectory.

    Returns
    -------
    psi : np.ndarray, shape (n_frames, m), float32
    coordinates : np.ndarray, shape (n_frames, atoms, 3), float32
        In **nm**.
    """
    with open_psi(run) as modes, open_coordinates(run) as coordinates:
        lengths = np.array([len(x) for x in coordinates])
        left_out = np.minimum(discard, lengths)
        first = np.cumsum([0, *(lengths - left_out)])
        n_frames = int(first[-1])
        if not n_frames:
            raise InputError(
                f"`discard` is {discard} frames, wanted less than the {lengths.max()} of the "
                "longest trajectory; discard fewer"
            )
        n_kept = min(n_frames, max(1, DECODER_BYTES // (4 * coordinates[0][0].size)))
        edges = np.arange(n_kept + 1) * n_frames // n_kept
        kept = np.random.default_rng(seed).integers(edges[:-1], edges[1:])
        owner = np.searchsorted(first, kept, side="right") - 1
        kept += np.cumsum(left_out)[owner]
        return _frames(modes, kept), _frames(coordinates, kept)


def _frames(arrays, kept):
    """The frames with the (increasing) numbers `kept`, of all trajectories end to end."""
    found, start = np.empty((len(kept), *arrays[0].shape[1:]), np.float32), 0
    for data in arrays:
        for first in range(0, len(data), BLOCK):
            block = data[first : first + BLOCK]
            low, high = np.searchsorted(kept, (start, start + len(block)))
            found[low:high] = block[kept[low:high] - start]
            start += len(block)
    return found


def write_structure(structure, path):
    """Write one frame as PDB."""
    with replacing(path) as partial:
        structure.save_pdb(str(partial))


def write_meta(run, **entries):
    """Add entries to box/lss.json; the first call makes it."""
    path = run.box / "lss.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"format": FORMAT}
    write_json(path, known | entries)
