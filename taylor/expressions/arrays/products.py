"""NumPy's functions that sum products of array expressions: contractions of two at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ShapeError, UnsupportedFunctionError, user_location
from taylor.expressions.arrays.joins import pad
from taylor.expressions.arrays.moves import diagonal, windows
from taylor.nodes import arrays, conversion
from taylor.nodes.conversion import as_expression
from taylor.nodes.node import ONE
from taylor.nodes.operations.arrays.contractions import LETTERS, contract, sizes_of
from taylor.nodes.operations.arrays.views import view
from taylor.nodes.products import multiply
from taylor.nodes.sums import negate, subtract

# --- einsum ----------------------------------------------------------


def einsum(*operands: Any, optimize: Any = True, order: str = "K", casting: str = "safe") -> Any:
    """Sums of products by letters, as `numpy.einsum`: two operands at a time, small ones first.

    Raises ArgumentError for subscripts that do not fit the operands, ShapeError for axes of one
    letter and unlike sizes.
    """
    subscripts, given = _as_text(operands)
    axes, result = _letters(subscripts, given)
    parts = [_without_twins(e, letters) for e, letters in zip(given, axes, strict=True)]
    sizes = sizes_of([e for e, _ in parts], [letters for _, letters in parts])
    if len(parts) == 1:
        parts.append((ONE, ""))
    while len(parts) > 1:
        i, j = _cheapest(parts, sizes, result)
        (a, first), (b, second) = parts[i], parts[j]
        rest = [part for k, part in enumerate(parts) if k not in (i, j)]
        wanted = result + "".join(letters for _, letters in rest)
        kept = (
            result if not rest else "".join(x for x in sizes if x in first + second and x in wanted)
        )
        parts = [*rest, (contract(a, b, first, second, kept), kept)]
    return arrays.broadcast_to(parts[0][0], tuple(sizes[x] for x in result))


def _as_text(operands: Sequence[Any]) -> tuple[str, list[Any]]:
    """Subscripts as text and the arrays, of either way in which NumPy takes them."""
    if isinstance(operands[0], str):
        return operands[0].replace(" ", ""), [as_expression(a) for a in operands[1:]]

    def written(axes: Sequence[Any]) -> str:
        return "".join("..." if k is Ellipsis else LETTERS[int(k)] for k in axes)

    pairs = len(operands) // 2
    text = ",".join(written(operands[2 * k + 1]) for k in range(pairs))
    if len(operands) % 2:
        text += "->" + written(operands[-1])
    return text, [as_expression(operands[2 * k]) for k in range(pairs)]


def _letters(subscripts: str, given: Sequence[Any]) -> tuple[list[str], str]:
    """The letters of every operand and of the result, those of an ellipsis written out."""
    left, arrow, result = subscripts.partition("->")
    axes = left.split(",")
    if len(axes) != len(given):
        raise ArgumentError(
            f"numpy.einsum: {subscripts!r} at {user_location()} has {len(axes)} operand(s), not "
            f"{len(given)}"
        )
    hidden = [x for x in reversed(LETTERS) if x not in subscripts]
    most = 0
    for k, (letters, e) in enumerate(zip(axes, given, strict=True)):
        missing = e.ndim - len(letters.replace("...", ""))
        if missing < 0 or (missing and "..." not in letters):
            raise ShapeError(
                f"numpy.einsum: {letters!r} of {subscripts!r} at {user_location()} does not fit "
                f"shape {e.shape}"
            )
        if "..." in letters:
            axes[k] = letters.replace("...", "".join(hidden[:missing][::-1]))
            most = max(most, missing)
    dots = "".join(hidden[:most][::-1])
    if arrow:
        result = result.replace("...", dots)
    else:
        joined = left.replace("...", "").replace(",", "")
        result = dots + "".join(sorted(x for x in set(joined) if joined.count(x) == 1))
    unknown = set("".join(axes) + result) - set(LETTERS) | set(result) - set("".join(axes))
    if unknown or len(set(result)) < len(result):
        raise ArgumentError(
            f"numpy.einsum: {subscripts!r} at {user_location()}: the result has to have letters of "
            "the operands, each once"
        )
    return axes, result


def _without_twins(e: Any, letters: str) -> tuple[Any, str]:
    """An operand with one axis for each letter: the diagonal of those that have the same."""
    if len(set(letters)) == len(letters):
        return e, letters
    strides = [int(np.prod(e.shape[i + 1 :], dtype=int)) for i in range(e.ndim)]
    sizes: dict[str, int] = {}
    steps: dict[str, int] = {}
    for letter, size, stride in zip(letters, e.shape, strides, strict=True):
        if sizes.setdefault(letter, size) != size:
            raise ShapeError(
                f"numpy.einsum: {letters!r} at {user_location()}: {letter!r} has {sizes[letter]} "
                f"and {size} elements in shape {e.shape}"
            )
        steps[letter] = steps.get(letter, 0) + stride
    return view(e, 0, tuple(steps.values()), tuple(sizes.values())), "".join(sizes)


def _cheapest(
    parts: Sequence[tuple[Any, str]], sizes: dict[str, int], result: str
) -> tuple[int, int]:
    """The pair whose contraction leaves the least, the first of equals."""
    if len(parts) == 2:
        return 0, 1

    def cost(pair: tuple[int, int]) -> tuple[int, int]:
        i, j = pair
        first, second = parts[i][1], parts[j][1]
        others = result + "".join(part[1] for k, part in enumerate(parts) if k not in pair)
        kept = [sizes[x] for x in set(first + second) if x in others]
        done = [sizes[x] for x in set(first + second)]
        left = int(np.prod(kept, dtype=object)) - parts[i][0].size - parts[j][0].size
        return left, int(np.prod(done, dtype=object))

    return min(combinations(range(len(parts)), 2), key=cost)


# --- products of two ----------------------------------------------------------


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """The sum of products over pairs of axes, as `numpy.tensordot`."""
    first, second = as_expression(a), as_expression(b)
    if np.ndim(axes) == 0 and not isinstance(axes, (list, tuple)):
        pairs = list(range(-axes, 0)), list(range(axes))
    else:
        pairs = tuple([int(k) for k in np.atleast_1d(side)] for side in axes)  # type: ignore[assignment]
    left = arrays.normalised_axes("tensordot", pairs[0], first.ndim)
    right = arrays.normalised_axes("tensordot", pairs[1], second.ndim)
    sizes = [[e.shape[k] for k in side] for e, side in ((first, left), (second, right))]
    if sizes[0] != sizes[1]:
        raise ShapeError(
            f"numpy.tensordot: shapes {first.shape} and {second.shape} at {user_location()} do not "
            f"fit together along axes {pairs[0]} and {pairs[1]}"
        )
    letters = LETTERS[: first.ndim]
    others = [LETTERS[first.ndim + k] for k in range(second.ndim)]
    for i, j in zip(left, right, strict=True):
        others[j] = letters[i]
    summed = {letters[i] for i in left}
    result = "".join(x for x in (*letters, *others) if x not in summed)
    return contract(first, second, letters, "".join(others), result)


def dot(a: Any, b: Any) -> Any:
    """Dot product as `numpy.dot`: over the last axis of a and the last but one of b."""
    first, second = as_expression(a), as_expression(b)
    if not first.shape or not second.shape:
        return multiply(first, second)
    if second.ndim <= 2:
        return arrays.matmul(first, second)
    return tensordot(first, second, (first.ndim - 1, second.ndim - 2))


def inner(a: Any, b: Any) -> Any:
    """The sum of products over the last axes, as `numpy.inner`."""
    first, second = as_expression(a), as_expression(b)
    if not first.shape or not second.shape:
        return multiply(first, second)
    return tensordot(first, second, (-1, -1))


def vdot(a: Any, b: Any) -> Any:
    """The sum of products of all elements."""
    return dot(arrays.reshape(as_expression(a), -1), arrays.reshape(as_expression(b), -1))


def vecdot(x1: Any, x2: Any) -> Any:
    """The sum of products along the last axes, as `numpy.vecdot`."""
    first, second = as_expression(x1), as_expression(x2)
    sizes = [e.shape[-1] if e.shape else None for e in (first, second)]
    if sizes[0] != sizes[1] or sizes[0] is None:
        raise ShapeError(
            f"numpy.vecdot: shapes {first.shape} and {second.shape} at {user_location()} do not "
            "fit together"
        )
    return arrays.sum_axes(multiply(first, second), -1)


def outer(a: Any, b: Any) -> Any:
    """Every element of one times every element of the other."""
    first, second = as_expression(a), as_expression(b)
    return multiply(arrays.reshape(first, (-1, 1)), arrays.reshape(second, (1, -1)))


def kron(a: Any, b: Any) -> Any:
    """Kronecker's product."""
    first, second = as_expression(a), as_expression(b)
    ndim = max(first.ndim, second.ndim)
    shapes = [(1,) * (ndim - e.ndim) + e.shape for e in (first, second)]
    thin = tuple(x for size in shapes[0] for x in (size, 1))
    wide = tuple(x for size in shapes[1] for x in (1, size))
    product = multiply(arrays.reshape(first, thin), arrays.reshape(second, wide))
    return arrays.reshape(product, tuple(m * n for m, n in zip(*shapes, strict=True)))


def cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    """The vector product, as `numpy.cross`; vectors of two elements lie in a plane."""
    if axis is not None:
        axisa = axisb = axisc = axis
    given = []
    for name, value, along in (("a", a, axisa), ("b", b, axisb)):
        e = as_expression(value)
        (last,) = arrays.normalised_axes("cross", along, e.ndim)
        e = arrays.transpose(e, [*(k for k in range(e.ndim) if k != last), last])
        if e.shape[-1] not in (2, 3):
            raise ShapeError(
                f"numpy.cross: {name} of shape {e.shape} at {user_location()}: vectors have 2 or 3 "
                "elements"
            )
        given.append([e[..., k] for k in range(e.shape[-1])])
    p, q = given

    def minor(i: int, j: int) -> Any:
        def product(k: int, m: int) -> Any:
            if k >= len(p) or m >= len(q):
                return None
            return multiply(p[k], q[m])

        plus, minus = product(i, j), product(j, i)
        if plus is None or minus is None:
            return plus if minus is None else negate(minus)
        return subtract(plus, minus)

    if len(p) == len(q) == 2:
        return minor(0, 1)
    shape = np.broadcast_shapes(p[0].shape, q[0].shape)
    parts = [arrays.broadcast_to(minor(i, j), shape) for i, j in ((1, 2), (2, 0), (0, 1))]
    return conversion.stack(parts, axisc)


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum along the diagonal of two axes."""
    return arrays.sum_axes(diagonal(a, offset, axis1, axis2), -1)


# --- convolutions ----------------------------------------------------------


def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """The convolution of two vectors, as `numpy.convolve`."""
    long, short = as_expression(a), as_expression(v)
    if long.ndim > 1 or short.ndim > 1 or not long.size or not short.size:
        raise ShapeError(
            f"numpy.convolve: shapes {long.shape} and {short.shape} at {user_location()}: both "
            "have to be vectors with elements"
        )
    long, short = arrays.reshape(long, -1), arrays.reshape(short, -1)
    if len(short) > len(long):
        long, short = short, long
    return _slid(long, short[::-1], mode)


def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """The correlation of two vectors, as `numpy.correlate`."""
    long, short = as_expression(a), as_expression(v)
    if long.ndim != 1 or short.ndim != 1 or not long.size or not short.size:
        raise ShapeError(
            f"numpy.correlate: shapes {long.shape} and {short.shape} at {user_location()}: both "
            "have to be vectors with elements"
        )
    if len(short) > len(long):
        return _slid(short, long, mode)[::-1]
    return _slid(long, short, mode)


def _slid(long: Any, short: Any, mode: str) -> Any:
    """Sums of products of a vector with windows of another one."""
    count = len(short)
    if mode == "same":
        before = count // 2
        long = pad(long, (before, count - 1 - before))
    elif mode == "full":
        long = pad(long, count - 1)
    elif mode != "valid":
        raise UnsupportedFunctionError(
            f"numpy.convolve: mode={mode!r} is none of 'full', 'same' and 'valid'"
        )
    return arrays.matmul(windows(long, count), short)


RULES: dict[Any, Callable[..., Any]] = {
    np.einsum: einsum,
    np.tensordot: tensordot,
    np.dot: dot,
    np.inner: inner,
    np.vdot: vdot,
    np.outer: outer,
    np.kron: kron,
    np.cross: cross,
    np.trace: trace,
    np.convolve: convolve,
    np.correlate: correlate,
}

# NumPy 2 has some of these in `numpy.linalg` too, where matrices are the last two axes.
_LAST_AXES: dict[str, Callable[..., Any]] = {
    "matmul": lambda x1, x2, /: arrays.matmul(as_expression(x1), as_expression(x2)),
    "outer": lambda x1, x2, /: outer(x1, x2),
    "cross": lambda x1, x2, /, *, axis=-1: cross(x1, x2, axis=axis),
    "tensordot": lambda x1, x2, /, *, axes=2: tensordot(x1, x2, axes),
    "trace": lambda x, /, *, offset=0: trace(x, offset, -2, -1),
    "diagonal": lambda x, /, *, offset=0: diagonal(x, offset, -2, -1),
    "vecdot": lambda x1, x2, /, *, axis=-1: np.vecdot(x1, x2, axis=axis),  # type: ignore[call-overload]
    "matrix_transpose": lambda x, /: np.matrix_transpose(x),
}
for _name, _rule in _LAST_AXES.items():
    if hasattr(np.linalg, _name):
        RULES[getattr(np.linalg, _name)] = _rule
