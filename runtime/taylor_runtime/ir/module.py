"""The text of one LLVM module."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING

from taylor_runtime.ir.types import FLOAT_BITS, float_literal, parse_type
from taylor_runtime.ir.values import Value

if TYPE_CHECKING:
    from taylor_runtime.ir.builder import Builder


class Module:
    """The text of one LLVM module: functions, declarations, constant tables, each emitted once."""

    def __init__(self) -> None:
        self._globals: dict[str, str] = {}
        self._functions: dict[str, str] = {}
        self._declarations: dict[str, str] = {}
        self._metadata: dict[str, str] = {}

    def declare(self, name: str, declaration: str) -> None:
        self._declarations.setdefault(name, declaration)

    def table(self, values: Sequence[int | float | Fraction], element: str = "double") -> str:
        """The name of a private constant array holding `values` (shared when equal)."""
        if element in FLOAT_BITS:
            items = ", ".join(f"{element} {float_literal(v, element)}" for v in values)
        else:
            items = ", ".join(f"{element} {v}" for v in values)
        return self._shared(len(values), element, f"[{items}]")

    def functions(self, names: Sequence[str]) -> str:
        """The name of a private constant array of the addresses of functions."""
        return self._shared(len(names), "ptr", f"[{', '.join(f'ptr @{name}' for name in names)}]")

    def _shared(self, count: int, element: str, content: str) -> str:
        body = f"private unnamed_addr constant [{count} x {element}] {content}, align 64"
        if body not in self._globals:
            self._globals[body] = f"@table.{len(self._globals)}"
        return self._globals[body]

    def metadata(self, node: str) -> str:
        """The name of a metadata node."""
        return self._metadata.setdefault(node, f"!{len(self._metadata)}")

    def data(self, content: bytes) -> str:
        """The name of a private constant array with these bytes (shared when equal).

        LLVM reads a string of bytes many times faster than a list of numbers.
        """
        text = "\\" + content.hex("\\") if content else ""
        return self._shared(len(content), "i8", f'c"{text}"')

    def has_function(self, name: str) -> bool:
        return name in self._functions

    @contextmanager
    def function(
        self,
        name: str,
        result: str,
        parameters: Sequence[tuple[str, str]],
        attributes: str = "",
        linkage: str = "",
    ) -> Iterator[tuple[Builder, list[Value]]]:
        """Define a function; parameters are (type with attributes, name) and arrive as values.

        A parameter's value type is the first word(s) of its type text: "ptr noalias" is a ptr.
        """
        from taylor_runtime.ir.builder import Builder

        builder = Builder(self)
        values = []
        for text, parameter in parameters:
            head = text[: text.index(">") + 1] if text.startswith("<") else text.split()[0]
            values.append(Value(builder, parse_type(head), f"%{parameter}"))
        self._functions[name] = ""  # keeps the place: callees come before callers only by name
        yield builder, values
        signature = ", ".join(f"{text} %{parameter}" for text, parameter in parameters)
        head = f"define {linkage} {result} @{name}({signature}) {attributes} {{".replace("  ", " ")
        self._functions[name] = "\n".join([head, "entry:", *builder.entry, *builder.lines, "}"])

    def text(self) -> str:
        """The whole module."""
        tables = [f"{name} = {body}" for body, name in self._globals.items()]
        nodes = [f"{name} = {node}" for node, name in self._metadata.items()]
        parts = [*tables, *self._functions.values(), *self._declarations.values(), *nodes]
        return "\n".join(parts) + "\n"
