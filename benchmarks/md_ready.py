"""Do decoded frames of all atoms start MD as they are? Beside frames of the MD itself.

    python benchmarks/md_ready.py adp  --data DIR/adp
    python benchmarks/md_ready.py pentapeptide --data DIR/pentapeptide

Each frame starts 1,000 steps of 2 fs at 300 K with new velocities and without minimisation. It
survives where all positions stay finite and the potential energy at the end is among those of the
MD's own frames after as many steps, within six of their standard deviations. Energies are in
kJ/mol. "close pairs" are those closer than .12 nm of those closer than .5 nm; "bonds" are right
within 10 % of their mean in the MD; "diversity" is the mean RMSD of pairs of frames, in nm. Needs
OpenMM (extra `md`).
"""

import argparse
import time
from pathlib import Path

import mdtraj
import numpy as np

N_STEPS, N_FRAMES, N_DIVERSE = 1000, 200, 100
FIELDS = {
    "adp": ("amber99sbildn.xml", "amber99_obc.xml"),
    # Its ends are not charged, for which the other has no templates.
    "pentapeptide": ("charmm36.xml", "implicit/obc2.xml"),
}


def load(name, data):
    """Topology, coordinates, torsions of backbone and side chains of each trajectory."""
    pdb = mdtraj.load(str(next(Path(data).glob("*.pdb"))))
    stride = 5 if name == "adp" else 1
    files = sorted(f for f in Path(data).iterdir() if f.suffix in (".dcd", ".xtc"))
    trajectories = [mdtraj.load(str(f), top=pdb.topology, stride=stride) for f in files]
    kinds = [mdtraj.compute_phi, mdtraj.compute_psi, mdtraj.compute_chi1, mdtraj.compute_chi2]
    kinds = kinds[:2] if name == "adp" else kinds
    features = [
        np.concatenate([f(kind(t)[1]) for kind in kinds for f in (np.cos, np.sin)], 1)
        for t in trajectories
    ]
    return pdb, [t.xyz for t in trajectories], [x.astype(np.float32) for x in features]


def decoded(name, data, seed, updates):
    """A topology with bonds, decoded frames and MD frames at the same psi."""
    from cwgan import MolGen
    from lss.molecule.bonds import bonds as find_bonds
    from srv import SRV

    pdb, coords, features = load(name, data)
    modes, lag = (2, 2) if name == "adp" else (3, 5)
    encoder = SRV.from_preset("recommended", features[0].shape[1], n_components=modes, lag_time=lag)
    psi = np.concatenate(encoder.fit(features).transform(features))
    coords = np.concatenate(coords)
    held = np.arange(len(coords)) // 50 % 10 == 9
    bonds = find_bonds(pdb.topology, pdb.xyz[0], np.arange(pdb.n_atoms))
    options = {"n_updates": updates} if updates else {}
    molgen = MolGen.from_preset(
        "recommended", modes, pdb.n_atoms, bonds=bonds, seed=seed, **options
    )
    start = time.process_time()
    molgen.fit(psi[~held], coords[~held])
    seconds = time.process_time() - start
    rows = np.flatnonzero(held)
    rows = np.random.default_rng(seed).permutation(rows)[:N_FRAMES]
    return pdb, bonds, molgen.transform(psi[rows]), coords[rows], seconds


def with_bonds(pdb, bonds):
    """The topology for OpenMM, with these bonds: by name alone a hydrogen may be taken wrongly."""
    topology = pdb.topology.copy()
    topology._bonds = []
    atoms = list(topology.atoms)
    for a, b in bonds:
        topology.add_bond(atoms[a], atoms[b])
    return topology.to_openmm()


def started(simulation, frames, seed):
    """Potential energies of frames, and after 1,000 steps from each; nan where it blew up."""
    from openmm import OpenMMException, unit

    energies = np.full((len(frames), 2), np.nan)
    context = simulation.context
    for k, xyz in enumerate(frames):
        context.setPositions(xyz.astype(float))
        energies[k, 0] = energy(context)
        context.setVelocitiesToTemperature(300 * unit.kelvin, seed + k)
        try:
            simulation.integrator.step(N_STEPS)
            energies[k, 1] = energy(context)
        except OpenMMException:  # a coordinate is not a number
            continue
    return energies


def energy(context):
    from openmm import unit

    state = context.getState(getEnergy=True)
    return state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)


def simulation_of(name, topology, seed):
    import openmm
    from openmm import app, unit

    system = app.ForceField(*FIELDS[name]).createSystem(
        topology,
        nonbondedMethod=app.CutoffNonPeriodic,
        nonbondedCutoff=1 * unit.nanometer,
        constraints=app.HBonds,
    )
    integrator = openmm.LangevinMiddleIntegrator(300, 1, 0.002)
    integrator.setRandomNumberSeed(seed)
    platform = openmm.Platform.getPlatformByName("CPU")
    return app.Simulation(topology, system, integrator, platform, {"Threads": "1"})


def shape(frames, md, bonds, topology):
    """Bonds, close pairs and diversity of frames."""
    from cwgan.diagnostics import pair_distances

    d, wanted = pair_distances(frames, bonds), pair_distances(md, bonds).mean(0)
    every = np.stack(np.triu_indices(frames.shape[1], 1), 1)
    bonded = {tuple(sorted(map(int, b))) for b in bonds}
    every = np.array([pair for pair in every.tolist() if tuple(pair) not in bonded])
    apart = pair_distances(frames, every)
    t = mdtraj.Trajectory(frames[:N_DIVERSE], topology)
    rmsd = [mdtraj.rmsd(t, t, i).sum() / (len(t) - 1) for i in range(len(t))]
    return {
        "bonds": (np.abs(d / wanted - 1) < 0.1).all(1).mean(),
        "close pairs": (apart < 0.12).sum() / (apart < 0.5).sum(),
        "diversity": np.mean(rmsd),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("system", choices=sorted(FIELDS))
    parser.add_argument("--data", required=True, help="folder with trajectories and one .pdb")
    parser.add_argument("--updates", type=int, help="generator updates; the preset's if not given")
    parser.add_argument("--seeds", type=int, default=1)
    args = parser.parse_args()
    for seed in range(args.seeds):
        pdb, bonds, made, md, seconds = decoded(args.system, args.data, seed, args.updates)
        simulation = simulation_of(args.system, with_bonds(pdb, bonds), seed + 1)
        columns = {}
        for name, frames in (("MD", md), ("decoded", made)):
            energies = started(simulation, frames, seed)
            found = {"energy": np.median(energies[:, 0]), "energy sd": energies[:, 0].std()}
            if name == "MD":
                mean, spread = np.nanmean(energies[:, 1]), np.nanstd(energies[:, 1])
            found["survive"] = (np.abs(energies[:, 1] - mean) < 6 * spread).mean()
            columns[name] = {**found, **shape(frames, md, bonds, pdb.topology)}
        print(f"seed {seed}: trained in {seconds:.0f} CPU s")
        for key in columns["MD"]:
            print(f"  {key:12s}" + "".join(f"{n}: {c[key]:12.4f}  " for n, c in columns.items()))


if __name__ == "__main__":
    main()
