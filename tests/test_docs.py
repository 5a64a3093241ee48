"""What the pages show exists: the files and headings they link to, the commands they name."""

import importlib
import inspect
import re
import runpy
import shlex
from pathlib import Path

import pytest

from lss.commands.parser import Parser

ROOT = Path(__file__).parents[1]
OURS = {"lss_base", "srv", "mdn", "cwgan", "lss"}
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


LISTED = re.compile(r"^\.\. auto(?:class|function|module):: (\S+)\n((?:   :.*\n)*)", re.MULTILINE)


def public_functions():
    """Functions and methods that the page on the Python interface lists."""
    for name, options in LISTED.findall((ROOT / "docs" / "api.md").read_text(encoding="utf-8")):
        members = re.search(r":members:(.*)", options)
        chosen = (
            {x.strip() for x in members[1].split(",")} if members and members[1].strip() else None
        )
        found = named(name)
        if inspect.isfunction(found):
            yield found
        elif inspect.ismodule(found):
            own = (x for x in vars(found).values() if getattr(x, "__module__", "") == name)
            yield from (x for x in own if inspect.isfunction(x) and x.__name__[0] != "_")
        elif members:
            for method, value in inspect.getmembers_static(found):
                value = value.fget if isinstance(value, property) else value
                value = inspect.unwrap(getattr(value, "__func__", value))
                ours = str(getattr(value, "__module__", "")).partition(".")[0] in OURS
                wanted = method in chosen if chosen else method[0] != "_" or method == "__init__"
                if inspect.isfunction(value) and ours and wanted:
                    yield value


def named(name):
    module, _, rest = name.rpartition(".")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return getattr(importlib.import_module(module), rest)


def test_what_is_public_has_types():
    found = set(public_functions())
    assert len(found) > 150
    for function in found:
        signature = inspect.signature(function)
        bare = [p.name for p in signature.parameters.values() if p.annotation is p.empty]
        where = f"{function.__module__}.{function.__qualname__}"
        assert not set(bare) - {"self", "cls"}, f"{where}: {bare}"
        returns = signature.return_annotation is not signature.empty
        assert returns or function.__name__ == "__init__", f"{where} returns what?"
