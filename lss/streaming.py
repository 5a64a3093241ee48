"""The name under which version 0.1 documented `simulate`."""

from lss.simulation.simulate import simulate

__all__ = ["simulate"]
