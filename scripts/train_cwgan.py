#!/usr/bin/env python
"""Train the decoder (cWGAN) on the slow modes and the structures of a run."""

from lss.commands import cli


def main():
    args = cli.parser(__doc__, "cwgan", "seed", "out", "force").parse_args()
    from lss.run import messages, stages

    run = cli.open_run(args.out)
    stages.train_cwgan(
        run,
        args.atoms,
        args.noise_dim,
        args.seed,
        args.cwgan_steps,
        force=args.force,
        discard_ps=args.discard,
    )
    cli.say(messages.diagnostics(run, "cwgan"))
    print(f"next: validate.py --out {args.out}; the simulator is {run.box}")


if __name__ == "__main__":
    cli.main(main)
