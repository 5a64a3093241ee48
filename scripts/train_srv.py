#!/usr/bin/env python
"""Train the encoder (SRV): trajectories or time series -> features -> slow modes psi."""

from lss.commands import cli


def main():
    groups = ("data", "series", "example", "features", "lag", "srv", "weights", "balance")
    args = cli.parser(
        __doc__, *groups, "modes-out", "seed", "dask", "out", "force", "resume"
    ).parse_args()
    run = cli.begin(args, [args.lag])
    lag_ps, modes = cli.settle(args, run)
    from lss.run import messages, stages

    stages.train_srv(
        run,
        lag_ps,
        modes,
        args.seed,
        args.srv_steps,
        args.drop_modes,
        args.deflate,
        weights=args.weights,
        reversible=args.reversible,
    )
    cli.say(messages.modes(run))
    print(f"next: train_mdn.py --out {args.out}")


if __name__ == "__main__":
    cli.main(main)
