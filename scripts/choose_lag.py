#!/usr/bin/env python
"""Choose the lag time and the number of modes: implied timescales at several lag times."""

from lss.commands import cli


def main():
    groups = ("data", "example", "features", "srv", "seed", "out", "force", "resume")
    parser = cli.parser(__doc__, *groups)
    parser.add_argument(
        "--lags",
        type=cli.durations,
        required=True,
        metavar="LIST",
        help="lag times to compare, such as 1ns,2ns,5ns,10ns,20ns",
    )
    args = parser.parse_args()
    run = cli.begin(args, args.lags)
    from lss.run import lag_scan

    text, found = lag_scan.choose(run, args.lags, args.modes, args.seed, args.srv_steps)
    print(text)
    if found:
        print(f"recommended: --lag {found['lag']} --modes {found['modes']}")


if __name__ == "__main__":
    cli.main(main)
