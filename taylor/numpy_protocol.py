"""NumPy functions on expressions: what ``np.sin(x)``, ``np.where(x > 0, a, b)``, ``a @ b`` build.

Two kinds of arrays meet here.  An *array node* (an Expression with a shape) stays one node under
elementwise functions, sums and products.  An *object array* holds scalar expressions; mixing a
NumPy array with a scalar expression gives one, of class `ExpressionArray`, which is NumPy's own
array in every other respect.  Functions without an array node of their own fall back to NumPy's
implementation on the elements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Any

import numpy as np

from taylor import arrays
from taylor import expression as ex
from taylor.errors import ArgumentTypeError, ShapeError, UnsupportedFunctionError
from taylor.expression import Expression

Array = np.ndarray[Any, Any]
Builder = Callable[..., Expression]


class ExpressionArray(np.ndarray):  # type: ignore[type-arg]
    """An object array of scalar expressions whose NumPy functions build expressions.

    It differs from a plain object array where NumPy would ask an element for its truth value:
    comparisons, `maximum`, `sign`, `where`, `clip` work.

    >>> x, y = ex.variables("x y")
    >>> np.maximum(expression_array([x, y]), 0)
    ExpressionArray([maximum(0, x), maximum(0, y)], dtype=object)
    """

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return apply_ufunc(ufunc, method, inputs, options)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from taylor.numpy_functions import apply_function

        return apply_function(func, args, kwargs)


def expression_array(value: Any) -> ExpressionArray:
    """Return an object array of the elements of a sequence, an array, or an array node (a copy)."""
    if type(value) is Expression:
        elements = np.empty(value.shape, dtype=object)
        for position in np.ndindex(*value.shape):
            elements[position] = value[position] if position else value
    else:
        elements = np.array(plain(value), dtype=object)
        for position in np.ndindex(*elements.shape):
            elements[position] = ex.as_expression(elements[position])
    return elements.view(ExpressionArray)


def plain(value: Any) -> Any:
    """The value with expressions and expression arrays turned into plain object arrays."""
    if type(value) is Expression:
        return expression_array(value).view(np.ndarray)
    if isinstance(value, ExpressionArray):
        return value.view(np.ndarray)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    return value


def is_node(value: Any) -> bool:
    """Whether a value is, or a sequence contains, an array node."""
    if type(value) is Expression:
        return bool(value.shape)
    return isinstance(value, (list, tuple)) and any(is_node(item) for item in value)


def wrapped(result: Any) -> Any:
    """A NumPy function's result, object arrays as `ExpressionArray` and 0-d ones as elements."""
    if isinstance(result, (list, tuple)):
        return type(result)(wrapped(item) for item in result)
    if isinstance(result, np.ndarray) and result.dtype == object:
        return result.view(ExpressionArray) if result.shape else result[()]
    return result


# --- ufuncs ----------------------------------------------------------


_builders: dict[str, Builder] = {}
_registered = -1


def _builder(name: str) -> Builder | None:
    """The constructor behind a NumPy ufunc's name, from the registry and from `numpy_ufuncs`."""
    global _registered
    from taylor.functions.registry import functions
    from taylor.numpy_ufuncs import builders
    from taylor.simplify import make_function_node

    if len(functions) != _registered:
        for record in functions.values():
            for numpy_name in record.numpy_names:
                _builders[numpy_name] = partial(make_function_node, record.name)
        _builders.update(builders())
        _registered = len(functions)
    return _builders.get(name)


def element_method(name: str) -> Builder | None:
    """What NumPy calls as a method of an object array's element: ``x.sin()`` for ``np.sin``."""
    builder = _builder(name)
    if builder is None:
        return None
    return lambda *args: builder(*(ex.as_expression(arg) for arg in args))


def apply_ufunc(ufunc: Any, method: str, inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """The ``__array_ufunc__`` of expressions and expression arrays."""
    from taylor.numpy_ufuncs import PAIRS, full_name

    out = options.pop("out", (None,))[0]
    name = ufunc.__name__
    options.pop("dtype", None)
    if name in PAIRS and method == "__call__" and not options and out is None:
        return tuple(call(name, builder, inputs) for builder in PAIRS[name])
    if name in _PRODUCTS and method == "__call__":
        result = _PRODUCTS[name](*inputs, **options)
    else:
        result = _applied(ufunc, method, inputs, options)
    if out is None:
        return result
    if isinstance(out, np.ndarray) and out.dtype == object:
        out.view(np.ndarray)[...] = plain(result)
        return out
    raise ArgumentTypeError(
        f"{full_name(ufunc)}: the result holds expressions and cannot be stored in place; "
        "create the array with dtype=object or write a = a + x for a += x"
    )


def _applied(ufunc: Any, method: str, inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """A ufunc, or one of its methods, by the constructor of its name."""
    from taylor.numpy_ufuncs import INSTEAD, full_name

    name = ufunc.__name__
    builder = _builder(name)
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
        return _accumulate(builder, inputs[0], *inputs[1:], **options)
    if method == "outer":
        a, b = (v if type(v) is Expression else np.asarray(plain(v)) for v in inputs)
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


def _vecdot(a: Any, b: Any, axis: int = -1) -> Any:
    """The sum over the last axis of the products."""
    from taylor.numpy_functions import array_of

    a, b = array_of(a), array_of(b)
    if axis != -1:
        a, b = np.moveaxis(a, axis, -1), np.moveaxis(b, axis, -1)
    if not a.shape or not b.shape or a.shape[-1] != b.shape[-1]:
        raise ShapeError(f"numpy.vecdot: shapes {a.shape} and {b.shape} do not fit together")
    return np.add.reduce(a * b, axis=-1)


def _matvec(a: Any, b: Any) -> Any:
    from taylor.numpy_functions import array_of

    return np.matmul(array_of(a), array_of(b)[..., None])[..., 0]


def _vecmat(a: Any, b: Any) -> Any:
    from taylor.numpy_functions import array_of

    return np.matmul(array_of(a)[..., None, :], array_of(b))[..., 0, :]


# Ufuncs of vectors, which NumPy has from 2.0 on.
_PRODUCTS: dict[str, Callable[..., Any]] = {
    "vecdot": _vecdot,
    "matvec": _matvec,
    "vecmat": _vecmat,
}


def call(name: str, builder: Builder, inputs: Sequence[Any]) -> Any:
    if any(is_node(value) for value in inputs):
        return builder(*(ex.as_expression(value) for value in inputs))
    if name == "matmul":
        return object_matmul(*inputs)
    return _elementwise(builder, inputs)


def _elementwise(builder: Builder, inputs: Sequence[Any]) -> Any:
    """Apply a constructor to scalar expressions, numbers and arrays, broadcast."""
    if not any(isinstance(value, (np.ndarray, list, tuple)) for value in inputs):
        return builder(*(ex.as_expression(value) for value in inputs))
    operands = [np.asarray(plain(value)) for value in inputs]
    try:
        shape = np.broadcast_shapes(*(operand.shape for operand in operands))
    except ValueError:
        shapes = " and ".join(str(operand.shape) for operand in operands)
        raise ShapeError(f"shapes {shapes} do not broadcast together") from None
    result = np.empty(shape, dtype=object)
    flat = [np.broadcast_to(operand, shape).reshape(-1) for operand in operands]
    for i, elements in zip(np.ndindex(*shape), zip(*flat, strict=True), strict=True):
        result[i] = builder(*(ex.as_expression(element) for element in elements))
    return wrapped(result)


def object_matmul(a: Any, b: Any) -> Any:
    from taylor.lower import lower_matmul

    first, second = (expression_array(value).view(np.ndarray) for value in (a, b))
    arrays.matmul_shape(first.shape, second.shape)
    return wrapped(lower_matmul(first, second))


def _reduce(
    ufunc: Any,
    builder: Builder,
    value: Any,
    axis: Any = 0,
    keepdims: bool = False,
    initial: Any = None,
) -> Any:
    from taylor.simplify import multiply_many
    from taylor.sums import add_many

    name = ufunc.__name__
    if initial is np._NoValue:
        initial = None
    if is_node(value) and name == "add" and initial is None:
        return arrays.sum_axes(ex.as_expression(value), axis, keepdims)
    elements = expression_array(value).view(np.ndarray)
    axes = (
        tuple(range(elements.ndim))
        if axis is None
        else arrays.normalised_axes(name, axis, elements.ndim)
    )
    kept = [i for i in range(elements.ndim) if i not in axes]
    shape = tuple(elements.shape[i] for i in kept)
    rows = elements.transpose((*kept, *axes)).reshape(*shape, -1)
    result = np.empty(shape, dtype=object)
    for position in np.ndindex(*shape):
        row = list(rows[position])
        if initial is not None:
            row.append(ex.as_expression(initial))
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


def _accumulate(builder: Builder, value: Any, axis: int = 0) -> Any:
    elements = expression_array(value).view(np.ndarray)
    rows = np.moveaxis(elements, axis, 0)
    for i in range(1, rows.shape[0]):
        rows[i] = plain(_elementwise(builder, (rows[i - 1], rows[i])))
    return wrapped(elements)
