#!/usr/bin/env python
"""Say where to start the next MD: frames of the MD of a run, as structures for any engine."""

from lss.commands import cli


def main():
    parser = cli.parser(__doc__, "proposal", "seed", "out")
    parser.add_argument(
        "--number",
        type=cli.positive,
        default=20,
        metavar="N",
        help="starts to propose (default %(default)s)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print the plan, and write no structures"
    )
    args = parser.parse_args()
    from lss.adaptive import plan

    print(
        plan.propose_round(
            args.out, args.number, args.strategy, args.target, args.seed, dry_run=args.dry_run
        )
    )


if __name__ == "__main__":
    cli.main(main)
