"""A synthetic molecule with two states, as MD, held-out MD and LSS; frames of the pentapeptide."""

import h5py
import mdtraj
import numpy as np
import pytest

from lss.analysis.sample import Sample
from lss.examples import example
from lss.simulation.hdf5_writer import topology_json

N_ATOMS = 6


def _topology():
    """A chain of alpha carbons."""
    found = mdtraj.Topology()
    chain = found.add_chain()
    for _ in range(N_ATOMS):
        found.add_atom("CA", mdtraj.element.carbon, found.add_residue("ALA", chain))
    return found


def _ensemble(seed, n_trajectories=6, n_frames=2000, step=1, shift=0.0):
    """Bistable slow mode, AR(1) second mode, and chains whose length follows the first."""
    rng = np.random.default_rng(seed)
    flip = (1 - 0.98**step) / 2
    jump = rng.random((n_trajectories, n_frames)) < flip
    side = np.where(np.cumsum(jump, axis=1) % 2, -1, 1) * rng.choice([-1, 1], (n_trajectories, 1))
    second = rng.standard_normal((n_trajectories, n_frames))
    phi = 0.8**step
    for t in range(1, n_frames):
        second[:, t] = phi * second[:, t - 1] + np.sqrt(1 - phi**2) * second[:, t]
    first = side + shift + 0.1 * rng.standard_normal(side.shape)
    psi = np.stack([first, second], axis=-1).astype(np.float32)
    xyz = np.arange(N_ATOMS)[:, None] * np.array([0.38, 0.05, 0.0])
    xyz = xyz * (1 + 0.1 * side[..., None, None])
    xyz = xyz + 0.02 * rng.standard_normal((*side.shape, N_ATOMS, 3))
    return psi, xyz.astype(np.float32)


@pytest.fixture(scope="session")
def bistable():
    """The maker of such ensembles: (seed, trajectories, frames, step, shift) to psi and xyz."""
    return _ensemble


@pytest.fixture(scope="session")
def two_runs(bistable):
    """Arguments of `compare`: two MD runs and an LSS of the same process, lag 5 frames."""
    md, md_xyz = bistable(0)
    held, held_xyz = bistable(2)
    return {
        "md": Sample(list(md), list(md_xyz), lag=5),
        "lss": Sample(*bistable(1, 10, 400, step=5)),
        "held_out": Sample(list(held), list(held_xyz), lag=5),
        "lag_ps": 500.0,
        "reference": mdtraj.Trajectory(md_xyz[0, 0], _topology()),
    }


@pytest.fixture(scope="session")
def two_latent_runs(two_runs):
    """The same MD and LSS without coordinates."""
    return {"md": Sample(two_runs["md"].psi, lag=5), "lss": Sample(two_runs["lss"].psi),
            "lag_ps": 500.0}  # fmt: skip


def peptide(n_frames):
    data = example("wlall")
    return mdtraj.load(data.files[0], top=data.top)[:n_frames]


@pytest.fixture(scope="module")
def whole():
    """37 frames of the pentapeptide, 100 ps apart."""
    return peptide(37)


@pytest.fixture(scope="module")
def folder(whole, tmp_path_factory):
    """The same frames in every format."""
    folder = tmp_path_factory.mktemp("formats")
    for kind in ("xtc", "trr", "nc", "dcd", "xyz", "pdb", "gro", "lammpstrj", "mdcrd"):
        whole.save(str(folder / f"a.{kind}"))
    with h5py.File(folder / "a.h5", "w") as file:
        file["coordinates"] = whole.xyz
        file["time"] = whole.time
        file["cell_lengths"], file["cell_angles"] = whole.unitcell_lengths, whole.unitcell_angles
        file["topology"] = np.array([topology_json(whole.topology).encode()])
    return folder


@pytest.fixture(scope="module")
def md_frames():
    return peptide(200)
