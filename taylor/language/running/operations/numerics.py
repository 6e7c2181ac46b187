"""What functions of `math`, `cmath`, `operator` and NumPy that make numbers or arrays become."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from taylor.control.loops import fori_loop, while_loop
from taylor.expressions.arrays.assignment import ArrayUnderConstruction
from taylor.expressions.expression import Expression
from taylor.expressions.ufunc_builders import has_sign, remainder_towards_zero
from taylor.functions.apply import where as chosen
from taylor.language.running.digits import is_whole, known_of, made_of_digits
from taylor.language.running.faults import fault_where
from taylor.language.running.journal import running
from taylor.language.running.places import refuse
from taylor.language.running.values.kinds import Flat
from taylor.language.running.values.objects import Array, List, born, plain
from taylor.nodes.conversion import as_expression, stack
from taylor.nodes.elementary import make_function_node, remainder
from taylor.nodes.logic import both, either, where

# Modules whose functions give something else at each call.
UNREPEATABLE = frozenset(("random", "time", "datetime", "secrets", "uuid", "os"))


def _math(name: str, of: Callable[..., Any]) -> Callable[..., Any]:
    """A function of `math`: of numbers as it is, of traced values by its rule."""
    native = getattr(math, name)

    def called(*args: Any) -> Any:
        given = [plain(x) for x in args]
        if not any(isinstance(x, Expression | ArrayUnderConstruction) for x in given):
            return native(*given)
        return of(*[x.now if isinstance(x, ArrayUnderConstruction) else x for x in given])

    return called


def _node(name: str) -> Callable[..., Any]:
    return lambda *args: make_function_node(name, *map(as_expression, args))


_NAMES = {
    **{name: name for name in ("sin", "cos", "tan", "asin", "acos", "atan", "exp")},
    **{name: name for name in ("expm1", "log1p", "sinh", "cosh", "tanh", "asinh", "acosh")},
    **{name: name for name in ("atanh", "sqrt", "erf", "erfc", "lgamma", "gamma", "cbrt")},
    "fabs": "abs",
}


def _without_sign(e: Any) -> Any:
    """A whole number, of which Python has one zero; others as they are."""
    e = as_expression(e)
    return where(abs(e) < 1, 0, e) if not e.shape and known_of(e).whole else e


def _of_signs(name: str) -> Callable[..., Any]:
    """A function that sees the sign of a zero."""
    return lambda *args: make_function_node(name, *map(_without_sign, args))


def _log(x: Any, *base: Any) -> Any:
    value = np.log(as_expression(x))
    return value / np.log(as_expression(base[0])) if base else value


def _fsum(items: Any) -> Any:
    total: Any = 0
    for item in items:
        total = total + item
    return total


def _hypot(*args: Any) -> Any:
    total = (
        make_function_node("hypot", *map(as_expression, args[:2]))
        if len(args) > 1
        else abs(args[0])
    )
    for x in args[2:]:
        total = make_function_node("hypot", total, as_expression(x))
    return total


def _floor(x: Any) -> Any:
    return make_function_node("floor", as_expression(x))


def _ceil(x: Any) -> Any:
    return -make_function_node("floor", -as_expression(x))


def _fmod(x: Any, y: Any) -> Any:
    return remainder_towards_zero(as_expression(x), as_expression(y))


def _to_nearest(x: Any, y: Any) -> Any:
    """What is left of x by the multiple of y next to it, the even one of two."""
    x, y = as_expression(x), abs(as_expression(y))
    below_zero = has_sign(x)
    size = where(below_zero, -x, x)
    above = remainder(size, y)
    below = y - above
    between = above - 2 * remainder((size - above) / 2, y)
    found = where(above < below, above, where(above > below, -below, between))
    return where(below_zero, -found, found)


def _isclose(a: Any, b: Any, *, rel_tol: float = 1e-09, abs_tol: float = 0.0) -> Any:
    a, b = as_expression(a), as_expression(b)
    size = where(abs(a) > abs(b), abs(a), abs(b))
    most = where(size * rel_tol > abs_tol, size * rel_tol, as_expression(abs_tol))
    return either(a == b, both(abs(a - b) <= most, size < math.inf))


def _gcd(*numbers: Any) -> Any:
    found = abs(as_expression(numbers[0]))
    for x in numbers[1:]:
        given = found, abs(as_expression(x))
        made = while_loop(lambda s: s[1] > 0, lambda s: (s[1], remainder(s[0], s[1])), given)[0]
        found = made_of_digits(made, "math.gcd", *given)
    return found


def _dist(p: Any, q: Any) -> Any:
    return _hypot(*[a - b for a, b in zip(p, q, strict=True)], 0)


def _factorial(n: Any) -> Any:
    fault_where(as_expression(n) < 0, ValueError("factorial() not defined for negative values"))
    product = fori_loop(1, as_expression(n) + 1, lambda k, y: y * k, as_expression(1))
    return is_whole(product)


def _isqrt(n: Any) -> Any:
    """Roots beyond 2**26 that are next to a whole number are rounded to it."""
    n = as_expression(n)
    fault_where(n < 0, ValueError("isqrt() argument must be nonnegative"))
    root = _floor(make_function_node("sqrt", n))
    return made_of_digits(root - where(root * root > n, as_expression(1), 0), "math.isqrt", n)


def _lcm(*numbers: Any) -> Any:
    found = abs(as_expression(numbers[0]))
    for x in numbers[1:]:
        other = abs(as_expression(x))
        common = _gcd(found, other)
        parts = _floor(found / where(common > 0, common, as_expression(1)))
        found = is_whole(where(common > 0, parts * other, common))
    return found


def _comb(n: Any, k: Any) -> Any:
    n, k = as_expression(n), as_expression(k)
    fault_where(n < 0, ValueError("n must be a non-negative integer"))
    fault_where(k < 0, ValueError("k must be a non-negative integer"))
    few = where(k + k > n, n - k, k)  # none, where k is beyond n

    def turn(i: Any, found: Any) -> Any:
        """found * m / i without the product, which may be too large."""
        m, parts = n - few + i, _floor(found / i)
        return parts * m + _floor((found - parts * i) * m / i)

    ways = fori_loop(1, few + 1, turn, as_expression(1))
    return is_whole(where(k > n, as_expression(0), ways))


_MATH: dict[str, Callable[..., Any]] = {
    **{name: _node(ours) for name, ours in _NAMES.items()},
    "log": _log,
    "log2": lambda x: np.log2(as_expression(x)),
    "log10": lambda x: np.log10(as_expression(x)),
    "exp2": lambda x: 2 ** as_expression(x),
    "pow": lambda x, y: as_expression(x) ** y,
    "hypot": _hypot,
    "floor": _floor,
    "ceil": _ceil,
    "trunc": lambda x: np.trunc(as_expression(x)),
    "fmod": _fmod,
    "remainder": _to_nearest,
    "modf": lambda x: np.modf(as_expression(x)),
    **{name: _of_signs(name) for name in ("atan2", "copysign")},
    "isnan": lambda x: as_expression(x) != as_expression(x),
    "isinf": lambda x: abs(as_expression(x)) == math.inf,
    "isfinite": lambda x: abs(as_expression(x)) < math.inf,
    "isclose": _isclose,
    "gcd": _gcd,
    "degrees": lambda x: x * (180 / math.pi),
    "radians": lambda x: x * (math.pi / 180),
    "factorial": _factorial,
    "isqrt": _isqrt,
    "lcm": _lcm,
    "comb": _comb,
}


def _traced_items(native: Callable[..., Any], of: Callable[..., Any]) -> Callable[..., Any]:
    """A function of `math` that takes sequences."""

    def called(*args: Any) -> Any:
        if not any(Flat(x).traced for x in args):
            return native(*[plain(x) for x in args])
        return of(*args)

    return called


# --- arrays --------------------------------------------------------------------------------------


def _own(array: Any, dtype: Any = None) -> Any:
    """An array that NumPy has made, as one that may take traced elements."""
    if isinstance(array, ArrayUnderConstruction):
        made = Array(array.now)
        if isinstance(array, Array):
            made.whole, made.truth = array.whole, array.truth
    elif isinstance(array, Expression):
        made = Array(array)
    else:
        if array.dtype.kind not in "fiub" or not array.ndim:
            return array
        made = Array(as_expression(array), array.dtype.kind in "iu", array.dtype.kind == "b")
    if dtype is not None:
        kind = np.dtype(dtype).kind
        made.whole, made.truth = kind in "iu", kind == "b"
    return running().adopt(made) if made.now.shape else made.now


_LIKE = (np.zeros_like, np.ones_like, np.empty_like, np.full_like)


def _made(native: Callable[..., Any]) -> Callable[..., Any]:
    """``numpy.zeros`` and the like: of known numbers."""

    def called(*args: Any, **named: Any) -> Any:
        given = [plain(x) for x in args]
        options = {key: plain(x) for key, x in named.items()}
        if native not in _LIKE and given and Flat(given[0]).traced:
            refuse(
                "a traced value is the shape of an array",
                "Shapes have to be known while the program is traced. Instead: name the argument "
                "in static_argnums (it is traced anew for each value), or give an array a length "
                "that is always enough.",
            )
        if native in (np.full, np.full_like) and Flat((args, named)).traced:
            shape, value, *_ = [*args, *named.values()]
            if native is np.full_like:
                shape = np.shape(plain(shape))
            array = as_expression(value) + as_expression(np.zeros(shape))
            return _own(array)
        if native in (np.empty, np.empty_like):
            maker = np.zeros if native is np.empty else np.zeros_like
            return _own(_like(maker, given, options))
        return _own(_like(native, given, options))

    return called


def _like(maker: Callable[..., Any], args: list[Any], options: dict[str, Any]) -> Any:
    """NumPy's array; of traced ones by their shape."""
    if args and isinstance(args[0], Expression | ArrayUnderConstruction):
        pattern = np.zeros(args[0].shape)
        if isinstance(args[0], Array) and (args[0].whole or args[0].truth):
            pattern = pattern.astype(int if args[0].whole else bool)
        args = [pattern, *args[1:]]
    return maker(*args, **options)


def _array(native: Callable[..., Any]) -> Callable[..., Any]:
    """``numpy.array``: a new array, of traced elements too."""

    def called(value: Any, dtype: Any = None, **named: Any) -> Any:
        kept = isinstance(value, ArrayUnderConstruction | np.ndarray)
        real = isinstance(value, Array) and not value.whole and not value.truth
        same = dtype is None or (real and np.dtype(dtype) == np.float64)
        if native is not np.array and kept and same:
            return value
        if not Flat(value).traced and not isinstance(value, Expression):
            if isinstance(value, Array) and dtype is None:
                return value.copy()
            return _own(native(plain(value), dtype, **named))
        if isinstance(value, List | list | tuple):
            value = _stacked(value)
        return _own(as_expression(value), dtype or float)

    return called


def _stacked(items: Any) -> Any:
    parts = [_stacked(i) if isinstance(i, list | tuple) else as_expression(i) for i in items]
    return stack(parts)


def _copy(value: Any, **_: Any) -> Any:
    if isinstance(value, ArrayUnderConstruction | Expression):
        return _own(value)
    return born(np.copy(value))


NUMERICS: dict[Any, Callable[..., Any]] = {
    **{
        getattr(math, name): _math(name, rule)
        for name, rule in _MATH.items()
        if hasattr(math, name)
    },
    math.fsum: _traced_items(math.fsum, _fsum),
    math.dist: _traced_items(math.dist, _dist),
    **{
        native: _made(native)
        for native in (
            *(np.zeros, np.ones, np.empty, np.full, np.eye, np.identity),
            *(np.zeros_like, np.ones_like, np.empty_like, np.full_like),
        )
    },
    np.array: _array(np.array),
    np.asarray: _array(np.asarray),
    np.asanyarray: _array(np.asanyarray),
    np.ascontiguousarray: _array(np.ascontiguousarray),
    np.copy: _copy,
    np.where: lambda *args: born(chosen(*args) if len(args) == 3 else np.where(*map(plain, args))),
}
