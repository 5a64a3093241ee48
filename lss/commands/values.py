"""What is written after a flag, read: argparse types, whose errors say what was wanted."""

import argparse
import re

from lss.errors import InputError
from lss.units import parse_time


def duration(text):
    """A time with its unit, in ps, as an argparse type."""
    try:
        return parse_time(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def frame_spacing(text):
    """As `duration`; "file" stays."""
    return text if text == "file" else duration(text)


def or_auto(kind):
    """As another argparse type; "auto", which the data choose, is None."""

    def parse(text):
        return None if text == "auto" else kind(text)

    return parse


def durations(text):
    return [duration(part) for part in text.split(",")]


def positive(text):
    """A whole number of at least 1, as an argparse type."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of at least 1")
    return int(text)


def numbers(text):
    return [positive(part) for part in text.split(",")]


def words(text):
    """Words with commas between them, as an argparse type."""
    found = [part.strip() for part in text.split(",")]
    if not all(found):
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of names, such as a,b")
    return found


def reals(text):
    """Numbers with commas between them, as an argparse type."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        message = f"'{text}' is not a list of numbers, such as 0.1,-0.2,0.3"
        raise argparse.ArgumentTypeError(message) from None


def above_nothing(text):
    """A finite number above 0, as an argparse type."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number above 0")
    return value


def index(text):
    """A whole number from 0, as an argparse type."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of at least 0")
    return int(text)


def no_text(text):
    """A word, or None for `none`, as an argparse type."""
    return None if text == "none" else text


def from_nothing(text):
    """A time with its unit, which may be zero, as an argparse type; in ps."""
    return 0.0 if re.fullmatch(r"\s*0+(\.0*)?\s*[a-z]+\s*", text) else duration(text)


def shard(text):
    """Part I of N, as an argparse type: `3/8` -> (3, 8)."""
    part, slash, parts = text.partition("/")
    if not (slash and part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise argparse.ArgumentTypeError(f"'{text}' is not a part I/N; give one such as 3/8")
    return int(part), int(parts)


def some(text):
    """A whole number that is 0 or at least 2, as an argparse type."""
    if text != "0" and (not text.isdecimal() or int(text) < 2):
        raise argparse.ArgumentTypeError(f"'{text}' is not 0, or a whole number of at least 2")
    return int(text)


def yes_or_no(text):
    """Yes or no, as an argparse type."""
    if text not in ("yes", "no"):
        raise argparse.ArgumentTypeError(f"'{text}' is not yes or no")
    return text == "yes"


# What is written after a flag, as options of argparse.
FILE = {"metavar": "FILE"}
FILES = {"metavar": "FILES", "nargs": "+", "action": "extend"}
TIME = {"metavar": "TIME", "type": duration}
COUNT = {"metavar": "N", "type": positive}
LIST = {"metavar": "LIST", "type": words}
INDEX = {"metavar": "N", "type": index}
SWITCH = {"action": "store_true"}
