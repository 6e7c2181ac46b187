"""Elementary functions: one operation, which asks the record of the function in its node."""

from __future__ import annotations

from taylor.nodes.elementary import make_function_node
from taylor.nodes.operation import Operation

FUNCTION = Operation(
    name="",
    build=lambda e, args: make_function_node(e.op, *args),
    value=lambda algebra, e, values: algebra.call(e.op, values),
    sympy=lambda to, e: to.call(e),
)
