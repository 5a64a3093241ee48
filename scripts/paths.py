#!/usr/bin/env python
"""Sample transition paths between two states: rates, committor, transition state, one page."""

from lss.commands import cli


def main():
    parser = cli.parser(__doc__, "box", "states", "seed", "force")
    parser.add_argument(
        "--from", dest="start", metavar="NAME", required=True, help="state where paths begin"
    )
    parser.add_argument(
        "--to", dest="goal", metavar="NAME", required=True, help="state where paths end"
    )
    parser.add_argument(
        "--number",
        type=cli.positive,
        default=500,
        metavar="N",
        help="paths in each direction (default %(default)s)",
    )
    parser.add_argument(
        "--observable",
        metavar="LIST",
        help="numbers to follow along the paths, such as rg,'distance: resid 0 - resid 19'",
    )
    parser.add_argument("--to-dir", required=True, metavar="OUT", help="folder to write")
    parser.add_argument(
        "--latent-only", action="store_true", help="write latent states and numbers, no structures"
    )
    args = parser.parse_args()
    from lss.paths import tables
    from lss.paths.chosen import define_states, training_psi
    from lss.paths.findings import find_paths
    from lss.paths.states import pick
    from lss.paths.write import checked_folder, write_paths
    from lss.simulator import LatentSpaceSimulator

    checked_folder(args.to_dir, args.force)
    cli.load_tensorflow()
    simulator = LatentSpaceSimulator.load(args.box)
    states = define_states(simulator, args.states, args.state, args.radius, args.box)
    start, goal = (pick(states, name) for name in (args.start, args.goal))
    md = training_psi(simulator.box, args.box)
    found = find_paths(
        simulator,
        start,
        goal,
        args.number,
        args.seed,
        md=md if isinstance(md, list) else None,
        observables=args.observable,
    )
    page = write_paths(args.to_dir, simulator, found, args.latent_only, args.force)
    print(tables.times(found).text())
    for text in tables.cautions(found):
        cli.say(f"caution: {text}")
    print(f"paths: {page}")


if __name__ == "__main__":
    cli.main(main)
