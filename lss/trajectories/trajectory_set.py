"""Trajectory files as one set: frames, times, and coordinates in chunks, never whole."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mdtraj as md
import numpy as np

from lss.errors import InputError
from lss.molecule.connection import complete_by
from lss.molecule.images import Placement
from lss.molecule.molecules import Molecules
from lss.trajectories import formats, plausibility, seams
from lss.trajectories import parts as part_files
from lss.trajectories.common_topology import open_topology, scan_of
from lss.trajectories.faults import check_frames
from lss.trajectories.file_search import digest, find_files
from lss.trajectories.in_memory import InMemory
from lss.trajectories.parts import Part
from lss.trajectories.settled_times import DT, check_dt, own_spacings, settle
from lss.trajectories.shapes import Frames
from lss.trajectories.turned import TurnedFiles
from lss.trajectories.twice import refuse_same_files, refuse_same_frames

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

logger = logging.getLogger(__name__)


class TrajectorySet:
    """Trajectories of one molecule at one frame spacing.

    Made by :meth:`open`. Coordinates are in nm, times in ps. In a periodic cell, molecules are made
    whole before anything sees them, and those that are read together are put into one image (see
    `lss.molecule.images`), so that distances and shapes need no minimum-image rule.

    Attributes
    ----------
    files : list of Path
        One for each trajectory, the first where several are joined; trajectories in memory stand
        in the place of their files (`lss.trajectories.in_memory.InMemory`).
    parts : list of list of lss.trajectories.parts.Part
        All files of each trajectory.
    names : list of str
        What each trajectory is called: its files.
    topology : mdtraj.Topology
        With the bonds that the reference has; see `lss.molecule.connection.completed`.
    top : Path or None
        The topology file, if one was given.
    reference : mdtraj.Trajectory
        One frame: the structure in the topology file, or else the first frame of all.
    spacing_ps : float
        Time between frames in ps.
    n_frames : list of int
        Frames of each trajectory.
    notes : list of str
        What every output made of these data must say.
    options : dict
        `force_dt` and `join`, as they were given.
    """

    def __init__(
        self,
        parts: list[list[Part]],
        topology: md.Topology,
        top: Path | None,
        spacing_ps: float,
        structure: Any = None,
    ):
        self._arrange(parts)
        self.topology = topology
        self.top = top
        self.spacing_ps = spacing_ps
        self.notes, self.options = [], {"force_dt": False, "join": False}
        self._molecules, self._turned = {}, TurnedFiles()
        self.reference = self._find_reference(structure)

    def _arrange(self, parts):
        self.parts = parts
        self.files = [files[0].source for files in parts]
        self.names = [" + ".join(str(part.source) for part in files) for files in parts]
        self.n_frames = [sum(part.n_frames for part in files) for files in parts]

    @classmethod
    def open(
        cls,
        patterns: str | Path | Sequence[str | Path],
        top: str | Path | None = None,
        dt_ps: float | str | None = None,
        *,
        force_dt: bool = False,
        join: bool = False,
        dt_name: str = DT,
    ) -> TrajectorySet:
        """Find, check and count trajectory files.

        Parameters
        ----------
        patterns : list of str or str
            File names and globs; each glob is sorted naturally (2 before 10). In the place of a
            file stands an mdtraj.Trajectory, or an MDAnalysis Universe or AtomGroup.
        top : str, optional
            Topology file; needed unless the trajectories bring their own (HDF5, PDB, GRO).
        dt_ps : float or "file", optional
            Time between frames in ps; needed where the files have no times, or times that just
            count frames (k, k + 1, ...). Any others must agree with it. With "file" the times of
            the files are taken as they are.
        force_dt : bool
            Take `dt_ps` whatever the times of the files are.
        join : bool
            Make one trajectory of files that are parts of one run.
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
            equally spaced, if nothing tells their spacing, or if data are given twice.
        """
        check_dt(dt_ps, dt_name, force_dt)
        files = find_files(patterns)
        refuse_same_files(files)
        top, topology = open_topology(files, top)
        known = plausibility.of_topology_file(top, topology)
        scans = [scan_of(path, topology, top) for path in files]
        for path in files:
            plausibility.check_file(path, known)
        counts, names = [scan.n_frames for scan in scans], [str(path) for path in files]
        spacings = own_spacings(scans, names, force_dt)
        spacing_ps, note = settle(spacings, names, counts, dt_ps, dt_name, force_dt)
        if note:
            logger.info("%s", note)
        parts = [[Part(path, n, n)] for path, n in zip(files, counts, strict=True)]
        opened = cls(parts, topology, top, spacing_ps, known.structure)
        opened.notes = [note] if note else []
        opened.options = {"force_dt": force_dt, "join": join}
        if len(files) > 1:
            frames = Frames(files, opened.topology)
            refuse_same_frames(files, counts, frames)
            clocks = [seams.clock(*both) for both in zip(scans, spacings, strict=True)]
            found, notes = seams.look([part for (part,) in parts], clocks, frames, join)
            opened._arrange(found)
            opened.notes += notes
        return opened

    def iterate(
        self, i: int, chunk: int = 1000, atom_indices: ArrayLike | None = None
    ) -> Iterator[md.Trajectory]:
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
        done = 0
        select = None if atom_indices is None else np.asarray(atom_indices, dtype=np.int64)
        if select is not None and (len(select) == 0 or np.any(np.diff(select) <= 0)):
            raise InputError("atom_indices must be non-empty and increasing, each atom once")
        molecules, placement = self._placement(i, select)
        atoms = molecules.atoms
        everything = len(atoms) == self.topology.n_atoms
        keep = None if select is None else np.searchsorted(atoms, select)
        whole = select is None or len(keep) == len(atoms)
        wanted = None if everything else atoms
        for path, first, part in part_files.iterate(self.parts[i], self.topology, chunk, wanted):
            check_frames(part, path, first)
            part.topology = molecules.subset
            part.time = self.spacing_ps * np.arange(done, done + part.n_frames)
            molecules.check(part, placement.apply(part), path, first)
            done += part.n_frames
            yield part if whole else part.atom_slice(keep)

    def read_frame(self, i: int, j: int) -> md.Trajectory:
        """Read frame ``j`` of trajectory ``i``: an mdtraj.Trajectory of one frame, all atoms.

        Molecules that are equally near in several images are put where they are most like the
        reference structure, since the frame before is not read.
        """
        if not 0 <= i < len(self.files):
            raise InputError(f"there is no trajectory {i}: there are {len(self.files)}, from 0")
        if not 0 <= j < self.n_frames[i]:
            raise InputError(f"{self.names[i]}: no frame {j}: it has {self.n_frames[i]}, from 0")
        frame = self._load(i, j)
        molecules, placement = self._placement(i)
        molecules.check(frame, placement.apply(frame), self.names[i], j)
        return frame

    def _load(self, i, j):
        """Frame `j` of trajectory `i` as the file has it."""
        path, number = part_files.find(self.parts[i], j)
        with formats.reading(path):
            frame = formats.load_frame(path, self.topology, number)
            check_frames(frame, path, number)
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
            self.names[i], lambda j: self._load(i, j), self.n_frames[i], molecules, self.reference
        )
        return molecules, Placement(molecules, doubtful, self.reference.xyz[0][molecules.atoms])

    def fingerprints(self) -> list[dict]:
        """Identify the data, to tell later whether they changed.

        Returns
        -------
        list of dict
            One for each trajectory file, then one for the topology file if there is one: ``kind``,
            ``file``, ``bytes``, ``n_frames`` and ``sha256``, which covers 64 blocks of 64 KiB
            spread over the file, the whole file up to 4 MiB.
        """
        prints = [
            {
                "kind": "trajectory",
                "file": str(part.source),
                "n_frames": part.n_stored,
                **digest(part.source),
            }
            for files in self.parts
            for part in files
        ]
        if self.top is not None:
            prints.append({"kind": "topology", "file": str(self.top), **digest(self.top)})
        return prints

    def elsewhere(self) -> TrajectorySet:
        """The same set for another process, whose current folder may be another."""
        there = copy.copy(self)
        there._arrange(
            [[replace(p, source=p.source.absolute()) for p in files] for files in self.parts]
        )
        return there

    @property
    def in_memory(self) -> bool:
        """Whether some of the trajectories are in no file of ours to read."""
        return any(isinstance(part.source, InMemory) for files in self.parts for part in files)

    def _find_reference(self, structure):
        """Complete the topology by a structure, and return that structure, whole."""
        self.topology, found = complete_by(self.topology, structure, lambda: self._load(0, 0))
        reference = md.Trajectory(
            found.xyz.copy(),
            self.topology,
            time=np.zeros(1),
            unitcell_lengths=found.unitcell_lengths,
            unitcell_angles=found.unitcell_angles,
        )
        Placement(Molecules(self.topology)).apply(reference)
        return reference
