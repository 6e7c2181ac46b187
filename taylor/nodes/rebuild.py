"""Apply a node's operation to other operands: what substitution and lowering share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import is_

from taylor.nodes.node import N
from taylor.nodes.operations.table import operation
from taylor.nodes.regions import REGIONS, region_node, rewritten


def rebuild(template: N, args: Sequence[N]) -> N:
    """Return the operation of `template` on new operands, simplified as if a user had written it.

    >>> from taylor.expressions.leaves import variables
    >>> x, y, z = variables("x y z")
    >>> rebuild(x - y, (z, z))
    0
    """
    built: N = operation(template.op).build(template, args)
    return built


def rebuilt(e: N, args: Sequence[N], rewrite: Callable[[Sequence[N]], Sequence[N]]) -> N:
    """Return `e` on new operands; of a loop or a choice with `rewrite` applied to its graphs.

    It is `e` itself where nothing changes.
    """
    same = all(map(is_, args, e.args))
    if e.op not in REGIONS:
        return e if same else rebuild(e, args)
    region = rewritten(e.payload, rewrite)
    return e if same and region is e.payload else region_node(e.op, args, region)
