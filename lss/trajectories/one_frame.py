"""One frame of one trajectory file, checked as all files are."""

from lss.errors import InputError
from lss.trajectories import plausibility
from lss.trajectories.common_topology import open_topology, scan_of
from lss.trajectories.file_search import find_files
from lss.trajectories.parts import Part
from lss.trajectories.trajectory_set import TrajectorySet


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
    top, topology = open_topology(files, top)
    known = plausibility.of_topology_file(top, topology)
    n_frames = scan_of(files[0], topology, top).n_frames
    plausibility.check_file(files[0], known)
    parts = [[Part(files[0], n_frames, n_frames)]]
    return TrajectorySet(parts, topology, top, 1.0, known.structure).read_frame(0, j)
