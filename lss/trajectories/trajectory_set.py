"""Trajectory files as one set: frames, times, and coordinates in chunks, never whole."""

import logging
import math
from pathlib import Path

import numpy as np

from lss.errors import InputError
from lss.molecule.atoms import check_same
from lss.molecule.images import Placement
from lss.molecule.molecules import Molecules
from lss.trajectories import file_scan, formats, plausibility
from lss.trajectories.faults import check_frames, is_sound
from lss.trajectories.file_search import digest, find_files, read_topology
from lss.trajectories.frame_spacing import common_spacing, spacing_from_times
from lss.trajectories.turned import TurnedFiles
from lss.units import format_time

logger = logging.getLogger(__name__)

#: Formats of topologies that hold coordinates as well.
_STRUCTURES = {".pdb", ".pdb.gz", ".gro", ".cif", ".mmcif", ".pdbx", ".mol2"} | formats.HDF5


class TrajectorySet:
    """Trajectories of one molecule at one frame spacing.

    Made by :meth:`open`. Coordinates are in nm, times in ps. In a periodic cell, molecules are made
    whole before anything sees them, and those that are read together are put into one image (see
    `lss.molecule.images`), so that distances and shapes need no minimum-image rule.

    Attributes
    ----------
    files : list of Path
    topology : mdtraj.Topology
    top : Path or None
        The topology file, if one was given.
    reference : mdtraj.Trajectory
        One frame: the structure in the topology file, or else the first frame of all.
    spacing_ps : float
        Time between frames in ps.
    n_frames : list of int
        Frames in each file.
    times_only_count : bool
        Whether a file's times were frame numbers, for which `dt_ps` stood in.
    """

    times_only_count = False

    def __init__(self, files, topology, top, spacing_ps, n_frames, structure=None):
        self.files = files
        self.topology = topology
        self.top = top
        self.spacing_ps = spacing_ps
        self.n_frames = n_frames
        self._molecules, self._turned = {}, TurnedFiles()
        self.reference = self._find_reference(structure)

    @classmethod
    def open(cls, patterns, top=None, dt_ps=None, *, dt_name="--dt"):
        """Find, check and count trajectory files.

        Parameters
        ----------
        patterns : list of str or str
            File names and globs; each glob is sorted naturally (2 before 10). A file may be listed
            more than once.
        top : str, optional
            Topology file; needed unless the trajectories bring their own (HDF5, PDB, GRO).
        dt_ps : float, optional
            Time between frames in ps; needed where the files have no times. Times that just count
            frames (k, k + 1, ...) give way to it, any others must agree with it.
        dt_name : str
            Where `dt_ps` comes from, for error messages.

        Returns
        -------
        TrajectorySet

        Raises
        ------
        InputError
            If a file is missing, unreadable, damaged, empty or of another molecule (by its atoms
            or by the lengths of its bonds, see `lss.trajectories.plausibility`), if frames are not
            equally spaced, or if nothing tells their spacing.
        """
        if dt_ps is not None and not (math.isfinite(dt_ps) and dt_ps > 0):
            raise InputError(f"{dt_name} is {dt_ps!r} ps: it must be greater than zero and finite")
        files = find_files(patterns)
        top, topology = _open_topology(files, top)
        known = _known_bonds(top, topology)
        scans = {path: _scan(path, known, top) for path in dict.fromkeys(files)}
        spacings = {
            path: None if s.times is None else spacing_from_times(s.times, str(path))
            for path, s in scans.items()
        }
        counts = [scans[path].n_frames for path in files]
        names = [str(path) for path in files]
        found = [spacings[path] for path in files]
        spacing_ps, overridden = common_spacing(found, names, counts, dt_ps, dt_name)
        if overridden:
            logger.info(
                "the times in %s%s only count frames; the time between frames is taken to be %s",
                overridden[0],
                f" and {len(overridden) - 1} more" if len(overridden) > 1 else "",
                format_time(spacing_ps),
            )
        opened = cls(files, topology, top, spacing_ps, counts, known.structure)
        opened.times_only_count = bool(overridden)
        return opened

    def iterate(self, i, chunk=1000, atom_indices=None):
        """Read one trajectory in chunks.

        Parameters
        ----------
        i : int
            Which trajectory.
        chunk : int
            Frames at a time.
        atom_indices : array (n,) of int, optional
            Atoms to return, in increasing order; all by default.

        Yields
        ------
        mdtraj.Trajectory
            Coordinates in nm; times in ps, counted from 0 at the first frame of the file.

        Raises
        ------
        InputError
            If the file is damaged, has changed since it was opened, or holds coordinates that are
            not finite or no whole molecules; the file and the frame are named.
        """
        if chunk < 1:
            raise InputError(f"chunk is {chunk}: read at least one frame at a time")
        path, done = self.files[i], 0
        select = None if atom_indices is None else np.asarray(atom_indices, dtype=np.int64)
        if select is not None and (len(select) == 0 or np.any(np.diff(select) <= 0)):
            raise InputError("atom_indices must be non-empty and increasing, each atom once")
        molecules, placement = self._placement(i, select)
        atoms = molecules.atoms
        everything = len(atoms) == self.topology.n_atoms
        keep = None if select is None else np.searchsorted(atoms, select)
        whole = select is None or len(keep) == len(atoms)
        parts = formats.iterate(path, self.topology, chunk, None if everything else atoms)
        while True:
            # Around each read, not around the yield, where the caller's code runs.
            with formats.reading(path):
                part = next(parts, None)
            if part is None:
                break
            check_frames(part, path, done)
            part.topology = molecules.subset
            part.time = self.spacing_ps * np.arange(done, done + part.n_frames)
            molecules.check(part, placement.apply(part), path, done)
            done += part.n_frames
            yield part if whole else part.atom_slice(keep)
        if done != self.n_frames[i]:
            raise InputError(
                f"{path}: {done} frames could be read, {self.n_frames[i]} were there when the file "
                "was opened: start again when it is complete"
            )

    def read_frame(self, i, j):
        """Read frame ``j`` of trajectory ``i``: an mdtraj.Trajectory of one frame, all atoms.

        Molecules that are equally near in several images are put where they are most like the
        reference structure, since the frame before is not read.
        """
        if not 0 <= i < len(self.files):
            raise InputError(f"there is no trajectory {i}: there are {len(self.files)}, from 0")
        if not 0 <= j < self.n_frames[i]:
            raise InputError(f"{self.files[i]}: no frame {j}: it has {self.n_frames[i]}, from 0")
        frame = self._load(i, j)
        molecules, placement = self._placement(i)
        molecules.check(frame, placement.apply(frame), self.files[i], j)
        return frame

    def _load(self, i, j):
        """Frame `j` of trajectory `i` as the file has it."""
        path = self.files[i]
        with formats.reading(path):
            frame = formats.load_frame(path, self.topology, j)
            check_frames(frame, path, j)
        frame.topology = self.topology
        frame.time = np.array([j * self.spacing_ps])
        return frame

    def _placement(self, i, atom_indices=None):
        """The molecules that hold the chosen atoms, and how to put those of a file together."""
        key = None if atom_indices is None else atom_indices.tobytes()
        if key not in self._molecules:
            self._molecules = {key: Molecules(self.topology, atom_indices, self.reference)}
        molecules = self._molecules[key]
        doubtful = molecules.several and self._turned.holds(
            self.files[i], lambda j: self._load(i, j), self.n_frames[i], molecules, self.reference
        )
        return molecules, Placement(molecules, doubtful, self.reference.xyz[0][molecules.atoms])

    def fingerprints(self):
        """Identify the data, to tell later whether they changed.

        Returns
        -------
        list of dict
            One for each trajectory, then one for the topology file if there is one: ``kind``,
            ``file``, ``bytes``, ``n_frames`` and ``sha256``, which covers 64 blocks of 64 KiB
            spread over the file, the whole file up to 4 MiB.
        """
        once = {path: digest(path) for path in dict.fromkeys(self.files)}
        prints = [
            {"kind": "trajectory", "file": str(path), "n_frames": n, **once[path]}
            for path, n in zip(self.files, self.n_frames, strict=True)
        ]
        if self.top is not None:
            prints.append({"kind": "topology", "file": str(self.top), **digest(self.top)})
        return prints

    def _find_reference(self, structure):
        frame = self._load(0, 0) if structure is None else structure[:]
        frame.time = np.zeros(1)
        Placement(Molecules(self.topology)).apply(frame)
        return frame


def read_frame(path, top, j):
    """Read frame `j`, from 0, of one trajectory file.

    Parameters
    ----------
    path, top : str
        Trajectory and topology (None where the trajectory brings its own).
    j : int

    Returns
    -------
    mdtraj.Trajectory
        One frame, all atoms, molecules whole; its time says nothing.

    Raises
    ------
    InputError
        As of :meth:`TrajectorySet.open`, or where there is no such frame.
    """
    files = find_files([path])
    if len(files) > 1:
        raise InputError(f"{path} names {len(files)} files; give one")
    top, topology = _open_topology(files, top)
    known = _known_bonds(top, topology)
    n_frames = _scan(files[0], known, top).n_frames
    return TrajectorySet(files, topology, top, 1.0, [n_frames], known.structure).read_frame(0, j)


def _open_topology(files, top):
    if top is not None:
        return Path(top).expanduser(), read_topology(top)
    without = [path for path in files if formats.suffix(path) not in formats.WITH_TOPOLOGY]
    if without:
        raise InputError(
            f"{without[0]}: the file does not say which atoms it holds: give a topology with --top"
        )
    return None, read_topology(files[0])


def _scan(path, known, top):
    """Count one file and check that its atoms are those of the topology."""
    topology = known.topology
    scan = file_scan.scan(path, topology)
    if scan.n_frames == 0:
        raise InputError(f"{path}: it holds no frames: leave it out")
    if scan.n_atoms != topology.n_atoms:
        source = top if top is not None else "the first trajectory"
        raise InputError(
            f"{path} has {scan.n_atoms} atoms, {source} has {topology.n_atoms}: give trajectories "
            "of one molecule, and its topology with --top"
        )
    kind = formats.suffix(path)
    if kind in formats.WITH_TOPOLOGY:
        # An HDF5 file may have been written without its topology.
        own = formats.hdf5_topology(path) if kind in formats.HDF5 else read_topology(path)
        if own is not None:
            check_same(own, topology, str(path), str(top or "the first trajectory"))
    plausibility.check_file(path, known)
    return scan


def _known_bonds(top, topology):
    """What the bonds should be like, by the structure in the topology file where there is one."""
    if top is None or formats.suffix(top) not in _STRUCTURES:
        return plausibility.known_bonds(topology)
    with formats.reading(top):
        frame = formats.load_frame(top, topology, 0)
    if frame.n_atoms == 0 or not is_sound(frame):
        return plausibility.known_bonds(topology)
    frame.topology = topology
    return plausibility.known_bonds(topology, frame, top)
