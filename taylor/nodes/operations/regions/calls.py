"""Calls of functions that are not known yet, since they call themselves.

They are there only while a recursive function is traced: `taylor.language.recursion` makes a loop
of all of them, so that no other walk ever meets one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from taylor.errors import UnsupportedFunctionError
from taylor.nodes.node import Node, node
from taylor.nodes.operation import Operation


class Callee:
    """A function that is called: no two of them are equal.

    shapes: of its results.
    truths: which of them are truth values, 0 or 1.
    """

    __slots__ = ("name", "shapes", "truths")

    def __init__(
        self, name: str, shapes: Sequence[tuple[int, ...]], truths: Sequence[bool] = ()
    ) -> None:
        self.name, self.shapes = name, tuple(shapes)
        self.truths = tuple(truths) or (False,) * len(self.shapes)

    def __repr__(self) -> str:
        return self.name


def call_node(callee: Callee, args: Sequence[Any]) -> Any:
    """The node of a call, whose results are its parts."""
    return node("call", tuple(args), callee, ())


def _not_yet(*given: Any) -> Any:
    e = next(arg for arg in given if isinstance(arg, Node))
    raise UnsupportedFunctionError(
        f"{e.payload}: inside a recursive function nothing can be asked of its own calls, such as "
        "derivatives or bounds; take derivatives outside, of the function as a whole"
    )


RECORDS = (
    Operation(
        name="call",
        build=lambda e, args: call_node(e.payload, args),
        text=lambda e, names: ([f"{e.payload}(...)"], 7),
        value=_not_yet,
        slopes=_not_yet,
        elements=_not_yet,
        spelled=_not_yet,
        widen=_not_yet,
        pullback=_not_yet,
        batch=_not_yet,
    ),
)
