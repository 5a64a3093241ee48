#!/usr/bin/env python
"""Choose the lag time and the number of modes: implied timescales at several lag times."""

from lss.commands import cli


def main():
    groups = ("data", "series", "example", "features", "srv", "weights", "balance", "seed")
    parser = cli.parser(__doc__, *groups, "out", "force", "resume")
    parser.add_argument(
        "--lags",
        type=cli.durations,
        metavar="LIST",
        help="lag times to compare, such as 1ns,2ns,5ns,10ns,20ns (default: up to eight, by the "
        "lengths of the trajectories)",
    )
    args = parser.parse_args()
    run = cli.begin(args, args.lags or [])
    from lss.run import automatic, lag_scan

    options = {"seed": args.seed, "steps": args.srv_steps}
    options |= {"weights": args.weights, "reversible": args.reversible}
    text, found = lag_scan.choose(run, args.lags, args.modes or 3, **options)
    cli.say(text)
    if found and args.modes is None:
        lag_ps = run.report("lags")["lag_time_ps"]
        found["modes"], reason = automatic.chosen_modes(run, lag_ps, options)
        cli.say(reason)
    if found:
        print(f"recommended: --lag {found['lag']} --modes {found['modes']}")


if __name__ == "__main__":
    cli.main(main)
