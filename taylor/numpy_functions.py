"""NumPy's functions other than ufuncs (``__array_function__``) for expressions.

Those listed in `_HANDLERS` have a rule; the others run NumPy's own implementation on the elements.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from taylor import arrays
from taylor import expression as ex
from taylor.errors import UnsupportedFunctionError
from taylor.expression import Expression
from taylor.numpy_protocol import call, expression_array, is_node, object_matmul, plain, wrapped


def apply_function(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """The ``__array_function__`` of expressions and expression arrays."""
    handler = _HANDLERS.get(func)
    if handler is not None:
        return handler(*args, **kwargs)
    options = {key: plain(value) for key, value in kwargs.items()}
    return wrapped(func(*(plain(value) for value in args), **options))


def dot(a: Any, b: Any) -> Any:
    """Dot product as `numpy.dot`, for up to two axes of `b`; a plain product for scalars."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return a * b
    if np.ndim(b) > 2:
        raise UnsupportedFunctionError("numpy.dot: with three or more axes use @ or numpy.einsum")
    return a @ b if is_node(a) or is_node(b) else object_matmul(a, b)


def _where(test: Any, a: Any = None, b: Any = None) -> Any:
    from taylor.logic import where

    if a is None or b is None:
        raise UnsupportedFunctionError(
            "numpy.where: which elements hold is not known before evaluation; give both values"
        )
    return call("where", where, (test, a, b))


def clip(a: Any, low: Any = None, high: Any = None, **limits: Any) -> Any:
    low = limits.get("min", limits.get("a_min", low))
    high = limits.get("max", limits.get("a_max", high))
    if low is not None:
        a = call("maximum", partial(ex.make_function_node, "maximum"), (a, low))
    if high is not None:
        a = call("minimum", partial(ex.make_function_node, "minimum"), (a, high))
    return a


def _reduced(ufunc: Any, a: Any, axis: Any, keepdims: bool) -> Any:
    return ufunc.reduce(_array(a), axis=axis, keepdims=keepdims)


def _reduction(ufunc: Any) -> Callable[..., Any]:
    """`numpy.sum` and its like; a dtype has no meaning for expressions."""

    def handler(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
        return _reduced(ufunc, a, axis, keepdims)

    return handler


def _mean(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
    values = _array(a)
    total = _reduced(np.add, values, axis, keepdims)
    return total / (math.prod(values.shape) // max(1, math.prod(np.shape(total))))


def _array(value: Any) -> Any:
    """An array node or an expression array."""
    return value if is_node(value) and type(value) is Expression else expression_array(value)


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    values = _array(x)
    if axis is None and len(values.shape) > 1 and ord not in (None, "fro"):
        raise UnsupportedFunctionError(
            f"numpy.linalg.norm: ord={ord!r} of a matrix is not available; use the Frobenius norm, "
            "or give axis"
        )
    if ord in (None, 2, "fro"):
        return np.sqrt(_reduced(np.add, values * values, axis, keepdims))
    if ord == 1:
        return _reduced(np.add, np.absolute(values), axis, keepdims)
    if ord in (np.inf, -np.inf):
        extreme = np.maximum if ord > 0 else np.minimum
        return _reduced(extreme, np.absolute(values), axis, keepdims)
    raise UnsupportedFunctionError(
        f"numpy.linalg.norm: ord={ord!r} is not available; use 1, 2 or inf"
    )


def _structured(node_function: Callable[..., Any], func: Callable[..., Any]) -> Callable[..., Any]:
    """Use the constructor of array nodes if there is one among the operands, else NumPy itself."""

    def handler(*args: Any, **kwargs: Any) -> Any:
        if is_node(args[0]):
            first = args[0] if type(args[0]) is Expression else list(args[0])
            return node_function(first, *args[1:], **kwargs)
        return wrapped(func(*(plain(arg) for arg in args), **kwargs))

    return handler


def _outer(a: Any, b: Any) -> Any:
    return np.multiply.outer(_array(a).reshape(-1), _array(b).reshape(-1))


_HANDLERS: dict[Any, Callable[..., Any]] = {
    np.where: _where,
    np.clip: clip,
    np.dot: dot,
    np.vdot: lambda a, b: dot(_array(a).reshape(-1), _array(b).reshape(-1)),
    np.outer: _outer,
    np.sum: _reduction(np.add),
    np.prod: _reduction(np.multiply),
    np.max: _reduction(np.maximum),
    np.min: _reduction(np.minimum),
    np.mean: _mean,
    np.linalg.norm: _norm,
    np.shape: lambda a: tuple(np.shape(plain(a))),
    np.ndim: lambda a: np.ndim(plain(a)),
    np.size: lambda a, axis=None: np.size(plain(a), axis),
    np.stack: _structured(arrays.stack, np.stack),
    np.concatenate: _structured(arrays.concatenate, np.concatenate),
    np.reshape: _structured(arrays.reshape, np.reshape),
    np.transpose: _structured(arrays.transpose, np.transpose),
    np.broadcast_to: _structured(arrays.broadcast_to, np.broadcast_to),
}
