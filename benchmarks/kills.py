"""Does a run survive being killed in any stage, at any moment?

    python benchmarks/kills.py                         20 kills a stage
    python benchmarks/kills.py --kills 5 --stages srv mdn

`run_lss.py` on a bundled example, with few steps, is killed (SIGKILL) at random moments of each
stage and called again with `--resume`. After each kill every file that has its final name is
compared with that of a run that was never interrupted, and in the end everything is.
"""

import argparse
import importlib
import io
import json
import os
import runpy
import signal
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import h5py
import numpy as np
from table import heading, row

# The projection is the end of the SRV's stage; it has begun when the network is there.
STAGES = ("features", "srv", "projection", "mdn", "cwgan", "synthetic", "report")
SCRIPT = Path(__file__).parents[1] / "scripts" / "run_lss.py"
OPTIONS = (
    "--example wlall --features backbone-torsions,ca-distances --lag 10ns --modes 2 --seed 3 "
    "--srv-steps 200 --mdn-steps 200 --cwgan-steps 50 --components 4 --trajectories 20 --resume"
)
STATUS = ("created", "seconds", "versions")  # of run.json: differ from run to run


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=20, help="for each stage")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES)
    args = parser.parse_args()
    preload()
    rng = np.random.default_rng(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        whole, killed = Path(folder) / "whole" / "run", Path(folder) / "killed" / "run"
        seconds = reference(whole)
        heading(f"run_lss.py killed {args.kills} times in each stage, then resumed")
        for stage in STAGES:
            kills = args.kills if stage in args.stages else 0
            campaign(stage, kills, seconds[stage], killed, whole, rng)
        finish(killed)
        found, wanted = contents(killed), contents(whole)
        different = [n for n in wanted if not same(found.get(n), wanted[n])]
        row("files of the whole run that differ", len(different), "0", ", ".join(different))
        row("files too many", len(found.keys() - wanted.keys()), "0")


def preload():
    """Import all that a run imports, but run no operation: TensorFlow does not survive a fork."""
    for name in (
        "srv.length",
        "mdn.estimator",
        "cwgan.estimator",
        "lss.report",
        "lss.run.report_stage",
    ):
        importlib.import_module(name)


def start(run):
    """A process that makes the run, or goes on with it."""
    run.parent.mkdir(exist_ok=True)
    pid = os.fork()
    if pid:
        return pid
    silent = os.open(run.parent / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    code = 1
    try:
        sys.argv = [SCRIPT.name, *OPTIONS.split(), "--out", str(run)]
        namespace = runpy.run_path(str(SCRIPT), run_name="killed")
        namespace["cli"].main(namespace["main"])
        code = 0
    except SystemExit as stop:
        code = stop.code or 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def finish(run):
    _, status = os.waitpid(start(run), 0)
    if status:
        raise RuntimeError((run.parent / "log").read_text()[-2000:])


def record(run):
    path = run / "run.json"
    return json.loads(path.read_text())["stages"] if path.exists() else {}


def reference(run):
    """Make the whole run; the seconds of its stages."""
    finish(run)
    seconds = {name: stage["seconds"] for name, stage in record(run).items()}
    with h5py.File(run / "features.h5") as file:
        frames = sum(map(len, file.values()))
    # Projected at some 300,000 frames a second, after the network is loaded.
    return seconds | {"projection": 0.2 + frames / 300_000}


def campaign(stage, kills, seconds, killed, whole, rng):
    """Kill the run so many times in a stage, then let it finish the stage."""
    made_by = "srv" if stage == "projection" else stage
    counts = dict.fromkeys(("killed", "finished first", "wrong", "went on"), 0)
    wanted = contents(whole)
    while counts["killed"] < kills:
        if made_by in record(killed):
            again(killed, made_by)
        pid = start(killed)
        if stage == "projection":
            wait_for(pid, killed / "box" / "srv.keras")
        outcome = shoot(pid, killed, made_by, rng.uniform(0, seconds))
        counts[outcome] += 1
        counts["wrong"] += len(taken_for_whole(killed, wanted))
    if kills:
        row(f"{stage}: kills", counts["killed"], "", f"in {seconds:.1f} s")
        row("  finished before it was killed", counts["finished first"])
        row("  files that were not what they seemed", counts["wrong"], "0")
    while made_by not in record(killed):
        shoot(start(killed), killed, made_by, np.inf)


def shoot(pid, run, stage, seconds):
    """Kill the process after so many seconds, or when the stage is finished."""
    end = time.time() + seconds
    while time.time() < end and stage not in record(run):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            if status:
                raise RuntimeError((run.parent / "log").read_text()[-2000:])
            return "finished first"
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return "finished first" if stage in record(run) else "killed"


def wait_for(pid, path):
    """Wait until the file is replaced."""
    before = path.stat().st_ino if path.exists() else None
    while not path.exists() or path.stat().st_ino == before:
        time.sleep(0.001)


def again(run, stage):
    """Forget that a stage was finished, as a run does that begins to make it again."""
    path = run / "run.json"
    data = json.loads(path.read_text())
    del data["stages"][stage]
    path.write_text(json.dumps(data))


def taken_for_whole(run, wanted):
    """Files with final names that hold something else than the whole run's."""
    finished = "synthetic" in record(run)
    return [
        name
        for name, data in contents(run).items()
        if name not in ("run.json", "box/lss.json")  # grow from stage to stage
        and (finished or not name.startswith("synthetic"))
        and not same(data, wanted.get(name))
    ]


def contents(run):
    """What the files of a run hold, without dates; those under way left out."""
    found = {}
    for path in sorted(run.rglob("*")):
        name = str(path.relative_to(run))
        if path.is_dir() or ".partial-" in name or path.suffix == ".html":
            continue
        if path.suffix in (".h5", ".keras"):
            found[name] = arrays(path)
        elif path.suffix == ".json":
            found[name] = without(json.loads(path.read_text()), STATUS)
        elif path.suffix not in (".pdf", ".pdb"):  # both carry dates
            found[name] = path.read_bytes()
    return found


def arrays(path):
    """Datasets of an HDF5 file, or of the weights in a .keras file."""
    source = path
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            source = io.BytesIO(archive.read("model.weights.h5"))
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    with h5py.File(source) as file:
        file.visititems(visit)
    return found


def without(data, keys):
    if isinstance(data, dict):
        return {k: without(v, keys) for k, v in data.items() if k not in keys}
    return [without(v, keys) for v in data] if isinstance(data, list) else data


def same(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    return a == b


if __name__ == "__main__":
    main()
