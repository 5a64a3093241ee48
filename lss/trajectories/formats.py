"""Reading trajectory files of all formats: chunks, single frames, and what each brings along.

mdtraj reads the files, but for HDF5, for which it would need PyTables.
"""

import contextlib
import json
import os
import tempfile
import warnings
from pathlib import Path

import h5py
import mdtraj as md
import numpy as np

from lss.errors import InputError
from lss.storage.c_output import silenced
from lss.trajectories.in_memory import InMemory

NETCDF = {".nc", ".ncdf", ".netcdf"}
HDF5 = {".h5", ".hdf5"}
#: Formats that bring their own topology.
WITH_TOPOLOGY = HDF5 | {".pdb", ".pdb.gz", ".gro", ".cif", ".mmcif", ".pdbx"}
SUPPORTED = (
    NETCDF | WITH_TOPOLOGY | {".xtc", ".trr", ".dcd", ".xyz", ".lammpstrj", ".mdcrd", ".crd"}
)


def suffix(path):
    """Return the lower-case extension, with ``.gz`` where the file is compressed."""
    name = Path(path).name.lower()
    ends = Path(name).suffixes
    return "".join(ends[-2:]) if name.endswith(".gz") else "".join(ends[-1:])


@contextlib.contextmanager
def reading(path, doing="read"):
    """Turn whatever a reader raises into one line about the file; silence format chatter."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*netCDF4.*")
            warnings.filterwarnings("ignore", message=".*(CRYST1|[Uu]nitcell|unit cell).*")
            yield
    except InputError:
        raise
    except Exception as error:  # the readers raise all kinds on damaged files, down to Exception
        text = " ".join(str(error).split())[:160] or type(error).__name__
        raise InputError(
            f"{path}: cannot {doing} it; is it complete and of the format its name says? ({text})"
        ) from error


@contextlib.contextmanager
def ascii_path(path):
    """Yield a name for the file that mdtraj's XTC, TRR and DCD code accepts: ASCII only.

    For other names this is a symbolic link in a temporary folder; the file need not exist yet.
    """
    path = str(path)
    if path.isascii():
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        link = os.path.join(folder, "file" + suffix(path))
        os.symlink(os.path.abspath(path), link)
        yield link


def iterate(path, topology, chunk, atom_indices=None):
    """Yield a file as trajectories of at most ``chunk`` frames (nm), of all or chosen atoms."""
    if isinstance(path, InMemory):
        for start in range(0, path.n_frames, chunk):
            yield path.read(start, start + chunk, atom_indices)
        return
    kind = suffix(path)
    if kind in HDF5:
        yield from _iterate_hdf5(path, topology, chunk, atom_indices)
        return
    if kind == ".dcd":
        yield from _iterate_dcd(path, topology, chunk, atom_indices)
        return
    # Formats with a topology of their own take none; whose atoms are whose was checked on opening.
    options = {} if kind in WITH_TOPOLOGY else {"top": topology}
    with ascii_path(path) as name:
        for part in md.iterload(name, chunk=chunk, atom_indices=atom_indices, **options):
            # Some readers return the whole file whatever the chunk.
            for start in range(0, part.n_frames, chunk):
                yield part if part.n_frames <= chunk else part[start : start + chunk]


def _iterate_hdf5(path, topology, chunk, atom_indices):
    atoms = slice(None) if atom_indices is None else np.asarray(atom_indices)
    subset = topology if atom_indices is None else topology.subset(atom_indices)
    with h5py.File(path, "r") as file:
        n_frames = len(file["coordinates"])
        cell = "cell_lengths" in file and "cell_angles" in file
        for start in range(0, n_frames, chunk):
            frames = slice(start, min(start + chunk, n_frames))
            yield md.Trajectory(
                file["coordinates"][frames][:, atoms],
                subset,
                unitcell_lengths=file["cell_lengths"][frames] if cell else None,
                unitcell_angles=file["cell_angles"][frames] if cell else None,
            )


def _iterate_dcd(path, topology, chunk, atom_indices):
    with ascii_path(path) as name, open_quietly(name) as file:
        while len(part := file.read_as_traj(topology, chunk, atom_indices=atom_indices)):
            yield part


def open_quietly(name):
    """Open a trajectory as mdtraj does, without what its DCD reader prints each time."""
    with silenced(1):
        return md.open(name)


def load_frame(path, topology, j):
    """Read one frame (nm, all atoms) without reading those before it where the format allows."""
    if isinstance(path, InMemory):
        return path.read(j, j + 1)
    kind = suffix(path)
    if kind in HDF5:
        with h5py.File(path, "r") as file:
            cell = "cell_lengths" in file and "cell_angles" in file
            return md.Trajectory(
                file["coordinates"][j : j + 1],
                topology,
                unitcell_lengths=file["cell_lengths"][j : j + 1] if cell else None,
                unitcell_angles=file["cell_angles"][j : j + 1] if cell else None,
            )
    if kind in (".gro", ".mol2"):
        return md.load(str(path))[j]  # mdtraj cannot seek in these
    options = {} if kind in WITH_TOPOLOGY else {"top": topology}
    with ascii_path(path) as name, silenced(1):
        return md.load_frame(name, j, **options)


def hdf5_topology(path):
    """Read the topology that mdtraj stores as JSON in its HDF5 trajectories.

    Parameters
    ----------
    path : Path
        An HDF5 file in the layout of mdtraj.

    Returns
    -------
    mdtraj.Topology or None
        None where the file has none.
    """
    with reading(path, "read the topology in"), h5py.File(path, "r") as file:
        if "topology" not in file:
            return None
        text = file["topology"][0]
        stored = json.loads(text)
        topology = md.Topology()
        atoms = {}
        for chain in sorted(stored["chains"], key=lambda c: c["index"]):
            new_chain = topology.add_chain(chain.get("chain_id"))
            for residue in sorted(chain["residues"], key=lambda r: r["index"]):
                new_residue = topology.add_residue(
                    residue["name"], new_chain, residue.get("resSeq"), residue.get("segmentID", "")
                )
                for atom in sorted(residue["atoms"], key=lambda a: a["index"]):
                    element = _element(atom.get("element", ""))
                    atoms[atom["index"]] = topology.add_atom(atom["name"], element, new_residue)
        for first, second in stored["bonds"]:
            topology.add_bond(atoms[first], atoms[second])
        return topology


def _element(symbol):
    if symbol in ("", "VS"):
        return md.element.virtual
    return md.element.Element.getBySymbol(symbol)
