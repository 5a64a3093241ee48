#!/usr/bin/env python
"""From MD trajectories, or time series, to a validated simulator, in one command.

Features are computed, and three networks are trained: the encoder (SRV), which finds the slow modes
psi, the propagator (MDN), which moves along them, and the decoder (cWGAN), which gives each point a
structure, or a row of the columns. Then synthetic trajectories are written, and compared with the
data in report.html.
"""

from lss.commands import cli


def main():
    data = ("data", "series", "example", "features", "lag")
    networks = ("srv", "weights", "balance", "mdn", "cwgan")
    judged, running = ("simulation", "held-out"), ("seed", "dask", "out", "force", "resume")
    args = cli.parser(__doc__, *data, *networks, *judged, *running).parse_args()
    run = cli.begin(args, [args.lag])
    lag_ps, modes = cli.settle(args, run)
    from lss.run import messages, report_stage, stages

    options = {"weights": args.weights, "reversible": args.reversible}
    stages.train_srv(run, lag_ps, modes, args.seed, args.srv_steps, **options)
    cli.say(messages.modes(run))
    stages.train_mdn(run, args.components, args.seed, args.mdn_steps, replicas=args.replicas)
    stages.train_cwgan(
        run, args.atoms, args.noise_dim, args.seed, args.cwgan_steps, discard_ps=args.discard
    )
    stages.make_synthetic(run, args.length, args.trajectories, args.seed)
    cli.say(report_stage.make_report(run, args.held_out))
    print(f"next: simulate.py --box {run.box} --length TIME --to OUT")


if __name__ == "__main__":
    cli.main(main)
