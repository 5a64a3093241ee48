"""Tables of text: separated by commas, tabs or spaces, with a header or without."""

import re
from itertools import islice

import numpy as np

from lss.errors import InputError
from lss.series.tables import Table

_LOOKED_AT = 200  # lines from which the layout of a file is told
_MISSING = {"", "na", "nan", "n/a", "null", "none", "-", "--", "."}
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}.*|\d{4}/\d{1,2}/\d{1,2}.*")
_DECIMAL_COMMA = re.compile(r"^([+-]?\d*),(\d+(?:[eE][+-]?\d+)?)$")
_DECIMAL_POINT = re.compile(r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?")


def read_text(path, pandas):
    """Read a table of text.

    The data begin with the first line that holds a number or a date; the line before it is the
    header, if it has as many fields; where the line before that has as many as well, it is the
    header, and the other one has the units. Lines that begin with # are left out, but where no
    other line stands before the data the last of them may be the header ("# t x y"), or that of
    FIELDS, as PLUMED writes it ("#! FIELDS time phi psi").

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
        For an empty file, numbers with commas and numbers with points, and lines of different
        lengths.
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
    above = [_fields(x, separator) for _, x in numbered[max(found - 3, 0) : found]]
    header, units = above[-1] if above else _commented(lines[:first]), []
    if separator and _are_names_and_units(above, width):
        header, units = above[-2:]
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
    texts = {name: [str(x).strip() for x in frame[name]] for name in names}
    if separator != "," and _has_decimal_commas(texts.values(), path):
        texts = {name: [_DECIMAL_COMMA.sub(r"\1.\2", x) for x in c] for name, c in texts.items()}
    cells = {name: _numbers(column) for name, column in texts.items()}
    units = {name: unit for name, unit in zip(names, units, strict=False) if unit}
    return Table(str(path), cells, units, named=named, first_row=first + 1)


def _are_names_and_units(above, width):
    """Whether of the lines above the data two, and no more, have as many fields as those."""
    widths = [len(fields) for fields in above]
    if widths[-2:] != [width, width] or widths[:-2] == [width]:
        return False
    return all(above[-2]) and len(set(above[-2])) == width


def _has_decimal_commas(columns, path):
    """Whether commas are decimal; InputError where other numbers have points."""
    found = {"commas": _DECIMAL_COMMA, "points": _DECIMAL_POINT}
    found = {
        name: next((x for c in columns for x in c if pattern.fullmatch(x)), None)
        for name, pattern in found.items()
    }
    if all(found.values()):
        raise InputError(
            f"{path} has numbers with decimal commas and with points ({found['commas']}, "
            f"{found['points']}): write all of them with points"
        )
    return found["commas"] is not None


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
    found = next((x for x in ";\t," if x in line), None)
    if found == "," and re.search(r"\d,\d+\s+[+-]?\d+,\d", line):
        raise InputError(f"{path} has decimal commas: write its numbers with points")
    return found


def _fields(line, separator):
    if separator is None:
        return line.split()
    return [x.strip().strip('"') for x in line.split(separator)]


def _numbers(cells):
    """Cells as numbers where all of them are numbers or missing; else as they are."""
    try:
        return np.array([np.nan if x.lower() in _MISSING else float(x) for x in cells])
    except ValueError:
        return np.array(cells, object)
