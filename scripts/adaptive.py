#!/usr/bin/env python
"""Adaptive sampling: run MD, train on it, start the next MD where most is to be learnt, again.

MD is run by OpenMM (pip install openmm), or by a command: --runner 'command {start} {out} {seed}'.
"""

from lss.commands import cli


def main():
    learning = ("features", "lag", "srv", "mdn", "proposal")
    parser = cli.parser(__doc__, "campaign", *learning, "seed", "dask", "out", "resume")
    parser.set_defaults(out="campaign")
    args = parser.parse_args()
    from lss.adaptive.launch import campaign_of

    campaign = campaign_of(args)
    cli.load_tensorflow()
    cli.say(campaign.run(args.rounds, args.tolerance))


if __name__ == "__main__":
    cli.main(main)
