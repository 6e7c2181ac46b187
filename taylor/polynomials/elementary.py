"""Elementary functions of polynomials: programs graded by total degree (see `expansion`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.functions.apply import completed
from taylor.nodes.registry import get
from taylor.numbers import planes as numbers
from taylor.polynomials.arithmetic import (
    as_integer,
    as_polynomial,
    common_shape,
    multiply,
    natural_power,
    operand,
    widened,
)
from taylor.polynomials.coefficients import Coefficients, P, converted, in_common
from taylor.polynomials.machines import of_many, of_single

_IN_PIECES = (
    *("abs", "sign", "copysign", "floor", "floor_divide", "remainder"),
    *("rint", "round_decimal", "minimum", "maximum", "relu", "leaky_relu"),
)


def elementary(like: P, name: str, *operands: Any) -> P:
    """A function of polynomials and numbers, at least one of them a polynomial.

    like: a polynomial of the class that the result has.
    name: of a function in the registry, or "div" and "pow" for the operators.

    Raises ArgumentError for points at which the function has no Taylor series.
    """
    fixed: tuple[Any, ...] = ()  # what formulas depend on: integers that choose a function
    if name == "div":
        if _is_number(operands[0]) and are_single(operands[1:]):
            inverse: P = of_single("reciprocal", operands[1])
            return multiply(inverse, operands[0])
    elif name == "pow":
        if _is_number(operands[1]):
            operands, fixed = operands[:1], operands[1:]
    else:
        record = get(name)
        operands = completed(record, operands)
        fixed, operands = operands[: record.orders], operands[record.orders :]
        if name in _IN_PIECES:
            _check_kinks(name, (*fixed, *operands))
    if are_single(operands) and not fixed:
        return of_single(name, *operands)
    common = in_common(*(p for p in operands if isinstance(p, Coefficients)))[0]
    space, kind = common._space, common._kind
    given = [_planes(value, common) for value in operands]
    shape = common_shape(*(planes.shape[1 : planes.ndim - wide] for planes, wide in given))
    flat = [
        widened(planes, shape, wide).reshape(kind.parts, -1, space.size if wide else 1)
        for planes, wide in given
    ]
    found = of_many(name, flat, space, kind, fixed)
    return like._made(found.reshape(kind.parts, *shape, space.size), space, kind)


def divide(p: P, value: Any) -> P:
    """p / value"""
    if isinstance(value, Coefficients):
        return elementary(p, "div", p, value)
    given = operand(value, p)
    if given is NotImplemented:
        return NotImplemented
    if isinstance(given, Coefficients):
        return elementary(p, "div", p, given)
    if p._kind.arithmetic is None:
        return p._made(p._planes / given[..., None], p._space, p._kind)
    return multiply(p, p._kind.from_planes(numbers.reciprocal(p._kind, given)))


def divide_into(p: P, value: Any) -> P:
    """value / p"""
    return elementary(p, "div", value, p)


def power(p: P, exponent: Any) -> P:
    """p**exponent"""
    n = as_integer(exponent)
    if n is None:
        return elementary(p, "pow", p, exponent)
    positive = natural_power(p, abs(n))
    return divide_into(positive, 1) if n < 0 else positive


def exponential(p: P, base: Any) -> P:
    """base**p"""
    return power(as_polynomial(base, p), p)


def _is_number(value: Any) -> bool:
    return not isinstance(value, Coefficients) and np.ndim(value) == 0


def are_single(operands: Sequence[Any]) -> bool:
    """Whether `of_single` takes these operands."""
    first = operands[0]
    for p in operands:
        if not isinstance(p, Coefficients) or p._planes.ndim != 2:
            return False
        if p._space is not first._space or p._kind is not first._kind:
            return False
    return True


def _check_kinks(name: str, operands: Sequence[Any]) -> None:
    """Raise ArgumentError where a function in pieces has a corner or a jump."""
    heads = [
        np.asarray(p._planes[0, ..., 0] if isinstance(p, Coefficients) else p) for p in operands
    ]
    if name in ("minimum", "maximum"):
        wrong = heads[0] == heads[1]
    elif name == "floor":
        wrong = heads[0] == np.floor(heads[0])
    elif name in ("floor_divide", "remainder"):
        wrong = np.remainder(*heads) == 0
    elif name in ("rint", "round_decimal"):
        wrong = np.remainder(heads[-1] * (heads[0] if len(heads) > 1 else 1), 1) == 0.5
    else:
        wrong = heads[-1 if name == "copysign" else 0] == 0
    if wrong.any():
        raise ArgumentError(
            f"{name} has no Taylor series there: the constant part is where its pieces meet"
        )


def _planes(value: Any, like: Coefficients) -> tuple[np.ndarray, int]:
    """Coefficients or numbers, and whether they are coefficients, along a last axis."""
    given = operand(value, like)
    if given is NotImplemented:
        raise ArgumentTypeError(f"a polynomial or numbers are needed, got {value!r}")
    if isinstance(given, Coefficients):
        return converted(given, like._space, like._kind)._planes, 1
    return given, 0
