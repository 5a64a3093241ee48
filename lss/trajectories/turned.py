"""Trajectory files whose frames were superposed after imaging: found by a few frames of each."""

import logging

import mdtraj as md
import numpy as np

from lss.molecule.molecules import WRITE_WHOLE
from lss.molecule.superposed import turned

logger = logging.getLogger(__name__)

#: Frames of a file that tell.
_SAMPLE = 5
_SUPERPOSED = (
    "%s: the frames were superposed after they were imaged, so that the periodic cell no longer "
    "fits the coordinates; molecules are left where the file puts them unless the cell mends what "
    f"it broke. Where several molecules belong together, {WRITE_WHOLE}"
)
_RIGID = (
    "%s: a molecule is turned the same way in all frames; if they were superposed, the periodic "
    "cell no longer fits the coordinates, and several molecules may end up in different images: "
    f"{WRITE_WHOLE}"
)


class TurnedFiles:
    """Remembers which files were superposed; the first of them is told in a warning."""

    def __init__(self):
        self._known = {}

    def holds(self, path, load, n_frames, molecules, reference):
        """Whether the frames of a file were superposed.

        Parameters
        ----------
        path : Path
        load : callable
            Frame `j` of the file as an mdtraj.Trajectory, as it is there.
        n_frames : int
        molecules : lss.molecule.molecules.Molecules
        reference : mdtraj.Trajectory
            What they may have been superposed on.
        """
        if path not in self._known:
            numbers = np.unique(np.linspace(0, n_frames - 1, _SAMPLE).astype(int))
            frames = md.join([load(int(j)) for j in numbers], check_topology=False)
            start = reference.xyz[0][molecules.atoms]
            self._known[path] = turned(molecules.take(frames), molecules.bonds, start)
            told = sum(found is not None for found in self._known.values()) > 1
            if self._known[path] is not None and not told:
                message = _RIGID if self._known[path] == "rigid" else _SUPERPOSED
                logger.warning(message, path)
        return self._known[path] == "superposed"
