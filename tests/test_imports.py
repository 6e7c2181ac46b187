"""The order of the rooms: who may import what.

The rooms and their order are read from the numbered lists of `taylor/README.md`.  Every import
statement counts, those in functions and for type checkers too.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

ROOT = next(folder for folder in Path(__file__).parents if (folder / "pyproject.toml").exists())
PACKAGES = {"taylor": ROOT / "taylor", "taylor_runtime": ROOT / "runtime" / "taylor_runtime"}
OTHERS = sorted(
    path for folder in ("tests", "examples", "benchmarks") for path in (ROOT / folder).rglob("*.py")
)
DOORS = {"program", "callables"}  # rooms of the back end that the front end may enter
ENGINE, FACTS = "engine", "callables"  # the room that one other alone may enter
MOST_FILES = 15  # in a folder; `mathlib` and `functions` have a family of functions a file
HEAVY = {"sympy", "mpmath", "llvmlite", "cffi", "pycparser", "scipy", "matplotlib", "logging"}


@cache
def rooms(package: str) -> list[str]:
    """The rooms of a package in their order."""
    text = (ROOT / "taylor" / "README.md").read_text(encoding="utf-8")
    part = text.split(f": `{package}`", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\d+\. `(\w+)`", part, flags=re.MULTILINE)


@cache
def files() -> dict[str, Path]:
    """Modules of both packages."""
    found = {}
    for package, folder in PACKAGES.items():
        for path in folder.rglob("*.py"):
            parts = path.relative_to(folder).with_suffix("").parts
            found[".".join((package, *(part for part in parts if part != "__init__")))] = path
    return found


@cache
def imports(path: Path) -> tuple[str, ...]:
    """What is imported by a file: modules, and names in them; "" for what a string names."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are absolute"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
        elif getattr(node, "attr", getattr(node, "id", "")) in ("import_module", "__import__"):
            found.append("")
    return tuple(found)


@cache
def arrows() -> dict[str, set[str]]:
    """Which modules of the packages each of them imports."""
    known = files()
    found: dict[str, set[str]] = {}
    for module, path in known.items():
        names = {name for name in imports(path) if name.split(".")[0] in PACKAGES}
        targets = {name if name in known else name.rpartition(".")[0] for name in names}
        assert targets <= known.keys(), (
            f"{module} imports what is not there: {targets - known.keys()}"
        )
        found[module] = targets - {module}
    return found


def place(module: str) -> tuple[str, int]:
    """Package, and position of the room; the package itself comes after all of its rooms."""
    package, *rest = module.split(".")
    listed = rooms(package)
    if not rest or rest[0] == "__main__":
        return package, len(listed)
    return package, listed.index(rest[0])


def test_every_room_is_listed() -> None:
    for package, folder in PACKAGES.items():
        there = {path.stem for path in folder.iterdir() if path.is_dir() or path.suffix == ".py"}
        extra = {"__init__", "__main__", "__pycache__", "py"}
        assert there - extra == set(rooms(package))


@pytest.mark.parametrize("module", sorted(files()))
def test_imports_point_to_the_same_room_or_an_earlier_one(module: str) -> None:
    package, own = place(module)
    for target in arrows()[module]:
        other, position = place(target)
        if other == package:
            assert position <= own, f"{module} imports {target}, a later room"
        else:
            assert package == "taylor", f"{module} imports {target}, the front end"
            assert target.split(".")[1] in DOORS, f"{module} imports {target}, no door"


@pytest.mark.parametrize("module", sorted(files()))
def test_the_engine_has_one_visitor(module: str) -> None:
    room = module.partition(".")[2].split(".")[0]
    if module.startswith("taylor_runtime.") and room not in (ENGINE, FACTS):
        assert not any(target.startswith("taylor_runtime.engine") for target in arrows()[module])


def test_the_front_knows_no_layout_of_memory() -> None:
    """What it takes through the door are classes, functions and settings."""
    for module, path in files().items():
        if not module.startswith("taylor."):
            continue
        for name in imports(path):
            owner, _, what = name.rpartition(".")
            if owner.startswith("taylor_runtime.callables."):
                assert not isinstance(getattr(import_module(owner), what), np.dtype), name


def test_no_two_files_import_each_other() -> None:
    """Files that import none, or that none imports, are taken away until circles are left."""
    left = {module: set(targets) for module, targets in arrows().items()}
    while True:
        wanted = set().union(*left.values())
        done = {module for module, targets in left.items() if not targets or module not in wanted}
        if not done:
            break
        left = {m: targets - done for m, targets in left.items() if m not in done}
    assert not left, f"circles among {sorted(left)}"


def test_nothing_is_imported_by_a_string() -> None:
    for module, path in files().items():
        assert "" not in imports(path), module


def test_files_of_tests_have_names_of_their_own() -> None:
    """A process that starts anew imports a test's functions by the name of the file alone."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("*.py"))
    assert not [name for name, count in names.items() if count > 1 and name != "__init__.py"]


def test_rooms_are_not_crowded() -> None:
    for folder in PACKAGES.values():
        counts = Counter(path.parent for path in folder.rglob("*.py") if path.stem != "__init__")
        for place, count in counts.items():
            families = {"mathlib", "functions"} & set(place.relative_to(folder).parts)
            assert families or count <= MOST_FILES, f"{place}: {count}"


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_llvm_is_used_in_the_back_end_alone(path: Path) -> None:
    assert all(name.split(".")[0] != "llvmlite" for name in imports(path))


@pytest.mark.parametrize("module", sorted(files()))
def test_llvm_is_known_to_the_engine_alone(module: str) -> None:
    if not module.startswith("taylor_runtime.engine"):
        assert all(name.split(".")[0] != "llvmlite" for name in imports(files()[module]))


@pytest.mark.parametrize(
    ("package", "wanted"), [("taylor", {"llvmlite"}), ("taylor_runtime", set())]
)
def test_importing_is_light(package: str, wanted: set[str]) -> None:
    """What the first compilation needs is there; what it does not need is not."""
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}; import {package}; "
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == f"{sorted(wanted)}\n"
