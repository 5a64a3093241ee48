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
OURS = {"lss_base", "srv", "mdn", "cwgan", "lss", "hde", "reproduction"}
ALLOWED = {
    "lss_base": {"lss_base"},
    "srv": {"lss_base", "srv"},
    "mdn": {"lss_base", "mdn"},
    "cwgan": {"lss_base", "cwgan"},
    "lss": {"lss_base", "lss", "srv", "mdn", "cwgan"},
    "reproduction": {"lss_base", "reproduction", "lss", "srv", "mdn", "cwgan"},
    "scripts": {"lss", "reproduction"},
}
# What the ground may stand on itself.
GROUND = {"numpy", "scipy", "sklearn", "keras", "tqdm", "tensorflow"}
SCRIPTS = sorted(path.name for path in (ROOT / "scripts").glob("*.py"))


def statements(path):
    """The nodes of a module, without those that type checkers alone run."""
    everything = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    ifs = (node for node in everything if isinstance(node, ast.If))
    typing = [
        part for node in ifs if ast.unparse(node.test) == "TYPE_CHECKING" for part in node.body
    ]
    hidden = {node for part in typing for node in ast.walk(part)}
    return (node for node in everything if node not in hidden)


def imports(path):
    """Top-level names of the packages that a module imports, wherever in the module."""
    for node in statements(path):
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


def test_the_ground_stands_on_little():
    for module in (ROOT / "lss_base").glob("*.py"):
        others = set(imports(module)) - set(sys.stdlib_module_names) - GROUND - {"lss_base"}
        assert not others, f"{module.name} imports {others}"


# Rooms of lss from the lowest floor up; a room imports from its own floor and those below.
FLOORS = (
    {"storage", "molecule"},
    {"trajectories", "features"},
    {"analysis"},
    {"simulation"},
    {"report"},
    {"run"},
    {"adaptive", "paths", "export", "observables"},
    {"commands"},
)


def test_a_room_imports_from_its_own_floor_or_below():
    floor = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    wrong = []
    for name, others in import_graph().items():
        rooms = [other.split(".")[1] for other in others if other.startswith("lss.")]
        here = floor.get(name.split(".")[1]) if name.startswith("lss.") else None
        if here is not None:
            wrong += [f"{name}: {room}" for room in rooms if floor.get(room, 0) > here]
    assert not wrong, "\n".join(wrong)


def test_no_import_circle():
    """No module imports, however indirectly and wherever in it, a module that imports it."""
    graph = import_graph()
    assert {"lss_base.estimators", "srv.estimator", "lss.simulator", "hde"} <= set(graph)
    assert "lss_base.estimators" in graph["srv.estimator"]
    circles = [found for found in components(graph) if len(found) > 1]
    circles += [[name] for name, imported in graph.items() if name in imported]
    assert not circles


@pytest.mark.parametrize("package", ["srv", "mdn", "cwgan", "lss"])
def test_type_checkers_see_what_is_imported_on_first_use(package):
    """The names of a package stand twice: as imports for editors, and with their modules."""
    tree = ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8"))
    seen = {
        alias.name: node.module
        for branch in tree.body
        if isinstance(branch, ast.If)
        for node in branch.body
        for alias in node.names
    }
    found = importlib.import_module(package)
    assert set(seen) == set(found.__all__) - {"InputError"}
    for name, module in seen.items():
        assert getattr(found, name) is getattr(importlib.import_module(module), name)


def test_circles_are_found():
    graph = {"a": {"b"}, "b": {"c", "d"}, "c": {"a"}, "d": {"e"}, "e": set()}
    assert sorted(sorted(found) for found in components(graph)) == [["a", "b", "c"], ["d"], ["e"]]


def import_graph():
    """Our modules -> those of ours that they import; `from a import b` is a.b where that is one."""
    files = {}
    for package in (*sorted(OURS - {"hde"}), "hde.py"):
        for path in (ROOT / package).rglob("*.py") if package != "hde.py" else [ROOT / package]:
            parts = path.relative_to(ROOT).with_suffix("").parts
            files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return {name: set(imported_modules(name, path, files)) for name, path in files.items()}


def imported_modules(name, path, files):
    for node in statements(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in files)
        elif isinstance(node, ast.ImportFrom):
            above = name.split(".")[: -node.level] if node.level else []
            origin = ".".join([*above, *(node.module or "").split(".")]).strip(".")
            for alias in node.names:
                inner = f"{origin}.{alias.name}"
                if inner in files:
                    yield inner
                elif origin in files:
                    yield origin


def components(graph):
    """Strongly connected components (R. Tarjan, SIAM J. Comput. 1 (1972) 146-160)."""
    number, low, stack, found = {}, {}, [], []

    def visit(name):
        number[name] = low[name] = len(number)
        stack.append(name)
        for other in graph[name]:
            if other not in number:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], number[other])
        if low[name] == number[name]:
            cut = stack.index(name)
            found.append(stack[cut:])
            del stack[cut:]

    for name in graph:
        if name not in number:
            visit(name)
    return found


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
    homes = rf":: (?:{package}|lss_base)\.(?:\w+\.)*(\w+)$"
    listed = set(re.findall(homes, reference, re.MULTILINE))
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
