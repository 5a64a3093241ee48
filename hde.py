"""The names of the older package `hde`, so that notebooks that import from it find ours."""

from cwgan import MolGen
from mdn import Propagator
from srv import SRV as HDE
from srv import analysis

__all__ = ["HDE", "MolGen", "Propagator", "analysis"]
