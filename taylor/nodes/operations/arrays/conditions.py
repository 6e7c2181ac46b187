"""Comparisons, logic and choice."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from taylor.nodes import logic, sums
from taylor.nodes.node import CONDITIONS, ONE, ZERO
from taylor.nodes.operation import AND, ATOM, COMPARE, OR, SUM, UNARY, Operation, no_slopes
from taylor.nodes.operations.arrays.cotangents import both, guard_of, unbroadcast
from taylor.nodes.operations.scalars.rounding import no_error
from taylor.nodes.registry import functions


def undecided(models: Any, e: Any, parts: Sequence[Any]) -> Any:
    """The model of what may jump."""
    return models.unknown(ZERO)


def truth(walk: Any, e: Any) -> int:
    """The row of a condition, which is constant in pieces."""
    row: int = walk.builder.kernel(e.op, *(walk.rows[arg] for arg in e.args))
    return row


# --- comparisons ----------------------------------------------------------


def _first_larger(signs: Any, e: Any) -> Any:
    return logic.greater(signs.sign(sums.subtract(e.args[0], e.args[1])), ZERO)


def _second_larger(signs: Any, e: Any) -> Any:
    return logic.greater(signs.sign(sums.subtract(e.args[1], e.args[0])), ZERO)


def _comparison(
    name: str, symbol: str, compare: Callable[[Any, Any], Any], sympy_name: str, holds: Any
) -> Operation:
    """compare: two numbers; holds: as the record has it."""
    return Operation(
        name=name,
        build=lambda e, args: logic.compare(name, args[0], args[1]),
        text=lambda e, names: ([(e.args[0], SUM), f" {symbol} ", (e.args[1], SUM)], COMPARE),
        value=lambda algebra, e, values: algebra.truth(compare(values[0], values[1])),
        sympy=lambda to, e: getattr(to.sympy, sympy_name)(*map(to.number, e.args)),
        slopes=no_slopes,
        error=no_error,
        bound=undecided,
        digits=lambda known, e, parts: known.truth,
        rows=truth,
        edges=lambda e: (sums.subtract(*e.args),),
        holds=holds,
    )


# --- logic ----------------------------------------------------------


def _connective(
    name: str, symbol: str, strength: int, join: Callable[[Any, Any], Any], sympy_name: str
) -> Operation:
    """join: two truths of Python or NumPy."""
    return Operation(
        name=name,
        build=lambda e, args: logic.logical(name, args[0], args[1]),
        # Comparisons bind more weakly than & and | in Python.
        text=lambda e, names: ([(e.args[0], SUM), f" {symbol} ", (e.args[1], SUM)], strength),
        value=lambda algebra, e, values: algebra.truth(join(values[0] != 0, values[1] != 0)),
        sympy=lambda to, e: getattr(to.sympy, sympy_name)(*map(to.condition, e.args)),
        slopes=no_slopes,
        error=no_error,
        bound=undecided,
        digits=lambda known, e, parts: known.truth,
        rows=truth,
        holds=lambda signs, e: logic.logical(name, *map(signs.condition, e.args)),
    )


_NOT = Operation(
    name="not",
    build=lambda e, args: logic.logical_not(args[0]),
    text=lambda e, names: (["~", (e.args[0], ATOM)], UNARY),
    value=lambda algebra, e, values: algebra.truth(values[0] == 0),
    sympy=lambda to, e: to.sympy.Not(to.condition(e.args[0])),
    slopes=no_slopes,
    error=no_error,
    bound=undecided,
    digits=lambda known, e, parts: known.truth,
    rows=truth,
    holds=lambda signs, e: logic.logical_not(signs.condition(e.args[0])),
)

# --- choice ----------------------------------------------------------


def _choice_tangent(e: Any, tangents: Mapping[Any, Any]) -> Any:
    test, a, b = e.args
    logic.warn_of_points(test, tangents.__contains__)
    return logic.where(test, tangents.get(a, ZERO), tangents.get(b, ZERO))


def _choice_adjoints(e: Any, adjoint: Any, guard: Any) -> Iterator[tuple[Any, Any, Any]]:
    test, a, b = e.args
    chosen = (
        (a, logic.where(test, adjoint, 0), test),
        (
            b,
            logic.where(test, 0, adjoint),
            logic.logical_not(test),
        ),
    )
    for branch, share, taken in chosen:
        counts = guard_of(both(guard, taken), e.shape, branch.shape)
        yield branch, unbroadcast(share, branch.shape), counts


def _check_choice(e: Any, varies: Callable[[Any], bool]) -> None:
    logic.warn_of_points(e.args[0], lambda x: varies(x) and _moves(x))


def _moves(e: Any) -> bool:
    """Whether it moves with more than parameters, which select functions; what jumps does not."""
    pending, seen = [e], set()
    while pending:
        node = pending.pop()
        if node in seen or node.op == "parameter" or node.op in CONDITIONS or _jumps(node.op):
            continue
        if getattr(node.payload, "whole", False):
            continue  # an argument of whole numbers is a constant
        if node.op in ("variable", "time"):
            return True
        seen.add(node)
        pending.extend(node.args)
    return False


def _jumps(op: str) -> bool:
    function = functions.get(op)
    return function is not None and function.jumps


def _choice_in_sympy(to: Any, e: Any) -> Any:
    test, a, b = e.args
    return to.sympy.Piecewise((to.number(a), to.condition(test)), (to.number(b), True))


_WHERE = Operation(
    name="where",
    build=lambda e, args: logic.where(*args),
    value=lambda algebra, e, values: algebra.choose(*values),
    sympy=_choice_in_sympy,
    tangent=_choice_tangent,
    adjoints=_choice_adjoints,
    check_backward=_check_choice,
    error=lambda e, errors: logic.where(e.args[0], errors[e.args[1]], errors[e.args[2]]),
    bound=undecided,
    digits=lambda known, e, parts: known.one_of(parts[1:]),
    rows=lambda walk, e: walk.choice(e),
    surface=lambda signs, e, zeros: signs.choice(e, zeros),
)

RECORDS = (
    _comparison("lt", "<", operator.lt, "Lt", _second_larger),
    _comparison("le", "<=", operator.le, "Le", _second_larger),
    _comparison("gt", ">", operator.gt, "Gt", _first_larger),
    _comparison("ge", ">=", operator.ge, "Ge", _first_larger),
    _comparison("eq", "==", operator.eq, "Eq", lambda signs, e: ZERO),
    _comparison("ne", "!=", operator.ne, "Ne", lambda signs, e: ONE),
    _connective("and", "&", AND, operator.and_, "And"),
    _connective("or", "|", OR, operator.or_, "Or"),
    _NOT,
    _WHERE,
)
