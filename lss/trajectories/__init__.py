"""Trajectory files of all formats as one set: found, scanned, and read in chunks."""

from lss.trajectories.opening import open_trajectories
from lss.trajectories.trajectory_set import TrajectorySet

__all__ = ["TrajectorySet", "open_trajectories"]
