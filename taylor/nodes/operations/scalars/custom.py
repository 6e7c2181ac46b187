"""Functions with derivatives that users give: graphs inside a node, of the value and of a rule.

What is done with the rule is the business of the payload, a `Rule` of the room `definitions`, which
knows of derivatives.  Where only values are wanted the function is written out in its place
(`nodes.operations.regions.inlined`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from taylor.errors import UnsupportedFunctionError
from taylor.nodes.operation import ATOM, Operation, Text, listed
from taylor.nodes.operations.scalars.rounding import no_error
from taylor.nodes.operations.scalars.spelled import spelled_custom
from taylor.nodes.regions import region_node


def _text(e: Any, names: Any) -> Text:
    return [f"{e.payload.name}(", *listed(e.args), ")"], ATOM


def _run(make: Any, e: Any, values: Sequence[Any]) -> Sequence[Any]:
    graph = e.payload.body
    found: Sequence[Any] = make(graph.inputs, graph.outputs)(values)
    return found


def _no_sympy(to: Any, e: Any) -> Any:
    raise UnsupportedFunctionError("to_sympy: SymPy has no counterpart for ty.custom_derivative")


RECORDS = (
    Operation(
        name="custom",
        build=lambda e, args: region_node(e.op, args, e.payload),
        text=_text,
        spelled=spelled_custom,
        value=lambda algebra, e, values: _run(algebra.function, e, values),
        whole=lambda algebra, e, values: _run(algebra.whole, e, values),
        sympy=_no_sympy,
        widen=lambda e, extras, expand: e.payload.widened(e, extras, expand),
        pullback=lambda e, results, active, walk: e.payload.pulled(e.args, results),
        batch=lambda e, operands, many: e.payload.of_many(e, operands, many),
        error=no_error,
    ),
)
