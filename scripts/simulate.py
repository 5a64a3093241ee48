#!/usr/bin/env python
"""Write synthetic trajectories with a trained simulator."""

from lss import cli


def main():
    parser = cli.parser(__doc__, "simulation", "seed", "force")
    parser.add_argument("--box", required=True, help="box folder (RUN/box) or .lss file")
    parser.add_argument("--to", required=True, metavar="OUT", help="folder to write")
    parser.add_argument("--format", default="xtc", choices=("xtc", "dcd", "h5"))
    parser.add_argument("--latent-only", action="store_true", help="write psi.h5 only")
    parser.set_defaults(trajectories=1)
    args = parser.parse_args()
    if args.length is None:
        parser.error("--length is wanted, such as --length 10us")
    from lss import pipeline
    from lss.simulator import LatentSpaceSimulator

    cli.load_tensorflow()
    simulator = LatentSpaceSimulator.load(args.box)
    n_steps = pipeline.steps_of(args.length, simulator.lag_time_ps)
    done = simulator.simulate(
        args.to,
        n_steps,
        args.trajectories,
        args.seed,
        file_format=args.format,
        latent_only=args.latent_only,
        force=args.force,
    )
    print(f"{done['trajectories']} trajectories, {done['frames']} frames -> {args.to}")


if __name__ == "__main__":
    cli.main(main)
