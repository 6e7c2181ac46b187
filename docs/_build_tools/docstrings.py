"""Docstrings as Markdown: they are plain English, with arguments, examples and formulae by line.

fun: what an argument is,             a list of definitions
     over some lines
Returns ..., Raises ...               paragraphs that begin so
>>> 1 + 1                             examples
    indented lines                    formulae and tables, as they are
"""

from __future__ import annotations

import inspect
import re

_NAME = r"\*{0,2}[a-z_]\w*(?:\[[^\]]*\])?"
_ARGUMENT = re.compile(rf"^({_NAME}(?:(?:, | or | and ){_NAME})*):(?:\s+(.*)|$)")
_LEAD = re.compile(r"^(Returns|Raises|Yields|Real|Recurrence|Formulae|Formula|Source|Sources):? ")
_CODE = re.compile(r"(``.+?``|`[^`\n]+`)", re.DOTALL)
_SPECIAL = re.compile(r"([\\*_\[\]<>$#|{}~&!])")
_LIST = re.compile(r"^(?:[-+]|\d+[.)]) ")


def summary(doc: str) -> str:
    """The first sentence, as Markdown."""
    first = inspect.cleandoc(doc).split("\n\n")[0].replace("\n", " ")
    return escaped(re.split(r"(?<=[^.]\.)\s+(?=[A-Z`])", first, maxsplit=1)[0])


def markdown(doc: str) -> str:
    """The whole of a docstring."""
    parts = []
    for number, block in enumerate(re.split(r"\n\s*\n", inspect.cleandoc(doc))):
        parts += _block(block.split("\n"), first=number == 0)
    return "\n\n".join(parts)


def examples(doc: str) -> bool:
    """Whether there is something to run."""
    return ">>>" in doc


def escaped(text: str) -> str:
    """Prose that Markdown reads as it is; what is in backticks is code already."""
    pieces = _CODE.split(text)
    pieces[::2] = [_SPECIAL.sub(r"\\\1", piece) for piece in pieces[::2]]
    joined = "".join(pieces)
    return f"\\{joined}" if _LIST.match(joined) and not joined[0].isdigit() else joined


def _block(lines: list[str], *, first: bool) -> list[str]:
    start = next((i for i, line in enumerate(lines) if line.lstrip().startswith(">>>")), None)
    if start is not None:
        before = _block(lines[:start], first=first) if start else []
        return [*before, _fenced("pycon", inspect.cleandoc("\n".join(lines[start:])))]
    if all(line.startswith("  ") for line in lines):
        return [_fenced("text", inspect.cleandoc("\n" + "\n".join(lines)))]
    argument = next((i for i, line in enumerate(lines) if _ARGUMENT.match(line)), None)
    if argument is not None and (argument == 0 or not first):
        before = _block(lines[:argument], first=first) if argument else []
        return [*before, _definitions(lines[argument:])]
    shown = next((i for i, line in enumerate(lines) if line.startswith("    ")), None)
    if shown:  # a formula below its sentence
        rest = next(
            (i for i, line in enumerate(lines[shown:], shown) if not line.startswith(" ")),
            len(lines),
        )
        pieces = [lines[:shown], lines[shown:rest], lines[rest:]]
        return [text for piece in pieces if piece for text in _block(piece, first=first)]
    text = escaped(" ".join(line.strip() for line in lines))
    return [text if first else _LEAD.sub(r"**\1** ", text)]


def _definitions(lines: list[str]) -> str:
    """Arguments and attributes, each with its text."""
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        match = _ARGUMENT.match(line)
        if match:
            found.append((match[1], [match[2] or ""]))
        else:
            found[-1][1].append(line.strip())
    return "\n\n".join(
        f"{', '.join(f'`{name}`' for name in re.split(r', | or | and ', names))}\n"
        f": {escaped(' '.join(text).strip())}"
        for names, text in found
    )


def _fenced(language: str, text: str) -> str:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"
