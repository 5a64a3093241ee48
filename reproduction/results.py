"""Tables and numbers of a reproduction, written where a page of the documentation takes them."""

import csv
import resource
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lss.analysis.blocks import Estimate
from lss.errors import InputError
from lss.storage.whole_files import replacing, write_json

#: The file by which a folder of results is known.
NUMBERS = "numbers.json"


@dataclass
class Results:
    """What a reproduction found.

    Parameters
    ----------
    numbers : dict
        Everything, for numbers.json; keys name units.
    tables : dict of (list of str, list of list of str)
        Head and rows of each table, by its name.
    """

    numbers: dict
    tables: dict = field(default_factory=dict)

    def add(self, name, head, rows):
        """Add a table."""
        self.tables[name] = (list(head), [list(row) for row in rows])

    def write(self, folder, pictures=()):
        """Write numbers.json, each table as .md and .csv, and copies of pictures.

        Parameters
        ----------
        folder : path
            Replaced, if it holds results; made, if it is not there.
        pictures : iterable of path

        Raises
        ------
        InputError
            Where the folder holds something else.
        """
        folder = Path(folder)
        check_folder(folder)
        with replacing(folder) as partial:
            partial.mkdir()
            for name, (head, rows) in self.tables.items():
                (partial / f"{name}.md").write_text(markdown(head, rows), encoding="utf-8")
                with (partial / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
                    csv.writer(file, lineterminator="\n").writerows([head, *rows])
            for picture in pictures:
                shutil.copy(picture, partial)
            write_json(partial / NUMBERS, without_folders(self.numbers))

    def text(self):
        """All tables for a terminal."""
        return "\n".join(f"\n{name}\n{markdown(*table)}" for name, table in self.tables.items())


def check_folder(folder):
    """InputError where a folder holds anything but results of a reproduction."""
    folder = Path(folder)
    if folder.is_dir() and any(folder.iterdir()) and not (folder / NUMBERS).exists():
        raise InputError(
            f"{folder} holds other files than those of a reproduction; give another folder"
        )
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; give a folder")


def without_folders(data):
    """Names alone in place of absolute paths, which say nothing on another machine."""
    if isinstance(data, dict):
        return {key: without_folders(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [without_folders(value) for value in data]
    if isinstance(data, (str, Path)) and Path(data).is_absolute():
        return Path(data).name
    return data


def markdown(head, rows):
    """A table in Markdown, its columns aligned."""
    lines = [[_cell(cell) for cell in row] for row in (head, *rows)]
    widths = [max(3, *(len(row[k]) for row in lines)) for k in range(len(head))]
    text = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |"
        for row in lines
    ]
    rule = "| " + " | ".join("-" * w for w in widths) + " |"
    return "\n".join([text[0], rule, *text[1:]]) + "\n"


def _cell(text):
    # A bar would end the cell.
    return str(text).replace("|", "\\|")


def recorded(known):
    """The estimate that report.json has of a quantity; None where it has none.

    Parameters
    ----------
    known : dict or None
        With `value` and `standard_error`.

    Returns
    -------
    lss.analysis.blocks.Estimate or None
        Without degrees of freedom and bias.
    """
    if known is None or known["value"] is None:
        return None
    error = np.nan if known["standard_error"] is None else known["standard_error"]
    return Estimate(np.float64(known["value"]), np.float64(error), np.float64(), np.float64())


def cost(run):
    """Seconds of each stage of a run, and the peak memory of this process in GB."""
    return {
        "seconds": {name: stage["seconds"] for name, stage in run.record["stages"].items()},
        # The system counts kilobytes.
        "peak_memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }
