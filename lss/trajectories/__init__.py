"""Trajectory files of all formats as one set: found, scanned, and read in chunks."""

from lss.trajectories.trajectory_set import TrajectorySet

__all__ = ["TrajectorySet"]
