"""A synthetic molecule with two states, as MD, held-out MD and LSS; frames of the pentapeptide."""

import h5py
import mdtraj
import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.sparse.csgraph import shortest_path

from lss.analysis.sample import Sample
from lss.examples import example
from lss.simulation.hdf5_writer import topology_json
from tests.systems import autoregressive

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
    second = autoregressive(rng, (n_frames, n_trajectories), 0.8**step).T
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


@pytest.fixture(scope="session")
def molecule_of():
    """Build molecules from lists of bonds, with coordinates whose distances agree with the bonds.

    Called with residues, each (name, number, chain letter, bonds between names of atoms), and
    links, each ((residue, atom), (residue, atom)), it returns a topology without bonds,
    coordinates (n_atoms, 3) in nm, and the bonds as a set of pairs of atom indices.
    """
    return _molecule_of


def _molecule_of(residues, links):
    topology, chains, index, pairs = mdtraj.Topology(), {}, {}, set()
    for r, (name, number, letter, names) in enumerate(residues):
        chain = chains.get(letter) or chains.setdefault(letter, topology.add_chain(letter))
        residue = topology.add_residue(name, chain, number)
        for atom in dict.fromkeys(a for pair in names for a in pair):
            element = mdtraj.element.get_by_symbol(atom.lstrip("0123456789")[0])
            index[r, atom] = topology.add_atom(atom, element, residue).index
        pairs |= {(index[r, a], index[r, b]) for a, b in names}
    pairs |= {(index[a], index[b]) for a, b in links}
    pairs = {tuple(sorted(pair)) for pair in pairs}
    return topology, _embed(topology, pairs), pairs


def _embed(topology, pairs):
    """Coordinates with bonds as long as the radii say, and all other atoms further apart."""
    n = topology.n_atoms
    radii = {"H": 0.031, "C": 0.076, "N": 0.071, "O": 0.066, "S": 0.105, "P": 0.107}
    radius = np.array([radii[a.element.symbol] for a in topology.atoms])
    graph = np.full((n, n), np.inf)
    for i, j in pairs:
        graph[i, j] = graph[j, i] = 1
    steps = shortest_path(graph, directed=False)
    i, j = np.triu_indices(n, 1)
    heavy = (radius[i] > 0.04) & (radius[j] > 0.04)
    bonded = steps[i, j] == 1
    far = np.where(steps[i, j] == 2, np.where(heavy, 0.245, 0.2), np.where(heavy, 0.3, 0.22))
    target = np.where(bonded, radius[i] + radius[j], far)

    def energy(flat):
        between = flat.reshape(n, 3)[i] - flat.reshape(n, 3)[j]
        length = np.linalg.norm(between, axis=1)
        excess = np.where(bonded | (length < target), length - target, 0)
        weight = np.where(bonded, 20.0, 1.0)
        slope = (2 * weight * excess / length)[:, None] * between
        gradient = np.zeros((n, 3))
        np.add.at(gradient, i, slope)
        np.add.at(gradient, j, -slope)
        return (weight * excess**2).sum(), gradient.ravel()

    squares = (0.12 * np.minimum(steps, 30)) ** 2
    centre = np.eye(n) - 1 / n
    values, vectors = np.linalg.eigh(-0.5 * centre @ squares @ centre)
    start = vectors[:, -3:] * np.sqrt(values[-3:])
    start = start + np.random.default_rng(0).normal(0, 0.05, (n, 3))
    found = minimize(energy, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 3000})
    xyz = found.x.reshape(n, 3)
    length = np.linalg.norm(xyz[i] - xyz[j], axis=1)
    ratio = length / (radius[i] + radius[j])
    assert ratio[bonded].max() < 1.15 and ratio[~bonded].min() > 1.35
    return xyz
