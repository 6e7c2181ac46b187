"""The gallery: every example with its picture, what it is, its code, and a file to take along.

Scripts are shown, tours (*.md) become pages whose code is run, scenarios (*.toml) are shown with
the command that runs them.
"""

from __future__ import annotations

import ast
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from _build_tools.docstrings import escaped
from _build_tools.pictures import DRAWN, draw_missing

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
GALLERY = ROOT / "docs" / "gallery"
NOTEBOOK = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

"""
# By what people look for; an example that is in none of them is an error.
SECTIONS = {
    "Orbits and the Solar System": (
        "solar_system", "halley", "halo_orbits", "restricted_three_body", "stability_map",
        "mercury_perihelion", "orbit_from_angles", "orbit_uncertainty", "orbit_sampling",
        "transit_times", "precision",
    ),
    "Spacecraft": (
        "orbit_determination", "low_orbit", "satellite_passes", "conjunction", "coverage",
        "porkchop", "lunar_transfer", "low_thrust", "apophis",
    ),
    "Events, chaos, maps": (
        "bouncing_ball", "bounce_sensitivity", "poincare_section", "chaos_map", "flow_map",
    ),
    "Gradients of programs": (
        "digits", "deblurring", "lens_design", "soft_robot", "meta_learning",
        "symbolic_regression", "density_functional",
    ),
    "Learning equations": (
        "learned_spiral", "reaction_rates", "neural_ode", "universal_equation", "heat_in_jax",
        "network_in_solver",
    ),
    "Tours": ("derivatives", "gradients", "programs"),
}  # fmt: skip
MORE = "More"


@dataclass(frozen=True)
class Example:
    """An example: its file, its title, a sentence for the card, and the rest of its text.

    command: how it is run, from the root of a checkout.
    """

    path: Path
    title: str
    sentence: str
    text: str
    command: str

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def picture(self) -> Path | None:
        """The picture: the repository's own, or what `pictures.py` has drawn."""
        own, drawn = (folder / f"{self.name}.png" for folder in (EXAMPLES, GALLERY))
        if self.path.name in DRAWN:
            return drawn
        return own if own.exists() else None


def examples() -> list[Example]:
    """All examples of the checkout, by their names."""
    paths = [p for p in sorted(EXAMPLES.iterdir()) if p.suffix in (".py", ".toml", ".md")]
    readers = {".py": _script, ".toml": _scenario, ".md": _tour}
    return [readers[path.suffix](path) for path in paths if path.stem.lower() != "readme"]


def gallery_pages() -> dict[str, str]:
    found = {example.name: example for example in examples()}
    pages = {f"{example.name}.md": _page(example) for example in found.values()}
    return {"index.md": _index(found), **pages}


def prepare_pictures() -> None:
    """Put pictures beside the pages, where Sphinx finds them."""
    draw_missing(GALLERY)
    for example in examples():
        if example.picture:
            target = GALLERY / example.picture.name
            if not target.exists() or target.stat().st_mtime < example.picture.stat().st_mtime:
                shutil.copy2(example.picture, target)


def _script(path: Path) -> Example:
    doc = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    paragraphs = re.split(r"\n\s*\n", doc)
    commands = [p.strip() for p in paragraphs if p.startswith("    python")]
    prose = [p for p in paragraphs[1:] if not p.strip().startswith(("python ", "pip "))]
    title, _, sentence = paragraphs[0].replace("\n", " ").partition(": ")
    text = "\n\n".join(_prose(paragraph) for paragraph in prose)
    command = commands[0] if commands else f"python examples/{path.name}"
    if not sentence and prose:  # no colon in the first line: the next sentence says more
        sentence = re.split(r"(?<=\.)\s", prose[0].replace("\n", " "))[0]
    return Example(path, title.rstrip("."), _sentence(sentence or title), text, command)


def _scenario(path: Path) -> Example:
    comment = []
    for line in path.read_text("utf-8").split("\n"):
        if not line.startswith("#"):
            break
        comment.append(line.removeprefix("#").removeprefix(" "))
    words = "\n".join("" if line.startswith("    ") else line for line in comment)
    paragraphs = [p for p in re.split(r"\n\s*\n", words) if p.strip()]
    commands = [line.strip() for line in comment if line.startswith("    taylor ")]
    title = re.search(r'^title = "(.*)"', path.read_text("utf-8"), flags=re.MULTILINE)
    return Example(
        path,
        title[1] if title else path.stem,
        _sentence(paragraphs[0].strip().replace("\n", " ").rstrip(":")),
        "\n\n".join(map(_prose, paragraphs[1:])),
        commands[0] if commands else f"taylor propagate examples/{path.name}",
    )


def _tour(path: Path) -> Example:
    text = path.read_text("utf-8")
    title = re.search(r"^# (.*)$", text, flags=re.MULTILINE)
    first = next(p for p in re.split(r"\n\s*\n", text) if not p.startswith("#"))
    sentence = re.split(r"(?<=\.)\s", first.replace("\n", " "))[0]
    return Example(path, title[1] if title else path.stem, sentence, "", "")


def _prose(paragraph: str) -> str:
    if paragraph.startswith("    "):
        return f"```text\n{paragraph}\n```"
    text = paragraph.replace("\n", " ")
    text = re.sub(r"\s*Draws examples/\S+?:?$", "", text)
    return escaped(text)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _alternative(example: Example) -> str:
    return f"{example.title}: {example.sentence}".replace('"', "'").replace("\n", " ")


def _index(found: dict[str, Example]) -> str:
    text = [
        "---\nhtml_theme.sidebar_secondary.remove: true\n---\n",
        "# Gallery",
        "What a page of code can do. Each picture leads to its code; every example is in "
        "`examples/` of the repository and runs in the tests.",
    ]
    listed = {name for names in SECTIONS.values() for name in names}
    sections = {**SECTIONS, MORE: tuple(name for name in found if name not in listed)}
    for title, names in sections.items():
        own = [found[name] for name in names if name in found]
        if own:
            text += [f"## {title}", _cards(own)]
    names = "\n".join(sorted(found))
    return "\n\n".join([*text, f"```{{toctree}}\n:hidden:\n\n{names}\n```"]) + "\n"


def _cards(own: list[Example]) -> str:
    cards = []
    for example in own:
        image = ""
        if example.picture:
            image = f":img-top: {example.picture.name}\n:img-alt: {_alternative(example)}\n"
        cards.append(
            f":::{{grid-item-card}} {escaped(example.title)}\n:link: {example.name}\n"
            f":link-type: doc\n:class-card: example\n{image}\n{escaped(example.sentence)}\n:::"
        )
    joined = "\n\n".join(cards)
    return f"::::{{grid}} 1 2 2 3\n:gutter: 3\n\n{joined}\n\n::::"


def _page(example: Example) -> str:
    if example.path.suffix == ".md":
        return _tour_page(example)
    file = f"../../examples/{example.path.name}"
    language = "python" if example.path.suffix == ".py" else "toml"
    text = [f"# {escaped(example.title)}", escaped(example.sentence)]
    if example.picture:
        alternative = _alternative(example)
        text.append(f"```{{image}} {example.picture.name}\n:alt: {alternative}\n```")
    return (
        "\n\n".join(
            [
                *text,
                *([example.text] if example.text else []),
                f"{{download}}`Download {example.path.name} <{file}>`; in a checkout:",
                f"```sh\n{example.command}\n```",
                "## Code",
                f"```{{literalinclude}} {file}\n:language: {language}\n```",
            ]
        )
        + "\n"
    )


def _tour_page(example: Example) -> str:
    """The tour as a notebook; its links lead to where things are on the site."""
    text = re.sub(r"^```python$", "```{code-cell} python", example.path.read_text("utf-8"),
                  flags=re.MULTILINE)  # fmt: skip
    known = {other.path.name: f"{other.name}.md" for other in _siblings()}

    def link(match: re.Match[str]) -> str:
        target = match[2]
        if target.startswith(("http", "#")):
            return match[0]
        if target.startswith("../benchmarks/results/"):
            return f"{match[1]}(../benchmarks/{Path(target).name})"
        return f"{match[1]}({known.get(target, target)})"

    return NOTEBOOK + re.sub(r"(\[[^\]]*\])\(([^)\s]+)\)", link, text)


def _siblings() -> list[Example]:
    return [
        Example(path, "", "", "", "")
        for path in EXAMPLES.iterdir()
        if path.suffix in (".py", ".md", ".toml")
    ]
