"""Versions of what a result depends on."""

import platform
from importlib import metadata

PACKAGES = ("tensorflow", "keras", "tensorflow-probability", "numpy", "scipy", "mdtraj", "h5py")


def versions():
    """Versions of Python and of every package that a result depends on: dict of str."""
    try:
        own = metadata.version("latent-space-simulator")
    except metadata.PackageNotFoundError:
        own = "not installed"
    return {
        "latent-space-simulator": own,
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in PACKAGES},
    }
