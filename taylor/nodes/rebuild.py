"""Apply a node's operation to other operands: what substitution and lowering share."""

from __future__ import annotations

from collections.abc import Sequence

from taylor.nodes.node import N
from taylor.nodes.operations.table import operation


def rebuild(template: N, args: Sequence[N]) -> N:
    """Return the operation of `template` on new operands, simplified as if a user had written it.

    >>> from taylor.expressions.leaves import variables
    >>> x, y, z = variables("x y z")
    >>> rebuild(x - y, (z, z))
    0
    """
    built: N = operation(template.op).build(template, args)
    return built
