"""The text of one LLVM module."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from taylor_runtime.ir.instructions import Line
from taylor_runtime.ir.types import FLOAT_BITS, float_literal


class Module:
    """The text of one LLVM module: functions, declarations, constant tables, each emitted once.

    quick: it is compiled with the least effort, which is soon done with what processors have
        instructions for, and slow with what it has to look up.
    signed_zeros: numbers of several parts keep -0.0, which takes an instruction more for each.
    """

    def __init__(self, quick: bool = False, signed_zeros: bool = False) -> None:
        self.quick = quick
        self.signed_zeros = signed_zeros
        self._globals: dict[str, str] = {}
        self._functions: dict[str, Sequence[Line]] = {}
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

    def define(self, name: str, lines: Sequence[Line]) -> None:
        """Put a function in its place: that of its first definition, which may be empty."""
        self._functions[name] = lines

    def rename(self, name: str, other: str) -> None:
        """Give a defined function, which nothing in the module calls, another name."""
        head, *lines = self._functions.pop(name)
        self._functions[other] = [str(head).replace(f"@{name}(", f"@{other}(", 1), *lines]

    @classmethod
    def of_functions(cls, text: str, quick: bool = False) -> Module:
        """The module whose `text` this is; it has functions and declarations alone."""
        module = cls(quick)
        functions, _, declarations = text.rpartition("}\n")
        for function in functions.split("}\n"):
            module.define(_name_in(function), [function + "}"])
        for line in declarations.splitlines():
            module.declare(_name_in(line), line)
        return module

    def text(self) -> str:
        """The whole module."""
        tables = [f"{name} = {body}" for body, name in self._globals.items()]
        nodes = [f"{name} = {node}" for node, name in self._metadata.items()]
        functions = [
            "\n".join([line if type(line) is str else str(line) for line in lines])
            for lines in self._functions.values()
        ]
        parts = [*tables, *functions, *self._declarations.values(), *nodes]
        return "\n".join(parts) + "\n"


def _name_in(line: str) -> str:
    """What is defined or declared there."""
    return line.split("@", 1)[1].split("(", 1)[0]
