"""What a simulation wrote: psi and the files of its trajectories, in their order."""

from pathlib import Path

import h5py

from lss.trajectories.file_search import natural


def read_parts(folder, kind):
    """Modes and trajectory files of a simulation.

    Parameters
    ----------
    folder : path
    kind : str
        Ending of the files, without the dot.

    Returns
    -------
    psi : np.ndarray, shape (trajectories, frames, m)
    files : list of pathlib.Path
    """
    folder = Path(folder)
    with h5py.File(folder / "psi.h5") as file:
        psi = file["psi"][:]
    return psi, sorted(folder.glob(f"traj-*.{kind}"), key=natural)
