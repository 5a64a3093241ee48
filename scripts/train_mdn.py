#!/usr/bin/env python
"""Train the propagator (MDN) on the slow modes of a run."""

from lss.commands import cli


def main():
    args = cli.parser(__doc__, "mdn", "seed", "out", "force").parse_args()
    from lss.run import messages, stages

    run = cli.open_run(args.out)
    stages.train_mdn(
        run,
        args.components,
        args.seed,
        args.mdn_steps,
        force=args.force,
        replicas=args.replicas,
    )
    cli.say(messages.diagnostics(run, "mdn"))
    print(f"next: train_cwgan.py --out {args.out}")


if __name__ == "__main__":
    cli.main(main)
