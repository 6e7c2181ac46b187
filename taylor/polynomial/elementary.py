"""Elementary functions of polynomials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError, UnsupportedFunctionError
from taylor.functions.apply import apply
from taylor.functions.registry import get
from taylor.polynomial import numbers
from taylor.polynomial.arithmetic import as_polynomial, multiply, product_planes
from taylor.polynomial.base import Coefficients, in_common, make
from taylor.polynomial.space import Space
from taylor.precision import Precision

if TYPE_CHECKING:
    from taylor.polynomial.polynomial import Polynomial


def elementary(name: str, *operands: Any) -> Polynomial:
    """A function of polynomials and numbers, at least one of them a polynomial.

    name: of a function in the registry, or "div" and "pow" for the operators.

    Raises UnsupportedFunctionError for functions that have no rule here, ArgumentError for points
    at which the function has no Taylor series.
    """
    like = in_common(*(p for p in operands if isinstance(p, Coefficients)))[0]
    if name == "div":
        p, q = operands
        below = reciprocal(as_polynomial(q, like))
        return multiply(below, p)
    if name != "pow":
        operands = _completed(name, operands)
    given = [place for place, value in enumerate(operands) if isinstance(value, Coefficients)]
    others = [value for place, value in enumerate(operands) if place not in given]
    if len(given) > 1 and name == "pow":
        base, exponent = operands
        return elementary("exp", elementary("log", base) * exponent)
    if len(given) > 1 or any(np.ndim(value) for value in others):
        raise UnsupportedFunctionError(
            f"{name}: one argument can be a polynomial, the others must be numbers; write it with "
            "exp, log and the like"
        )

    def function(x: Any) -> Any:
        arguments = [x if place == given[0] else value for place, value in enumerate(operands)]
        return arguments[0] ** arguments[1] if name == "pow" else apply(name, *arguments)

    return _of_one(function, as_polynomial(operands[given[0]], like), name)


def _completed(name: str, operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """The operands of a registered function, with defaults for the last ones."""
    record = get(name)
    missing = record.arity - len(operands)
    if 0 < missing <= len(record.defaults):
        operands += record.defaults[-missing:]
    if len(operands) != record.arity:
        raise ArgumentTypeError(f"{name}: takes {record.arity} argument(s), got {len(operands)}")
    return operands


def _of_one(function: Any, p: Polynomial, name: str) -> Polynomial:
    """f(p) = sum over n of f^(n)(p_0)/n! (p - p_0)**n, by Horner's rule to the orders needed."""
    from taylor.jets import jet

    space, kind = p._space, p._kind
    flat = p._planes.reshape(kind.parts, -1, space.size)
    with np.errstate(all="ignore"):
        points = kind.from_planes(flat[..., 0])
        series = kind.to_planes(jet(function, points, space.order, precision=kind.name))
    if not np.isfinite(series).all():
        raise ArgumentError(
            f"{name} has no finite Taylor series at the constant part of the polynomial, "
            f"{np.array2string(numbers_of(flat[0, :, 0]), threshold=4)}"
        )
    displacement = np.array(flat)
    displacement[..., 0] = 0
    found = np.array(series[:, space.order, :, np.newaxis])
    for n in range(space.order - 1, -1, -1):
        near = space.to_order(space.order - n)
        wide = np.zeros((*flat.shape[:2], near.size), flat.dtype)
        wide[..., : found.shape[-1]] = found
        small = np.ascontiguousarray(displacement[..., : near.size])
        found = product_planes(wide, small, near, kind, flat.shape[1:2])
        found[..., 0] = series[:, n]
    return make(found.reshape(p._planes.shape), space, kind)


def numbers_of(values: np.ndarray) -> np.ndarray:
    """A number, or an array where there are several."""
    return values[0] if values.size == 1 else values


def reciprocal(p: Polynomial) -> Polynomial:
    """1 / p by Newton's rule r <- r + r (1 - p r), which doubles the order that is right."""
    head = p._planes[..., 0]
    if (head[0] == 0).any():
        raise ArgumentError(
            "division by a polynomial whose constant part is zero has no Taylor series"
        )
    kind = p._kind
    known, found = 0, numbers.reciprocal(head)[..., np.newaxis]
    for order in _doubling(p.order):
        near = p._space.to_order(order)
        found = _newton(p._planes[..., : near.size], found, near, kind)
        known = order
    assert known == p.order
    return make(found, p._space, kind)


def _newton(p: np.ndarray, found: np.ndarray, space: Space, kind: Precision) -> np.ndarray:
    shape = p.shape[1:-1]
    start = np.zeros((*p.shape[:-1], space.size), p.dtype)
    start[..., : found.shape[-1]] = found
    rest = -product_planes(p, start, space, kind, shape)
    one = numbers.constant(1.0, kind.parts, kind.dtype)
    rest[..., 0] = numbers.add(rest[..., 0], one.reshape(kind.parts, *[1] * len(shape)))
    return numbers.add(start, product_planes(start, rest, space, kind, shape))


def _doubling(order: int) -> list[int]:
    """Orders up to this one, each at most twice the one before and one."""
    orders = [order] if order else []
    while orders and orders[0] > 1:
        orders.insert(0, orders[0] // 2)
    return orders
