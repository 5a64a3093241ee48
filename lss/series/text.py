"""Tables of text: separated by commas, tabs or spaces, with a header or without."""

import re
from itertools import islice

import numpy as np

from lss.errors import InputError
from lss.series.tables import Table

_LOOKED_AT = 200  # lines from which the layout of a file is told
_MISSING = {"", "na", "nan", "n/a", "null", "none", "-", "--", "."}
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}.*|\d{4}/\d{1,2}/\d{1,2}.*")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


def read_text(path, pandas):
    """Read a table of text.

    The data begin with the first line that holds a number or a date; the line before it is the
    header, if it has as many fields. Lines that begin with # are left out, but where no other line
    stands before the data the last of them may be the header ("# t x y"), or that of FIELDS, as
    PLUMED writes it ("#! FIELDS time phi psi").

    Parameters
    ----------
    path : pathlib.Path
    pandas : module

    Returns
    -------
    Table

    Raises
    ------
    InputError
        For an empty file, semicolons, decimal commas, and lines of different lengths.
    """
    try:
        with open(path, encoding="utf-8-sig") as file:
            lines = [line.rstrip("\r\n") for line in islice(file, _LOOKED_AT)]
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no text in UTF-8 ({error}): save it as UTF-8") from error
    numbered = [(i, x) for i, x in enumerate(lines) if x.strip() and not x.lstrip().startswith("#")]
    if not numbered:
        raise InputError(f"{path} is empty: give a table, one row a time")
    found = next((k for k, (_, x) in enumerate(numbered) if _is_data(x)), None)
    if found is None:
        raise InputError(
            f"{path} has no row that begins with a number or a date in its first {_LOOKED_AT} "
            "lines: give a table, one row a time"
        )
    first, line = numbered[found]
    separator = _separator(line, path)
    width = len(_fields(line, separator))
    header = _fields(numbered[found - 1][1], separator) if found else _commented(lines[:first])
    named = len(header) == width
    names = header if named else [f"column {i}" for i in range(1, width + 1)]
    if len(set(names)) < width:
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{path} has two columns {twice!r}: give each a name of its own")
    try:
        frame = pandas.read_csv(
            path, sep=separator or r"\s+", skiprows=first, header=None, names=names,
            index_col=False, dtype=str, keep_default_na=False, comment="#",
            skipinitialspace=True, encoding="utf-8-sig", on_bad_lines="error",
        )  # fmt: skip
    except (ValueError, pandas.errors.ParserError) as error:
        raise InputError(f"{path} can't be read as a table of {width} columns: {error}") from error
    short = frame.isna().any(axis=1).to_numpy()
    if short[:-1].any():
        raise InputError(
            f"line {first + 1 + int(short.argmax())} of {path} has fewer than {width} fields: give "
            "as many in each row, empty ones between commas for what is missing"
        )
    if short.any():
        frame = frame.iloc[:-1]  # a last line that is still being written
    cells = {name: _numbers(frame[name].to_numpy(object)) for name in names}
    return Table(str(path), cells, named=named, first_row=first + 1)


def _is_data(line):
    """Whether a line begins with a number or a date, or holds numbers only beside one text."""
    fields = [x.strip().strip('"') for x in re.split(r"[,;\t]|\s+", line.strip())]
    first = fields[0]
    return _is_number(first) or bool(_DATE.fullmatch(first)) or _mostly_numbers(fields)


def _commented(lines):
    """The names that a line of comments gives columns: words, each once, and no numbers."""
    texts = [x.lstrip("#! \t").rstrip() for x in reversed(lines) if x.strip()]
    text = next((x for x in texts if x.startswith("FIELDS ")), texts[0] if texts else "")
    text = text.removeprefix("FIELDS ")
    names = _fields(text, "\t" if "\t" in text else "," if "," in text else None)
    distinct = len(set(names)) == len(names)
    return names if all(names) and distinct and not any(map(_is_number, names)) else []


def _mostly_numbers(fields):
    return len(fields) > 1 and sum(map(_is_number, fields)) >= len(fields) / 2


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _separator(line, path):
    """The separator of a row; None for spaces."""
    if ";" in line:
        raise InputError(
            f"{path} has semicolons between its fields, as where commas are decimal: save it with "
            "commas or tabs between the fields and points in the numbers"
        )
    found = "\t" if "\t" in line else "," if "," in line else None
    fields = _fields(line, found)
    if found != "," and any(_DECIMAL_COMMA.fullmatch(x) for x in fields):
        raise InputError(f"{path} has decimal commas: write its numbers with points")
    if found == "," and re.search(r"\d,\d+\s+[+-]?\d+,\d", line):
        raise InputError(f"{path} has decimal commas: write its numbers with points")
    return found


def _fields(line, separator):
    if separator is None:
        return line.split()
    return [x.strip().strip('"') for x in line.split(separator)]


def _numbers(cells):
    """Cells as numbers where all of them are numbers or missing; else as they are."""
    plain = [str(x).strip() for x in cells]
    try:
        return np.array([np.nan if x.lower() in _MISSING else float(x) for x in plain])
    except ValueError:
        return np.array(plain, object)
