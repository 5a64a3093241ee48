"""Does a campaign find the rare basin of alanine dipeptide, phi > 0, and know how rare it is?

    python benchmarks/dipeptide.py reference --top ala2.pdb --out FOLDER
    python benchmarks/dipeptide.py campaign --top ala2.pdb --starts a.pdb b.pdb --out FOLDER \
        --seeds 0 1 2
    python benchmarks/dipeptide.py plain --top ala2.pdb --out FOLDER --seeds 0 1 2

All run the same force field (amber99sb-ildn with OBC) at 300 K by OpenMM, with a friction of 91/ps;
`reference`, of which a friction changes nothing but the time it takes, with 1/ps. `reference` is
umbrella sampling along phi, put together by WHAM (Kumar et al., J. Comput. Chem. 13 (1992) 1011),
with errors from blocks of each window. `campaign` is scripts/adaptive.py as a user runs it, from
--starts; its population is that of the weighted frames, with a bootstrap over pieces in which
weights are found anew. `plain` is one run of the length of a campaign.
"""

import argparse
import copy
import json
import subprocess
import sys
from pathlib import Path

import mdtraj
import numpy as np
from table import heading, row

ROOT = Path(__file__).resolve().parents[1]
FORCEFIELD = ("amber99sbildn.xml", "amber99_obc.xml")
PHI = (4, 6, 8, 14)  # atoms of ala2.pdb
WINDOWS, STIFFNESS = 24, 50.0  # kJ/mol/rad^2: 13 degrees wide, 15 apart
WINDOW_PS, RELAXED_PS, BINS, BLOCKS = 1800.0, 50.0, 72, 10
KT = 300 * 8.314462618e-3
# Short pieces: a barrier is climbed by many starts, and a short lag sees each step of it.
PER_ROUND, PIECE_PS, SPACING_PS, LAG_PS = 60, 10.0, 0.2, 1.0
FRAME_PS, FRICTION = 1.0, 91.0
SRV_STEPS = 600  # what cross-validation chose in all rounds of a campaign at a lag of 5 ps


def engine(args, n_frames):
    return {
        "runner": None,
        "top": args.top,
        "forcefield": FORCEFIELD,
        "temperature_K": 300.0,
        "friction_per_ps": FRICTION,
        "timestep_ps": 0.002,
        "n_frames": n_frames,
        "frame_ps": FRAME_PS,
    }


def phi_of(xyz):
    """phi of frames (n, 22, 3), in radians."""
    traj = mdtraj.Trajectory(xyz, None)
    return mdtraj.compute_dihedrals(traj, [PHI], opt=False)[:, 0]


def reference(args):
    """Population of phi > 0 by umbrella sampling."""
    samples, centres = umbrella(args)
    bias = STIFFNESS / 2 / KT * turned(bin_centres()[None] - centres[:, None]) ** 2
    histograms = [[histogram(part) for part in np.array_split(x, BLOCKS)] for x in samples]
    histograms = np.array(histograms)  # (windows, blocks, bins)
    found = population(histograms.sum(1), bias)
    rng = np.random.default_rng(0)
    drawn = rng.integers(BLOCKS, size=(200, WINDOWS, BLOCKS))
    again = [
        population(np.take_along_axis(histograms, d[:, :, None], 1).sum(1), bias) for d in drawn
    ]
    heading(f"Umbrella sampling: {WINDOWS} windows of {WINDOW_PS:g} ps")
    row("population of phi > 0", f"{found:.4f} +- {np.std(again):.4f}")


def umbrella(args):
    """phi in each window, rad, and the centres of the windows."""
    import openmm

    from lss.adaptive.engines import fastest, prepare

    context, _ = prepare(engine(args, 1), Path(args.top), args.seeds[0])
    system = copy.deepcopy(context.getSystem())  # it goes with the context
    force = openmm.CustomTorsionForce(
        "0.5*k*d^2; d=min(a, 6.283185307179586-a); a=abs(theta-centre)"
    )
    force.addGlobalParameter("k", STIFFNESS)
    force.addGlobalParameter("centre", 0.0)
    force.addTorsion(*PHI, [])
    system.addForce(force)
    integrator = openmm.LangevinMiddleIntegrator(300.0, 1.0, 0.002)
    integrator.setRandomNumberSeed(args.seeds[0])
    positions = context.getState(getPositions=True).getPositions()
    context = openmm.Context(system, integrator, *fastest(system.getNumParticles()))
    context.setPositions(positions)
    context.setVelocitiesToTemperature(300.0, args.seeds[0])
    start = np.round(np.degrees(phi_of(mdtraj.load(args.top).xyz))[0])
    centres = turned(np.radians(start + 360 / WINDOWS * np.arange(WINDOWS)))
    samples = []
    for centre in centres:
        context.setParameter("centre", float(centre))
        integrator.step(round(RELAXED_PS / 0.002))
        frames = []
        for _ in range(round((WINDOW_PS - RELAXED_PS) / FRAME_PS)):
            integrator.step(round(FRAME_PS / 0.002))
            state = context.getState(positions=True)
            frames.append(state.getPositions(asNumpy=True)._value)
        samples.append(phi_of(np.array(frames, np.float32)))
    return samples, centres


def population(counts, bias):
    """Share of phi > 0 by WHAM: counts and bias in kT, both (windows, bins)."""
    totals, free = counts.sum(1), np.zeros(len(counts))
    for _ in range(20_000):
        weight = counts.sum(0) / (totals[:, None] * np.exp(free[:, None] - bias)).sum(0)
        weight /= weight.sum()
        new = -np.log(np.exp(-bias) @ weight)
        if np.abs(new - free).max() < 1e-8:
            break
        free = new
    return weight[inside(bin_centres())].sum()


def histogram(phi):
    return np.histogram(phi, BINS, (-np.pi, np.pi))[0]


def bin_centres():
    return (np.arange(BINS) + 0.5) * 2 * np.pi / BINS - np.pi


def inside(phi):
    """Whether frames are in the rare basin: phi above 0, but not next to 180 degrees."""
    return (phi > 0) & (phi < np.radians(150))


def turned(angle):
    return (angle + np.pi) % (2 * np.pi) - np.pi


def campaign(args):
    """Run scripts/adaptive.py, and look at what it found."""
    heading(f"Campaigns of {args.rounds} rounds of {PER_ROUND} pieces of {PIECE_PS:g} ps")
    for seed in args.seeds:
        out = Path(args.out) / f"campaign-{seed}"
        options = {
            "top": args.top, "forcefield": ",".join(FORCEFIELD), "lag": f"{LAG_PS:g}ps",
            "piece": f"{PIECE_PS:g}ps", "frame-spacing": f"{SPACING_PS:g}ps", "friction": FRICTION,
            "per-round": PER_ROUND, "rounds": args.rounds, "srv-steps": SRV_STEPS, "seed": seed,
            "out": out,
        }  # fmt: skip
        flags = [word for name, value in options.items() for word in (f"--{name}", value)]
        command = [sys.executable, ROOT / "scripts" / "adaptive.py", *flags, "--starts"]
        command += args.starts or [args.top]
        resumed = ["--resume"] if out.exists() else []
        subprocess.run([str(word) for word in [*command, *resumed]], check=True)
        look_at(seed, out)


def look_at(seed, out):
    """When the basin was first seen, and its weighted population, at the end of a campaign."""
    from lss.run import run_files
    from lss.run.run_folder import Run

    rounds = sorted(path.parent for path in out.glob("round-*/done.json"))
    run = Run.open(rounds[-1] / "run")
    files = [file for folder in rounds for file in sorted(folder.glob("piece-*.xtc"))]
    top = mdtraj.load(str(run.settings("features")["source"]["top"]))
    seen = [inside(phi_of(mdtraj.load(str(file), top=top).xyz)) for file in files]
    first = [i for i, x in enumerate(seen) if x.any()]
    spent = f"{len(files) * PIECE_PS / 1000:.1f} ns in all"
    when = "not"
    if first:
        when = f"after {(first[0] // PER_ROUND + 1) * PER_ROUND * PIECE_PS / 1000:.1f} ns"
    weights = run_files.read_weights(run)
    found = "frames have no weights" if weights is None else population_of(run, weights, seen)
    row(f"seed {seed}: phi > 0 found {when}, {spent}", found)
    for text in json.loads((rounds[-1] / "done.json").read_text())["islands"]:
        print(f"    {text}")


def population_of(run, weights, seen, n_samples=50):
    """Share of weight of the frames `seen`, and its 95 % interval: weights anew for each sample."""
    from lss.run import run_files
    from lss_base.weights import weights_of_samples

    lag = round(LAG_PS / SPACING_PS)
    rng, n = np.random.default_rng(0), len(seen)
    samples = rng.multinomial(n, np.full(n, 1 / n), size=n_samples)
    psi, method = run_files.read_psi(run), run_files.weighing_method(run)
    drawn = weights_of_samples(psi, lag, weights, method, samples)
    low, high = np.percentile([_share(again, seen) for again in drawn], [2.5, 97.5])
    return f"{_share(weights, seen):.3f} ({low:.3f} to {high:.3f})"


def _share(weights, seen):
    return np.concatenate(weights) @ np.concatenate(seen) / np.concatenate(weights).sum()


def plain(args):
    """One run as long as a campaign."""
    from lss.adaptive.engines import simulate

    length_ps = args.rounds * PER_ROUND * PIECE_PS
    heading(f"Plain MD, one run of {length_ps / 1000:.1f} ns")
    for seed in args.seeds:
        out = Path(args.out) / f"plain-{seed}.xtc"
        out.parent.mkdir(parents=True, exist_ok=True)
        simulate(engine(args, round(length_ps / FRAME_PS)), Path(args.top), out, seed)
        positive = inside(phi_of(mdtraj.load(str(out), top=args.top).xyz))
        first = (
            f"after {(positive.argmax() + 1) * FRAME_PS / 1000:.1f} ns" if positive.any() else "not"
        )
        blocks = [x.mean() for x in np.array_split(positive, 20)]
        error = np.std(blocks, ddof=1) / np.sqrt(20)
        row(f"seed {seed}: phi > 0 found {first}", f"{positive.mean():.4f} +- {error:.4f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["reference", "campaign", "plain"])
    parser.add_argument("--top", required=True, help="ala2.pdb")
    parser.add_argument("--out", default="dipeptide", help="folder of what is simulated")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--starts", nargs="+", help="structures that campaigns start from")
    parser.add_argument("--rounds", type=int, default=33)
    args = parser.parse_args()
    globals()[args.what](args)


if __name__ == "__main__":
    main()
