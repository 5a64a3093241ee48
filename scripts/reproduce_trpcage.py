#!/usr/bin/env python
"""The paper's Trp-cage (section 3.2): train, simulate, and stand beside its figures and table.

Without --traj the bundled example is trained on.
"""

from lss.commands import cli
from reproduction import paper

PRESETS = ("paper", "recommended")


def main():
    parser = cli.parser(
        __doc__, "data", "simulation", "held-out", "seed", "steps", "out", "force", "resume"
    )
    parser.add_argument(
        "--preset",
        choices=PRESETS,
        default="paper",
        help="settings of the three networks: the paper's (default), or ours",
    )
    args = parser.parse_args()
    args.features, args.example = None, None if args.traj else "trpcage"
    run = cli.begin(args, [paper.LAG_PS])
    from lss.run import messages, report_stage, stages
    from reproduction import trpcage_study

    named = {"seed": args.seed, "steps": args.steps, "preset": args.preset}
    stages.train_srv(run, paper.LAG_PS, paper.MODES, **named)
    print(messages.modes(run))
    stages.train_mdn(run, paper.COMPONENTS, **named)
    stages.train_cwgan(run, paper.ATOMS, paper.NOISE_DIM, **named)
    stages.make_synthetic(run, args.length, args.trajectories, args.seed)
    print(report_stage.make_report(run, args.held_out))
    print(trpcage_study.write(run))


if __name__ == "__main__":
    cli.main(main)
