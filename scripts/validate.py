"""Judge a trained simulator against its MD: report.html, report.json and figures."""

from lss import cli


def main():
    args = cli.parser(__doc__, "simulation", "seed", "out", "force").parse_args()
    from lss import pipeline

    run = cli.open_run(args.out)
    pipeline.make_synthetic(run, args.length, args.trajectories, args.seed, force=args.force)
    print(pipeline.make_report(run, force=args.force))


if __name__ == "__main__":
    cli.main(main)
