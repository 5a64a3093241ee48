"""Synthetic trajectories in their folder, read where they are sliced."""

from pathlib import Path

import mdtraj

from lss.simulation.on_demand import FramesOnDemand
from lss.simulation.written import read_parts
from lss.trajectories.formats import ascii_path


def read_synthetic(folder):
    """The trajectories that a simulation wrote as XTC.

    Parameters
    ----------
    folder : path

    Returns
    -------
    psi : np.ndarray, shape (trajectories, frames, m)
    coordinates : list of XtcFrames, shape (frames, atoms, 3)
        In **nm**.
    """
    psi, files = read_parts(folder, "xtc")
    n_atoms = mdtraj.load_topology(str(Path(folder) / "topology.pdb")).n_atoms
    return psi, [XtcFrames(file, psi.shape[1], n_atoms) for file in files]


class XtcFrames(FramesOnDemand):
    """An XTC file of our own as an array (frames, atoms, 3), **nm**, read where it is sliced."""

    def __init__(self, path, n_frames, n_atoms):
        super().__init__(n_frames, (n_atoms, 3))
        self.path, self.offsets = path, None

    def read(self, start, stop):
        with ascii_path(self.path) as name, mdtraj.formats.XTCTrajectoryFile(name) as file:
            # Found once by mdtraj, by walking through the file.
            if self.offsets is None:
                self.offsets = file.offsets
            else:
                file.offsets = self.offsets
            file.seek(start)
            return file.read(n_frames=stop - start)[0]
