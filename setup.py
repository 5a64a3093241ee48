"""Package metadata. Tool settings (ruff, pytest) are in pyproject.toml."""

from glob import glob
from pathlib import Path

from setuptools import find_packages, setup

VERSION = "0.2.0"

setup(
    name="latent-space-simulator",
    version=VERSION,
    description="Molecular latent space simulators: long molecular trajectories from short ones",
    long_description=Path("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    # An editable install then is a path to this folder, where `reproduction` is found as well;
    # the wheel leaves it out, and the scripts that need it.
    package_dir={"": "."},
    packages=find_packages(include=["lss_base", "srv", "mdn", "cwgan", "lss", "lss.*"]),
    py_modules=["hde"],
    scripts=sorted(set(glob("scripts/*.py")) - set(glob("scripts/reproduce_*.py"))),
    package_data={
        **{package: ["py.typed"] for package in ("lss_base", "srv", "mdn", "cwgan")},
        "lss": ["py.typed", "data/*.md", "data/*/*"],
        "lss.report": ["*.html", "*.css"],
        "lss.paths": ["*.html"],
        "lss.export": ["*.txt"],
        "lss.adaptive": ["*.html"],
    },
    install_requires=[
        "tensorflow>=2.21,<2.22",
        "keras>=3.12,<4",
        # The extra brings tf_keras, without which tfp.distributions does not import.
        "tensorflow-probability[tf]>=0.25",
        # tensorflow-probability 0.25 imports distutils, gone from Python 3.12 on.
        "setuptools; python_version >= '3.12'",
        "numpy>=2.0,<2.5",
        "scipy",
        "mdtraj>=1.11.1",
        "h5py>=3.11",
        "jinja2",
        "matplotlib",
        "scikit-learn",
        "threadpoolctl",
        "tqdm",
    ],
    extras_require={
        "test": [
            "deeptime>=0.4.5",
            "distributed",
            "h5netcdf",
            "hypothesis",
            "MDAnalysis",
            "mypy",
            "pandas",
            "playwright",
            "pyarrow",
            "pytest",
            "pytest-xdist",
            "ruff",
            "tables",
            "xarray",
        ],
        "docs": ["sphinx", "myst-nb", "furo", "sphinx-mathjax-offline"],
        "analysis": ["deeptime>=0.4.5"],
        "md": ["openmm"],
        "mdanalysis": ["MDAnalysis"],
        "cluster": ["distributed"],
        "series": ["pandas", "pyarrow", "xarray", "h5netcdf"],
    },
    keywords=[
        "molecular dynamics",
        "latent space simulator",
        "enhanced sampling",
        "transfer operator",
        "VAMPnet",
        "mixture density network",
        "Wasserstein GAN",
    ],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX",
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Chemistry",
        "Topic :: Scientific/Engineering :: Physics",
    ],
)
