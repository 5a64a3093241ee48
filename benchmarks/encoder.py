"""How well and how fast does the encoder find slow modes? Each figure beside its target.

    python benchmarks/encoder.py md --data DIR/pentapeptide held out, against deeptime's VAMPNet
    python benchmarks/encoder.py seeds --data DIR/pentapeptide  20 seeds
    python benchmarks/encoder.py four-well                      against the exact answer
    python benchmarks/encoder.py size                           a million frames of 250 features
    python benchmarks/encoder.py                                all that the arguments allow

Without --data the parts that need it are left out. The comparison in `md` needs deeptime, and
torch for its VAMPNet; without torch only ours is measured. CPU seconds are those of one thread,
everything but the import counted.
"""

import argparse
import importlib.util
import json
import logging
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from table import cpu_seconds, heading, listed, row

HERE = Path(__file__).resolve().parent

LAG, MODES, FOLDS = 5, 3, 4


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parts = ["md", "seeds", "four-well", "size", "all"]
    parser.add_argument("part", nargs="?", choices=parts, default="all")
    parser.add_argument("--data", type=Path, help="folder with the pentapeptide's .xtc and .pdb")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3, help="seeds in the held-out comparison")
    args = parser.parse_args()
    logging.getLogger("srv").setLevel(logging.ERROR)
    import srv.estimator  # noqa: F401  the import is not measured

    chosen = parts[:-1] if args.part == "all" else [args.part]
    if args.data is None:
        if args.part in ("md", "seeds"):
            parser.error(f"{args.part} needs --data")
        chosen = [part for part in chosen if part not in ("md", "seeds")]
    for part in chosen:
        if part == "md":
            real_md(args.data, args.repeats)
        elif part == "seeds":
            seeds(args.data, args.seeds)
        elif part == "four-well":
            four_well()
        else:
            size()


def load(folder, *, sidechains):
    """Backbone torsions with CA distances, or with side-chain torsions; list of (n, d) float32."""
    import mdtraj as md

    (top,) = sorted(folder.glob("*.pdb"))
    trajectories = []
    for path in sorted(folder.glob("*.xtc")):
        traj = md.load(path, top=top)
        angles = [f(traj, periodic=False)[1] for f in (md.compute_phi, md.compute_psi)]
        other = []
        if sidechains:
            chis = (md.compute_chi1, md.compute_chi2, md.compute_chi3, md.compute_chi4)
            angles += [f(traj, periodic=False)[1] for f in chis]
        else:
            ca = traj.topology.select("name CA")
            pairs = [(a, b) for i, a in enumerate(ca) for b in ca[i + 1 :]]
            other = [md.compute_distances(traj, pairs, periodic=False)]
        angles = np.hstack(angles)
        columns = np.hstack([*other, np.cos(angles), np.sin(angles)])
        trajectories.append(columns.astype(np.float32))
    return trajectories


def recommended(data, seed=0, **settings):
    """Fit the recommended preset."""
    from srv import SRV

    settings = {"n_components": MODES, "lag_time": LAG, "verbose": False, **settings}
    return SRV.from_preset("recommended", data[0].shape[1], seed=seed, **settings).fit(data)


def deal(data):
    """Folds of whole trajectories, each with its share of those that visit the slowest mode."""
    reach = [psi[:, 0].max() for psi in recommended(data).transform(data)]
    order = np.argsort(reach)[::-1].tolist()
    return [order[fold::FOLDS] for fold in range(FOLDS)]


def held_out_score(psi):
    """VAMP-2 as deeptime computes it."""
    from deeptime.decomposition import vamp_score_data

    ends = [(p[:-LAG], p[LAG:]) for p in map(np.float64, psi)]
    return vamp_score_data(*(np.concatenate(e) for e in zip(*ends, strict=True)), r=2)


def real_md(folder, repeats):
    """Cross-validated score over whole trajectories, ours and deeptime's in the same folds."""
    for sidechains in (False, True):
        data = load(folder, sidechains=sidechains)
        words = "backbone and side-chain torsions" if sidechains else "CA distances, backbone"
        heading(f"Pentapeptide, {words}, {data[0].shape[1]} features, {FOLDS} folds")
        ours, linear, cpu = [], [], []
        folds = deal(data)
        for seed in range(repeats):
            for test in folds:
                train = [x for i, x in enumerate(data) if i not in test]
                left_out = [data[i] for i in test]
                seconds, model = cpu_seconds(lambda t=train, s=seed: recommended(t, s))
                cpu.append(seconds)
                ours.append(held_out_score(model.transform(left_out)))
                linear.append(linear_vamp(train, left_out))
        row("held-out VAMP-2, mean over folds", f"{np.mean(ours):.4f}")
        row("  linear VAMP, the same folds", f"{np.mean(linear):.4f}")
        theirs = peer(data, folds, repeats)
        if theirs is not None:
            gain = np.subtract(ours, theirs[0])
            error = gain.reshape(repeats, FOLDS).mean(axis=0).std(ddof=1) / np.sqrt(FOLDS)
            row("  deeptime VAMPNet, the same folds", f"{theirs[0].mean():.4f}")
            row("  paired difference", f"{gain.mean():+.4f} +- {error:.4f}", "> 0")
            row("  deeptime, CPU s of a fit", f"{theirs[1].mean():.1f}")
        row("CPU s of a fit", f"{np.mean(cpu):.1f}", "8")
        seconds, model = cpu_seconds(lambda d=data: recommended(d))
        row("all 20: CPU s", f"{seconds:.1f}", "8")
        row("all 20: timescales, ns", listed(model.timescales_ / 10, 1), "10.0/6.1/4.6 (MSM)")
        row("all 20: visits", listed(model.visits_))


def linear_vamp(train, test):
    """Held-out score of linear VAMP."""
    from deeptime.decomposition import VAMP

    model = VAMP(lagtime=LAG, dim=MODES).fit(train).fetch_model()
    return held_out_score([model.transform(x) for x in test])


def peer(data, folds, repeats):
    """Held-out scores and CPU s of deeptime's VAMPNet, or None where there is no torch."""
    if importlib.util.find_spec("torch") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "folds.npz"
        parts = {f"x{i}": x for i, x in enumerate(data)}
        np.savez(path, **parts, **{f"fold{i}": fold for i, fold in enumerate(folds)})
        arguments = [path, FOLDS, repeats, LAG, MODES]
        command = [sys.executable, HERE / "encoder_peer.py", *arguments]
        out = subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE)
    return np.array(json.loads(out.stdout)).T


def seeds(folder, n_seeds):
    """Spread over seeds of the score on the training data."""
    data = load(folder, sidechains=False)
    heading(f"Pentapeptide, CA distances and backbone, {n_seeds} seeds, trained on all 20")
    models = [recommended(data, seed) for seed in range(n_seeds)]
    scores = np.array([model.train_score_ for model in models])
    row("VAMP-2", f"{scores.mean():.4f} +- {scores.std():.4f}")
    row("furthest from the mean", f"{np.abs(scores - scores.mean()).max():.4f}", "0.01")
    times = np.array([model.timescales_ / 10 for model in models])
    row("timescales, ns", listed(times.mean(axis=0), 2))
    row("  standard deviation", listed(times.std(axis=0), 2))
    signs = np.sign([model.transform(data[0])[:100].mean(axis=0) for model in models])
    row("same sign in every seed", bool((signs == signs[0]).all()), "True")


def four_well():
    """5e6 steps of the four-well chain at lag 100, against a counting MSM and the exact modes."""
    from lss import four_well as system

    lag = 100
    bins = system.chain(5_000_000, seed=1)
    x = system.CENTERS[bins].astype(np.float32)[:, None]
    counts = np.zeros((system.N_BINS, system.N_BINS))
    np.add.at(counts, (bins[:-lag], bins[lag:]), 1)
    counts += counts.T
    root = np.sqrt(counts.sum(axis=1))
    msm = -lag / np.log(np.linalg.eigvalsh(counts / np.outer(root, root))[-2:-5:-1])
    exact, functions = system.spectrum()[1:]
    seconds, model = cpu_seconds(lambda: recommended([x], lag_time=lag))
    psi = model.transform(system.CENTERS.astype(np.float32)[:, None]).astype(float)
    weight = system.stationary()[:, None]
    overlap = np.sum(weight * psi * functions, axis=0) / np.sqrt(np.sum(weight * psi**2, axis=0))
    heading("Four-well chain, 5e6 steps, lag 100")
    row("timescales, steps", listed(model.timescales_), listed(msm) + " (MSM)", listed(exact))
    row("  off the MSM's, %", listed(100 * np.abs(model.timescales_ / msm - 1), 2), "2")
    row("eigenfunction overlap with the exact ones", listed(np.abs(overlap), 4), "0.997")
    row("steps of training; CPU s", f"{model.n_steps_}; {seconds:.1f}", "; 12")


def size():
    """CPU s of an epoch and peak memory against the number of frames, in memory and streamed."""
    import h5py
    import keras

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.process_time()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds = time.process_time() - self.start

    width = 250
    heading("250 features: the second epoch, CPU s; peak memory of the process so far, GB")
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        for streamed in (True, False):
            for n in (250_000, 1_000_000):
                path = Path(folder) / f"{n}.h5"
                if not path.exists():
                    with h5py.File(path, "w") as file:
                        data = file.create_dataset("x", (n, width), "f4", chunks=(1024, width))
                        for i in range(0, n, 50_000):
                            data[i : i + 50_000] = rng.standard_normal((50_000, width), np.float32)
                with h5py.File(path) as file:
                    x = file["x"] if streamed else file["x"][()]
                    clock = Clock()
                    recommended(
                        [x], lag_time=1, n_epochs=2, min_steps=None, max_steps=None,
                        callbacks=[clock],
                    )  # fmt: skip
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
                name = f"{n:,} frames {'streamed' if streamed else 'in memory'}"
                row(name, f"{clock.seconds:.1f} s, {peak:.1f} GB", "8 s" if n == 1_000_000 else "")


if __name__ == "__main__":
    main()
