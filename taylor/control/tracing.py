"""Functions traced to graphs: what they take from outside becomes operands of the node.

What a loop's turns all compute alike is computed before the loop, once: the largest expressions
that do not depend on the function's own arguments are operands, not their inputs.  Branches take
inputs alone: what they compute is not wanted where they are not taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylor.control.trees import (
    CONDITION,
    LEAF,
    Tree,
    described,
    flatten,
    kind_of,
)
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.arguments import argument, captured, has_expressions, traced
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ONE, ZERO, as_expression
from taylor.expressions.substitute import substitute_all
from taylor.expressions.trace import positional_names
from taylor.nodes.logic import condition
from taylor.nodes.regions import Graph, inner_input
from taylor.nodes.sums import exact_value
from taylor.nodes.traverse import inputs, reachable

Kind = tuple[str, tuple[int, ...]]  # condition or number, and the shape


class Value:
    """A tree with its leaves as they were given."""

    __slots__ = ("leaves", "tree")

    def __init__(self, leaves: list[Any], tree: Tree) -> None:
        self.leaves, self.tree = leaves, tree

    @property
    def kinds(self) -> list[Kind]:
        """What the leaves are."""
        return [kind_of(leaf) for leaf in self.leaves]

    @property
    def nodes(self) -> list[Expression]:
        """The leaves as expressions."""
        return [as_node(leaf) for leaf in self.leaves]

    @property
    def traced(self) -> bool:
        """Whether expressions are among the leaves."""
        return any(map(has_nodes, self.leaves))

    @property
    def pair(self) -> tuple[Value, Value] | None:
        """Both items, if the value is a tuple of two."""
        if self.tree.kind is not tuple or len(self.tree.children) != 2:
            return None
        first, second = self.tree.children
        count = len(first.paths(""))
        return Value(self.leaves[:count], first), Value(self.leaves[count:], second)

    def __str__(self) -> str:
        return described(self.leaves, self.tree)


def value_of(what: str, given: Any) -> Value:
    """A tree of numbers and expressions; ArgumentTypeError for anything else."""
    return Value(*flatten(what, given))


def as_node(leaf: Any) -> Expression:
    """A leaf as an expression; ArgumentTypeError for numbers that are none, as complex ones."""
    if isinstance(leaf, bool | np.bool_):
        return ONE if leaf else ZERO
    return as_expression(leaf)


def has_nodes(leaf: Any) -> bool:
    """Whether a leaf is an expression, or an array with expressions in it."""
    return not isinstance(leaf, list | tuple) and has_expressions(leaf)


def check_same(function: str, first: tuple[str, Value], second: tuple[str, Value]) -> None:
    """Raise ShapeError or ArgumentTypeError, showing both, unless two values are of one structure
    and of the same shapes and kinds.
    """
    (one, a), (other, b) = first, second
    if a.tree == b.tree and all(map(_alike, a.leaves, b.leaves)):
        return
    if a.tree != b.tree:
        what, error = "another structure", ArgumentTypeError
    elif [shape for _, shape in a.kinds] != [shape for _, shape in b.kinds]:
        what, error = "other shapes", ShapeError  # type: ignore[assignment]
    else:
        what, error = (
            "other kinds (a number where a condition is, or the reverse)",
            ArgumentTypeError,
        )
    raise error(f"{function}: {other} has {what} than {one}:\n  {one}: {a}\n  {other}: {b}")


def _alike(a: Any, b: Any) -> bool:
    """Whether two leaves are of one shape and kind; a condition that is known is a number, too."""
    (kind, shape), (other, other_shape) = kind_of(a), kind_of(b)
    known = is_known_truth(a if kind != CONDITION else b)
    return shape == other_shape and (kind == other or known)


def is_known_truth(leaf: Any) -> bool:
    """Whether a leaf is an expression that is 0 or 1."""
    return isinstance(leaf, Expression) and not leaf.shape and exact_value(leaf) in (0, 1)


class Traced:
    """A function called with arguments of its own.

    arguments: those that the graph has.
    result:    what it returned.
    """

    __slots__ = ("arguments", "result")

    def __init__(self, arguments: Sequence[Expression], result: Value) -> None:
        self.arguments, self.result = tuple(arguments), result


def trace(what: str, function: Callable[..., Any], given: Sequence[Value | Kind]) -> Traced:
    """Call a function with new arguments, of the structure and kinds of values."""
    leaves: list[Expression] = []
    values = []
    names = positional_names(function) or []
    if len(names) != len(given):
        names = [f"u{position}" for position in range(len(given))]
    for name, value in zip(names, given, strict=True):
        tree, kinds = (value.tree, value.kinds) if isinstance(value, Value) else (LEAF, [value])
        paths = zip(tree.paths(name), kinds, strict=True)
        own = [argument(path, shape) for path, (_, shape) in paths]
        seen = [seen_as(kind, x) for (kind, _), x in zip(kinds, own, strict=True)]
        leaves += own
        values.append(tree.build(seen))
    with traced(leaves):
        result = value_of(what, function(*values))
        nodes = result.nodes
    captured(nodes, leaves)
    return Traced(leaves, result)


def seen_as(kind: str, e: Expression) -> Expression:
    """A number that is a truth value as a condition."""
    return condition(e) if kind == CONDITION else e


class Closed:
    """Graphs that depend on nothing but their inputs, with the operands that they took along.

    constants: from outside; every graph has them as its first inputs.
    """

    __slots__ = ("constants", "graphs")

    def __init__(self, graphs: Sequence[Graph], constants: Sequence[Expression]) -> None:
        self.graphs, self.constants = tuple(graphs), tuple(constants)


def closed(
    functions: Sequence[Traced],
    ahead: bool = True,
    known: Callable[[Expression], bool] | None = None,
) -> Closed:
    """The graphs of traced functions, closed over the same constants.

    ahead: what does not depend on their arguments is computed outside.
    known: else, if given, what is computed outside in any case.
    """
    taken: dict[Expression, None] = {}
    for one in functions:
        own = set(one.arguments)
        if ahead:
            taken |= dict.fromkeys(_taken(one))
        elif known is not None:
            taken |= dict.fromkeys(_first(one.result.nodes, known))
        else:
            taken |= dict.fromkeys(e for e in inputs(one.result.nodes) if e not in own)
    constants = tuple(sorted(taken, key=lambda e: e.id))
    graphs = []
    for one in functions:
        outer = [
            inner_input(f"k{i}" if e.args else str(e), e.shape) for i, e in enumerate(constants)
        ]
        table = {e: seen_as(kind_of(e)[0], x) for e, x in zip(constants, outer, strict=True)}
        inner = [inner_input(str(x.payload), x.shape) for x in one.arguments]
        table |= dict(zip(one.arguments, inner, strict=True))
        graphs.append(Graph([*outer, *inner], substitute_all(one.result.nodes, table)))
    return Closed(graphs, constants)


def _taken(one: Traced) -> list[Expression]:
    """The largest expressions in a function's results that do not depend on its arguments."""
    roots, own = one.result.nodes, set(one.arguments)
    varies: set[Expression] = set()
    found: dict[Expression, None] = {}
    for e in reachable(roots):
        if e in own or any(arg in varies for arg in e.args):
            varies.add(e)
            found |= dict.fromkeys(arg for arg in e.args if arg not in varies)
    found |= dict.fromkeys(root for root in roots if root not in varies)
    return [e for e in found if e.op != "constant"]


def _first(roots: Sequence[Expression], known: Callable[[Expression], bool]) -> list[Expression]:
    """The first nodes on all ways into roots that are known; inputs are."""
    found: dict[Expression, None] = {}
    for e in reachable(roots, stop=known):
        if e.op != "constant" and (not e.args or known(e)):
            found[e] = None
    return list(found)


def as_number(function: str, what: str, given: Any) -> Expression:
    """A bound or an index as a scalar expression."""
    try:
        e = as_node(given)
    except ArgumentTypeError:
        raise ArgumentTypeError(f"{function}: {what}={given!r} is not a real number") from None
    if e.shape:
        raise ShapeError(f"{function}: {what} has shape {e.shape}; it has to be a single number")
    return e


def as_condition(function: str, what: str, given: Value) -> Expression:
    """What a function has returned as a single condition."""
    kinds = [kind_of(leaf) for leaf in given.leaves]
    known = [is_known_truth(leaf) for leaf in given.leaves] == [True]
    if (kinds != [(CONDITION, ())] and not known) or given.tree.children:
        raise ArgumentTypeError(
            f"{function}: {what} must return one condition, as in x < 1, or a bool; got {given}"
        )
    return as_node(given.leaves[0])


def check_callable(function: str, **given: Any) -> None:
    """Raise ArgumentTypeError for what is no function."""
    for name, one in given.items():
        if not callable(one):
            raise ArgumentTypeError(f"{function}: {name}={one!r} is not a function")


def check_count(function: str, length: Any) -> int:
    """A number of turns; ArgumentError for what is none."""
    if isinstance(length, bool) or not isinstance(length, int | np.integer) or length < 0:
        raise ArgumentError(f"{function}: length={length!r} has to be an int of at least 0")
    return int(length)
