#!/usr/bin/env python
"""The paper's four-well potential (section 3.1, Fig. 2), with two dynamics and exact answers."""

from lss.commands import cli
from reproduction import paper


def main():
    parser = cli.parser(__doc__, "seed", "steps")
    parser.add_argument(
        "--out",
        default="four-well",
        metavar="OUT",
        help="folder to write; results that are there are replaced (default %(default)s)",
    )
    parser.add_argument(
        "--length",
        type=cli.positive,
        default=paper.FOUR_WELL_STEPS,
        metavar="N",
        help="steps simulated (default %(default)s)",
    )
    parser.add_argument(
        "--synthetic",
        type=cli.positive,
        default=paper.FOUR_WELL_SYNTHETIC_STEPS,
        metavar="N",
        help="steps of one lag of the synthetic trajectory (default %(default)s)",
    )
    args = parser.parse_args()
    from reproduction import four_well_study as four_well

    four_well.check(args.out, args.length, args.synthetic)
    cli.load_tensorflow()
    print(four_well.reproduce(args.out, args.length, args.synthetic, args.seed, args.steps))


if __name__ == "__main__":
    cli.main(main)
