"""NumPy functions on expressions: what ``np.sin(x)``, ``np.where(x > 0, a, b)``, ``a @ b`` build.

On array nodes where there is one among the operands, else element by element.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial, reduce
from typing import Any

import numpy as np

from taylor.errors import ShapeError, TaylorError, UnsupportedFunctionError, user_location
from taylor.expressions.arrays import products
from taylor.expressions.arrays.options import stored
from taylor.expressions.arrays.reductions import extreme_but_nan
from taylor.expressions.arrays.settled import settled
from taylor.expressions.object_arrays import (
    are_whole,
    array_of,
    expression_array,
    is_node,
    plain,
    wrapped,
)
from taylor.expressions.operators import ExpressionOrArray, Operators
from taylor.expressions.ufunc_builders import BUILDERS, INSTEAD, SEVERAL, full_name
from taylor.nodes import arrays, logic
from taylor.nodes.conversion import as_expression
from taylor.nodes.elementary import make_function_node
from taylor.nodes.operations.arrays.contractions import matmul_elements
from taylor.nodes.operations.arrays.reductions import over_axes, running
from taylor.nodes.operations.scalars.held import shift
from taylor.nodes.products import multiply_many
from taylor.nodes.record import Function
from taylor.nodes.registry import for_each
from taylor.nodes.sums import add_many
from taylor.numbers.checks import check_real

LARGEST = 200_000  # elements of an array that are spelled out where there is no rule
Array = np.ndarray[Any, Any]
Builder = Callable[..., Any]


# --- ufuncs ----------------------------------------------------------


_builders: dict[str, Builder] = dict(BUILDERS)  # by the names of NumPy's ufuncs


@for_each
def _add_builders(record: Function) -> None:
    for name in record.numpy_names:
        if name not in BUILDERS:
            _builders[name] = partial(make_function_node, record.name)


def add_methods(cls: type[Operators]) -> None:
    """Give expressions what NumPy calls as a method of an object array's element: ``x.sin()`` for
    ``np.sin``.  A `__getattr__` would do, but then Python looks up every field of every node by its
    name, in many times the time.
    """

    def add(names: Iterable[str]) -> None:
        for name in names:
            if not hasattr(cls, name):
                setattr(cls, name, _element_method(name))

    add(BUILDERS)
    for_each(lambda record: add(record.numpy_names))


def _element_method(name: str) -> Builder:
    def method(*args: object) -> ExpressionOrArray:
        return _builders[name](*(as_expression(arg) for arg in args))

    return named_as_in_numpy(method, name)


def named_as_in_numpy(method: Any, name: str) -> Builder:
    """A method of expressions that is a function of NumPy's."""
    method.__name__, method.__qualname__ = name, f"Expression.{name}"
    method.__doc__ = f"`numpy.{name}` of the expression."
    made: Builder = method
    return made


def apply_ufunc(ufunc: Any, method: str, inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """The ``__array_ufunc__`` of expressions and expression arrays."""
    out = options.pop("out", None)
    inputs = settled(tuple(inputs))
    where = settled(options.pop("where", True)) if out is not None else True
    name = ufunc.__name__
    check_real(full_name(ufunc), options.pop("dtype", None))
    if name in SEVERAL and method == "__call__" and not options and out is None:
        return tuple(call(name, builder, inputs) for builder in SEVERAL[name])
    try:
        if name in _PRODUCTS and method == "__call__":
            result = _product(name, inputs, options)
        else:
            result = _applied(ufunc, method, inputs, options)
    except TaylorError as error:
        if name in str(error):
            raise
        raise type(error)(f"{full_name(ufunc)}: {error}") from error
    if where is not True:
        result = np.where(where, result, settled(out[0]))
    return stored(full_name(ufunc), result, out)


def _applied(ufunc: Any, method: str, inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """A ufunc, or one of its methods, by the constructor of its name."""
    name = ufunc.__name__
    builder = _builders.get(name)
    if options.pop("where", True) is not True:
        raise UnsupportedFunctionError(
            f"{full_name(ufunc)}: where= is not available for expressions; write "
            "taylor.where(condition, a, b)"
        )
    if builder is None:
        instead = INSTEAD.get(name, "taylor.register_function adds functions")
        raise UnsupportedFunctionError(f"{full_name(ufunc)}: taylor has no rule for it; {instead}")
    if method == "__call__":
        _check_options(full_name(ufunc), options)
        return call(name, builder, inputs)
    if method == "reduce":
        return _reduce(ufunc, builder, inputs[0], *inputs[1:], **options)
    if method == "accumulate":
        return _accumulate(name, builder, inputs[0], *inputs[1:], **options)
    if method == "outer":
        a, b = (v if isinstance(v, Operators) else np.asarray(plain(v)) for v in inputs)
        return call(name, builder, (a.reshape(*a.shape, *[1] * b.ndim), b))
    raise UnsupportedFunctionError(
        f"{full_name(ufunc)}.{method}: not available for expressions; apply {name} to slices"
    )


def _check_options(name: str, options: dict[str, Any]) -> None:
    """`casting`, `order` and `subok` have no meaning for expressions; anything else is an error."""
    unknown = options.keys() - {"casting", "order", "subok", "signature"}
    if unknown:
        raise UnsupportedFunctionError(
            f"{name}: {', '.join(sorted(unknown))}= is not available for expressions"
        )


def _product(name: str, inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """A ufunc of vectors along their last axes, or along `axis` where there is one."""
    axis = options.pop("axis", -1) if name == "vecdot" else -1
    keep = options.pop("keepdims", False) if name == "vecdot" else False
    _check_options(f"numpy.{name}", options)
    if axis != -1:
        inputs = [np.moveaxis(array_of(value), axis, -1) for value in inputs]
    found = _PRODUCTS[name](*inputs)
    return np.expand_dims(array_of(found), axis) if keep else found


def _vecdot(a: Any, b: Any) -> Any:
    """The sum over the last axis of the products."""
    if are_whole((a, b)):
        return products.vecdot(a, b)
    a, b = array_of(a), array_of(b)
    if not a.shape or not b.shape or a.shape[-1] != b.shape[-1]:
        raise ShapeError(f"numpy.vecdot: shapes {a.shape} and {b.shape} do not fit together")
    return np.add.reduce(a * b, axis=-1)


def _matvec(a: Any, b: Any) -> Any:
    return np.matmul(array_of(a), array_of(b)[..., None])[..., 0]


def _vecmat(a: Any, b: Any) -> Any:
    return np.matmul(array_of(a)[..., None, :], array_of(b))[..., 0, :]


# Ufuncs of vectors, which NumPy has from 2.0 on.
_PRODUCTS: dict[str, Callable[..., Any]] = {
    "vecdot": _vecdot,
    "matvec": _matvec,
    "vecmat": _vecmat,
}


def call(name: str, builder: Builder, inputs: Sequence[Any]) -> Any:
    if are_whole(inputs):
        return builder(*(as_expression(value) for value in inputs))
    if name == "matmul":
        return object_matmul(*inputs)
    return _elementwise(builder, inputs)


def _elementwise(builder: Builder, inputs: Sequence[Any]) -> Any:
    """Apply a constructor to scalar expressions, numbers and arrays, broadcast."""
    if not any(isinstance(value, (np.ndarray, list, tuple)) for value in inputs):
        return builder(*(as_expression(value) for value in inputs))
    operands = [np.asarray(plain(value)) for value in inputs]
    try:
        shape = np.broadcast_shapes(*(operand.shape for operand in operands))
    except ValueError:
        shapes = " and ".join(str(operand.shape) for operand in operands)
        raise ShapeError(
            f"shapes {shapes} do not broadcast together (at {user_location()})"
        ) from None
    result = np.empty(shape, dtype=object)
    flat = [np.broadcast_to(operand, shape).reshape(-1) for operand in operands]
    for i, elements in zip(np.ndindex(*shape), zip(*flat, strict=True), strict=True):
        result[i] = builder(*(as_expression(element) for element in elements))
    return wrapped(result)


def object_matmul(a: Any, b: Any) -> Any:
    first, second = (expression_array(value).view(np.ndarray) for value in (a, b))
    arrays.matmul_shape(first.shape, second.shape)
    return wrapped(matmul_elements(first, second))


def _reduce(
    ufunc: Any,
    builder: Builder,
    value: Any,
    axis: Any = 0,
    keepdims: bool = False,
    initial: Any = None,
) -> Any:
    name = ufunc.__name__
    if initial is np._NoValue:
        initial = None
    if is_node(value):
        return _reduced_node(name, builder, as_expression(value), axis, keepdims, initial)
    elements = expression_array(value).view(np.ndarray)
    axes = (
        tuple(range(elements.ndim))
        if axis is None
        else arrays.normalised_axes(name, axis, elements.ndim)
    )
    kept = [i for i in range(elements.ndim) if i not in axes]
    shape = tuple(elements.shape[i] for i in kept)
    count = math.prod(elements.shape[i] for i in axes)
    rows = elements.transpose((*kept, *axes)).reshape(*shape, count)
    result = np.empty(shape, dtype=object)
    for position in np.ndindex(*shape):
        row = list(rows[position])
        if initial is not None:
            row.append(as_expression(initial))
        if name == "add":
            result[position] = add_many(row)
        elif name == "multiply":
            result[position] = multiply_many(row)
        elif row:
            result[position] = reduce(builder, row)
        else:
            raise ShapeError(f"numpy.{name}.reduce: an empty array has no {name}")
    if keepdims:
        result = np.expand_dims(result, axes)
    return wrapped(result)


def _reduced_node(
    name: str, builder: Builder, e: Any, axis: Any, keepdims: bool, initial: Any
) -> Any:
    """A reduction of an array expression, which is one node or a few."""
    if e.size == 0 and name in _EXTREMES and initial is not None:
        some = tuple(max(1, size) for size in e.shape)  # the number to start from is the extreme
        e, initial = arrays.broadcast_to(as_expression(initial), some), None
    rule = _REDUCTIONS.get(name)
    if rule is not None:
        found = rule(e, axis, keepdims)
        return found if initial is None else builder(found, as_expression(initial))
    return _one_after_another(name, builder, e, axis, keepdims, initial)


def _one_after_another(
    name: str, builder: Builder, e: Any, axis: Any, keepdims: bool, initial: Any
) -> Any:
    """Any other ufunc: from the first part along the axes to the last, each a whole array."""
    axes = range(e.ndim) if axis is None else arrays.normalised_axes(name, axis, e.ndim)
    kept = [k for k in range(e.ndim) if k not in axes]
    turned = arrays.transpose(e, [*axes, *kept])
    parts = list(arrays.reshape(turned, (-1, *turned.shape[len(axes) :])))
    if initial is not None:
        parts.insert(0, as_expression(initial))
    if not parts:
        raise ShapeError(f"numpy.{name}.reduce: an empty array has no {name}")
    found = reduce(builder, parts)
    ones = tuple(1 if k in axes else e.shape[k] for k in range(e.ndim))
    return arrays.reshape(found, ones) if keepdims else found


def _log_of_sum(base: float | None) -> Callable[[Any, Any, bool], Any]:
    """The reduction by `numpy.logaddexp` or `logaddexp2`: sums of powers beside the largest."""
    power, inverse = ("exp", "log") if base is None else ("exp2", "log2")

    def rule(e: Any, axis: Any, keepdims: bool) -> Any:
        if not e.size:
            of_none = np.zeros(e.shape).sum(axis, keepdims=keepdims)
            return as_expression(np.full(np.shape(of_none), -math.inf))
        largest = over_axes("max", e, axis, True)
        # Where all are -inf, or one is inf or NaN, the sum is that; differences would be NaN.
        finite = logic.less(abs(largest), as_expression(math.inf))
        beside = shift(logic.where(finite, largest, 0))
        powers = make_function_node(power, e - beside)
        total = make_function_node(inverse, arrays.sum_axes(powers, axis, True)) + beside
        return total if keepdims else arrays.sum_axes(total, axis, False)

    return rule


_EXTREMES = frozenset(("maximum", "minimum", "fmax", "fmin"))
_REDUCTIONS: dict[str, Callable[[Any, Any, bool], Any]] = {
    "add": arrays.sum_axes,
    "multiply": partial(over_axes, "prod"),
    "maximum": partial(over_axes, "max"),
    "minimum": partial(over_axes, "min"),
    "fmax": partial(extreme_but_nan, "max"),
    "fmin": partial(extreme_but_nan, "min"),
    "logaddexp": _log_of_sum(None),
    "logaddexp2": _log_of_sum(2.0),
    # Of no elements all hold, and none: as products and sums have it.
    "logical_and": lambda e, axis, keep: logic.condition(
        over_axes("min" if e.size else "prod", logic.condition(e), axis, keep)
    ),
    "logical_or": lambda e, axis, keep: logic.condition(
        over_axes("max", logic.condition(e), axis, keep)
        if e.size
        else arrays.sum_axes(e, axis, keep)
    ),
}


def _accumulate(name: str, builder: Builder, value: Any, axis: int = 0) -> Any:
    running_name = {"add": "cumsum", "multiply": "cumprod"}.get(name)
    if running_name is not None and is_node(value):
        return running(running_name, as_expression(value), axis)
    if is_node(value) and np.size(value) > LARGEST:
        raise UnsupportedFunctionError(
            f"numpy.{name}.accumulate: has no rule for whole arrays, and spelled out there would "
            f"be {np.size(value)} elements (at {user_location()}); apply it to parts"
        )
    elements = expression_array(value).view(np.ndarray)
    rows = np.moveaxis(elements, axis, 0)
    for i in range(1, rows.shape[0]):
        rows[i] = plain(_elementwise(builder, (rows[i - 1], rows[i])))
    return wrapped(elements)
