"""The pages of the site: every block of code is run or says why not, nothing of other sites."""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS))

from _build_tools.gallery import SECTIONS, examples, gallery_pages  # noqa: E402
from _build_tools.plots import bars_of, number_in  # noqa: E402
from _build_tools.tables import tables  # noqa: E402

MADE = ("_build", "_style", "_static", "_build_tools", "gallery", "reference", "benchmarks")
PAGES = sorted(
    path
    for path in DOCS.rglob("*.md")
    if path.relative_to(DOCS).parts[0] not in MADE and path.name != "README.md"
)
FENCE = re.compile(r"^(?P<fence>`{3,}|:{3,})(?P<info>[^\n]*)\n(?P<body>.*?)^(?P=fence)\s*$",
                   re.MULTILINE | re.DOTALL)  # fmt: skip
DATA = ("toml", "text", "none", "json", "csv", "julia")
SHELL = re.compile(r"^(pip|python -m pip|uv pip|git clone|cd|python -m (docs|venv)|jupytext|\.|#)\b"
                   r"|^python -m venv .*$|^\s*$|^\. ")  # fmt: skip
DIRECTIVES = (
    "code-cell", "peer", "not-run", "toctree", "image", "figure", "note", "tip", "warning", "grid",
    "grid-item", "grid-item-card", "card", "tab-set", "tab-item", "dropdown", "table", "list-table",
    "math", "seealso", "important", "literalinclude", "download", "button-ref", "admonition",
)  # fmt: skip


def names(path: Path) -> str:
    return str(path.relative_to(DOCS))


def fences(text: str) -> list[tuple[str, str]]:
    """(what stands behind the fence, the body) of all blocks, inner ones too."""
    found = []
    for match in FENCE.finditer(text):
        found.append((match["info"].strip(), match["body"]))
        if match["fence"].startswith(":"):
            found += fences(match["body"])
    return found


@pytest.mark.parametrize("path", PAGES, ids=names)
def test_blocks_of_code_are_run_or_say_why_not(path: Path) -> None:
    for info, body in fences(path.read_text("utf-8")):
        if info.startswith("{"):
            directive = info[1 : info.index("}")]
            assert directive in DIRECTIVES, f"{info}: see docs/README.md"
            if directive == "not-run":
                assert re.match(r":reason: \S+", body), f"{info}: say why with :reason:"
        elif info in ("sh", "console"):
            lines = [line.removeprefix("$ ") for line in body.split("\n")]
            wrong = [line for line in lines if not SHELL.match(line)]
            assert not wrong, f"run it in a cell, as `!taylor info`: {wrong}"
        else:
            assert info in DATA, f"```{info}: a block of code that nothing runs; see docs/README.md"


@pytest.mark.parametrize("path", PAGES, ids=names)
def test_pages_that_run_code_are_notebooks(path: Path) -> None:
    text = path.read_text("utf-8")
    if "{code-cell}" in text:
        head = text.split("---\n")[1]
        assert "format_name: myst" in head and "kernelspec:" in head, "see docs/README.md"
    assert len(re.findall(r"^# ", re.sub(FENCE, "", text), flags=re.MULTILINE)) == 1


PEERS = [
    (path, package)
    for path in PAGES
    for package in sorted(set(re.findall(r"^`{3,}\{peer\} (\w+)$", path.read_text("utf-8"), re.M)))
]


@pytest.mark.parametrize(("path", "package"), PEERS, ids=lambda part: getattr(part, "stem", part))
def test_code_of_other_packages_runs(path: Path, package: str) -> None:
    """All blocks of a package on a page, one after the other, where it is installed."""
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    space: dict[str, object] = {}
    for info, body in fences(path.read_text("utf-8")):
        if info == f"{{peer}} {package}":
            exec(compile(body, str(path), "exec"), space)


def test_the_gallery_has_every_example() -> None:
    files = {p.stem for p in (ROOT / "examples").iterdir() if p.suffix in (".py", ".toml", ".md")}
    found = {example.name: example for example in examples()}
    assert found.keys() == files
    assert {name for section in SECTIONS.values() for name in section} <= files
    pages = gallery_pages()
    for name, example in found.items():
        assert f":link: {name}\n" in pages["index.md"]
        assert example.title and example.sentence.endswith("."), name
        assert example.picture, f"{name}: draw a picture, or see docs/_build_tools/pictures.py"
        if example.path.suffix != ".md":
            assert f"../../examples/{example.path.name}" in pages[f"{name}.md"]


def test_tables_are_read() -> None:
    text = "# A\n\nWords.\n\n| a | b |\n| :- | -: |\n| x\\|y | 1.5 x |\n| z | - |\n\nMore.\n"
    (table,) = tables(text)
    assert table.columns == ["a", "b"] and table.rows == [["x|y", "1.5 x"], ["z", "-"]]
    assert (table.heading, table.before) == ("A", "Words.")
    assert text.split("\n")[table.line - 1] == "| z | - |"
    assert number_in("26.0 (>= 10)") == 26.0 and number_in("2.34 x") == 2.34
    assert number_in("-") != number_in("-")


def test_benchmarks_have_plots() -> None:
    """Every table with a comparison; what has none are single numbers and tables too long."""
    without = []
    for path in sorted((ROOT / "benchmarks" / "results").glob("*.md")):
        found = tables(path.read_text("utf-8"))
        assert all(len(row) == len(table.columns) for table in found for row in table.rows), path
        drawn = [bars_of(path.stem, number, table) for number, table in enumerate(found)]
        if not any(drawn) and "](" not in path.read_text("utf-8"):
            without.append(path.stem)
    assert without == ["random_runs", "solar_system"]  # without times, and without a table


def test_wheels_have_no_docs() -> None:
    """Packages that setuptools finds by what pyproject.toml says."""
    import tomllib

    setuptools = pytest.importorskip("setuptools")
    given = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    find = given["packages"]["find"]
    found = [
        name
        for folder in find["where"]
        for name in setuptools.find_packages(str(ROOT / folder), include=find["include"])
    ]
    assert "taylor.integrator" in found and "taylor_runtime.mathlib" in found
    assert {name.split(".")[0] for name in found} == {"taylor", "taylor_runtime"}
    assert not {"docs", "tests"} & {part for name in found for part in name.split(".")}
