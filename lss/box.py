"""The simulator in a box: all that sampling needs, as a folder or as one `.lss` file (zip).

```
lss.json       format version, lag time, features, modes, units, how close atoms may come
topology.pdb   the decoded atoms in the reference structure; not of a time series, of which lss.json
               describes the columns
srv.keras  mdn.keras  cwgan.keras
replicas/mdn-0.keras and on, where they were trained: error bars that hold what the MD leaves open
```
A box comes from somebody else as often as not, so opening one runs none of its code: the networks
may hold stock Keras layers only, and an archive may hold these files only.
"""

from __future__ import annotations

import json
import re
import tempfile
import zipfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import mdtraj

from lss.errors import InputError
from lss.features.featurizer import Featurizer
from lss.series.scheme import Scheme
from lss.storage.box_checks import check, check_meta
from lss.storage.networks import brief, load_network
from lss.storage.whole_files import remove, replacing, write_json

if TYPE_CHECKING:
    from cwgan.contacts import Contacts
    from lss.features.base import Features

FORMAT = 3  # since time series; format 2 since replicas, of which boxes of format 1 have none
READ = (1, 2, 3)
NETWORKS = ("srv", "mdn", "cwgan")
STRUCTURE = "topology.pdb"
FILES = ("lss.json", STRUCTURE, *(f"{name}.keras" for name in NETWORKS))
REQUIRED = (
    *("lag_time_ps", "frame_spacing_ps", "features", "n_features", "n_modes"),
    *("psi_low", "psi_high", "start_psi"),
)
REPLICA = re.compile(r"replicas/mdn-\d{1,3}\.keras")
MAX_BYTES = 2**30  # of one unpacked file; ours have some hundred kB


@dataclass
class Box:
    """What a box holds, in memory.

    Attributes
    ----------
    meta : dict
        The content of `lss.json`; times in ps, eigenvalues dimensionless.
    reference : mdtraj.Trajectory
        One frame of the decoded atoms: the structure on which training frames were superposed. In a
        box of a time series `NoAtoms`, which says so wherever atoms are asked for.
    srv, mdn, cwgan : keras.Model
    replicas : list of keras.Model
        Propagators trained on bootstrap samples of the MD; `replica_starts` of lss.json are their
        start states.
    """

    meta: dict
    reference: mdtraj.Trajectory
    srv: object
    mdn: object
    cwgan: object
    replicas: list = field(default_factory=list)

    @cached_property
    def series(self):
        """How a time series was made features: `lss.series.scheme.Scheme`; None of a molecule."""
        described = self.meta.get("series")
        return None if described is None else Scheme.from_dict(described)

    def contacts(self) -> Contacts | None:
        """How close decoded atoms may come: `cwgan.Contacts`, or None in a box that does not say.

        Boxes of before 0.2.0 do not, and what they draw is kept as it comes.
        """
        from cwgan.contacts import Contacts

        described = self.meta.get("contacts")
        return None if described is None else Contacts.from_dict(described)

    def featurizer(self, topology: mdtraj.Topology) -> Features:
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
        if self.series is not None:
            raise no_atoms(self.series.columns)
        described = self.meta["features"]
        if "atoms" not in described:
            raise InputError(
                "the features of this simulator are its maker's own, which are not computed from "
                "trajectories here; pass yours through the encoder: box.srv.predict(features)"
            )
        return Featurizer.from_dict(described, topology)


class NoAtoms:
    """What a box of a time series has in the place of a structure."""

    def __init__(self, columns):
        self._columns = columns

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        raise no_atoms(self._columns)


def no_atoms(columns):
    return InputError(
        f"the simulator is of a time series ({', '.join(columns.names)}), which has no atoms, "
        "wanted one of a molecule"
    )


def load_box(path: str | Path) -> Box:
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
    check_there(folder, FILES[:1], name)
    meta = read_meta(folder / FILES[0], name)
    check_there(folder, files_of(meta), name)
    check_meta(meta, name)
    if meta.get("series") is None:
        reference = read_structure(folder / STRUCTURE, name)
    else:
        reference = NoAtoms(Scheme.from_dict(meta["series"]).columns)
    networks = {network: load_network(folder / f"{network}.keras") for network in NETWORKS}
    files = [replica_file(folder, i) for i in range(len(meta.get("replica_starts") or ()))]
    for file in files:
        if not file.is_file():
            raise InputError(f"{name} is not a complete box: {file.relative_to(folder)} is missing")
    box = Box(meta, reference, **networks, replicas=[load_network(file) for file in files])
    check(box, name)
    return box


def files_of(meta):
    """The files that a box has beside its replicas."""
    return FILES if meta.get("series") is None else tuple(f for f in FILES if f != STRUCTURE)


def check_there(folder, files, name):
    missing = [file for file in files if not (folder / file).is_file()]
    if missing:
        inside = f"; did you mean {name}/box?" if (folder / "box").is_dir() else ""
        raise InputError(f"{name} is not a complete box: {missing[0]} is missing{inside}")


def read_meta(path, name):
    try:
        meta = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"lss.json of {name} can't be read: {error}") from error
    if not isinstance(meta, dict) or meta.get("format") not in READ:
        found = meta.get("format") if isinstance(meta, dict) else meta
        raise InputError(
            f"{name} has box format {found}; this version reads {READ[0]} to {READ[-1]}"
        )
    absent = [key for key in REQUIRED if key not in meta]
    if absent:
        raise InputError(f"lss.json of {name} lacks '{absent[0]}'; the box is damaged")
    return meta


def replica_file(folder, i):
    """Where replica i of the propagator is in the folder of a box."""
    return Path(folder) / "replicas" / f"mdn-{i}.keras"


def read_structure(path, name):
    try:
        return mdtraj.load_pdb(str(path))
    except Exception as error:  # the parser raises whatever a broken line leads it to
        raise InputError(f"{path.name} of {name} can't be read: {error}") from error


def unpack(path, folder):
    """Unpack an `.lss` file; only the files of a box, and none larger than a box's can be."""
    for name, data in entries(path):
        file = Path(folder) / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(data)


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
    if entry.filename not in FILES and not REPLICA.fullmatch(entry.filename):
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
    if box.series is None:
        box.reference.save_pdb(str(folder / STRUCTURE))
    for name in NETWORKS:
        getattr(box, name).save(folder / f"{name}.keras")
    save_replicas(box.replicas, folder)


def save_replicas(models, folder):
    """Write replicas of the propagator into the folder of a box, in place of those there."""
    remove(Path(folder) / "replicas")
    for i, model in enumerate(models):
        file = replica_file(folder, i)
        file.parent.mkdir(exist_ok=True)
        model.save(file)


def pack(folder, path):
    """Pack a box folder into one `.lss` file."""
    replicas = sorted((Path(folder) / "replicas").glob("mdn-*.keras"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in (*FILES, *(f"replicas/{replica.name}" for replica in replicas)):
            if (Path(folder) / file).is_file():  # a box of a time series has no structure
                archive.write(Path(folder) / file, file)
