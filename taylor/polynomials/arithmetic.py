"""Sums, products, powers and comparisons of polynomials and numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from taylor.errors import ArgumentTypeError, ShapeError
from taylor.numbers import planes as numbers
from taylor.numbers.exact import exact
from taylor.polynomials.coefficients import Coefficients, P, converted, in_common, reshape
from taylor.polynomials.machines import of_many, of_single
from taylor.polynomials.space import Space, make_space
from taylor_runtime.callables.polynomials import is_small as has_few_products
from taylor_runtime.callables.polynomials import polynomial_product
from taylor_runtime.program.records import by_identity

Operation = Callable[[np.ndarray, np.ndarray], np.ndarray]


def operand(value: Any, like: P) -> P | np.ndarray:
    """A polynomial, or numbers of shape (parts, *shape); NotImplemented for anything else."""
    if isinstance(value, type(like)):
        return value
    kind = like._kind
    if isinstance(value, np.ndarray) and value.dtype == object:
        items = value.ravel().tolist()
        if any(isinstance(item, Coefficients) for item in items):
            return reshape(stacked(items, like), value.shape)
    elif isinstance(value, list | tuple):
        if any(isinstance(item, Coefficients) for item in value):
            return stacked(value, like)
    elif not isinstance(value, np.ndarray | np.generic):
        number = None if isinstance(value, str) else exact(value)
        if number is None:
            return NotImplemented
        if not kind.is_finer:
            return numbers.constant(kind, float(number))
    return numbers.as_planes(value, kind, "operand")


def stacked(items: Sequence[Any], like: P) -> P:
    """Polynomials, and numbers among them, of one shape, side by side along a new first axis."""
    known = [item for item in items if isinstance(item, type(like))]
    common = in_common(*known)[0]
    parts = [as_polynomial(item, common) for item in items]
    shape = parts[0].shape
    if any(part.shape != shape for part in parts):
        shapes = ", ".join(str(part.shape) for part in parts)
        raise ShapeError(f"polynomials of different shapes cannot be stacked: {shapes}")
    planes = np.stack([part._planes for part in parts], axis=1)
    return common._made(planes, common._space, common._kind)


def as_polynomial(value: Any, like: P) -> P:
    """A polynomial or numbers in the space and kind of another one.

    Raises ArgumentTypeError for what is neither.
    """
    given = operand(value, like)
    if given is NotImplemented:
        raise ArgumentTypeError(f"a polynomial or numbers are needed, got {value!r}")
    if isinstance(given, Coefficients):
        return converted(given, like._space, like._kind)
    return like._of_numbers(given, like._space, like._kind)


def common_shape(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that shapes broadcast to; ShapeError if they do not."""
    if all(shape == shapes[0] for shape in shapes):
        return shapes[0]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        listed = " and ".join(map(str, shapes))
        raise ShapeError(f"shapes {listed} do not broadcast together") from None


def widened(planes: np.ndarray, shape: tuple[int, ...], trailing: int = 1) -> np.ndarray:
    """planes (parts, *own, ...) broadcast to (parts, *shape, ...), with `trailing` axes at last."""
    split = planes.ndim - trailing
    parts, own, rest = planes.shape[0], planes.shape[1:split], planes.shape[split:]
    if own == shape:
        return planes
    ones = [1] * (len(shape) - len(own))
    return np.broadcast_to(planes.reshape(parts, *ones, *own, *rest), (parts, *shape, *rest))


def add(p: P, value: Any) -> P:
    """p + value"""
    given = operand(value, p)
    if given is NotImplemented:
        return NotImplemented
    if isinstance(given, Coefficients):
        a, b = in_common(p, given)
        common_shape(a.shape, b.shape)
        return p._made(numbers.add(a._kind, a._planes, b._planes), a._space, a._kind)
    shape = common_shape(p.shape, given.shape[1:])
    planes = np.array(widened(p._planes, shape))
    planes[..., 0] = numbers.add(p._kind, planes[..., 0], widened(given, shape, 0))
    return p._made(planes, p._space, p._kind)


def subtract(p: P, value: Any) -> P:
    """p - value"""
    given = operand(value, p)
    return NotImplemented if given is NotImplemented else negative(add(negative(p), value))


def subtract_from(p: P, value: Any) -> P:
    """value - p"""
    return add(negative(p), value)


def negative(p: P) -> P:
    """-p"""
    return p._made(-p._planes, p._space, p._kind)


def multiply(p: P, value: Any) -> P:
    """p value"""
    given = operand(value, p)
    if given is NotImplemented:
        return NotImplemented
    if isinstance(given, Coefficients):
        return product(p, given)
    common_shape(p.shape, given.shape[1:])
    return p._made(numbers.multiply(p._kind, p._planes, given[..., np.newaxis]), p._space, p._kind)


def product(p: P, q: P) -> P:
    """The product of polynomials, truncated."""
    same = p._space is q._space and p._kind is q._kind
    a, b = (p, q) if same else in_common(p, q)
    space, kind = a._space, a._kind
    small = is_small(space)
    if small and a._planes.ndim == b._planes.ndim == 2:
        return of_single("mul", a, b)
    shape = a.shape if a.shape == b.shape else common_shape(a.shape, b.shape)
    flat = [widened(x._planes, shape).reshape(kind.parts, -1, space.size) for x in (a, b)]
    if small:
        made = of_many("mul", flat, space, kind)
    else:
        first, second = map(np.ascontiguousarray, flat)
        made = polynomial_product(first, second, space.monomials, kind.name)
    return p._made(made.reshape(kind.parts, *shape, space.size), space, kind)


@by_identity
def is_small(space: Space) -> bool:
    """Whether polynomials are multiplied by graded programs; no matter how many there are."""
    return has_few_products(space.monomials)


def natural_power(p: P, n: int) -> P:
    """p to the power of a natural number, by repeated squaring."""
    result: P | None = None
    square = converted(p, p._space)
    while n:
        if n & 1:
            result = square if result is None else product(result, square)
        n >>= 1
        if n:
            square = product(square, square)
    one = numbers.constant(p._kind, 1.0)
    if result is None:
        return p._of_numbers(widened(one, p.shape, 0), p._space, p._kind)
    return result


def as_integer(value: Any) -> int | None:
    """An exponent that is a whole number."""
    if isinstance(value, Coefficients | np.ndarray | list | tuple):
        return None
    number = exact(value)
    if number is None or isinstance(number, float) or Fraction(number).denominator != 1:
        return None
    return int(number)


def equal(p: Coefficients, value: Any) -> Any:
    """Whether all coefficients are equal, those that one has not being zero: shape `shape`."""
    given = operand(value, p)
    if given is NotImplemented:
        return NotImplemented
    q = given if isinstance(given, Coefficients) else p._of_numbers(given, p._space, p._kind)
    names = (*p.names, *(name for name in q.names if name not in p.names))
    kind = numbers.better(p._kind, q._kind)
    if p._space == q._space:
        space = p._space
    else:
        space = make_space(names, max(p.order, q.order))
    a, b = (converted(x, space, kind)._planes for x in (p, q))
    shape = common_shape(p.shape, q.shape)
    return (widened(a, shape) == widened(b, shape)).all(axis=(0, -1))[()]
