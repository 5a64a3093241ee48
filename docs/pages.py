"""Runs the Python of a page of the documentation, as a notebook would: block after block."""

import re
from pathlib import Path

DOCS = Path(__file__).parent
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(page):
    """Return the Python blocks of a page, each on the lines that it has there.

    Parameters
    ----------
    page : str
        File under docs/, without its ending.

    Returns
    -------
    list of str
        Each preceded by empty lines, so that a traceback names the line of the page.
    """
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    found = [
        "\n" * text.count("\n", 0, match.start(1)) + match[1] for match in _BLOCK.finditer(text)
    ]
    if not found:
        raise ValueError(f"page: {page!r} holds no Python")
    return found


def run(page, **sizes):
    """Run the Python blocks of a page in one namespace.

    Parameters
    ----------
    page : str
    **sizes
        New values of names that the first block sets, such as the length of a trajectory.

    Returns
    -------
    dict
        The namespace, in which the names of the page stand for what it made.

    Raises
    ------
    ValueError
        For a size that the first block does not set.
    """
    namespace = {"__name__": f"docs.{page}"}
    for number, source in enumerate(blocks(page)):
        exec(compile(source, str(DOCS / f"{page}.md"), "exec"), namespace)
        if number == 0:
            if unknown := set(sizes) - set(namespace):
                raise ValueError(f"sizes: the first block of {page} sets no {sorted(unknown)}")
            namespace.update(sizes)
    return namespace
