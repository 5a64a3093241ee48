"""Does a simulation survive being killed, at any moment?

    python benchmarks/interruptions.py                 20 kills for each format

A process that simulates is killed (SIGKILL) at random moments. After each kill everything in the
folder is read and compared with what a simulation wrote that was never interrupted; then another
process goes on with it. In the end all files must be the same, byte for byte.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import h5py
import mdtraj
import numpy as np
from table import heading, row

WALKERS, STEPS = 4, 100_000
BLOCK_SECONDS = 0.3  # kills are spread over about two blocks


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=20, help="for each format")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        simulate(*args.child)
        return
    rng = np.random.default_rng(args.seed)
    heading(f"{args.kills} kills of a simulation of {WALKERS} x {STEPS} steps, for each format")
    for file_format in ("xtc", "dcd", "h5"):
        with tempfile.TemporaryDirectory() as folder:
            campaign(file_format, args.kills, Path(folder), rng)


def simulate(to, file_format):
    """Go on with the simulation in `to`, in small blocks."""
    from workload import simulator

    from lss.simulation import blockwise

    blockwise.FRAMES = 1  # so that a block has 2,048 frames of each walker, the least
    simulator(Path(to).parent).simulate(
        to, STEPS, WALKERS, seed=1, file_format=file_format, resume=True, progress=False
    )


def start(to, file_format):
    command = [sys.executable, __file__, "--child", to, file_format]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def campaign(file_format, kills, folder, rng):
    whole, killed = folder / "whole", folder / "killed"
    if start(whole, file_format).wait():
        raise RuntimeError("the simulation that serves as reference failed")
    reference = read(whole, file_format)
    counts = dict.fromkeys(("killed", "read whole", "torn last frame", "not readable", "wrong"), 0)
    while counts["killed"] < kills:
        process = start(killed, file_format)
        wait_for_a_block(process, killed / "simulation.json")
        time.sleep(rng.uniform(0, 2 * BLOCK_SECONDS))
        process.send_signal(signal.SIGKILL)
        if process.wait() == 0:  # it was finished before: once more from the beginning
            compare_files(whole, killed, counts)
            for file in killed.iterdir():
                file.unlink()
            continue
        if process.returncode != -signal.SIGKILL:
            raise RuntimeError(f"the simulation failed with exit code {process.returncode}")
        counts["killed"] += 1
        judge(read(killed, file_format), reference, counts)
    start(killed, file_format).wait()
    compare_files(whole, killed, counts)
    row(f"{file_format}: kills", counts["killed"])
    row("  all files read to the end", counts["read whole"])
    row("  last frame of one cut off, the others read", counts["torn last frame"])
    row("  not readable", counts["not readable"], "0")
    row("  latents or coordinates other than whole", counts["wrong"], "0")


def wait_for_a_block(process, record):
    """Wait until the record of progress is replaced, or the process ends."""
    before = record.stat().st_ino if record.exists() else None
    while process.poll() is None:
        if record.exists() and record.stat().st_ino != before:
            return
        time.sleep(0.002)


def read(folder, file_format):
    """Latent states and trajectories of a folder; for what can't be read, the reason."""
    found = {}
    if (folder / "psi.h5").exists():
        with h5py.File(folder / "psi.h5") as file:
            found["psi"] = file["psi"][:]
    for path in sorted(folder.glob(f"traj-*.{file_format}")):
        try:
            found[path.name] = read_trajectory(path)
        except (RuntimeError, OSError, KeyError, ValueError) as error:
            found[path.name] = error
    return found


def read_trajectory(path):
    if path.suffix == ".xtc":
        with mdtraj.formats.XTCTrajectoryFile(str(path)) as file:
            return file.read()[0]
    if path.suffix == ".dcd":
        with mdtraj.formats.DCDTrajectoryFile(str(path)) as file:
            return file.read()[0]
    with h5py.File(path) as file:
        if len(file["time"]) != len(file["coordinates"]):
            raise ValueError("times and coordinates differ in number")
        return file["coordinates"][:]


def judge(found, reference, counts):
    """What was written must be the beginning of the reference."""
    torn = False
    for name, data in found.items():
        if isinstance(data, RuntimeError) and name.endswith(".xtc"):
            torn = True
        elif isinstance(data, Exception):
            counts["not readable"] += 1
        elif name == "psi":
            seen = np.isfinite(data)
            counts["wrong"] += not np.array_equal(data[seen], reference["psi"][seen])
        else:
            counts["wrong"] += not np.array_equal(data, reference[name][: len(data)])
    counts["torn last frame" if torn else "read whole"] += 1


def compare_files(whole, killed, counts):
    names = {path.name for path in whole.iterdir()}
    same = names == {path.name for path in killed.iterdir()} and all(
        (whole / name).read_bytes() == (killed / name).read_bytes() for name in names
    )
    counts["wrong"] += not same


if __name__ == "__main__":
    main()
