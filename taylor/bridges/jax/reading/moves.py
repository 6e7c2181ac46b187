"""Primitives that move elements, add them up, or multiply arrays."""

from __future__ import annotations

import itertools
import string
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from taylor.bridges.jax.reading.call import (
    Call,
    Operand,
    Rule,
    known_shape,
    number,
    places_of,
    truth,
)
from taylor.expressions.expression import Expression
from taylor.nodes import arrays
from taylor.nodes.operations.arrays.contractions import contract
from taylor.nodes.operations.arrays.views import row_major, view


def _moved(function: Callable[..., Any]) -> Rule:
    """The rule of what moves elements, and of truth values as well."""

    def rule(call: Call, *operands: Operand) -> Any:
        found = function(call, *map(number, operands))
        if call.wanted != "b":
            return found
        return [truth(e) for e in found] if isinstance(found, list) else truth(found)

    return rule


def _broadcast(call: Call, x: Expression, *_: Any) -> Expression:
    shape, axes = call.params["shape"], call.params["broadcast_dimensions"]
    sizes = [1] * len(shape)
    for axis, size in zip(axes, x.shape, strict=True):
        sizes[axis] = size
    return arrays.broadcast_to(arrays.reshape(x, tuple(sizes)), tuple(shape))


def _reshaped(call: Call, x: Expression, *_: Any) -> Expression:
    if call.params.get("dimensions") is not None:
        x = arrays.transpose(x, call.params["dimensions"])
    return arrays.reshape(x, call.shape)


def _sliced(call: Call, x: Expression) -> Expression:
    starts, ends = call.params["start_indices"], call.params["limit_indices"]
    steps = call.params["strides"] or [1] * x.ndim
    return arrays.index(x, tuple(map(slice, starts, ends, steps)))


def _reversed(call: Call, x: Expression) -> Expression:
    axes = call.params["dimensions"]
    key = tuple(slice(None, None, -1 if axis in axes else 1) for axis in range(x.ndim))
    return arrays.index(x, key)


def _joined(call: Call, *parts: Expression) -> Expression:
    return arrays.join(parts, call.params["dimension"])


def _stacked(call: Call, *parts: Expression) -> Expression:
    axis = call.params["axis"]
    sizes = (*parts[0].shape[:axis], 1, *parts[0].shape[axis:])
    return arrays.join([arrays.reshape(part, sizes) for part in parts], axis)


def _split(call: Call, x: Expression) -> list[Expression]:
    axis, sizes = call.params["axis"], call.params["sizes"]
    ends = list(itertools.accumulate(sizes))
    ahead = (slice(None),) * axis
    return [
        arrays.index(x, (*ahead, slice(end - size, end)))
        for size, end in zip(sizes, ends, strict=True)
    ]


def _tiled(call: Call, x: Expression) -> Expression:
    places = jnp.tile(places_of(x.shape), call.params["reps"])
    return chosen([x], np.asarray(places))


def _padded(call: Call, x: Expression, value: Expression) -> Expression:
    """Elements of `value` around an array and between its elements, or fewer of these."""
    size = x.size
    inside, filler = places_of(x.shape), jnp.asarray(size, jnp.int64)
    padding = [tuple(map(int, widths)) for widths in call.params["padding_config"]]
    places = jax.lax.pad(inside, filler, padding)
    return chosen([x, value], np.asarray(places))


def chosen(given: Sequence[Expression], places: np.ndarray) -> Expression:
    """Elements at places in the elements of several arrays, one array after the other."""
    flat = [arrays.reshape(e, (e.size,)) for e in given if e.size]
    return arrays.take(flat[0] if len(flat) == 1 else arrays.join(flat, 0), places)


# --- sums and products ---------------------------------------------------------------------------


def _reduced(function: Callable[..., Any]) -> Rule:
    def rule(call: Call, x: Operand) -> Expression:
        axes = tuple(call.params["axes"])
        if not axes:
            return number(x)
        found: Expression = function(number(x), axis=axes)
        return found

    return rule


def _of_truths(function: Callable[..., Any]) -> Rule:
    def rule(call: Call, x: Operand) -> Expression:
        if call.kind != "b":
            raise call.refuse("on the bits of whole numbers, which are real numbers here")
        found: Expression = truth(function(truth(x), axis=tuple(call.params["axes"])))
        return found

    return rule


def _place_of(function: Callable[..., Any]) -> Rule:
    def rule(call: Call, x: Operand) -> Expression:
        (axis,) = call.params["axes"]
        found: Expression = function(number(x), axis=axis)
        return found

    return rule


def _running(function: Callable[..., Any]) -> Rule:
    def rule(call: Call, x: Operand) -> Expression:
        axis, e = call.params["axis"], number(x)
        back = (*(slice(None),) * axis, slice(None, None, -1))
        if call.params["reverse"]:
            e = arrays.index(e, back)
        found: Expression = function(e, axis=axis)
        return arrays.index(found, back) if call.params["reverse"] else found

    return rule


def _contracted(call: Call, a: Operand, b: Operand) -> Expression:
    """The product of arrays, summed over some axes, for each place of others."""
    (left, right), (left_many, right_many) = call.params["dimension_numbers"]
    letters = iter(string.ascii_letters)
    first = [next(letters) for _ in known_shape(a)]
    second = [next(letters) for _ in known_shape(b)]
    for i, j in zip((*left, *left_many), (*right, *right_many), strict=True):
        second[j] = first[i]
    gone = {first[i] for i in left}
    many = [first[i] for i in left_many]
    result = [x for x in [*many, *first, *second] if x not in gone]
    return contract(
        number(a), number(b), "".join(first), "".join(second), "".join(dict.fromkeys(result))
    )


def _convolved(call: Call, x: Operand, kernel: Operand) -> Expression:
    """A convolution: windows of the padded array, contracted with the kernel."""
    numbers, steps = call.params["dimension_numbers"], call.params["window_strides"]
    if call.params["batch_group_count"] != 1:
        raise call.refuse("with batch_group_count")
    e = arrays.transpose(number(x), numbers.lhs_spec)  # many, channels, places
    k = arrays.transpose(number(kernel), numbers.rhs_spec)  # results, channels, places
    between = [n - 1 for n in call.params["lhs_dilation"]]
    ends = [(*pair, n) for pair, n in zip(call.params["padding"], between, strict=True)]
    padding = [(0, 0, 0), (0, 0, 0), *ends]
    places = jax.lax.pad(places_of(e.shape), jnp.asarray(e.size, jnp.int64), padding)
    if places.shape != e.shape:
        e = chosen([e, number(0.0)], np.asarray(places))
    groups, (many, channels, *sizes) = call.params["feature_group_count"], e.shape
    results, apart, widths = k.shape[0], call.params["rhs_dilation"], k.shape[2:]
    counts = [
        (size - (width - 1) * gap - 1) // step + 1
        for size, width, gap, step in zip(sizes, widths, apart, steps, strict=True)
    ]
    own = row_major(e.shape)
    per_group = channels // groups
    strides = (
        *(own[0], per_group * own[1], own[1]),
        *(stride * step for stride, step in zip(own[2:], steps, strict=True)),
        *(stride * gap for stride, gap in zip(own[2:], apart, strict=True)),
    )
    windows = view(e, 0, strides, (many, groups, per_group, *counts, *widths))
    k = arrays.reshape(k, (groups, results // groups, per_group, *widths))
    letters = iter(string.ascii_letters)
    n, g, c, r, *rest = (next(letters) for _ in range(4 + 2 * len(counts)))
    there, inside = "".join(rest[: len(counts)]), "".join(rest[len(counts) :])
    found = contract(windows, k, n + g + c + there + inside, g + r + c + inside, n + g + r + there)
    found = arrays.reshape(found, (many, results, *counts))
    return arrays.transpose(found, np.argsort(numbers.out_spec).tolist())


def _solved_triangle(call: Call, a: Operand, b: Operand) -> Expression:
    p = call.params
    if p["unit_diagonal"] or not p["left_side"]:
        raise call.refuse("from the right, or with a unit diagonal")
    triangle: Any = np.tril if p["lower"] else np.triu
    matrix: Expression = triangle(number(a))
    if p["transpose_a"]:
        order = [*range(matrix.ndim - 2), matrix.ndim - 1, matrix.ndim - 2]
        matrix = arrays.transpose(matrix, order)
    return number(np.linalg.solve(matrix, number(b)))  # type: ignore[call-overload]


def _cholesky(call: Call, a: Operand) -> Expression:
    return number(np.linalg.cholesky(number(a)))  # type: ignore[call-overload]


def _eigen(call: Call, a: Operand) -> list[Expression]:
    values, vectors = np.linalg.eigh(number(a))  # type: ignore[call-overload]
    return [number(vectors), number(values)]


def _orthogonal(call: Call, a: Operand) -> list[Expression]:
    if call.params["pivoting"] or call.params["full_matrices"]:
        raise call.refuse("with pivoting or full matrices")
    return [number(part) for part in np.linalg.qr(number(a))]  # type: ignore[call-overload]


RULES: dict[str, Rule] = {
    "broadcast_in_dim": _moved(_broadcast),
    "reshape": _moved(_reshaped),
    "expand_dims": _moved(lambda call, x: arrays.reshape(x, call.shape)),
    "squeeze": _moved(lambda call, x: arrays.reshape(x, call.shape)),
    "transpose": _moved(lambda call, x: arrays.transpose(x, call.params["permutation"])),
    "slice": _moved(_sliced),
    "rev": _moved(_reversed),
    "concatenate": _moved(_joined),
    "stack": _moved(_stacked),
    "split": _moved(_split),
    "tile": _moved(_tiled),
    "pad": _moved(_padded),
    "reduce_sum": _reduced(np.sum),
    "reduce_prod": _reduced(np.prod),
    "reduce_max": _reduced(np.max),
    "reduce_min": _reduced(np.min),
    "reduce_and": _of_truths(np.all),
    "reduce_or": _of_truths(np.any),
    "argmax": _place_of(np.argmax),
    "argmin": _place_of(np.argmin),
    "cumsum": _running(np.cumsum),
    "cumprod": _running(np.cumprod),
    "dot_general": _contracted,
    "conv_general_dilated": _convolved,
    "triangular_solve": _solved_triangle,
    "cholesky": _cholesky,
    "eigh": _eigen,
    "qr": _orthogonal,
}
