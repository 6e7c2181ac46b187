"""NumPy's functions other than ufuncs (``__array_function__``) for expressions.

Those with a handler have a rule; the others run NumPy's own implementation on the elements.  NumPy
decides by the dtype in places (`nan_to_num` leaves objects as they are) and asks for truth values
in others: what cannot work is refused by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from taylor.errors import (
    ArgumentError,
    ShapeError,
    TaylorError,
    TracingError,
    UnsupportedFunctionError,
    user_location,
)
from taylor.expressions.arrays import products
from taylor.expressions.arrays.changes import changed
from taylor.expressions.arrays.joins import half_turn
from taylor.expressions.arrays.options import stored, without_shared
from taylor.expressions.arrays.refused import REFUSED
from taylor.expressions.arrays.settled import settled
from taylor.expressions.object_arrays import (
    are_whole,
    array_of,
    expression_array,
    is_node,
    plain,
    wrapped,
)
from taylor.expressions.operators import Operators
from taylor.expressions.ufuncs import LARGEST, call, object_matmul
from taylor.nodes.arrays import normalised_axes
from taylor.nodes.elementary import make_function_node
from taylor.nodes.logic import where
from taylor.numbers.exact import PI


def apply_function(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """The ``__array_function__`` of expressions and expression arrays.

    Raises UnsupportedFunctionError, naming the function, where NumPy's own code cannot work on
    expressions.
    """
    name = full_name(func)
    handler = _known.get(func) or _BY_NAME.get(name)
    try:
        found = changed(func, args, kwargs)
        if found is not NotImplemented:
            return found
        given, out = without_shared(name, func, args, kwargs)
        args, kwargs = settled(given)
        if handler is not None:
            return stored(name, handler(*args, **kwargs), out)
        if name.startswith("numpy.fft."):
            raise UnsupportedFunctionError(
                f"{name}: a complex result is no expression (at {user_location()}); sums of "
                "products with numpy.cos and numpy.sin of the angles are"
            )
        if name in REFUSED:
            raise UnsupportedFunctionError(f"{name}: {REFUSED[name]} (at {user_location()})")
        return stored(name, _by_numpy(func, args, kwargs), out)
    except TaylorError as error:
        if name.rpartition(".")[2] in str(error):
            raise
        raise type(error)(f"{name}: {error}") from error
    except TypeError as error:
        raise UnsupportedFunctionError(
            f"{name}: does not take expressions in this way ({error}); use operators and functions "
            "of taylor"
        ) from error
    except (ValueError, IndexError, AttributeError, ArithmeticError) as error:
        hidden = error.__cause__  # NumPy's words in place of what an expression said
        why = hidden if isinstance(hidden, TracingError) else error
        raise ArgumentError(f"{name}: {why}") from error


def full_name(func: Any) -> str:
    """The name of a function with its module, as users write it."""
    return f"{func.__module__}.{func.__name__}"


def _by_numpy(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """NumPy's implementation on plain arrays; functions that it calls are dispatched anew."""
    most = max((e.size for e in (*args, *kwargs.values()) if isinstance(e, Operators)), default=0)
    if most > LARGEST:
        raise UnsupportedFunctionError(
            f"{full_name(func)}: has no rule for whole arrays, and spelled out there would be "
            f"{most} elements (at {user_location()}); write it with operators and functions that "
            "have one, or apply it to parts"
        )
    options = {key: plain(value) for key, value in kwargs.items()}
    operands = tuple(plain(value) for value in args)
    none: Any = np.empty(0)
    return wrapped(np.ndarray.__array_function__(none, func, (np.ndarray,), operands, options))


def parts_of(items: Any) -> list[Any]:
    """The arrays that a sequence, or an array along its first axis, has in it."""
    return [array_of(item) for item in items]


# --- products and choices ----------------------------------------------------------


def dot(a: Any, b: Any) -> Any:
    """Dot product as `numpy.dot`, for up to two axes of `b`; a plain product for scalars."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return a * b
    if are_whole((a, b)):
        return products.dot(a, b)
    if np.ndim(b) > 2:
        raise UnsupportedFunctionError("numpy.dot: with three or more axes use @ or numpy.einsum")
    return object_matmul(a, b)


def _outer(a: Any, b: Any) -> Any:
    return np.multiply.outer(array_of(a).reshape(-1), array_of(b).reshape(-1))


def _where(test: Any, a: Any = None, b: Any = None) -> Any:
    if a is None or b is None:
        raise UnsupportedFunctionError(
            "numpy.where: which elements hold is not known before evaluation; give both values"
        )
    return call("where", where, (test, a, b))


def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """a between two limits, either of which may be missing, as `numpy.clip`."""
    for name, limit in (
        ("maximum", a_min if min is None else min),
        ("minimum", a_max if max is None else max),
    ):
        if limit is not None:
            a = call(name, partial(make_function_node, name), (a, limit))
    return a


# --- reductions ----------------------------------------------------------


def reduced(ufunc: Any, a: Any, axis: Any, keepdims: bool = False, **options: Any) -> Any:
    """The reduction of an array by a ufunc."""
    return ufunc.reduce(array_of(a), axis=axis, keepdims=keepdims, **options)


# What the elements that `where` leaves out count as.
_NOTHING = {
    np.add: 0,
    np.multiply: 1,
    np.logical_and: 1,
    np.logical_or: 0,
    np.maximum: -np.inf,
    np.minimum: np.inf,
    np.fmax: np.nan,
    np.fmin: np.nan,
}


def reduction(ufunc: Any, prepare: Callable[[Any], Any] = array_of) -> Callable[..., Any]:
    """`numpy.sum` and its like, of what `prepare` makes of the elements."""

    def handler(
        a: Any,
        axis: Any = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        given = {} if initial is None else {"initial": initial}
        values = prepare(a)
        if where is not True:
            if initial is None and ufunc in (np.maximum, np.minimum):
                raise ArgumentError(
                    f"where= needs initial= for {ufunc.__name__}, which has no unit"
                )
            values = _where(where, values, _NOTHING[ufunc])
        return reduced(ufunc, values, axis, keepdims, **given)

    return handler


def _is_true(a: Any) -> Any:
    return np.not_equal(array_of(a), 0)


def _ptp(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return reduced(np.maximum, a, axis, keepdims) - reduced(np.minimum, a, axis, keepdims)


def _mean(a: Any, axis: Any = None, keepdims: bool = False, where: Any = True) -> Any:
    values = array_of(a)
    total = _total(values, axis, keepdims=keepdims, where=where)
    return total / _count_along(values, axis, keepdims, where)


def _count_along(values: Any, axis: Any, keepdims: bool = False, where: Any = True) -> Any:
    """Elements that are put together along axes."""
    if where is not True:
        return _total(np.broadcast_to(_is_true(where), values.shape), axis, keepdims)
    shape = values.shape
    if axis is None:
        return math.prod(shape)
    return math.prod(shape[k] for k in normalised_axes("mean", axis, len(shape)))


def variance(
    a: Any,
    axis: Any = None,
    ddof: Any = 0,
    keepdims: bool = False,
    where: Any = True,
    *,
    correction: Any = None,
    mean: Any = None,
) -> Any:
    """The mean of squared distances from the mean, as `numpy.var`."""
    values = array_of(a)
    centre = _mean(values, axis, True, where) if mean is None else mean
    total = _total((values - centre) ** 2, axis, keepdims, where=where)
    freedom = _count_along(values, axis, keepdims, where) - (
        ddof if correction is None else correction
    )
    return total / freedom


def _deviation(*args: Any, **options: Any) -> Any:
    return np.sqrt(variance(*args, **options))


def _average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False
) -> Any:
    values = array_of(a)
    if weights is None:
        found = _mean(values, axis, keepdims=keepdims)
        return (
            (found, found * 0 + _count_along(values, axis, keepdims, True)) if returned else found
        )
    factors = array_of(weights)
    if axis is None and factors.shape != values.shape:
        raise ShapeError(
            f"numpy.average: weights of shape {factors.shape} for values of shape {values.shape} "
            f"need an axis (at {user_location()})"
        )
    if factors.shape != values.shape:
        sizes = [1] * len(values.shape)
        sizes[axis] = -1
        factors = factors.reshape(tuple(sizes)) + 0 * values
    total = reduced(np.add, factors, axis, keepdims)
    found = reduced(np.add, values * factors, axis, keepdims) / total
    return (found, total) if returned else found


_total = reduction(np.add)


# --- shapes ----------------------------------------------------------


def _joined(func: Any) -> Callable[..., Any]:
    """vstack and its like, which walk over their argument: each item has to be an array."""

    def handler(tup: Any, **options: Any) -> Any:
        return _by_numpy(func, ([plain(part) for part in parts_of(tup)],), options)

    return handler


def _ravel(a: Any, order: str = "C") -> Any:
    if order != "C":
        return _by_numpy(np.ravel, (a,), {"order": order})
    return array_of(a).reshape(-1)


def _squeeze(a: Any, axis: Any = None) -> Any:
    values = array_of(a)
    shape = np.empty(values.shape, np.bool_).squeeze(axis).shape
    return values.reshape(shape)


def _expand_dims(a: Any, axis: Any) -> Any:
    values = array_of(a)
    return values.reshape(np.expand_dims(np.empty(values.shape, np.bool_), axis).shape)


def _append(arr: Any, values: Any, axis: Any = None) -> Any:
    first, second = array_of(arr), array_of(values)
    if axis is None:
        first, second, axis = first.reshape(-1), second.reshape(-1), 0
    return np.concatenate([first, second], axis=axis)


def _angle(z: Any, deg: bool = False) -> Any:
    """0 or pi, of negative numbers and of -0.0: expressions are real."""
    values = array_of(z) if np.ndim(z) else z
    angle = _where(np.signbit(values), 180 if deg else PI, 0)
    return _where(np.equal(values, values), angle, values)  # NaN stays NaN


def _bare(a: Any) -> Any:
    """An array of the same shape that costs nothing."""
    return np.broadcast_to(np.False_, a.shape) if isinstance(a, Operators) else plain(a)


def _inner(a: Any, b: Any) -> Any:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return a * b
    return np.tensordot(array_of(a), array_of(b), axes=(-1, -1))


_known: dict[Any, Callable[..., Any]] = {
    np.where: _where,
    np.clip: clip,
    np.dot: dot,
    np.vdot: lambda a, b: dot(array_of(a).reshape(-1), array_of(b).reshape(-1)),
    np.inner: lambda a, b: _inner(a, b),
    np.outer: _outer,
    np.sum: _total,
    np.prod: reduction(np.multiply),
    **dict.fromkeys((np.max, np.amax), reduction(np.maximum)),
    **dict.fromkeys((np.min, np.amin), reduction(np.minimum)),
    np.ptp: _ptp,
    np.any: reduction(np.logical_or, _is_true),
    np.all: reduction(np.logical_and, _is_true),
    np.count_nonzero: reduction(np.add, _is_true),
    np.mean: _mean,
    np.var: variance,
    np.std: _deviation,
    np.average: _average,
    np.angle: _angle,
    np.real: lambda val: array_of(val) if np.ndim(val) else val,
    np.imag: lambda val: 0 * array_of(val) if np.ndim(val) else 0 * val,
    np.shape: lambda a: np.shape(_bare(a)),
    np.ndim: lambda a: np.ndim(_bare(a)),
    np.size: lambda a, axis=None: np.size(_bare(a), axis),
    np.vstack: _joined(np.vstack),
    np.hstack: _joined(np.hstack),
    np.dstack: _joined(np.dstack),
    np.column_stack: _joined(np.column_stack),
    np.ravel: _ravel,
    np.squeeze: _squeeze,
    np.expand_dims: _expand_dims,
    np.append: _append,
    np.copy: lambda a, order="K", subok=False: (
        a.copy() if isinstance(a, Operators) else expression_array(a)
    ),
}


# Of a module that NumPy imports when it is asked for.
_BY_NAME: dict[str, Callable[..., Any]] = {
    f"numpy.fft.{name}": lambda x, axes=None, turn=turn, name=name: (
        turn(x, axes) if is_node(x) else _by_numpy(getattr(np.fft, name), (x, axes), {})
    )
    for name, turn in (("fftshift", half_turn(1)), ("ifftshift", half_turn(-1)))
}


def register_rules(rules: dict[Any, Callable[..., Any]]) -> None:
    """Give NumPy's functions rules for array expressions; object arrays go on as they did."""
    for func, rule in rules.items():
        _known[func] = _for_nodes(rule, _known.get(func) or partial(_by_numpy_called, func))


def _for_nodes(rule: Callable[..., Any], otherwise: Callable[..., Any]) -> Callable[..., Any]:
    def handler(*args: Any, **kwargs: Any) -> Any:
        return (rule if are_whole((*args, *kwargs.values())) else otherwise)(*args, **kwargs)

    return handler


def _by_numpy_called(func: Any, *args: Any, **kwargs: Any) -> Any:
    return _by_numpy(func, args, kwargs)


def register(handlers: dict[Any, Callable[..., Any]]) -> None:
    """Give NumPy's functions rules for expressions."""
    _known.update(handlers)
