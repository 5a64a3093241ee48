"""How Python code opens trajectories, of files or of other packages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lss.trajectories.settled_times import DT, FILE
from lss.trajectories.trajectory_set import TrajectorySet
from lss.units import time_ps


def open_trajectories(
    files: Any,
    top: str | Path | None = None,
    dt: str | float | None = None,
    *,
    force_dt: bool = False,
    join: bool = False,
) -> TrajectorySet:
    """Open trajectories of one molecule and check them.

    Parameters
    ----------
    files : str, os.PathLike, mdtraj.Trajectory, MDAnalysis.Universe, or a list of them
        File names and globs, or what is in memory already. Of an `MDAnalysis.AtomGroup` its atoms
        alone are taken. The frames of a Universe are read when they are needed.
    top : str, optional
        Topology file; needed where the trajectories bring no topology of their own.
    dt : str or float, optional
        Time between frames with its unit, such as ``"200ps"``, or in **ps**. Needed where nothing
        says it, or where times only count frames (0, 1, 2, ... ps); ``"file"`` says that they are
        right.
    force_dt : bool
        Take `dt` whatever times the trajectories have.
    join : bool
        Make one trajectory of those that are parts of one run, so that pairs of frames run over
        the seams. Frames that two parts share are counted once.

    Returns
    -------
    lss.TrajectorySet

    Raises
    ------
    InputError
        As of `lss.TrajectorySet.open`.
    """
    dt_ps = dt if dt is None or dt == FILE else time_ps(dt, DT)
    return TrajectorySet.open(files, top, dt_ps, force_dt=force_dt, join=join)
