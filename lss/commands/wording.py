"""What the library says, in the words of a command line: flags for arguments, commands for stages.

The library puts the names of arguments into backticks: "give `dt_ps`, the time between frames".
"""

import logging
import re

from lss.commands.parser import Parser

PACKAGES = ("srv", "mdn", "cwgan", "lss")
# Arguments whose flags have names of their own.
FLAGS = {
    "files": "traj",
    "patterns": "traj",
    "n_trajectories": "trajectories",
    "file_format": "format",
    "scheduler": "dask",
}
# The commands that make a stage, and that make it again; the first two stages begin a new run.
MAKES = {
    "features": ("train_srv.py", "--force (without --resume)"),
    "lags": ("choose_lag.py", "--force (without --resume)"),
    "modes": ("choose_lag.py", "--force (without --resume)"),
    "srv": ("train_srv.py", "--force (without --resume)"),
    "mdn": ("train_mdn.py", "--force"),
    "cwgan": ("train_cwgan.py", "--force"),
    "synthetic": ("validate.py", "--force"),
    "report": ("validate.py", "--force"),
}


def in_flags(text):
    """A message in which each argument in backticks is a flag, where the command line has it.

    Other names lose their backticks: `dt_ps` is --dt for a script that takes trajectories.
    """

    def flag(found):
        name = found[1]
        words = FLAGS.get(name, name.removesuffix("_ps")).replace("_", "-")
        return f"--{words}" if Parser.current and Parser.current.knows(f"--{words}") else name

    return re.sub(r"`(\w+)`", flag, text)


def say(text):
    """Print what the library says, in flags."""
    print(in_flags(text))


def mistake(error):
    """What went wrong, in one line; where a stage is to be made, with the command that makes it."""
    message = in_flags(" ".join(str(error).split()))
    stage = getattr(error, "stage", None)
    if stage is None:
        return message
    script, again = MAKES[stage]
    return f"{message}: {script} --out {error.run}{f' {again}' if error.again else ''}"


class Formatter(logging.Formatter):
    """Warnings of our packages speak of flags as well, since they give advice."""

    def formatMessage(self, record):
        text = super().formatMessage(record)
        return in_flags(text) if record.name.split(".")[0] in PACKAGES else text
