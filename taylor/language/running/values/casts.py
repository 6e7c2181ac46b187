"""``int(x)`` of a traced number: cut off, and without a derivative that anyone could mean.

Derivatives along directions and series take it as constant, which it is between jumps.  Derivatives
backward ask only for what is on the way from the result: there it is refused, with the line, unless
`taylor.stop_gradient` says that it is meant to be constant.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from taylor.definitions.ruled import Rule
from taylor.language.running.places import place
from taylor.language.source.refusals import Span, refusal
from taylor.nodes.elementary import make_function_node
from taylor.nodes.logic import where
from taylor.nodes.node import ZERO
from taylor.nodes.regions import Graph, inner_input, parts, region_node


def whole(x: Any) -> Any:
    """The whole number towards zero, from a line of the user's."""
    inner = inner_input("x", x.shape)
    floor = partial(make_function_node, "floor")
    cut = where(inner < 0, -floor(-inner), floor(inner))
    return parts(region_node("custom", [x], Cast(Graph([inner], [cut]), place())))[0]


class Cast(Rule):
    """The rule: constant along directions, none backward.

    span: where the user casts.
    """

    __slots__ = ("span",)

    def __init__(self, value: Graph, span: Span) -> None:
        super().__init__(value, partial(_refuse, span), False, "int", ("int", span))
        self.span = span

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        load, (records, count, *_) = super().__reduce__()
        return _loaded, (records, count, self.span, load)

    def with_value(self, value: Graph, make: Callable[[], Graph]) -> Rule:
        """The same cast for inputs of other shapes."""
        return Cast(value, self.span)

    @property
    def along(self) -> Graph:
        """Of inputs and directions: nothing moves."""
        (own,) = self.body.inputs
        direction = inner_input("dx", own.shape)
        return Graph([own, direction], [ZERO * own])


def _refuse(span: Span) -> NoReturn:
    raise refusal(
        span,
        "int() is on the way from an argument to what is differentiated",
        "It jumps, and is constant between jumps. Instead: leave out int(), or say that it is "
        "meant to be constant, ty.stop_gradient(int(x)).",
    )


def _loaded(records: Any, count: int, span: Span, load: Callable[..., Rule]) -> Cast:
    plain = load(records, count, partial(_refuse, span), False, "int", ("int", span))
    return Cast(plain.body, span)
