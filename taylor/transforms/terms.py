"""What both directions of differentiation share: products of slopes, and what has derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor.expressions.expression import Expression
from taylor.nodes.operations.table import operation
from taylor.nodes.products import multiply
from taylor.nodes.rebuild import rebuild
from taylor.nodes.traverse import reachable
from taylor.numbers.exact import Exact

Term = tuple[Exact, Expression]  # a coefficient and what it multiplies


def product(partial: Exact | Expression, value: Expression) -> Term:
    """A slope times a tangent or an adjoint."""
    if isinstance(partial, Expression):
        return 1, multiply(partial, value)
    return partial, value


def expanded(roots: Sequence[Expression], stop: Callable[[Expression], bool]) -> list[Expression]:
    """The roots with operations that have no derivatives made of others; `stop`: for inputs."""
    order = reachable(roots, stop=stop)
    if not any(operation(e.op).expanded is not None for e in order):
        return list(roots)
    done: dict[Expression, Expression] = {}
    for e in order:
        if stop(e):
            done[e] = e
            continue
        args = [done[arg] for arg in e.args]
        same = all(new is old for new, old in zip(args, e.args, strict=True))
        made, write = e if same else rebuild(e, args), operation(e.op).expanded
        # In other operands it may have become another operation.
        done[e] = made if write is None or made.op != e.op else write(made)
    return [done[root] for root in roots]
