"""Trajectory files that grow by blocks of frames, and what a killed process leaves of them.

Each class has `append(xyz, first)`, which writes frames `first` and on, coordinates (n, atoms, 3)
in **nm**, and `cut(n_frames, size)`, which takes a file back to what it was when it had so many
frames and bytes. Files are open only while they are written to. The first frames make the file,
whole or not at all.
"""

import os
import struct
from pathlib import Path

import mdtraj
import numpy as np

from lss.simulation.hdf5_writer import Hdf5
from lss.storage.whole_files import PARTIAL, replacing
from lss.trajectories.formats import ascii_path

ROOM = 2**16  # bytes; more than the buffer of a file of the C library
# A DCD file states the time between frames in the time unit of CHARMM.
AKMA_PS = 0.04888821
DCD_TITLE = b"latent space simulator"
DCD_HEADER = struct.Struct("<i4s9if10ii ii80si iii")
DCD_COUNT_OFFSET = 8


class Xtc:
    """GROMACS XTC: coordinates to 0.001 nm, times in float32.

    A process killed while it appends can leave part of a frame at the end.
    """

    def __init__(self, path, topology, spacing_ps, n_frames):
        self.path, self.spacing_ps = Path(path), spacing_ps

    def append(self, xyz, first):
        if first == 0:
            with replacing(self.path) as partial:
                self.write(partial, xyz, 0)
            return
        # mdtraj does not append, but XTC files are joined by joining their bytes.
        block = self.path.with_name(f"{PARTIAL}block.xtc")
        self.write(block, xyz, first)
        with open(self.path, "ab") as file:
            file.write(block.read_bytes())
        block.unlink()

    def write(self, path, xyz, first):
        number = first + np.arange(len(xyz))
        time = (number * self.spacing_ps).astype(np.float32)
        try:
            with ascii_path(path) as name, mdtraj.formats.XTCTrajectoryFile(name, "w") as file:
                file.write(xyz, time=time, step=number.astype(np.int32))
        except RuntimeError as error:
            raise OSError(f"{self.path} can't be written; is the disk full? ({error})") from error
        # A buffer that finds no room when the file is closed is lost without a word. Nor would
        # these bytes, which are taken off again, find room.
        with open(path, "r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.write(bytes(ROOM))
            file.truncate(size)

    def cut(self, n_frames, size):
        os.truncate(self.path, size)


class Dcd:
    """DCD: coordinates in float32; the header states the spacing, the first frame is at time 0.

    A process killed while it appends can leave part of a frame at the end, which readers drop, or
    more frames than the header counts.
    """

    def __init__(self, path, topology, spacing_ps, n_frames):
        self.path, self.spacing_ps, self.n_atoms = Path(path), spacing_ps, topology.n_atoms

    def append(self, xyz, first):
        if first == 0:
            with replacing(self.path) as partial:
                partial.write_bytes(self.header(len(xyz)) + self.frames(xyz))
            return
        with open(self.path, "ab") as file:
            file.write(self.frames(xyz))
        self.count(first + len(xyz))

    def header(self, n_frames):
        """84 bytes of numbers, one line of title, the number of atoms; each between its lengths."""
        control = [n_frames, 0, 1, n_frames, *[0] * 5, self.spacing_ps / AKMA_PS, *[0] * 9, 24]
        return DCD_HEADER.pack(
            *(84, b"CORD", *control, 84), *(84, 1, DCD_TITLE.ljust(80), 84), *(4, self.n_atoms, 4)
        )

    def frames(self, xyz):
        """x, y and z of all atoms in angstrom, one after another, each between its lengths."""
        n = self.n_atoms
        records = np.empty((len(xyz), 3, n + 2), "<f4")
        records[:, :, 1:-1] = np.swapaxes(10 * xyz, 1, 2)
        records.view("<i4")[:, :, [0, -1]] = 4 * n
        return records.tobytes()

    def count(self, n_frames):
        with open(self.path, "r+b") as file:
            for offset in (DCD_COUNT_OFFSET, DCD_COUNT_OFFSET + 12):
                file.seek(offset)
                file.write(struct.pack("<i", n_frames))

    def cut(self, n_frames, size):
        os.truncate(self.path, size)
        self.count(n_frames)


FORMATS = {"xtc": Xtc, "dcd": Dcd, "h5": Hdf5}
