#!/usr/bin/env python
"""Judge a trained simulator against its MD: report.html, report.json and figures."""

from lss.commands import cli


def main():
    groups = ("simulation", "held-out", "states", "seed", "out", "force")
    args = cli.parser(__doc__, *groups).parse_args()
    run = cli.open_run(args.out)
    from lss import LatentSpaceSimulator, define_states
    from lss.run import inputs, report_stage, stages

    if args.held_out:
        # A mistake is found before the simulation, which takes its time.
        trajectories, _ = inputs.open_data(run.settings("features")["source"])
        inputs.open_held_out(args.held_out, trajectories)
    named, states = {"states": args.states, "state": args.state, "radius": args.radius}, None
    if any(named.values()):
        states = define_states(LatentSpaceSimulator.load(run.box), box=run.box, **named)
    stages.make_synthetic(run, args.length, args.trajectories, args.seed, force=args.force)
    cli.say(report_stage.make_report(run, args.held_out, force=args.force, states=states))
    print(f"next: simulate.py --box {run.box} --length TIME --to OUT")


if __name__ == "__main__":
    cli.main(main)
