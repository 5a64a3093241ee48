"""Metadynamics of alanine dipeptide along exported modes: how soon is phi > 0 reached?

    python benchmarks/metadynamics.py DATA [--modes 2] [--length 5] [--plain]

DATA holds ala2.pdb and DCD trajectories, 1 ps a frame, of amber99sb-ildn with OBC in which phi is
never above 0 for long: the encoder never learned that barrier. It is trained on them, written for
OpenMM, and biased. Needs OpenMM (extra `md`). Prints one row.
"""

import argparse
import importlib
import sys
import tempfile
import time
from pathlib import Path

import mdtraj
import numpy as np

import lss
from lss.export.openmm import openmm_module
from lss.export.variables import variables
from srv import SRV

LAG_PS = 5
STEP_PS, PACE = 0.002, 500


def encoder(data, features, modes, activation):
    """The trained modes as a Python module for OpenMM, and the share of frames with phi > 0."""
    md = lss.open_trajectories([str(data / "*.dcd")], top=str(data / "ala2.pdb"), dt="1ps")
    featurizer = lss.Featurizer(md.topology, features)
    frames = featurizer.transform(md)
    srv = SRV.from_preset(
        "recommended",
        frames[0].shape[1],
        n_components=modes,
        lag_time=LAG_PS,
        activation=activation,
        verbose=False,
    ).fit(frames)
    psi = np.concatenate(srv.transform(frames))
    text = openmm_module(variables(srv.encoder, featurizer, md.reference, psi), "ADP")
    phi = [phi_of(mdtraj.load(str(f), top=str(data / "ala2.pdb"))) for f in data.glob("*.dcd")]
    return text, float(np.mean(np.concatenate(phi) > 0)), srv.timescales_


def phi_of(trajectory):
    return mdtraj.compute_phi(trajectory)[1][:, 0]


def simulation(data, seed):
    """The system of the data: topology, system and integrator."""
    import openmm
    from openmm import app, unit

    pdb = app.PDBFile(str(data / "ala2.pdb"))
    field = app.ForceField("amber99sbildn.xml", "amber99_obc.xml")
    system = field.createSystem(
        pdb.topology,
        nonbondedMethod=app.CutoffNonPeriodic,
        nonbondedCutoff=1 * unit.nanometer,
        constraints=app.HBonds,
    )
    integrator = openmm.LangevinIntegrator(300, 91, STEP_PS)
    integrator.setRandomNumberSeed(seed)
    return pdb, system, integrator


def first_passage(data, modes, n_biased, length_ns, seed, height, factor, sigma):
    """Simulated time in ns until phi stays above 0 for 5 ps, and the seconds that it took."""
    from openmm import app, unit

    pdb, system, integrator = simulation(data, seed)
    meta = None
    if n_biased:
        biased = []
        for number in range(1, n_biased + 1):
            known = modes.NUMBERS["ranges"][number - 1]
            width = sigma * known["sigma"]
            biased.append(modes.bias_variable(number, sigma=width, bins=200))
        meta = app.Metadynamics(system, biased, 300 * unit.kelvin, factor, height, PACE)
    run = app.Simulation(pdb.topology, system, integrator)
    run.context.setPositions(pdb.positions)
    run.minimizeEnergy()
    run.context.setVelocitiesToTemperature(300, seed)
    topology = mdtraj.Topology.from_openmm(pdb.topology)
    start, above = time.time(), 0
    for block in range(int(length_ns * 1000 / (PACE * STEP_PS))):
        if meta is None:
            run.step(PACE)
        else:
            meta.step(run, PACE)
        xyz = run.context.getState(getPositions=True).getPositions(asNumpy=True)._value
        phi = float(phi_of(mdtraj.Trajectory(xyz, topology))[0])
        above = above + 1 if 0 < phi < 2.2 else 0
        if block % 500 == 499:
            ns = (block + 1) * PACE * STEP_PS / 1000
            values = modes.psi(xyz).round(2)
            print(f"  {ns:.1f} ns, {time.time() - start:.0f} s, psi {values}", flush=True)
        if above * PACE * STEP_PS >= 5:
            return (block + 1) * PACE * STEP_PS / 1000, time.time() - start
    return float("inf"), time.time() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--features", default="torsions")
    parser.add_argument("--modes", type=int, default=2, help="modes that are biased; 0: plain MD")
    parser.add_argument("--length", type=float, default=5.0, help="in ns")
    parser.add_argument("--activation", default="gelu")
    parser.add_argument("--height", type=float, default=1.0, help="of the hills, kJ/mol")
    parser.add_argument("--factor", type=float, default=10.0, help="bias factor")
    parser.add_argument("--sigma", type=float, default=1.0, help="times the suggested one")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    text, share, times = encoder(
        args.data, args.features.split(","), max(args.modes, 1), args.activation
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "adp_modes.py").write_text(text)
        sys.path.insert(0, folder)
        modes = importlib.import_module("adp_modes")
    print(f"modes of {times} ps; phi > 0 in {share:.2g} of the frames; check {modes.check()}")
    ns, seconds = first_passage(
        args.data, modes, args.modes, args.length, args.seed, args.height, args.factor, args.sigma
    )
    print(f"modes biased: {args.modes}; phi > 0 for 5 ps first after {ns:.2f} ns ({seconds:.0f} s)")


if __name__ == "__main__":
    main()
