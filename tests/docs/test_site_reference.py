"""The reference: every public name has words and an example that runs, and is on one page.

Names that need an example are functions, classes and values; a class that is "Made by" a function
is covered by the example of that.  Methods and properties are covered by their class; they need
words.
"""

from __future__ import annotations

import ast
import builtins
import doctest
import importlib
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import mpmath
import pytest

import taylor as ty
from taylor.functions.usage import USAGE
from taylor.nodes.registry import get

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))

from _build_tools.docstrings import examples, markdown, summary  # noqa: E402
from _build_tools.names import BRIDGES, MODULES, VALUES, made_by, public_names  # noqa: E402
from _build_tools.reference import reference_pages  # noqa: E402
from _build_tools.themes import theme_of  # noqa: E402

NAMES = public_names()


def test_every_public_name_has_words() -> None:
    silent = [name.path for name in NAMES if not name.doc]
    silent += [member.path for name in NAMES for member in name.members if not member.doc]
    assert silent == []


def test_every_public_name_has_an_example() -> None:
    known = {name.path: name for name in NAMES}
    without = [name for name in NAMES if not examples(name.doc)]
    covered = {n.path for n in without if any(examples(m.doc) for m in made_by(n, known))}
    assert [name.path for name in without if name.path not in covered] == []


def test_examples_say_where_their_names_are_from() -> None:
    """What is typed as it stands, in a new session, knows all of its names."""
    unknown = {
        one.path: _unknown(one.doc)
        for name in NAMES
        for one in (name, *name.members)
        if one.doc and examples(one.doc) and _unknown(one.doc)
    }
    assert unknown == {}


def _unknown(doc: str) -> list[str]:
    """Names that the examples of a docstring use before anything has made them."""
    made, used = set(dir(builtins)), []
    for example in doctest.DocTestParser().get_examples(doc):
        found = list(ast.walk(ast.parse(example.source)))
        for node in found:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                made |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                made.add(node.name)
            elif isinstance(node, ast.arg):
                made.add(node.arg)
            elif isinstance(node, ast.ExceptHandler) and node.name:
                made.add(node.name)
            elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                made.add(node.id)
        used += [node.id for node in found if isinstance(node, ast.Name) and node.id not in made]
    return sorted(set(used))


def test_nothing_public_is_left_out() -> None:
    paths = {name.path for name in NAMES}
    own = [path for path in paths if path.count(".") == 1 and "__" not in path]
    values = {id(getattr(ty, path[3:])) for path in own}
    for name in dir(ty):
        if name not in MODULES and name not in ("functions", "__version__"):
            assert f"ty.{name}" in paths or id(getattr(ty, name)) in values, name
    for module in (*MODULES, *BRIDGES):
        assert any(path.startswith(f"ty.{module}.") for path in paths), module
    assert {theme_of(name).file for name in NAMES} >= {"functions", "integrator", "jax", "errors"}


def test_every_name_is_on_one_page() -> None:
    pages = reference_pages()
    for name in NAMES:
        entry = rf"^:+\{{py:\w+\}} {re.escape(name.path)}(?=\W|$)(?!\.)"
        found = [file for file, text in pages.items() if re.search(entry, text, re.MULTILINE)]
        assert len(found) == 1, (name.path, found)
        assert f"`{name.path}`" in pages["index.md"]


def test_elementary_functions_say_how_they_are_called() -> None:
    silent = [n for n in ty.functions.__all__ if n not in USAGE and ">>>" not in _doc(n)]
    assert silent == []
    for name, (arguments, _, values, result) in USAGE.items():
        record = get(name)
        assert arguments.count(",") == record.arity - 1, name
        with mpmath.workdps(30):
            given = [mpmath.mpf(value) for value in values.split(",")]
            given += [mpmath.mpf(float(d)) for d in record.defaults[: record.arity - len(given)]]
            exact = mpmath.mpf(record.mpmath(mpmath.mp, *given))
            assert abs(exact - mpmath.mpf(result)) <= abs(exact) * mpmath.mpf("1e-11"), name


def _doc(name: str) -> str:
    return getattr(ty, name).__doc__ or ""


def _runs(doc: str, path: str) -> None:
    test = doctest.DocTestParser().get_doctest(doc, {}, path, path, 0)
    words: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(test, out=words.append)
    assert not runner.failures, "".join(words)


# Docstrings that pytest finds by itself are not run twice: functions made by `published` are none
# of these, nor are values.
@pytest.mark.parametrize("name", sorted(USAGE.keys() - {"lambertw"}))
def test_examples_of_elementary_functions(name: str) -> None:
    _runs(getattr(ty, name).__doc__, name)


@pytest.mark.parametrize("path", sorted(VALUES))
def test_examples_of_values(path: str) -> None:
    if path.endswith("__version__"):
        metadata = importlib.import_module("importlib.metadata")
        try:
            metadata.version("taylor-jit")
        except metadata.PackageNotFoundError:
            pytest.skip("the version is that of an installed package")
    _runs(VALUES[path], path)


@pytest.mark.parametrize("bridge", BRIDGES)
def test_bridges_are_read_as_they_are(bridge: str) -> None:
    """What is read from their source is what `dir` shows where the package is installed."""
    if find_spec(bridge) is None:
        pytest.skip(f"{bridge} is not installed")
    room: Any = getattr(ty, bridge)
    for name in NAMES:
        if name.path.startswith(f"ty.{bridge}."):
            assert hasattr(room, name.path.rpartition(".")[2]), name.path


def test_docstrings_become_markdown() -> None:
    doc = """A pair of x*y and `a*b`.

    x, y: numbers, or a
        longer text.

    Raises ValueError for x_1.

        x*y = 3

    >>> 1 + 1
    2
    """
    text = markdown(doc)
    assert text.split("\n\n") == [
        "A pair of x\\*y and `a*b`.",
        "`x`, `y`\n: numbers, or a longer text.",
        "**Raises** ValueError for x\\_1.",
        "```text\nx*y = 3\n```",
        "```pycon\n>>> 1 + 1\n2\n```",
    ]
    assert summary("Of two: e.g. a. And more.\n\nElse.") == "Of two: e.g. a."
