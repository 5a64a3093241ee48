"""HDF5 files that can be read at any moment, even after the process that writes them was killed.

HDF5 makes a dataset larger by changing several places of the file; a process killed between them
leaves a file that nobody can open. Here a file is laid out once, at its full length. From then on
HDF5 is not asked any more: frames are written to their places, and the numbers that say how many
there are to be seen are replaced in one go.
"""

import json
import struct
from pathlib import Path

import h5py
import numpy as np

from lss.errors import InputError
from lss.storage.full_disk import check_room
from lss.storage.whole_files import replacing

HEADERS = 4096  # bytes at the beginning of a file that hold what is replaced: one page of memory


class Hdf5:
    """MDTraj's HDF5 layout (convention "Pande" 1.1), which `mdtraj.load` reads."""

    def __init__(self, path, topology, spacing_ps, n_frames):
        self.path, self.topology, self.spacing_ps = Path(path), topology, spacing_ps
        self.n_frames, self.layout = n_frames, None

    def append(self, xyz, first):
        if first == 0:
            with replacing(self.path) as partial:
                self.lay_out(partial)
                self.write(partial, xyz, 0)
            return
        self.write(self.path, xyz, first)

    def lay_out(self, path):
        """The file with all its frames, none of them written."""
        n_atoms = self.topology.n_atoms
        check_room(path, self.n_frames * (12 * n_atoms + 4))
        with h5py.File(path, "w") as file:
            # First of all, so that their headers lie at the beginning of the file.
            for name, shape, units in (
                ("coordinates", (n_atoms, 3), "nanometers"),
                ("time", (), "picoseconds"),
            ):
                dataset = whole_dataset(file, name, (self.n_frames, *shape))
                dataset.attrs["units"] = np.bytes_(units)
            attributes = {"conventions": "Pande", "conventionVersion": "1.1", "program": "lss"}
            attributes |= {"programVersion": "1", "application": "latent space simulator"}
            for key, value in attributes.items():
                file.attrs[key] = np.bytes_(value)
            file["topology"] = np.array([topology_json(self.topology).encode()])

    def write(self, path, xyz, first):
        if self.layout is None:
            self.layout = find_layout(path, ("coordinates", "time"))
        time = (first + np.arange(len(xyz))) * self.spacing_ps
        starts, _ = self.layout
        with open(path, "r+b") as file:
            for start, array in zip(starts, (xyz, time), strict=True):
                array = np.asarray(array, "<f4")
                file.seek(start + first * array[0].nbytes)
                file.write(array.tobytes())
        self.show(path, first + len(xyz))

    def show(self, path, n_frames):
        """Make the first `n_frames` the ones that readers see."""
        _, counts = self.layout
        with open(path, "r+b", buffering=0) as file:
            head = bytearray(file.read(HEADERS))
            for offset, unit in counts:
                struct.pack_into("<Q", head, offset, unit * n_frames)
            # Within one page of memory, which the system writes whole or not at all.
            file.seek(0)
            file.write(head)

    def cut(self, n_frames, size):
        self.layout = find_layout(self.path, ("coordinates", "time"))
        self.show(self.path, n_frames)


def whole_dataset(file, name, shape, fill=None):
    """A contiguous float32 dataset with its place in the file, filled where `fill` is given."""
    layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    layout.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    layout.set_fill_time(h5py.h5d.FILL_TIME_NEVER if fill is None else h5py.h5d.FILL_TIME_ALLOC)
    return file.create_dataset(name, shape, "<f4", fillvalue=fill, dcpl=layout)


def find_layout(path, names):
    """Where contiguous datasets have their data, and where the file says how many frames.

    Returns
    -------
    starts : list of int
        Offset of the data of each dataset.
    counts : list of (int, int)
        Offsets of numbers in the headers, and what one frame adds to each: the dimensions of each
        dataset, present and greatest, and its bytes of data.
    """
    starts, counts = [], []
    with h5py.File(path) as file, open(path, "rb") as raw:
        head = raw.read(HEADERS)
        for dataset in map(file.get, names):
            start, size, shape = (
                dataset.id.get_offset(),
                dataset.id.get_storage_size(),
                dataset.shape,
            )
            header = h5py.h5o.get_info(dataset.id).addr
            space = head.find(struct.pack(f"<{2 * len(shape)}Q", *shape, *shape), header)
            data = head.find(struct.pack("<QQ", start, size), header)
            if space < 0 or data < 0:
                raise InputError(
                    f"HDF5 {h5py.version.hdf5_version} lays files out in a way that is not known "
                    "here; give another `file_format`, xtc or dcd"
                )
            starts.append(start)
            counts += [(space, 1), (space + 8 * len(shape), 1), (data + 8, size // shape[0])]
    return starts, counts


def topology_json(topology):
    """A topology in the JSON of MDTraj's HDF5 layout."""
    chains = [
        {
            "index": chain.index,
            "chain_id": chain.chain_id or None,
            "residues": [
                {
                    "index": residue.index,
                    "name": residue.name,
                    "resSeq": residue.resSeq,
                    "segmentID": residue.segment_id,
                    "atoms": [
                        {"index": a.index, "name": a.name, "element": a.element.symbol}
                        for a in residue.atoms
                    ],
                }
                for residue in chain.residues
            ],
        }
        for chain in topology.chains
    ]
    bonds = [[a.index, b.index] for a, b in topology.bonds]
    return json.dumps({"chains": chains, "bonds": bonds})
