"""Synthetic trajectories: propagated, decoded and written block by block."""
