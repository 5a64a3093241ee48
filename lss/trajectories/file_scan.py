"""What a trajectory file holds, found without reading its coordinates into memory.

:func:`scan` counts the frames and collects their times. XTC files are walked from header to
header, which is cheap, tells a file cut short from a whole one, and finds damaged headers before
the decompressor meets them.
"""

import array
import mmap
import struct
from dataclasses import dataclass

import h5py
import numpy as np

from lss.errors import InputError
from lss.trajectories.formats import (
    HDF5,
    NETCDF,
    ascii_path,
    iterate,
    open_quietly,
    reading,
    suffix,
)
from lss.trajectories.in_memory import InMemory

#: Start of an XTC frame: magic, atoms, step, time, (box), atoms; then how coordinates are packed:
#: precision, least and greatest integers, index of the small step, bytes.
_XTC_START, _XTC_PACKING = struct.Struct(">3if36xi"), struct.Struct(">f8i")
_XTC_MAGIC, _XTC_SMALLEST, _XTC_LARGEST = 1995, 9, 72
_XTC_EXTENT = 2**31 - 2


@dataclass(frozen=True)
class Scan:
    """Contents of one file.

    Attributes
    ----------
    n_frames, n_atoms : int
    times : ndarray (n_frames,) or None
        In ps; None where the file has none.
    steps : ndarray (n_frames,) of int or None
        Numbers of the steps of the simulation that wrote the frames, where the format has them.
    """

    n_frames: int
    n_atoms: int
    times: np.ndarray | None
    steps: np.ndarray | None = None


def scan(path, topology):
    """Count the frames of a trajectory file and collect their times.

    Parameters
    ----------
    path : Path
        The file.
    topology : mdtraj.Topology
        Used for formats that mdtraj cannot open without one.

    Returns
    -------
    Scan

    Raises
    ------
    InputError
        If the file is damaged, cut short, or not of its format.
    """
    if isinstance(path, InMemory):
        with reading(path):
            return Scan(path.n_frames, path.n_atoms, path.times())
    kind = suffix(path)
    if kind == ".xtc":
        return _scan_xtc(path)
    if kind == ".trr":
        return _scan_trr(path, topology)
    if kind in HDF5:
        return _scan_hdf5(path)
    if kind == ".dcd":
        _check_dcd_length(path)
    with_times = kind in NETCDF and path.stat().st_size > 0 and _netcdf_has_times(path)
    return _scan_by_reading(path, topology, with_times)


def _scan_xtc(path):
    """Walk the frame headers; big-endian, see the XDR layout in the GROMACS manual."""
    size = path.stat().st_size
    if size == 0:
        return Scan(0, 0, np.empty(0, np.float32))
    times, steps = array.array("f"), array.array("i")
    offset, n_atoms = 0, None
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        while offset < size:
            if offset + _XTC_START.size > size:
                raise _cut_short(path, len(times))
            magic, atoms, step, time, count = _XTC_START.unpack_from(data, offset)
            n_atoms = atoms if n_atoms is None else n_atoms
            if magic != _XTC_MAGIC or atoms != n_atoms or atoms != count or atoms < 1:
                raise _damaged_xtc(path, len(times))
            # Up to nine atoms are stored uncompressed.
            if atoms <= 9:
                offset += _XTC_START.size + 12 * atoms
            elif offset + 92 > size:
                raise _cut_short(path, len(times))
            else:
                offset += _packed_length(path, data, offset + _XTC_START.size, len(times))
            if offset > size:
                raise _cut_short(path, len(times))
            times.append(time)
            steps.append(step)
    numbers = np.frombuffer(times, np.float32), np.frombuffer(steps, np.int32)
    return Scan(len(times), n_atoms, *numbers)


def _packed_length(path, data, offset, frame):
    """Return the bytes of a frame; refuse numbers that would crash the decompressor."""
    precision, x0, y0, z0, x1, y1, z1, small, packed = _XTC_PACKING.unpack_from(data, offset)
    # Written out, since this runs once for each of millions of frames.
    if not (
        0 < precision < 1e9
        and 0 <= x1 - x0 < _XTC_EXTENT
        and 0 <= y1 - y0 < _XTC_EXTENT
        and 0 <= z1 - z0 < _XTC_EXTENT
        and _XTC_SMALLEST <= small <= _XTC_LARGEST
        and packed > 0
    ):
        raise _damaged_xtc(path, frame)
    return _XTC_START.size + _XTC_PACKING.size + (packed + 3) // 4 * 4


def _damaged_xtc(path, frame):
    return InputError(
        f"{path}: frame {frame} has no valid XTC header: the file is damaged or is not an XTC "
        "trajectory: copy it again"
    )


def _cut_short(path, frame):
    return InputError(
        f"{path}: the file ends in the middle of frame {frame}: copy it again, or cut off the "
        "last frame"
    )


def _check_dcd_length(path):
    """Refuse a DCD whose last frame is incomplete: readers drop it without a word."""
    with reading(path), open(path, "rb") as file:
        head = file.read(92)
        if len(head) < 92:
            raise InputError(f"{path}: not a DCD trajectory: it has {len(head)} bytes")
        order = next((o for o in "<>" if struct.unpack_from(o + "i", head)[0] == 84), None)
        if order is None or head[4:8] != b"CORD":
            raise InputError(f"{path}: not a DCD trajectory of the common (32-bit) layout")
        control = struct.unpack_from(order + "20i", head, 8)
        title = struct.unpack(order + "i", file.read(4))[0]
        file.seek(title + 4, 1)
        n_atoms = struct.unpack(order + "3i", file.read(12))[1]
        start, size = file.tell(), path.stat().st_size
    if control[8]:
        return  # Fixed atoms: frames differ in length; leave the check to the reader.
    # control[10]: unit cell; control[11]: a fourth coordinate. Blocks have 8 bytes of markers.
    frame = (56 if control[10] else 0) + (4 if control[11] else 3) * (4 * n_atoms + 8)
    if n_atoms < 1 or (size - start) % frame:
        raise _cut_short(path, max(size - start, 0) // frame)


def _scan_hdf5(path):
    with reading(path), h5py.File(path, "r") as file:
        coordinates = file["coordinates"]
        if coordinates.ndim != 3 or coordinates.shape[2] != 3:
            raise InputError(f"{path}: 'coordinates' has the shape {coordinates.shape}")
        known = "time" in file and _picoseconds(file["time"].attrs.get("units", "ps"))
        times = file["time"][:] if known else None
        if times is not None and times.shape != coordinates.shape[:1]:
            raise InputError(f"{path}: {len(times)} times for {len(coordinates)} frames")
        return Scan(*coordinates.shape[:2], times)


def _picoseconds(units):
    """Whether the unit of the times in an HDF5 or NetCDF file is that of the convention, ps."""
    text = units.decode(errors="replace") if isinstance(units, bytes) else str(units)
    return text.strip().lower() in ("ps", "picosecond", "picoseconds")


def _netcdf_has_times(path):
    """Whether a NetCDF file has times: of one without, mdtraj makes 0, 1, 2, ... of its own."""
    with reading(path), ascii_path(path) as name, open_quietly(name) as file:
        variables = file._handle.variables
        return "time" in variables and _picoseconds(getattr(variables["time"], "units", "ps"))


def _scan_trr(path, topology):
    """Count by reading one atom of each frame, with the numbers of the steps."""
    times, steps = [np.empty(0, np.float32)], [np.empty(0, np.int32)]
    with reading(path):
        if path.stat().st_size == 0:
            return Scan(0, 0, None)
        n_atoms = _count_atoms(path, topology)
        with ascii_path(path) as name, open_quietly(name) as file:
            while len((chunk := file.read(n_frames=1000, atom_indices=np.array([0])))[0]):
                times.append(chunk[1])
                steps.append(chunk[2])
    times, steps = np.concatenate(times), np.concatenate(steps)
    return Scan(len(times), n_atoms, times, steps)


def _scan_by_reading(path, topology, with_times):
    """Count by reading one atom of each frame, a thousand frames at a time."""
    times, n_frames = [], 0
    with reading(path):
        if path.stat().st_size == 0:
            return Scan(0, 0, None)
        n_atoms = _count_atoms(path, topology)
        if n_atoms != topology.n_atoms:
            return Scan(1, n_atoms, None)  # the caller refuses it; it cannot be read any further
        for chunk in iterate(path, topology, 1000, [0]):
            n_frames += chunk.n_frames
            if with_times:
                times.append(np.asarray(chunk.time))
    return Scan(n_frames, n_atoms, np.concatenate(times) if times else None)


def _count_atoms(path, topology):
    """Atoms in the first frame, whatever the topology says where the format knows better."""
    if suffix(path) in (".trr", ".nc", ".ncdf", ".netcdf", ".dcd", ".xyz", ".lammpstrj"):
        with ascii_path(path) as name, open_quietly(name) as file:
            frame = file.read(n_frames=1)
        xyz = frame[0] if isinstance(frame, tuple) else frame
        return xyz.shape[1] if len(xyz) else topology.n_atoms
    return next((chunk.n_atoms for chunk in iterate(path, topology, 1)), topology.n_atoms)
