"""A parser of command lines that knows the flags by their groups, and errs in one line."""

import argparse
import re

from lss.commands.flags import FLAGS


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are one line.

    Attributes
    ----------
    current : Parser or None
        That of the command line of this process, once it is parsed.
    """

    current = None

    def __init__(self, **options):
        super().__init__(**options)
        # Argparse takes -999 for a number, but -999,-9999 for a flag. It has no public way.
        self._negative_number_matcher = re.compile(r"-\.?\d.*")

    def parse_args(self, *arguments, **named):
        Parser.current = self
        return super().parse_args(*arguments, **named)

    def knows(self, flag):
        return flag in self._option_string_actions

    def error(self, message):
        self.exit(2, f"error: {message} (see {self.prog} --help)\n")


def parser(description, *groups):
    """A parser with the named groups of flags: data, features, lag, srv, mdn, cwgan, out, ..."""
    result = Parser(description=description, allow_abbrev=False)
    for group in groups:
        for flag, options, meaning in FLAGS[group]:
            result.add_argument(flag, **options, help=meaning)
    return result
