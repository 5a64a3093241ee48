"""A simulator's modes, written for another program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lss.box import Box
from lss.errors import InputError
from lss.export.openmm import openmm_module
from lss.export.plumed import plumed_input
from lss.export.variables import variables

if TYPE_CHECKING:
    import mdtraj
    import numpy as np

WRITERS = {"plumed": plumed_input, "openmm": openmm_module}


def export_modes(
    box: Box, to: str, structure: mdtraj.Trajectory, psi: np.ndarray | None = None
) -> str:
    """The slow modes of a simulator as text for PLUMED or OpenMM.

    Parameters
    ----------
    box : lss.box.Box
    to : {"plumed", "openmm"}
        A PLUMED input, or a Python module for OpenMM.
    structure : mdtraj.Trajectory
        One frame of the system that is to be biased, with all its atoms in their order; those of
        the features are found by residue and atom name.
    psi : np.ndarray, shape (n, m), optional
        Latent states of the training data, for ranges; those that the box carries where not given.

    Returns
    -------
    str

    Raises
    ------
    InputError
        For another format, features that are not computed from structures, an atom that is not
        there, or a network that cannot be written as formulas.
    """
    if to not in WRITERS:
        raise InputError(f"`to` is {to!r}, wanted one of {', '.join(WRITERS)}; give one of them")
    if not isinstance(box, Box):
        raise InputError(
            f"`box` is a {type(box).__name__}, wanted a lss.box.Box; give `simulator.box`"
        )
    featurizer = box.featurizer(structure.topology)
    known = box.meta["start_psi"] if psi is None else psi
    found = variables(box.srv, featurizer, structure, known)
    if to == "openmm" and len(found.molecules) > 1:
        raise InputError(
            f"the features reach into {len(found.molecules)} molecules, wanted one: OpenMM's "
            "positions do not say which images lie together; export to plumed"
        )
    residues = "-".join(r.name for r in box.reference.topology.residues)
    return WRITERS[to](found, residues if len(residues) < 60 else f"{residues[:57]}...")


def structure_of(path, top=None):
    """The system that a box was trained on, or the one of a structure file.

    Parameters
    ----------
    path : str or pathlib.Path
        The box.
    top : str, optional
        A structure file with all atoms of the system.

    Returns
    -------
    mdtraj.Trajectory
        One frame.

    Raises
    ------
    InputError
        Where no file is given and the box does not lie in a run folder.
    """
    from lss.run import inputs
    from lss.trajectories.one_frame import read_frame

    if top is not None:
        return read_frame(top, None, 0)
    trajectories = inputs.data_around(path)
    if trajectories is None:
        raise InputError(
            f"{path} does not say how the atoms are numbered in your system, wanted a structure "
            "file of it; give `top`"
        )
    return trajectories.read_frame(0, 0)
