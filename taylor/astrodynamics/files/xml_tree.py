"""XML as a tree that knows its lines; expat expands no external entities."""

from __future__ import annotations

from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from taylor.astrodynamics.files.text import Line, Source, read_text
from taylor.errors import FormatError


class Node:
    """One element: its name without a namespace, attributes, text, children, and its line."""

    def __init__(self, tag: str, attributes: dict[str, str], line: Line) -> None:
        self.tag, self.attributes, self.line = tag.rpartition(":")[2], attributes, line
        self.text, self.children = "", list[Node]()

    def find(self, *tags: str) -> Node:
        """The descendant along a path of names; FormatError where there is none."""
        found = self
        for tag in tags:
            inner = next((child for child in found.children if child.tag == tag), None)
            if inner is None:
                found.line.wrong(f"<{found.tag}> has no <{tag}>")
            found = inner
        return found

    def all(self, tag: str) -> list[Node]:
        """The children of a name."""
        return [child for child in self.children if child.tag == tag]


def opened(source: Source) -> tuple[str, Node | None, list[Line]]:
    """The name of a message, and the root of its XML, or its lines that are not empty."""
    name, text = read_text(source)
    if text.lstrip().startswith("<"):
        return name, parse(name, text), []
    lines = [Line(name, k, line) for k, line in enumerate(text.splitlines(), 1)]
    return name, None, [line for line in lines if line.text.strip()]


def parse(name: str, text: str) -> Node:
    """The root of a document; FormatError for what is no XML."""
    parser = expat.ParserCreate()
    open_nodes: list[Node] = []
    roots: list[Node] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        node = Node(tag, attributes, Line(name, parser.CurrentLineNumber, f"<{tag}>"))
        (open_nodes[-1].children if open_nodes else roots).append(node)
        open_nodes.append(node)

    def end(tag: str) -> None:
        node = open_nodes.pop()
        node.text = node.text.strip()

    def characters(data: str) -> None:
        if open_nodes:
            open_nodes[-1].text += data

    def refused(*_: object) -> None:
        raise FormatError(f"{name}: entities are not expanded")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.EntityDeclHandler = characters, refused
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise FormatError(f"{name}, line {error.lineno}: no valid XML: {error}") from None
    return roots[0]


def element(tag: str, text: str, depth: int, **attributes: str) -> str:
    """One element without children, as a line."""
    said = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"{'  ' * depth}<{tag}{said}>{escape(text)}</{tag}>"


def nested(tag: str, lines: list[str], depth: int, **attributes: str) -> list[str]:
    """An element around lines."""
    said = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return [f"{'  ' * depth}<{tag}{said}>", *lines, f"{'  ' * depth}</{tag}>"]
