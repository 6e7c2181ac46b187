"""The ways of writing a system of equations, brought to one: states and derivatives in order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field, replace
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np

from taylor.control.unrolled import unrolled
from taylor.errors import ArgumentTypeError, TaylorError, raised_at
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression, stack
from taylor.expressions.scalars import are_scalars, scalars
from taylor.expressions.trace import TracedSystem, trace_rhs
from taylor.expressions.types import ExpressionLike, UserFunction
from taylor.nodes.regions import has_regions
from taylor.nodes.traverse import below, from_records, reachable, to_records
from taylor.nodes.traverse import inputs as leaves
from taylor.systems.blocks import Block, SpelledOut, as_blocks
from taylor.systems.elements import Elements
from taylor_runtime.program.records import dataclass


class EquationsError(TaylorError, ValueError):
    """A system of equations is not one: what is wrong, in which equation, and the remedy.

    `taylor.SystemError` is the same class.
    >>> import taylor as ty
    >>> x, v = ty.variables("x v")
    >>> try:
    ...     ty.Integrator([(x, v)], [1.0])
    ... except ty.EquationsError as error:
    ...     print(str(error).split(";")[0])
    v is used but has no equation
    """


SystemError = EquationsError  # its first name, which shadows one of Python's own


# Pairs of a variable and its derivative, scalars or arrays; the same as a mapping; or a function.
Equations: TypeAlias = (
    "Mapping[Expression, ExpressionLike]"
    " | Iterable[tuple[ExpressionLike, ExpressionLike] | Sequence[ExpressionLike]]"
    " | UserFunction"
)


@dataclass(frozen=True, slots=True)
class System:
    """x_i' = derivatives[i], scalar expressions of states, time and parameters.

    parameters: those of a function as declared; else the ones that occur, in order of first use.
    blocks: of a system of large arrays, (variable, derivative) as arrays, in the order of states;
        the elements of derivatives are then spelled out when somebody asks for them.
    operations: of all nodes below the equations, where somebody has looked; else none.
    """

    states: Sequence[Expression]
    derivatives: Sequence[Expression]
    parameters: Sequence[Expression]
    blocks: tuple[Block, ...] = ()
    operations: frozenset[str] = field(default=frozenset(), repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.states)

    def __reduce__(self) -> tuple[Any, ...]:
        """The expressions together, so that what they share is written once."""
        derivatives = () if self.blocks else tuple(self.derivatives)
        blocks = [e for block in self.blocks for e in block]
        records = to_records([*self.states, *derivatives, *self.parameters, *blocks])
        return _load, (records, len(self.states), len(blocks))


def _load(records: Any, states: int, blocks: int = 0) -> System:
    """Rebuild a pickled system."""
    roots = from_records(records)
    if not blocks:
        return System(roots[:states], roots[states : 2 * states], roots[2 * states :])
    pairs = tuple(zip(roots[-blocks::2], roots[1 - blocks :: 2], strict=True)) if blocks > 1 else ()
    return System(roots[:states], SpelledOut(pairs), roots[states:-blocks], pairs)


def make_system(equations: System | Equations, count: int, parameter_count: int = 0) -> System:
    """Accept pairs, a dict, pairs of arrays, or a function rhs(t, y) or rhs(t, y, p) of arrays.

    count, parameter_count: number of states and of parameters, which a function does not tell.

    Raises EquationsError where an equation is missing, double, or uses a variable without one.
    """
    if isinstance(equations, System):
        return equations
    if callable(equations):
        traced = _trace(equations, count, parameter_count)
        pairs = list(zip(traced.states, traced.derivatives, strict=True))
        blocks = None
        if has_regions(traced.derivatives):
            whole = traced.states[0].args[0]  # the array that the function was called with
            blocks = as_blocks([(whole, stack(traced.derivatives))])
        if blocks is not None:
            return _of_blocks(blocks, traced.parameters)
        return _checked(pairs, traced.parameters)
    items = _items(equations)
    blocks = as_blocks(items)
    if blocks is not None:
        return _of_blocks(blocks)
    given = [e for item in items for e in item]
    if all(isinstance(e, Expression) for e in given) and are_scalars(nodes := below(given)):
        return _checked(items, nodes=nodes)
    memo: Memo = {}
    return _checked([pair for item in items for pair in _scalar_pairs(*item, memo)])


def _of_blocks(blocks: tuple[Block, ...], declared: Sequence[Expression] = ()) -> System:
    """The system of equations of arrays, checked."""
    known: dict[Expression, int] = {}
    for number, (state, value) in enumerate(blocks):
        if state in known:
            raise EquationsError(f"{state} has two equations, numbers {known[state]} and {number}")
        known[state] = number
        if value.shape != state.shape:
            raise EquationsError(
                f"the derivative of {state} has shape {value.shape}, the variable {state.shape}"
            )
    parameters: list[Expression] = []
    for leaf in leaves([value for _, value in blocks]):
        if leaf.op == "variable" and leaf not in known:
            raise EquationsError(
                f"{leaf} is used but has no equation; add ({leaf}, its derivative), or make it a "
                f"parameter with ty.parameter({str(leaf)!r})"
            )
        if leaf.op == "parameter":
            parameters.append(leaf)
    _check_names("states", [state for state, _ in blocks])
    named: Sequence[Expression] = Elements(parameters)
    if declared:  # element by element
        named = tuple(dict.fromkeys([*declared, *named]))
    return System(Elements(known), SpelledOut(blocks), named, blocks)


def with_parameters_of(system: System, expressions: Sequence[Expression]) -> System:
    """The system, knowing the parameters that other expressions use, too."""
    if not expressions:
        return system
    roots = [e for expression in expressions for e in scalars(expression).ravel()]
    found = dict.fromkeys(system.parameters)
    found |= dict.fromkeys(node for node in reachable(roots) if _is_parameter(node))
    return replace(system, parameters=tuple(found))


def _trace(function: Any, count: int, parameter_count: int) -> TracedSystem:
    try:
        return trace_rhs(function, count, parameter_count)
    except IndexError as error:
        raise EquationsError(
            f"the right-hand side was called with {count} states and {parameter_count} parameters "
            "(as many as `state` and the array `parameters` have; a dictionary's parameters are "
            f"used by name, as ty.parameter(...)) and raised IndexError: {error}{raised_at(error)}"
        ) from error


def _items(equations: Any) -> list[tuple[Any, Any]]:
    if isinstance(equations, Mapping):
        return list(equations.items())
    if not isinstance(equations, Iterable) or isinstance(equations, str | Expression):
        raise ArgumentTypeError(
            "a system is a list of (variable, derivative) pairs, a dict, or a function "
            f"rhs(t, y, p); got {type(equations).__name__}"
        )
    items = []
    for number, item in enumerate(equations):
        if not isinstance(item, Sequence) or len(item) != 2:
            raise EquationsError(
                f"equation {number} must be a pair (variable, derivative), got {item!r}"
            )
        items.append((item[0], item[1]))
    return items


Memo = dict[Expression, Any]  # lowered expressions, shared by the equations of a system


def _scalar_pairs(left: Any, right: Any, memo: Memo) -> list[tuple[Expression, Expression]]:
    """One pair an element; the right side broadcasts to the left."""
    states, values = _elements(left, memo), _elements(right, memo)
    try:
        derivatives = np.broadcast_to(values, states.shape)
    except ValueError:
        raise EquationsError(
            f"the derivative of {left} has shape {values.shape}, the variable {states.shape}"
        ) from None
    return list(zip(states.ravel(), derivatives.ravel(), strict=True))


def _elements(value: Any, memo: Memo) -> np.ndarray:
    if isinstance(value, Expression):
        return scalars(value, memo)
    array = np.asarray(value, dtype=object)
    result = np.empty(array.shape, dtype=object)
    for index, item in np.ndenumerate(array):
        result[index] = as_expression(item)
    return result


def _checked(
    pairs: list[tuple[Expression, Expression]],
    declared: Sequence[Expression] = (),
    nodes: Collection[Expression] | None = None,
) -> System:
    """The system of equations of scalars, checked.

    nodes: all below them, where it is known that these are scalars, without loops and branches.
    """
    if not pairs:
        raise EquationsError("the system is empty: give at least one (variable, derivative) pair")
    if nodes is None:
        pairs, nodes = _spelled(pairs)
    seen: dict[Expression, int] = {}
    for number, (state, derivative) in enumerate(pairs):
        if not _is_variable(state):
            raise EquationsError(f"equation {number} is for {state}, which is not a variable")
        if state in seen:
            raise EquationsError(f"{state} has two equations, numbers {seen[state]} and {number}")
        seen[state] = number
        if derivative.shape != ():
            raise EquationsError(
                f"the derivative of {state} is not a scalar: shape {derivative.shape}"
            )
    parameters = dict.fromkeys(declared)
    used = [e for e in nodes if not e.args or e.op == "index"]
    for node in sorted(used, key=attrgetter("id")):
        if _is_variable(node) and node not in seen:
            raise EquationsError(
                f"{node} is used but has no equation; add ({node}, its derivative), or make it a "
                f"parameter with ty.parameter({str(node)!r})"
            )
        if _is_parameter(node):
            parameters[node] = None
    states, derivatives = zip(*pairs, strict=True)
    _check_names("states", states)
    _check_names("parameters", list(parameters))
    operations = frozenset({e.op for e in nodes})
    return System(tuple(states), tuple(derivatives), tuple(parameters), (), operations)


def _spelled(
    pairs: list[tuple[Expression, Expression]],
) -> tuple[list[tuple[Expression, Expression]], Collection[Expression]]:
    """The equations without loops and arrays, and all nodes below them."""
    found = unrolled("the system", [derivative for _, derivative in pairs])
    nodes = below(found)
    if any(e.shape and e.args for e in nodes):  # a function has made arrays, or a branch has
        memo: Memo = {}
        found = [e if e.shape else scalars(e, memo).item() for e in found]
        nodes = below(found)
    return [(state, e) for (state, _), e in zip(pairs, found, strict=True)], nodes


def _check_names(what: str, nodes: Sequence[Expression]) -> None:
    """Different ones of one name, a user's and an argument, could not be told apart."""
    known: dict[str, Expression] = {}
    for e in nodes:
        if known.setdefault(str(e), e) is not e:
            raise EquationsError(
                f"two {what} are called {e}: one is an argument of the right-hand side, or made "
                "in another way; rename yours"
            )


def _is_variable(e: Expression) -> bool:
    """A scalar variable, or one element of an array variable."""
    return e.shape == () and _leaf(e).op == "variable"


def _is_parameter(e: Expression) -> bool:
    return e.shape == () and _leaf(e).op == "parameter"


def _leaf(e: Expression) -> Expression:
    return e.args[0] if e.op == "index" else e
