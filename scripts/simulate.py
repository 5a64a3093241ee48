#!/usr/bin/env python
"""Write synthetic trajectories with a trained simulator."""

from lss.commands import cli


def main():
    parser = cli.parser(__doc__, "box", "start", "states", "seed", "dask", "force", "resume")
    parser.add_argument("--to", required=True, metavar="OUT", help="folder to write")
    parser.add_argument(
        "--length",
        type=cli.duration,
        required=True,
        metavar="TIME",
        help="length of each trajectory, such as 10us",
    )
    parser.add_argument(
        "--start-state", metavar="NAME", help="start from training frames in this state"
    )
    parser.add_argument(
        "--until",
        metavar="NAME",
        help="end each trajectory with its first frame in this state, after --length at the latest",
    )
    parser.add_argument(
        "--trajectories",
        type=cli.positive,
        default=1,
        metavar="N",
        help="how many (default %(default)s)",
    )
    formats = ("xtc", "dcd", "h5", "csv", "npz", "nc")
    parser.add_argument(
        "--format",
        choices=formats,
        help="xtc (default), dcd or h5; of a time series csv (default), npz or nc (NetCDF)",
    )
    parser.add_argument(
        "--latent-only", action="store_true", help="write latent states (psi.h5) only"
    )
    parser.add_argument(
        "--observable",
        metavar="LIST",
        help="numbers to measure, such as rg,sasa,contacts,'distance: resid 0 - resid 19': means, "
        "distributions and time correlations with errors, beside those of the MD in a run folder",
    )
    parser.add_argument(
        "--shard",
        type=cli.shard,
        default=(1, 1),
        metavar="I/N",
        help="write part I of N only; all parts together are the trajectories of one run",
    )
    args = parser.parse_args()
    from lss.paths.chosen import chosen_start_and_end
    from lss.run import inputs
    from lss.run.messages import drawn
    from lss.simulator import LatentSpaceSimulator
    from lss.units import format_time

    cli.load_tensorflow()
    simulator = LatentSpaceSimulator.load(args.box)
    part, parts = args.shard
    first, last = (args.trajectories * k // parts for k in (part - 1, part))
    if first == last:
        parser.error(f"--shard {part}/{parts} of {args.trajectories} trajectories is empty")
    n_steps = inputs.steps_of(args.length, simulator.lag_time_ps)
    start, until = chosen_start_and_end(simulator, args, first, last)
    observables, md = None, None
    if args.observable is not None:
        from lss.observables.expectation import as_observables, text
        from lss.observables.write import write_observables

        observables = as_observables(args.observable, simulator)
        md = inputs.data_around(args.box)
    done = simulator.simulate(
        args.to,
        n_steps,
        last - first,
        args.seed,
        first_walker=first,
        file_format=args.format,
        latent_only=args.latent_only,
        start=start,
        until=until,
        force=args.force,
        resume=args.resume,
        scheduler=args.dask,
    )
    n, lag_ps = done["trajectories"], simulator.lag_time_ps
    if "draws_per_frame" in done:
        print(drawn(done))
    length, frames = format_time(n_steps * lag_ps), f"{n_steps + 1} frames"
    if until is not None:
        length, frames = f"at most {length}", f"{done['frames']} frames in all"
    print(
        f"{n} trajector{'y' if n == 1 else 'ies'} of {length}: {frames}, "
        f"{format_time(lag_ps)} apart -> {args.to}"
    )
    if observables:
        found = write_observables(simulator, args.to, observables, args.seed, first, md)
        print(text(observables, found))


if __name__ == "__main__":
    cli.main(main)
