"""The run folder: the stages from trajectories to a judged simulator, and what they write."""
