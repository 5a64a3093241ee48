"""Is the simulator as good as a second MD run? Cross-validated on the pentapeptide.

    python benchmarks/crossvalidation.py --data DIR/pentapeptide --out RUNS --part latent
    python benchmarks/crossvalidation.py --data DIR/pentapeptide --out RUNS

Five of the twenty trajectories are held out, four times, and each time all networks are trained on
the other fifteen alone, with each seed. A ratio is the distance of the simulator to the held-out
MD over that of the training MD to it, both averaged over the folds; 1 is the statistical limit.
What is finished in RUNS is not done again. `--part latent` needs no decoder.
"""

import argparse
from pathlib import Path

import numpy as np
from table import cpu_seconds, heading, listed, row

LAG_PS = 500.0
N_TRAJECTORIES, N_HELD = 20, 5
N_SYNTHETIC = 100  # synthetic trajectories, each as long as one of the MD
#: Divergences of histograms of single torsions and distances, which MD repeats very exactly.
SHARP = ("torsion_jsd_bits", "phi_psi_jsd_bits", "pair_distance_jsd_bits")
LATENT_TARGET, STRUCTURE_TARGET, SHARP_TARGET = 1.3, 2.0, 6.0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the trajectories")
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--part", choices=("latent", "all"), default="all")
    parser.add_argument("--folds", type=int, nargs="+", default=[0, 1, 2, 3])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--atoms", default="backbone", help="what is decoded")
    parser.add_argument("--updates", type=int, help="of the decoder, if not the recipe's")
    args = parser.parse_args()
    found = {}
    for seed in args.seeds:
        for fold in args.folds:
            seconds, comparison = cpu_seconds(lambda f=fold, s=seed: compared(args, f, s))
            found[seed, fold] = comparison
            print(f"  seed {seed}, fold {fold}: {seconds:.0f} CPU s", flush=True)
    print_timescales(found, args)
    print_ratios(found, args)


def compared(args, fold, seed):
    """Train one simulator without the trajectories of one fold, and hold it against them."""
    from lss.run import report_stage, stages
    from lss.run.run_folder import Run

    files = [str(args.data / f"pentapeptide-{i:02d}-500ns-impl-solv.xtc") for i in range(20)]
    held = files[fold * N_HELD : (fold + 1) * N_HELD]
    source = {
        "traj": [file for file in files if file not in held],
        "top": str(args.data / "pentapeptide-impl-solv.pdb"),
        "dt_ps": None,
    }
    run = Run.create(args.out / f"fold-{fold}-seed-{seed}", resume=True)
    stages.make_features(run, source)
    stages.train_srv(run, LAG_PS, seed=seed)
    stages.train_mdn(run, seed=seed)
    if args.part == "latent":
        return compared_latents(run, held, seed)
    stages.train_cwgan(run, args.atoms, seed=seed, steps=args.updates)
    stages.make_synthetic(run, n_trajectories=N_SYNTHETIC, seed=seed)
    return report_stage.compare_with_md(run, held)


def compared_latents(run, held, seed):
    """As the whole comparison, of the same latent trajectories, without decoding any."""
    from lss.analysis.sample import Sample
    from lss.box import Box, load_network, read_meta
    from lss.report.validation import compare
    from lss.run import inputs, run_files
    from lss.simulator import LatentSpaceSimulator
    from lss.trajectories.trajectory_set import TrajectorySet

    meta = read_meta(run.box / "lss.json", run.box)
    networks = [load_network(run.box / f"{name}.keras") for name in ("srv", "mdn")]
    simulator = LatentSpaceSimulator(Box(meta, None, *networks, None))
    trajectories, _ = inputs.open_data(run.settings("features")["source"])
    second = TrajectorySet.open(held, trajectories.top)
    held_psi = [
        np.concatenate([simulator.encode(chunk) for chunk in second.iterate(i)])
        for i in range(len(second.files))
    ]
    longest_ps = (max(trajectories.n_frames) - 1) * trajectories.spacing_ps
    n_steps = inputs.steps_of(longest_ps, LAG_PS)
    psi = simulator.propagate(simulator.starts(N_SYNTHETIC, seed), n_steps, seed)
    lag = inputs.check_lag(LAG_PS, trajectories)
    md, held_out = (Sample(x, lag=lag) for x in (run_files.read_psi(run), held_psi))
    return compare(md, Sample(psi), held_out, lag_ps=LAG_PS)


def print_timescales(found, args):
    """Is each timescale of the simulator within the error bar of the MD that it learned from?"""
    heading("Timescales, ns, mean of the folds; distance: of ln t, in errors of the training MD")
    for i in range(next(iter(found.values())).n_modes):
        key = f"t_{i + 1}_ps"
        own = {s: [found[s, f].row(key) for f in args.folds] for s in args.seeds}
        apart = np.array([[in_errors(r) for r in rows] for rows in own.values()])
        lss = [np.mean([r.lss.value for r in rows]) / 1000 for rows in own.values()]
        every = [r.md for rows in own.values() for r in rows]
        md = np.mean([[e.value, e.standard_error] for e in every], axis=0) / 1000
        row(f"{key[:3]}, each seed", listed(lss, 2), "", f"MD {md[0]:.2f} +- {md[1]:.2f}")
        row("  distance, worst fold", listed(apart.max(1), 2), "<= 1")
        row("  distance, root mean square", listed(np.sqrt((apart**2).mean(1)), 2))


def in_errors(r):
    """Distance of a time of the LSS to the MD's, in standard errors of the logarithm."""
    return abs(np.log(r.lss.value / r.md.value)) / (r.md.standard_error / r.md.value)


def print_ratios(found, args):
    """One line a quantity: the ratio of each seed, pooled over the folds."""
    heading(
        f"Ratio to a second MD run, {len(args.folds)} folds of {N_HELD} of {N_TRAJECTORIES} "
        "trajectories, each seed"
    )
    met = 0
    rows = next(iter(found.values())).rows
    for first in rows:
        key = first.quantity.key
        known = {s: known_rows([found[s, f].row(key) for f in args.folds]) for s in args.seeds}
        ratios = [pooled(rows) for rows in known.values()]
        limit = target(first.quantity)
        good = max(ratios) <= limit
        met += good
        counts = [len(rows) for rows in known.values()]
        note = "" if min(counts) == len(args.folds) else f"known in {listed(counts)} folds"
        row(first.quantity.label[:44], listed(ratios, 2), f"<= {limit:g} {'met' * good}", note)
    print(f"  {met} of {len(rows)} met with every seed")


def known_rows(rows):
    """Those of the folds in which MD has the quantity: some have no transition at all."""
    return [r for r in rows if np.isfinite(r.limit)]


def pooled(rows):
    """Ratio of one seed over the folds, also of what MD never has, such as clashes.

    The mean distance of the LSS over that of the MD: one fold's ratio is noisy where its two MD
    runs happen to agree, means are not.
    """
    if not rows:
        return float("nan")
    model, limit = (sum(getattr(r, name) for r in rows) for name in ("model", "limit"))
    if limit == 0:
        return 0.0 if model == 0 else float("inf")
    return model / limit


def target(quantity):
    if quantity.group == "latent":
        return LATENT_TARGET
    return SHARP_TARGET if quantity.key in SHARP else STRUCTURE_TARGET


if __name__ == "__main__":
    main()
