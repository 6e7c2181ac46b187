"""The reference: a page for each theme, from signatures and docstrings."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from _build_tools.docstrings import markdown, summary
from _build_tools.names import Name, public_names
from _build_tools.tables import tables
from _build_tools.themes import FUNCTIONS, THEMES, Theme, theme_of

from taylor import functions as families
from taylor.nodes.registry import get

ROOT = Path(__file__).resolve().parents[2]
FAMILIES = {
    "powers": "Roots and lengths",
    "exponential": "Exponentials and logarithms",
    "trigonometric": "Circular functions",
    "hyperbolic": "Hyperbolic functions",
    "piecewise": "Absolute value, sign, extremes",
    "network": "Activations",
    "combined": "Logarithms of sums and probabilities, sinc",
    "special": "Error function",
    "scaled_error": "Scaled error functions",
    "inverse_error": "Inverse error functions",
    "integrals": "Exponential and Dawson's integrals",
    "gamma_family": "Gamma function and its derivatives",
    "beta_family": "Beta function",
    "incomplete_gamma": "Incomplete gamma functions",
    "riemann": "Riemann's zeta function",
    "bessel": "Bessel functions",
    "airy": "Airy functions",
    "elliptic": "Complete elliptic integrals",
    "lambert": "Lambert's W",
    "kepler": "Kepler's equation",
}
EXACT = ("abs", "sign", "copysign", "floor", "rint", "minimum", "maximum", "relu")
ERRORS_GROW = {
    "sinc": "next to its zeros",
    "ndtr": "towards x = -20: it grows like x squared there",
    "log_ndtr": "towards x = 20: it grows like x squared beyond 1/2",
}
DIRECTIVES = {"function": "py:function", "class": "py:class", "exception": "py:exception",
              "method": "py:method", "property": "py:property", "data": "py:data"}  # fmt: skip


def reference_pages() -> dict[str, str]:
    """The text of all pages by the names of their files."""
    by_theme: dict[str, list[Name]] = {}
    for name in public_names():
        by_theme.setdefault(theme_of(name).file, []).append(name)
    themes = [theme for theme in THEMES if theme.file in by_theme]
    pages = {f"{theme.file}.md": _page(theme, by_theme[theme.file]) for theme in themes}
    return {"index.md": _index(themes, by_theme), **pages}


def accuracies() -> dict[str, tuple[str, str]]:
    """(largest error in ulp, among which arguments) of the elementary functions, as measured."""
    found = dict.fromkeys(EXACT, ("exact", "all"))
    once = "leaky_relu", "floor_divide", "remainder", "round_decimal"  # rounded at the end alone
    found.update(dict.fromkeys(once, ("0.500", "all")))
    for file in ("mathlib.md", "mathlib_special.md"):
        path = ROOT / "benchmarks" / "results" / file
        for table in tables(path.read_text("utf-8")) if path.exists() else ():
            if table.columns[:3] == ["function", "ulp", "region"]:
                found.update({row[0]: (row[1], row[2]) for row in table.rows})
    return found


def _index(themes: list[Theme], by_theme: dict[str, list[Name]]) -> str:
    count = sum(map(len, by_theme.values()))
    text = [
        "# Reference",
        f"Every public name, {count} of them, from the docstrings of this version: signatures, "
        "shapes, errors, and an example that the tests run. `import taylor as ty` is understood.",
        "How long a name stays, and how it goes: [Deprecation policy](../deprecation.md).",
    ]
    for theme in themes:
        names = ", ".join(f"{{py:obj}}`{n.path}`" for n in by_theme[theme.file])
        text.append(f"## [{theme.title}]({theme.file}.md)\n\n{theme.sentence}\n\n{names}")
    listed = "\n".join(theme.file for theme in themes)
    return "\n\n".join([*text, f"```{{toctree}}\n:hidden:\n\n{listed}\n```"]) + "\n"


def _page(theme: Theme, names: list[Name]) -> str:
    text = [f"# {theme.title}", theme.sentence]
    if theme.file == FUNCTIONS:
        return "\n\n".join([*text, *_functions(names)]) + "\n"
    text.append(_overview(names))
    return "\n\n".join([*text, *(_entry(name) for name in names)]) + "\n"


def _overview(names: list[Name]) -> str:
    rows = [f"| {{py:obj}}`{n.path}` | {_cell(summary(n.doc))} |" for n in names]
    return "\n".join(["| name | what it is |", "| :--- | :--- |", *rows])


def _functions(names: list[Name]) -> list[str]:
    """By family, each with a table: domain and largest error."""
    exact, by_path = accuracies(), {name.path: name for name in names}
    text = [
        "Errors are the largest found, in units of the last place of the exact value (ulp; 0.5 is "
        "correct rounding), for values in float64 over all regions of arguments: see [Elementary "
        "functions](../benchmarks/mathlib.md) and [Special functions]"
        "(../benchmarks/mathlib_special.md).",
    ]
    for title, family in _families():
        own = [by_path[f"ty.{n}"] for n in family.__all__ if f"ty.{n}" in by_path]
        rows = [
            f"| {{py:obj}}`{n.path}` | {_cell(_what(n))} | "
            f"{_cell(get(n.path[3:]).domain)} | {exact.get(n.path[3:], ('',))[0]} |"
            for n in own
        ]
        head = ["| function | what it is | real | error, ulp |", "| :--- | :--- | :--- | ---: |"]
        text += [f"## {title}", "\n".join([*head, *rows])]
        text += [_entry(n, _accuracy(exact, n.path[3:])) for n in own]
    listed = {f"ty.{n}" for _, family in _families() for n in family.__all__}
    others = [name for name in names if name.path not in listed]
    if others:
        text += ["## Of whole arrays", _overview(others), *map(_entry, others)]
    return text


def _families() -> list[tuple[str, ModuleType]]:
    """(title, family), in the order in which people look for them."""
    known = {
        path.stem
        for path in Path(families.__file__).parent.glob("*.py")
        if "published(" in path.read_text("utf-8") and path.stem != "apply"
    }
    assert set(FAMILIES) == known, "reference.py: a family of functions is not listed"
    return [
        (title, importlib.import_module(f"taylor.functions.{name}"))
        for name, title in FAMILIES.items()
    ]


def _what(name: Name) -> str:
    return summary(name.doc).split(": ", 1)[-1]


def _accuracy(exact: dict[str, tuple[str, str]], name: str) -> str:
    if name not in exact:
        return ""
    error, region = exact[name]
    if error == "exact":
        return "**Accuracy**: exact."
    where = ERRORS_GROW.get(name, f"{region} arguments")
    return f"**Accuracy** in float64: the largest error found is {error} ulp ({where})."


def _entry(name: Name, note: str = "") -> str:
    inside = [markdown(name.doc), note, *(_entry(member) for member in name.members)]
    fence = ":" * (5 if name.members else 4)
    options = _options(name)
    body = "\n\n".join(part for part in inside if part)
    return (
        f"{fence}{{{DIRECTIVES[name.kind]}}} {name.path}{name.signature}\n{options}\n"
        f"{body}\n{fence}"
    )


def _options(name: Name) -> str:
    quiet = [":no-index-entry:"] if name.kind in ("method", "property") else []
    return "".join(f"{line}\n" for line in quiet)


def _cell(text: str) -> str:
    return text.replace("|", "\\|") if "\\|" not in text else text
