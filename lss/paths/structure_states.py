"""A state by a structure: the latent states that are decoded to structures near it."""

import re

import mdtraj
import numpy as np

from lss.errors import InputError
from lss.molecule.atoms import match
from lss.paths.states import check_name
from lss.trajectories.one_frame import read_frame

#: Structures drawn of each latent state, of which more than half must be near; always the same
#: noise, so that a latent state is in the state or not.
DRAWS = 5
BATCH = 8192
_NM = {"nm": 1.0, "A": 0.1}
_LENGTH = re.compile(r"\s*(\d+\.?\d*|\.\d+)\s*(nm|A)\s*", re.ASCII)


def length_nm(text):
    """A length with its unit, nm or A, in **nm**: ``"0.3nm"`` -> 0.3.

    Raises
    ------
    InputError
        For a bare number, another unit, or 0.
    """
    found = _LENGTH.fullmatch(str(text))
    value = float(found[1]) * _NM[found[2]] if found else 0.0
    if value <= 0:
        raise InputError(f"`radius` is {text!r}, wanted a length above 0 in nm or A, like '0.3nm'")
    return value


class NearStructure:
    """A state by a structure.

    Parameters
    ----------
    name : str
    simulator : lss.LatentSpaceSimulator
    structure : mdtraj.Trajectory
        One frame of the same molecule; its atoms are found by residue and atom name.
    radius : float
        Largest RMSD of the decoded atoms after superposition, **nm**.

    Raises
    ------
    InputError
        Where the molecule is another one.
    """

    def __init__(self, name, simulator, structure, radius):
        self.name, self.radius = name, radius
        self.topology = simulator.box.reference.topology
        atoms = match(structure.topology, self.topology)
        self.native = mdtraj.Trajectory(structure.xyz[:1, atoms], self.topology)
        self.generator = simulator.box.cwgan
        noise_dim = self.generator.get_layer("noise").output.shape[1]
        noise = np.random.default_rng(0).standard_normal((DRAWS, noise_dim))
        self.noise = noise.astype(np.float32)

    def contains(self, psi):
        """Whether each latent state is in the state: psi (..., m) -> bool (...)."""
        psi = np.asarray(psi, np.float32)
        return (np.median(self.rmsd_nm(psi), axis=-1) < self.radius).reshape(psi.shape[:-1])

    def rmsd_nm(self, psi):
        """RMSD to the structure of what is drawn: psi (..., m) -> (n, draws), **nm**."""
        psi = psi.reshape(-1, psi.shape[-1])
        if not len(psi):
            return np.empty((0, DRAWS), np.float32)
        inputs = [np.repeat(psi, DRAWS, axis=0), np.tile(self.noise, (len(psi), 1))]
        xyz = self.generator.predict(inputs, batch_size=BATCH, verbose=0)
        drawn = mdtraj.Trajectory(xyz.reshape(len(xyz), -1, 3), self.topology)
        return mdtraj.rmsd(drawn, self.native).reshape(-1, DRAWS)

    def describe(self):
        """The state in words."""
        return f"{self.name}: RMSD < {self.radius:.6g} nm"


def near_structure(text, simulator, radius, states=()):
    """The state of ``folded=native.pdb``.

    Parameters
    ----------
    text : str
        Name and structure file.
    simulator : lss.LatentSpaceSimulator
    radius : str or None
        With its unit.
    states : dict
        Those that there are already.
    """
    name, equals, path = str(text).partition("=")
    if not equals or not path:
        raise InputError(
            f"`state` is {text!r}, wanted a name and a structure file; write such as "
            "folded=native.pdb"
        )
    check_name(name, states)
    if radius is None:
        raise InputError(
            f"`state` is {text!r} without `radius`, wanted the largest RMSD from the structure; "
            "give `radius` such as 0.3nm"
        )
    return NearStructure(name, simulator, read_frame(path, None, 0), length_nm(radius))
