"""Trajectory files written a block of frames at a time, every frame with its time.

Each writer is a context manager that yields `write(xyz, time)`: coordinates (n, atoms, 3) in
**nm**, times (n,) in **ps**.
"""

import json
import struct
from contextlib import contextmanager

import h5py
import mdtraj
import numpy as np

from lss.formats import ascii_path

# A DCD file states the time between frames in the time unit of CHARMM.
AKMA_PS = 0.04888821
DCD_SPACING_OFFSET = 44
CHUNK_VALUES = 2**16  # float32 numbers in a chunk of an HDF5 dataset


@contextmanager
def xtc(path, topology, spacing_ps):
    """GROMACS XTC: coordinates to 0.001 nm, times in float32."""
    with ascii_path(path) as name, mdtraj.formats.XTCTrajectoryFile(name, "w") as file:
        yield lambda xyz, time: file.write(xyz, time=np.asarray(time, np.float32))


@contextmanager
def dcd(path, topology, spacing_ps):
    """DCD: coordinates in float32; the header states the spacing, the first frame is at time 0."""
    with ascii_path(path) as name, mdtraj.formats.DCDTrajectoryFile(name, "w") as file:
        yield lambda xyz, time: file.write(10 * xyz)  # in angstrom
    with open(path, "r+b") as file:
        file.seek(DCD_SPACING_OFFSET)
        file.write(struct.pack("<f", spacing_ps / AKMA_PS))


@contextmanager
def hdf5(path, topology, spacing_ps):
    """MDTraj's HDF5 layout (convention "Pande" 1.1), which `mdtraj.load` reads."""
    with h5py.File(path, "w") as file:
        attributes = {"conventions": "Pande", "conventionVersion": "1.1", "program": "lss"}
        attributes |= {"programVersion": "1", "application": "latent space simulator"}
        for key, value in attributes.items():
            file.attrs[key] = np.bytes_(value)
        file["topology"] = np.array([topology_json(topology).encode()])
        xyz = growing(file, "coordinates", (topology.n_atoms, 3), "nanometers")
        times = growing(file, "time", (), "picoseconds")

        def write(new_xyz, new_time):
            for dataset, values in ((xyz, new_xyz), (times, new_time)):
                dataset.resize(len(dataset) + len(values), axis=0)
                dataset[-len(values) :] = values

        yield write


def growing(file, name, shape, units):
    """A float32 dataset of frames of the given shape, empty at first."""
    frames = max(1, CHUNK_VALUES // int(np.prod(shape, initial=1)))
    dataset = file.create_dataset(
        name, (0, *shape), np.float32, maxshape=(None, *shape), chunks=(frames, *shape)
    )
    dataset.attrs["units"] = np.bytes_(units)
    return dataset


def topology_json(topology):
    """A topology in the JSON of MDTraj's HDF5 layout."""
    chains = [
        {
            "index": chain.index,
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


FORMATS = {"xtc": xtc, "dcd": dcd, "h5": hdf5}
