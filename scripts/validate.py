#!/usr/bin/env python
"""Judge a trained simulator against its MD: report.html, report.json and figures."""

from lss import cli


def main():
    args = cli.parser(__doc__, "simulation", "held-out", "seed", "out", "force").parse_args()
    from lss import judge, pipeline

    run = cli.open_run(args.out)
    pipeline.make_synthetic(run, args.length, args.trajectories, args.seed, force=args.force)
    print(judge.make_report(run, args.held_out, force=args.force))


if __name__ == "__main__":
    cli.main(main)
