"""Machine code for functions of polynomials: programs graded by total degree."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylor.errors import ArgumentError
from taylor.expressions.arguments import argument, kept
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression
from taylor.functions.apply import apply
from taylor.numbers.precision import Precision
from taylor.polynomials.coefficients import P
from taylor.polynomials.expansion import CONSTANT, POLYNOMIAL, Expansion
from taylor.polynomials.space import Space
from taylor_runtime.program.records import by_identity

ARGUMENTS = kept(*(argument(f"argument {i}") for i in range(8)))


def formula(
    name: str, arguments: tuple[Expression, ...], fixed: tuple[Any, ...] = ()
) -> Expression:
    """What is computed: "mul", "div", "pow", "reciprocal", or a function in the registry.

    fixed: numbers that are part of the formula: the exponent of a power, the order of a function.
    """
    if name == "div":
        return arguments[0] / arguments[1]
    if name == "mul":
        return arguments[0] * arguments[1]
    if name == "reciprocal":
        return 1 / arguments[0]
    if name == "pow":
        numbers: list[Any] = [*arguments, *fixed]
        return as_expression(numbers[0] ** numbers[1])
    found: Expression = apply(name, *fixed, *arguments)
    return found


def of_single(name: str, *operands: P) -> P:
    """A function of single polynomials of one space and kind, by the shortest way."""
    first = operands[0]
    space, kind = first._space, first._kind
    found = _function(space, name, len(operands), kind.name)(*[p._planes for p in operands])
    return first._held(found, space, kind)


@by_identity
def _function(space: Space, name: str, count: int, precision: str) -> Callable[..., np.ndarray]:
    """The same of coefficients, shape (parts, size), which nobody may write to afterwards."""
    arguments, roles = ARGUMENTS[:count], (POLYNOMIAL,) * count
    outputs = (formula(name, arguments),)
    expansion = Expansion(outputs, arguments, roles, space.monomials, precision, looped=True)
    machine = expansion.code(1)

    def function(*operands: np.ndarray) -> np.ndarray:
        given = np.concatenate(operands, axis=1)
        found = np.zeros_like(operands[0])
        machine.run(given, found, 1, 0, 1)
        if name != "mul" and not all_finite(found):
            check(name, found[:, np.newaxis], given[:, :, np.newaxis])
        found.flags.writeable = False
        return found

    size = space.size
    places, sizes = range(0, count * size, size), (size,) * count
    return machine.entry(places, sizes, (1, size), owned=False, otherwise=function) or function


def all_finite(numbers: np.ndarray) -> bool:
    """Whether no number of a contiguous array is infinite or NaN."""
    squares = np.vdot(numbers, numbers)  # takes a third of the time
    return math.isfinite(squares) or bool(np.isfinite(numbers).all())


def of_many(
    name: str,
    operands: Sequence[np.ndarray],
    space: Space,
    kind: Precision,
    fixed: tuple[Any, ...] = (),
) -> np.ndarray:
    """A function of as many polynomials as there are, of shape (parts, polynomials, size); of
    operands that are numbers the last axis has the length 1.
    """
    arguments = ARGUMENTS[: len(operands)]
    roles = tuple(POLYNOMIAL if x.shape[-1] == space.size else CONSTANT for x in operands)
    outputs = (formula(name, arguments, fixed),)
    expansion = Expansion(outputs, arguments, roles, space.monomials, kind.name, looped=True)
    given = np.concatenate(operands, axis=-1).swapaxes(1, 2)
    found = expansion.run(given, 1)[:, 0, :, : given.shape[-1]].swapaxes(1, 2)
    if name != "mul":
        check(name, found, given)
    return found


def check(name: str, found: np.ndarray, given: np.ndarray) -> None:
    """Raise ArgumentError where finite polynomials have no finite result."""
    wrong = np.isfinite(given).all(axis=(0, 1)) & ~np.isfinite(found).all(axis=(0, 2))
    if wrong.any() and name in ("div", "reciprocal"):
        raise ArgumentError(
            "division by a polynomial whose constant part is zero has no Taylor series"
        )
    if wrong.any():
        raise ArgumentError(
            f"{name} has no finite Taylor series there: the constant part of the first polynomial "
            f"is {given[0, 0, np.argmax(wrong)]}"
        )
