"""The slow modes as a Python file for OpenMM: PythonForce, ready for openmm.app.Metadynamics."""

import json
from importlib.resources import files

import numpy as np


def openmm_module(variables, title="a latent space simulator"):
    """The text of a Python module that defines the modes.

    Parameters
    ----------
    variables : lss.export.variables.Variables
    title : str
        What the modes are of.

    Returns
    -------
    str
        It needs NumPy and, for its forces, OpenMM 8.5 or later; nothing of this package.
    """
    template = files("lss.export").joinpath("openmm_template.txt").read_text(encoding="utf-8")
    reached = np.unique(np.concatenate([variables.torsions.ravel(), variables.distances.ravel()]))
    numbers = {
        "layers": [
            {"kernel": x.kernel.tolist(), "bias": x.bias.tolist(), "activation": x.activation}
            for x in variables.layers
        ],
        "atoms": reached.tolist(),
        "torsions": np.searchsorted(reached, variables.torsions).tolist(),
        "distances": np.searchsorted(reached, variables.distances).tolist(),
        "ranges": [
            {"low": r.low, "high": r.high, "sigma": r.sigma, "grid": r.grid}
            for r in variables.ranges
        ],
        "reference": variables.reference[reached].round(6).tolist(),
        "psi": variables.psi.tolist(),
        "descriptors": variables.names,
    }
    text = json.dumps(numbers).replace("], [", "],\n[")
    return template.replace("@TITLE@", title).replace("@NUMBERS@", text)
