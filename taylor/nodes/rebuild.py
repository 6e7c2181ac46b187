"""Apply a node's operation to other operands: what substitution and lowering share."""

from __future__ import annotations

from collections.abc import Sequence

from taylor.nodes import arrays, conversion, elementary, logic, products, sums
from taylor.nodes import node as ex
from taylor.nodes.node import COMPARISONS, N

# Operations that work element by element on broadcast operands; elementary functions do as well.
ARRAY_OPS = frozenset(
    ("index", "take", "stack", "sum", "matmul", "reshape", "transpose", "broadcast")
)


def rebuild(template: N, args: Sequence[N]) -> N:
    """Return the operation of `template` on new operands, simplified as if a user had written it.

    >>> from taylor.expressions.leaves import variables
    >>> x, y, z = variables("x y z")
    >>> rebuild(x - y, (z, z))
    0
    """
    op = template.op
    if op == "linear":
        return _linear(template, args)
    if op in ("mul", "div", "pow"):
        build = {"mul": products.multiply, "div": products.divide, "pow": products.power}[op]
        return build(args[0], args[1])
    if op in COMPARISONS:
        return logic.compare(op, args[0], args[1])
    if op in ("and", "or"):
        return logic.logical(op, args[0], args[1])
    if op == "not":
        return logic.logical_not(args[0])
    if op == "where":
        return logic.where(*args)
    if op in ARRAY_OPS:
        return _array(template, args)
    if not template.args:
        return template
    return elementary.make_function_node(op, *args)


def _linear(template: N, args: Sequence[N]) -> N:
    coefficients, offset = template.payload
    if len(args) == 1:
        return sums.add_constant(sums.scale(coefficients[0], args[0]), offset)
    if len(args) == 2:
        return sums.combine(coefficients[0], args[0], coefficients[1], args[1])
    shape = ex.broadcast_shapes("sum", *args)
    terms = list(zip(coefficients, args, strict=True))
    if all(arg.shape == shape for arg in args):
        return sums.linear_combination(terms, shape)
    total = sums.scale(*terms[0])
    for coefficient, term in terms[1:]:
        total = sums.combine(1, total, coefficient, term)
    return total


def _array(template: N, args: Sequence[N]) -> N:
    op, payload = template.op, template.payload
    if op == "index":
        return arrays.index_entries(args[0], payload)
    if op == "take":
        return arrays.take_flat(args[0], *payload)
    if op == "stack":
        return conversion.stack(args)
    if op == "sum":
        return arrays.sum_axes(args[0], payload)
    if op == "matmul":
        return arrays.matmul(args[0], args[1])
    if op == "reshape":
        return arrays.reshape(args[0], payload)
    if op == "transpose":
        return arrays.transpose(args[0], payload)
    return arrays.broadcast_to(args[0], payload)
