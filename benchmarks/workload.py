"""A simulator of the paper's size with networks that have learnt nothing: for speed and files."""

import mdtraj
import numpy as np

ATOMS, MODES, COMPONENTS = 20, 3, 24


def propagator():
    """m = 3, C = 24, 2 x 100 ReLU; components within the range, as after training."""
    from mdn.head import build_network

    network = build_network([0] * MODES, [1] * MODES, [0.5] * MODES, [0.2] * MODES, COMPONENTS)
    layer = network.get_layer("scale_unit")
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel, bias - 4.5])
    return network


def simulator(folder=None):
    """Three modes, 24 Gaussians, 20 CA atoms, the recommended decoder; the lag is 20 ns.

    Networks are saved in `folder`, and loaded from there where it has them.
    """
    from lss.box import Box, load_network
    from lss.simulator import LatentSpaceSimulator

    rng = np.random.default_rng(0)
    psi = rng.uniform(0.3, 0.7, (1000, MODES)).astype(np.float32)
    xyz = 0.38 * np.arange(ATOMS)[:, None] * np.array([1, 0, 0])
    xyz = (xyz + 0.05 * rng.standard_normal((len(psi), ATOMS, 3))).astype(np.float32)
    files = folder and [folder / "mdn.keras", folder / "cwgan.keras"]
    if files and files[1].exists():
        networks = list(map(load_network, files))
    else:
        networks = [propagator(), decoder(psi, xyz)]
        for network, file in zip(networks, files or [], strict=False):
            network.save(file)
    reference = mdtraj.Trajectory(xyz[:1], alpha_carbons(ATOMS))
    meta = {"lag_time_ps": 20_000.0, "n_modes": MODES, "start_psi": psi.tolist()}
    meta |= {"psi_low": [0.0] * MODES, "psi_high": [1.0] * MODES}
    return LatentSpaceSimulator(Box(meta, reference, None, *networks))


def decoder(psi, xyz):
    """A generator of the recommended preset after one update."""
    from cwgan import MolGen

    options = {"seed": 0, "n_updates": 1, "verbose": False}
    molgen = MolGen.from_preset("recommended", MODES, ATOMS, bonds=alpha_carbon_bonds(), **options)
    return molgen.fit(psi, xyz).generator


def alpha_carbon_bonds():
    return np.stack([np.arange(ATOMS - 1), np.arange(1, ATOMS)], axis=1)


def alpha_carbons(n):
    """A chain of alpha carbons."""
    topology = mdtraj.Topology()
    chain = topology.add_chain()
    for _ in range(n):
        topology.add_atom("CA", mdtraj.element.carbon, topology.add_residue("ALA", chain))
    return topology
