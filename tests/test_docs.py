"""What the pages show exists: the files and headings they link to, the commands they name."""

import re
import runpy
import shlex
from pathlib import Path

import pytest

from lss.commands.parser import Parser

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *(p for p in ROOT.glob("docs/**/*.md") if "_build" not in p.parts)]
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
COMMAND = re.compile(r"python (\S*scripts/(\w+\.py) .*)")


def anchors(page):
    """Names under which the headings of a page can be linked to, as MyST and GitHub make them."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands():
    """Command lines of our scripts in the code blocks of all pages, with where they stand."""
    for page in PAGES:
        for block in FENCE.findall(page.read_text(encoding="utf-8")):
            for line in block.replace("\\\n", " ").splitlines():
                if (found := COMMAND.search(line)) and "--help" not in line:
                    yield pytest.param(*found.groups(), id=f"{page.stem}-{found[2]}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_files_and_headings_lead_somewhere(page):
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


class Parsed(Exception):
    """Raised instead of doing what a command line says."""


@pytest.mark.parametrize(("command", "script"), list(commands()))
def test_a_command_that_a_page_shows_is_understood(command, script, monkeypatch):
    def parse(self):
        super(Parser, self).parse_args()
        raise Parsed

    words = shlex.split(command.replace("$SLURM_ARRAY_TASK_ID", "1"), comments=True)
    monkeypatch.setattr(Parser, "parse_args", parse)
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(Parsed):
        runpy.run_path(str(ROOT / "scripts" / script), run_name="tested")["main"]()
