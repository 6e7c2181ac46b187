"""Arrays of polynomials: shapes, sums, matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.errors import ShapeError
from taylor.numbers import planes as numbers
from taylor.polynomials import arithmetic
from taylor.polynomials.coefficients import Coefficients, P, in_common, reshape


def _axis(p: Coefficients, axis: int, extra: int = 0) -> int:
    """An axis of the components, counted from the front."""
    ndim = p.ndim + extra
    if not -ndim <= axis < ndim:
        raise ShapeError(f"axis {axis} is out of bounds for polynomials of shape {p.shape}")
    return axis % ndim


def _known(items: Sequence[Any]) -> list[Coefficients]:
    return [item for item in items if isinstance(item, Coefficients)]


def stack(items: Sequence[Any], axis: int = 0) -> Coefficients:
    """Polynomials of one shape, along a new axis."""
    found = arithmetic.stacked(list(items), _known(items)[0])
    planes = np.moveaxis(found._planes, 1, 1 + _axis(found, axis))
    return found._made(planes, found._space, found._kind)


def concatenate(items: Sequence[Any], axis: int = 0) -> Coefficients:
    """Arrays of polynomials, one behind the other."""
    known = in_common(*_known(items))[0]
    parts = [arithmetic.as_polynomial(item, known) for item in items]
    try:
        planes = np.concatenate([p._planes for p in parts], axis=1 + _axis(parts[0], axis))
    except ValueError:
        shapes = ", ".join(str(p.shape) for p in parts)
        raise ShapeError(f"polynomials of shapes {shapes} cannot be concatenated") from None
    return known._made(planes, known._space, known._kind)


def transpose(p: P, axes: Sequence[int] | None = None) -> P:
    """The same polynomials with axes in another order, reversed by default."""
    order = [_axis(p, axis) for axis in axes] if axes else list(range(p.ndim))[::-1]
    last = p._planes.ndim - 1
    planes = p._planes.transpose(0, *(axis + 1 for axis in order), last)
    return p._made(planes, p._space, p._kind)


def total(p: P, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> P:
    """The sum of the components along an axis, or several, or all."""
    listed = range(p.ndim) if axis is None else np.atleast_1d(axis).tolist()
    axes = sorted({_axis(p, k) for k in listed}, reverse=True)
    planes = p._planes
    for k in axes:
        planes = numbers.total(p._kind, planes, k)
    if keepdims:
        planes = np.expand_dims(planes, tuple(k + 1 for k in axes))
    return p._made(planes, p._space, p._kind)


def matmul(p: P, value: Any) -> P:
    """The matrix product p @ value with NumPy's rules, for one axis or more on each side."""
    given = arithmetic.operand(value, p)
    return NotImplemented if given is NotImplemented else _matmul(p, given)


def matmul_from(p: P, value: Any) -> P:
    """The matrix product value @ p."""
    given = arithmetic.operand(value, p)
    return NotImplemented if given is NotImplemented else _matmul(given, p)


def _matmul(left: P | np.ndarray, right: P | np.ndarray) -> P:
    shapes = [x.shape if isinstance(x, Coefficients) else x.shape[1:] for x in (left, right)]
    inner = shapes[1][-2:][0] if shapes[1] else 0
    if not all(shapes) or shapes[0][-1] != inner:
        raise ShapeError(f"matmul: shapes {shapes[0]} and {shapes[1]} do not fit together")
    # (.., n, k) and (.., k, m) as (.., n, k, 1) and (.., 1, k, m), multiplied and summed over k.
    first, second = (
        _with_axes(x, axes) for x, axes in zip((left, right), _axes(*shapes), strict=True)
    )
    swapped = not isinstance(first, Coefficients)
    products: P = arithmetic.multiply(*((second, first) if swapped else (first, second)))
    return total(products, axis=-1 if len(shapes[1]) == 1 else -2)


def _axes(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """The shapes of the operands with axes of length one, so that multiplying them makes sense."""
    if len(second) == 1:
        return first, second
    left = (*first, 1)
    right = second if len(first) == 1 else (*second[:-2], 1, *second[-2:])
    return left, right


def _with_axes(x: Any, shape: tuple[int, ...]) -> Any:
    if isinstance(x, Coefficients):
        return reshape(x, shape)
    # Numbers as users give them, with the parts of double-doubles at the end.
    return np.moveaxis(x.reshape(len(x), *shape), 0, -1) if len(x) > 1 else x[0].reshape(shape)
