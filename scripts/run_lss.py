#!/usr/bin/env python
"""From MD trajectories to a validated simulator, in one command.

Features are computed, and three networks are trained: the encoder (SRV), which finds the slow modes
psi, the propagator (MDN), which moves along them, and the decoder (cWGAN), which gives each point a
structure. Then synthetic trajectories are written, and compared with the MD in report.html.
"""

from lss import cli


def main():
    data, networks = ("data", "example", "features", "lag"), ("srv", "mdn", "cwgan")
    judged, running = ("simulation", "held-out"), ("seed", "dask", "out", "force", "resume")
    args = cli.parser(__doc__, *data, *networks, *judged, *running).parse_args()
    run = cli.begin(args, [args.lag])
    from lss import judge, pipeline, tables

    pipeline.train_srv(run, args.lag, args.modes, args.seed, args.srv_steps)
    print(tables.modes(run))
    pipeline.train_mdn(run, args.components, args.seed, args.mdn_steps)
    pipeline.train_cwgan(run, args.atoms, args.noise_dim, args.seed, args.cwgan_steps)
    pipeline.make_synthetic(run, args.length, args.trajectories, args.seed)
    print(judge.make_report(run, args.held_out))
    print(f"next: simulate.py --box {run.box} --length TIME --to OUT")


if __name__ == "__main__":
    cli.main(main)
