"""The simulator in a box: all that sampling needs, as a folder or as one `.lss` file (zip).

```
lss.json       format version, lag time, features, modes, units, how close atoms may come
topology.pdb   the decoded atoms in the reference structure
srv.keras  mdn.keras  cwgan.keras
```
A box comes from somebody else as often as not, so opening one runs none of its code: the networks
may hold stock Keras layers only, and an archive may hold these five files only.
"""

import json
import tempfile
import textwrap
import zipfile
from dataclasses import dataclass
from pathlib import Path

import mdtraj
import numpy as np

from lss.errors import InputError
from lss.features.featurizer import Featurizer
from lss.storage.whole_files import replacing, write_json

FORMAT = 1
NETWORKS = ("srv", "mdn", "cwgan")
FILES = ("lss.json", "topology.pdb", *(f"{name}.keras" for name in NETWORKS))
REQUIRED = (
    *("lag_time_ps", "frame_spacing_ps", "features", "n_features", "n_modes"),
    *("psi_low", "psi_high", "start_psi"),
)
MAX_BYTES = 2**30  # of one unpacked file; ours have some hundred kB
# Stock classes that reach outside the model: code, files, other frameworks.
FORBIDDEN = {"function", "Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"}


@dataclass
class Box:
    """What a box holds, in memory.

    Attributes
    ----------
    meta : dict
        The content of `lss.json`; times in ps, eigenvalues dimensionless.
    reference : mdtraj.Trajectory
        One frame of the decoded atoms: the structure on which training frames were superposed.
    srv, mdn, cwgan : keras.Model
    """

    meta: dict
    reference: mdtraj.Trajectory
    srv: object
    mdn: object
    cwgan: object

    def contacts(self):
        """How close decoded atoms may come: `cwgan.Contacts`, or None in a box that does not say.

        Boxes of before 0.2.0 do not, and what they draw is kept as it comes.
        """
        from cwgan.contacts import Contacts

        described = self.meta.get("contacts")
        return None if described is None else Contacts.from_dict(described)

    def featurizer(self, topology):
        """The features of the encoder, for a topology of the same molecule.

        Parameters
        ----------
        topology : mdtraj.Topology
            Its atoms are found by residue and atom name; it may hold more.

        Returns
        -------
        lss.Featurizer

        Raises
        ------
        InputError
            Where an atom is missing, or the features are not ones that lss computes.
        """
        described = self.meta["features"]
        if "atoms" not in described:
            raise InputError(
                "the features of this simulator are its maker's own, which are not computed from "
                "trajectories here; pass yours through the encoder: box.srv.predict(features)"
            )
        return Featurizer.from_dict(described, topology)


def load_box(path):
    """Read a box.

    Parameters
    ----------
    path : str or pathlib.Path
        A folder, or an `.lss` file.

    Returns
    -------
    Box

    Raises
    ------
    InputError
        Where a file is missing, damaged, of a later format, or holds anything but stock layers.
    """
    path = Path(path)
    if path.is_dir():
        return read_folder(path)
    if not zipfile.is_zipfile(path):
        raise InputError(f"{path} is neither a box folder (such as RUN/box) nor an .lss file")
    with tempfile.TemporaryDirectory() as folder:
        unpack(path, folder)
        return read_folder(Path(folder), name=path)


def read_folder(folder, name=None):
    name = name or folder
    missing = [file for file in FILES if not (folder / file).is_file()]
    if missing:
        inside = f"; did you mean {name}/box?" if (folder / "box").is_dir() else ""
        raise InputError(f"{name} is not a complete box: {missing[0]} is missing{inside}")
    meta = read_meta(folder / "lss.json", name)
    check_meta(meta, name)
    reference = read_structure(folder / "topology.pdb", name)
    networks = {network: load_network(folder / f"{network}.keras") for network in NETWORKS}
    box = Box(meta, reference, **networks)
    check(box, name)
    return box


def read_meta(path, name):
    try:
        meta = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"lss.json of {name} can't be read: {error}") from error
    if not isinstance(meta, dict) or meta.get("format") != FORMAT:
        found = meta.get("format") if isinstance(meta, dict) else meta
        raise InputError(f"{name} has box format {found}; this version reads {FORMAT}")
    absent = [key for key in REQUIRED if key not in meta]
    if absent:
        raise InputError(f"lss.json of {name} lacks '{absent[0]}'; the box is damaged")
    return meta


def check_meta(meta, name):
    """Raise InputError unless lss.json holds numbers with which a simulator can begin."""
    modes, features = meta["n_modes"], meta["n_features"]
    for key, value in (("n_modes", modes), ("n_features", features)):
        if type(value) is not int or value < 1:
            raise InputError(f"{key} of lss.json of {name} is not a whole number of at least 1")
    for key in ("lag_time_ps", "frame_spacing_ps"):
        if not numbers(meta, key, name, 0) > 0:
            raise InputError(f"{key} of lss.json of {name} is {meta[key]}, not a time")
    low, high = (numbers(meta, key, name, 1) for key in ("psi_low", "psi_high"))
    if not len(low) == len(high) == modes:
        raise InputError(f"psi_low and psi_high of lss.json of {name} do not have {modes} modes")
    if not (low < high).all():
        raise InputError(f"psi_low of lss.json of {name} is not below psi_high")
    starts = numbers(meta, "start_psi", name, 2)
    if len(starts) == 0 or starts.shape[1] != modes:
        raise InputError(f"start_psi of lss.json of {name} holds no states with {modes} modes")
    described = meta["features"]
    names = described.get("names") if isinstance(described, dict) else None
    if not isinstance(names, list) or len(names) != features:
        raise InputError(f"features of lss.json of {name} do not name {features} features")
    check_contacts(meta.get("contacts"), name)


def check_contacts(described, name):
    """Raise InputError unless contacts are missing, or a limit with bonds of numbered atoms."""
    if described is None:
        return
    if not isinstance(described, dict) or not {"limit_nm", "n_atoms", "bonds"} <= set(described):
        raise InputError(f"contacts of lss.json of {name} have no limit, atoms and bonds")
    n_atoms = described["n_atoms"]
    if type(n_atoms) is not int or n_atoms < 1:
        raise InputError(f"contacts of lss.json of {name} are not of a whole number of atoms")
    if not numbers(described, "limit_nm", name, 0) > 0:
        raise InputError(f"contacts of lss.json of {name} have no limit above 0")
    bonds = numbers(described, "bonds", name, 2) if described["bonds"] else np.zeros((0, 2))
    if bonds.shape[1] != 2 or not np.isin(bonds, np.arange(n_atoms)).all():
        raise InputError(f"contacts of lss.json of {name} have bonds of other atoms")


def numbers(meta, key, name, ndim):
    """An entry of lss.json as finite numbers in single precision, with that many axes."""
    try:
        with np.errstate(over="ignore"):
            values = np.asarray(meta[key], np.float32)
    except (TypeError, ValueError, OverflowError):
        values = np.array(np.nan)
    if values.ndim != ndim or not np.isfinite(values).all():
        kind = ("a finite number", "a list of finite numbers", "rows of finite numbers")[ndim]
        raise InputError(f"{key} of lss.json of {name} is not {kind}; the box is damaged")
    return values


def read_structure(path, name):
    try:
        return mdtraj.load_pdb(str(path))
    except Exception as error:  # the parser raises whatever a broken line leads it to
        raise InputError(f"{path.name} of {name} can't be read: {error}") from error


def load_network(path):
    """Load one saved network; refuse everything that is not a stock Keras layer."""
    import keras

    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
        refuse_foreign(config, path.name)
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except InputError:
        raise
    except Exception as error:  # zip, HDF5 and Keras each raise their own on damaged files
        raise InputError(f"{path.name} can't be loaded: {brief(error)}") from error


def brief(error):
    """The first line of an error, cut off where Keras puts a whole network into it."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return textwrap.shorten(lines[0], 200, placeholder=" ...")


def refuse_foreign(config, name):
    """Raise InputError where a Keras configuration names code that is not a stock layer."""
    if isinstance(config, list):
        for item in config:
            refuse_foreign(item, name)
    if not isinstance(config, dict):
        return
    module, kind = config.get("module"), config.get("class_name")
    registered = config.get("registered_name")  # "package>Name" for what a package registered
    foreign = isinstance(module, str) and module.split(".")[0] != "keras"
    if foreign or kind in FORBIDDEN or registered not in (None, kind):
        raise InputError(
            f"{name} holds {registered or kind} of {module}; only stock Keras layers are opened, "
            "since others may run code or read files"
        )
    for value in config.values():
        refuse_foreign(value, name)


def check(box, name):
    """Raise InputError unless the parts of a box fit together."""
    modes, atoms = box.meta["n_modes"], box.reference.n_atoms
    contacts = box.meta.get("contacts") or {"n_atoms": atoms}
    try:
        shapes = {
            "srv.keras input (features)": (box.srv.input_shape[-1], box.meta["n_features"]),
            "srv.keras output (modes)": (box.srv.output_shape[-1], modes),
            "mdn.keras input (modes)": (box.mdn.input_shape[-1], modes),
            "cwgan.keras output (atoms)": (box.cwgan.output_shape[-2], atoms),
            "contacts (atoms)": (contacts["n_atoms"], atoms),
        }
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise InputError(
            f"the networks of {name} are not those of a simulator: {brief(error)}"
        ) from error
    for what, (found, wanted) in shapes.items():
        if found != wanted:
            raise InputError(f"{name} does not fit together: {what} is {found}, not {wanted}")


def unpack(path, folder):
    """Unpack an `.lss` file; only the files of a box, and none larger than a box's can be."""
    for name, data in entries(path):
        (Path(folder) / name).write_bytes(data)


def entries(path):
    """Names and bytes of the files in an `.lss` file, one after another."""
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                yield entry.filename, read_entry(archive, entry, path)
    except InputError:
        raise
    except Exception as error:  # each part of a zip file fails in its own way
        raise InputError(f"{path} is damaged: {brief(error)}") from error


def read_entry(archive, entry, path):
    if entry.filename not in FILES:
        raise InputError(f"{path} holds {entry.filename!r}, which does not belong in a box")
    if entry.file_size <= MAX_BYTES:
        # What the header says is not believed: no more than that is read.
        with archive.open(entry) as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) <= MAX_BYTES:
            return data
    raise InputError(f"{entry.filename} of {path} unpacks to over {MAX_BYTES} bytes")


def save_box(box, path):
    """Write a box as a folder, or as one file where `path` ends in `.lss`."""
    path = Path(path)
    if path.suffix == ".lss":
        with tempfile.TemporaryDirectory() as folder, replacing(path) as partial:
            write_folder(box, Path(folder))
            pack(folder, partial)
        return
    with replacing(path) as partial:
        partial.mkdir()
        write_folder(box, partial)


def write_folder(box, folder):
    write_json(folder / "lss.json", box.meta)
    box.reference.save_pdb(str(folder / "topology.pdb"))
    for name in NETWORKS:
        getattr(box, name).save(folder / f"{name}.keras")


def pack(folder, path):
    """Pack a box folder into one `.lss` file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in FILES:
            archive.write(Path(folder) / file, file)
