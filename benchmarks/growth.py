"""Do memory and time grow with the data as they should: memory not, time linearly?

    python benchmarks/growth.py --entries 10 100       1.04 and 10.4 million Trp-cage frames
    python benchmarks/growth.py --atoms 20 200 2000    5,000 frames of made-up proteins
    python benchmarks/growth.py --modes 1e6 1e8        the propagator of so many frames of psi

The Trp-cage trajectories (`--traj`, `--top`; those bundled otherwise) are listed over and over
until there are as many entries, and a run is made of them, each stage in a process of its own.
Training makes few steps, the same at each size; the passes over all data are whole. Then the
features are read as training reads them, without training. Needs 0.8 GB of disk a million frames.
"""

import argparse
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import h5py
from table import heading, row

STAGES = ("features", "srv", "projection", "epoch", "mdn", "cwgan", "synthetic", "report")
LAG_PS, STEPS = 20_000.0, {"srv": 500, "mdn": 500, "cwgan": 100}
READS = 1000  # batches
PROTEIN_FRAMES = 5000


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--entries", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--atoms", type=int, nargs="+", help="of made-up proteins, CA alone")
    parser.add_argument("--modes", type=float, nargs="+", metavar="N", help="frames of psi")
    parser.add_argument("--traj", nargs="+", metavar="FILE")
    parser.add_argument("--top", metavar="FILE")
    parser.add_argument("--to", help="folder for the runs; a temporary one otherwise")
    parser.add_argument("--stages", nargs="+", default=STAGES, choices=STAGES)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(*args.child)
        return
    for n in args.atoms or args.modes or args.entries:
        with tempfile.TemporaryDirectory(dir=args.to) as folder:
            folder = Path(folder)
            if args.modes:
                psi(folder / "run", int(n))
                heading(f"{n:.3g} frames of psi: peak memory in MB, CPU s, wall-clock s")
                campaign(folder / "run", ["mdn"])
                continue
            data = protein(n, folder) if args.atoms else source(args, n, folder)
            folder.joinpath("source.json").write_text(json.dumps(data))
            heading(f"{n} {'atoms' if args.atoms else 'trajectories listed'}: "
                    "peak memory in MB, CPU s, wall-clock s")  # fmt: skip
            stages = [s for s in args.stages if not args.atoms or s not in ("projection", "epoch")]
            campaign(folder / "run", stages)


def source(args, n, folder):
    """The files again and again, each time begun at another frame: no file may be given twice."""
    import mdtraj
    import numpy as np

    from lss.examples import example

    data = example("trpcage")
    files, top = args.traj or data.files, str(args.top or data.top)
    made = [str(folder / f"{k:04d}.xtc") for k in range(n)]
    for k, (path, name) in enumerate(zip(made, itertools.cycle(map(str, files)), strict=False)):
        frames = mdtraj.load(name, top=top)
        rolled = frames[np.roll(np.arange(len(frames)), -17 * (k // len(files)))]
        rolled.time = frames.time
        rolled.save(path)
    return {"traj": made, "top": top, "dt_ps": data.dt_ps}


def protein(n_atoms, folder):
    """A made-up protein of so many alpha carbons."""
    import mdtraj
    from large_protein import frames
    from workload import alpha_carbons

    _, coords, *_ = frames(n_atoms, "ca", PROTEIN_FRAMES)
    made = mdtraj.Trajectory(coords, alpha_carbons(n_atoms))
    made.save_xtc(str(folder / "ca.xtc"))
    made[0].save_pdb(str(folder / "ca.pdb"))
    return {"traj": [str(folder / "ca.xtc")], "top": str(folder / "ca.pdb"), "dt_ps": 200.0}


def psi(path, n_frames):
    """A run of which the modes alone are there: three autoregressive walks, each 10^5 frames."""
    import numpy as np
    from scipy.signal import lfilter

    from lss.run.run_folder import Run

    run, rng = Run.create(path), np.random.default_rng(0)
    with run.stage("features", {}) as report:
        report["frame_spacing_ps"] = 200.0
    with run.stage("srv", {"lag_time_ps": LAG_PS}):
        pass
    with h5py.File(path / "psi.h5", "w") as file:
        for i in range(-(-n_frames // 100_000)):
            memory = np.array([0.9995, 0.998, 0.99])
            kicks = np.sqrt(1 - memory**2) * rng.standard_normal((100_000, 3))
            walks = [lfilter([1], [1, -a], kick) for a, kick in zip(memory, kicks.T, strict=True)]
            file[f"{i:06d}"] = np.stack(walks, axis=1).astype(np.float32)


def campaign(run, stages):
    for stage in stages:
        command = [sys.executable, __file__, "--child", stage, str(run)]
        start = time.time()
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            row(stage, f"FAILED {done.stderr.strip().splitlines()[-1][:200]}")
            return
        found = json.loads(done.stdout.strip().splitlines()[-1])
        figures = f"{found['peak']:.0f} / {found['cpu']:.1f} / {time.time() - start:.0f}"
        row(stage, figures, "<= 3000", found["note"])


def child(stage, path):
    from lss.commands import cli
    from lss.run import report_stage, stages
    from lss.run.run_folder import Run

    run = Run.create(path) if stage == "features" else Run.open(path)
    if stage != "features":
        cli.load_tensorflow()
    start, note = time.process_time(), ""
    if stage == "features":
        data = json.loads(Path(path).parent.joinpath("source.json").read_text())
        made_up = Path(data["traj"][0]).name == "ca.xtc"
        stages.make_features(run, data, ["ca-torsions" if made_up else "ca-distances"])
        note = f"{sum(run.report('features')['n_frames'])} frames"
    elif stage == "srv":
        stages.train_srv(run, LAG_PS, steps=STEPS["srv"])
    elif stage == "projection":
        note = projection(run)
    elif stage == "epoch":
        note = epoch(run)
    elif stage == "mdn":
        stages.train_mdn(run, steps=STEPS["mdn"])
    elif stage == "cwgan":
        stages.train_cwgan(run, steps=STEPS["cwgan"])
    elif stage == "synthetic":
        stages.make_synthetic(run, n_trajectories=len(run.report("features")["n_frames"]))
        note = f"{run.report('synthetic')['frames']} frames"
    else:
        report_stage.make_report(run)
    cpu = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"peak": peak, "cpu": cpu, "note": note}))


def projection(run):
    """Project all frames on the modes with the trained network, from file to file."""
    from lss import box
    from srv.evaluation import evaluate

    network = box.load_network(run.box / "srv.keras")
    with h5py.File(run.path / "features.h5") as file, h5py.File(run.path / "x.h5", "w") as to:
        for name, features in file.items():
            to[name] = evaluate(network, features)
        return f"{len(file)} trajectories"


def epoch(run):
    """Read batches as streamed training does; the fraction of an epoch's CPU time."""
    from lss.run import run_files
    from srv import SRV
    from srv.data import check_trajectories
    from srv.feeding import PairBlocks

    with run_files.open_features(run) as file:
        data = list(file.values())
        width, lag = data[0].shape[1], pipeline_lag(run)
        size = SRV.from_preset("recommended", width).batch_size
        n = sum(len(d) - lag for d in data) // size
        reads = PairBlocks(check_trajectories(data, width, lag), size, n, seed=0)
        start = time.process_time()
        for i in range(min(READS, n)):
            reads[i]
        reading = (time.process_time() - start) / min(READS, n)
        training = train_seconds(data, width, lag)
    return f"reading {1e3 * reading:.1f} of {1e3 * training:.1f} ms a step, {n} steps an epoch"


def train_seconds(data, width, lag):
    """CPU seconds of a training step on streamed data, from two lengths of training."""
    from srv import SRV

    def fit(steps):
        srv = SRV.from_preset("recommended", width, n_components=3, lag_time=lag, verbose=False,
                              n_updates=steps)  # fmt: skip
        start = time.process_time()
        srv.fit(data[:2])
        return time.process_time() - start

    fit(20)
    return (fit(520) - fit(20)) / 500


def pipeline_lag(run):
    from lss.units import lag_in_frames

    return lag_in_frames(LAG_PS, run.report("features")["frame_spacing_ps"])


if __name__ == "__main__":
    main()
