"""The floors of the house: who may import whom, and what a start costs."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lss.commands.flags import FLAGS

ROOT = Path(__file__).parents[1]
OURS = {"srv", "mdn", "cwgan", "lss", "hde", "reproduction"}
ALLOWED = {
    "srv": {"srv"},
    "mdn": {"mdn"},
    "cwgan": {"cwgan"},
    "lss": {"lss", "srv", "mdn", "cwgan"},
    "reproduction": {"reproduction", "lss", "srv", "mdn", "cwgan"},
    "scripts": {"lss", "reproduction"},
}
SCRIPTS = sorted(path.name for path in (ROOT / "scripts").glob("*.py"))


def imports(path):
    """Top-level names of the packages that a module imports, wherever in the module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield path.relative_to(ROOT).parts[0] if node.level else node.module.split(".")[0]


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_from_its_own_floor_or_below(package):
    modules = list((ROOT / package).rglob("*.py"))
    assert modules
    for module in modules:
        above = OURS & set(imports(module)) - ALLOWED[package]
        assert not above, f"{module.name} imports {above}"


def test_statistics_know_nothing_of_the_report():
    for module in (ROOT / "lss" / "analysis").glob("*.py"):
        assert "lss.report" not in module.read_text(encoding="utf-8"), module.name


def flags():
    """All flags of the command lines."""
    own = {
        flag
        for script in SCRIPTS
        for flag in re.findall(r'"(--[a-z-]+)"', (ROOT / "scripts" / script).read_text())
    }
    return own | {flag for group in FLAGS.values() for flag, *_ in group}


def test_the_command_line_alone_knows_flags_and_scripts():
    words = "|".join([*flags(), *(re.escape(script) for script in SCRIPTS)])
    naming = re.compile(rf"(?<![\w-])({words})(?![\w-])")
    found = []
    for module in (ROOT / "lss").rglob("*.py"):
        if "commands" in module.parts:
            continue
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found += [f"{module}: {word}" for word in naming.findall(node.value)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("package", ["srv", "mdn", "cwgan", "lss"])
def test_every_public_name_is_in_the_reference(package):
    reference = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    listed = set(re.findall(rf":: {package}\.(?:\w+\.)*(\w+)$", reference, re.MULTILINE))
    assert not set(importlib.import_module(package).__all__) - listed


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_needs_no_heavy_import(script):
    code = (
        "import runpy, sys; sys.argv = ['x', '--help']\n"
        f"try: runpy.run_path({str(ROOT / 'scripts' / script)!r}, run_name='__main__')\n"
        "except SystemExit as stop: assert stop.code in (0, None), stop.code\n"
        "heavy = {'tensorflow', 'keras', 'mdtraj', 'matplotlib', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout
