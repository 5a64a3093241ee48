"""The bundled example trajectories: where they are and what must be said about them."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from lss.errors import InputError

#: The one used where no trajectory is named.
DEFAULT = "trpcage"


@dataclass(frozen=True)
class Example:
    """One bundled data set.

    Attributes
    ----------
    name : str
    files : tuple of str
        Trajectory files.
    top : str
        Topology file.
    dt_ps : float or None
        Time a frame is called, in ps, where the files have no true times; else None.
    lag : str
        A lag time that suits it.
    note : str
        What every output made from it must say.
    citation : str
        Whom to cite.
    """

    name: str
    files: tuple[str, ...]
    top: str
    dt_ps: float | None
    lag: str
    note: str
    citation: str


_TRPCAGE_NOTE = (
    "Bundled Trp-cage example: a C-alpha Go model in reduced units, not all-atom MD. Its frames "
    "are called 200 ps: this is a label, no calibration, and so are all times made from it."
)
_WLALL_NOTE = (
    "Bundled WLALL example: 4 of 25 all-atom MD trajectories of Trp-Leu-Ala-Leu-Leu in implicit "
    "solvent (2 us in all); the slowest process is visited too rarely for precise timescales."
)
_SETTINGS = {
    "trpcage": {
        "files": ("trpcage-go-main-00-first52000.xtc",),
        "top": "trpcage_ca.pdb",
        "dt_ps": 200.0,
        "lag": "20ns",
        "note": _TRPCAGE_NOTE,
        "citation": "C-alpha Go model of PDB 2JOF, made for this project.",
    },
    "wlall": {
        "files": tuple(f"pentapeptide-{i:02d}-500ns-impl-solv.xtc" for i in range(4)),
        "top": "pentapeptide-impl-solv.pdb",
        "dt_ps": None,
        "lag": "500ps",
        "note": _WLALL_NOTE,
        "citation": (
            "M. K. Scherer et al., PyEMMA 2, J. Chem. Theory Comput. 11 (2015) 5525-5542; "
            "data CC BY 4.0, distributed by mdshare."
        ),
    },
}
#: Names of the bundled examples.
NAMES = tuple(_SETTINGS)


def example(name=DEFAULT):
    """Return the paths and settings of a bundled example.

    Parameters
    ----------
    name : str
        ``"trpcage"`` or ``"wlall"``.

    Returns
    -------
    Example

    Raises
    ------
    InputError
        If there is no such example, or its files are missing from the installation.
    """
    if name not in _SETTINGS:
        raise InputError(f"there is no example {name!r}: use {' or '.join(NAMES)}")
    settings = dict(_SETTINGS[name])
    folder = Path(str(resources.files("lss").joinpath("data", name)))
    files = tuple(str(folder / file) for file in settings.pop("files"))
    top = str(folder / settings.pop("top"))
    for path in (*files, top):
        if not Path(path).is_file():
            raise InputError(f"{path} is missing: install latent-space-simulator again")
    return Example(name=name, files=files, top=top, **settings)
