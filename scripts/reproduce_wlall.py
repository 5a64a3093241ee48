#!/usr/bin/env python
"""The pentapeptide WLALL: slow modes against a Markov model, and simulators against held-out MD.

--held-out is required. Without --traj the bundled trajectories are trained on.
"""

from pathlib import Path

from lss.commands import cli


def main():
    parser = cli.parser(
        __doc__, "data", "simulation", "held-out", "seed", "steps", "out", "force", "resume"
    )
    args = parser.parse_args()
    if not args.held_out:
        parser.error("--held-out is required: MD to compare with that is not trained on")
    folder, args.out = Path(args.out), Path(args.out) / "backbone"
    args.features, args.example = None, None if args.traj else "wlall"
    from reproduction import wlall_study as wlall

    run = cli.begin(args, [wlall.LAG_PS])
    from lss.run import messages, report_stage, stages

    stages.train_srv(run, wlall.LAG_PS, wlall.MODES, args.seed, args.steps)
    print(messages.modes(run))
    stages.train_mdn(run, seed=args.seed, steps=args.steps)
    runs = [run, wlall.branch(run, "heavy", args.force)]
    for one, atoms in zip(runs, wlall.ATOMS, strict=True):
        stages.train_cwgan(one, atoms, seed=args.seed, steps=args.steps)
        stages.make_synthetic(one, args.length, args.trajectories, args.seed)
        print(report_stage.make_report(one, args.held_out))
    print(wlall.write(runs, args.held_out, folder / "reproduction", args.seed))


if __name__ == "__main__":
    cli.main(main)
