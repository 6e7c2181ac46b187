"""The examples that come with the package: which there are, and running them."""

from __future__ import annotations

import ast
import re
import runpy
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from taylor.errors import ArgumentError, TaylorError
from taylor_runtime.program.records import dataclass

INSTALLED = Path("share", "taylor", "examples")  # in what `pip install` writes to
WORKING = Path("taylor_examples")  # where examples are copied to and run, and draw


@dataclass(frozen=True)
class Example:
    """One that is there.

    what:  a sentence that says what it shows.
    needs: packages that it imports beside numpy and taylor.
    """

    path: Path
    what: str
    needs: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def lacks(self) -> tuple[str, ...]:
        """Those of the packages that are not installed."""
        from importlib.util import find_spec

        return tuple(package for package in self.needs if find_spec(package) is None)


def folder() -> Path:
    """Where the examples are: of a checkout, else of the installation.

    Raises TaylorError where there are none.
    """
    beside = Path(__file__).resolve().parent.parent / "examples"
    places = [
        beside,
        *(Path(sysconfig.get_path("data", scheme)) / INSTALLED for scheme in _schemes()),
    ]
    for place in places:
        if (place / "data").is_dir():
            return place
    raise TaylorError(
        "the examples are not there: this installation has none; they are in the project's "
        "repository, in the folder examples"
    )


def _schemes() -> Sequence[str]:
    own = [sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user")]
    return list(dict.fromkeys(own))


def examples() -> list[Example]:
    """All programs among them, by name."""
    return [_read(path) for path in sorted(folder().glob("*.py"))]


def _read(path: Path) -> Example:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    text = ast.get_docstring(tree) or ""
    what = re.split(r"\n\n|(?<=[.:])\s", text, maxsplit=1)[0].replace("\n", " ")
    found: dict[str, None] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Import):
            found |= dict.fromkeys(alias.name.split(".")[0] for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            found[statement.module.split(".")[0]] = None
    known = {*sys.stdlib_module_names, "numpy", "taylor"}
    return Example(path, what.rstrip(".:"), tuple(name for name in found if name not in known))


def listing() -> str:
    """A line for each example, and how to run one."""
    found = examples()
    width = max(len(example.name) for example in found)
    lines = []
    for example in found:
        lacks = f"  (needs {', '.join(example.lacks)})" if example.lacks else ""
        lines.append(f"{example.name:<{width}}  {example.what}{lacks}")
    return "\n".join([*lines, "", "run one with: taylor examples NAME"])


def chosen(name: str) -> Example:
    """The example of that name.

    Raises ArgumentError for another name.
    """
    found = {example.name: example for example in examples()}
    if name.removesuffix(".py") in found:
        return found[name.removesuffix(".py")]
    from difflib import get_close_matches

    near = get_close_matches(name, found, n=1)
    meant = f"; did you mean {near[0]}?" if near else "; taylor examples lists them"
    raise ArgumentError(f"there is no example {name!r}{meant}")


def run(example: Example, where: Path = WORKING) -> Path:
    """Copy an example to a folder and run it there; returns the folder, where its pictures are.

    Raises TaylorError where packages are missing.
    """
    if example.lacks:
        raise TaylorError(
            f"{example.name} needs what is not installed: pip install {' '.join(example.lacks)}"
        )
    where.mkdir(parents=True, exist_ok=True)
    copied = where / example.path.name
    if copied.resolve() != example.path.resolve():
        shutil.copyfile(example.path, copied)
        shutil.copytree(example.path.parent / "data", where / "data", dirs_exist_ok=True)
    before = sys.argv
    sys.argv = [str(copied)]
    try:
        runpy.run_path(str(copied), run_name="__main__")
    finally:
        sys.argv = before
    return where
