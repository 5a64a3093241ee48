"""Trajectories opened from Python, with times as text or in ps."""

from lss.trajectories.trajectory_set import TrajectorySet
from lss.units import time_ps


def open_trajectories(files, top=None, dt=None):
    """Open trajectories of one molecule.

    Parameters
    ----------
    files : str or list of str
        File names and globs; each glob is sorted naturally (2 before 10).
    top : str, optional
        Topology file; needed unless the trajectories bring their own (HDF5, PDB, GRO).
    dt : str or float, optional
        Time between frames, with its unit, such as "100ps", or in **ps**; needed where the files
        have no times, such as DCD. Times that just count frames give way to it, any others must
        agree with it.

    Returns
    -------
    lss.TrajectorySet

    Raises
    ------
    InputError
        If a file is missing, unreadable, damaged, empty or of another molecule, if frames are not
        equally spaced, or if nothing tells their spacing.
    """
    return TrajectorySet.open(files, top, None if dt is None else time_ps(dt, "`dt`"))
