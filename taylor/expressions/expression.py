"""Expressions: what users hold, nodes with operators that NumPy and Python's own protocols know."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from taylor.errors import TracingError, user_location
from taylor.expressions import array_functions, array_pieces, printing, ufuncs
from taylor.expressions.arrays import joins, moves, products, reductions, sorting, statistics
from taylor.expressions.evaluate import Value, Values, evaluate
from taylor.expressions.operators import ExpressionOrArray, Operand, Operators
from taylor.nodes.traverse import load_one, to_records

Axes: TypeAlias = "int | tuple[int, ...] | None"

# Methods of NumPy's arrays that are functions of the same name.
_ARRAY_METHODS = frozenset(
    (
        *("ravel", "squeeze", "swapaxes", "repeat", "take", "trace", "diagonal"),
        *("mean", "max", "min", "ptp", "prod", "var", "std", "cumsum", "cumprod", "any", "all"),
        *("argmax", "argmin", "argsort", "compress", "searchsorted"),
        *("clip", "round"),
    )
)


class Expression(Operators):
    """One node: a number, an input, or an operation on other nodes; a real scalar or array.

    Made by `variable`, `parameter`, `time`, `constant` and by operators, never directly; equal
    expressions are the same object.

    op:      name of the operation.
    args:    operand nodes.
    payload: what else defines the operation (a number, a name, coefficients, indices), hashable.
    shape:   shape of the value; () for a scalar.
    id:      position in the order of creation; operands always have smaller ids than results.

    >>> import taylor as ty
    >>> x, y = ty.variables("x y")
    >>> e = 2 * x + ty.sin(y)
    >>> e, e.shape, e is ty.sin(y) + x + x
    (2*x + sin(y), (), True)
    """

    __slots__ = ()

    __array_priority__ = 1000.0
    __hash__ = object.__hash__

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return load_one, (to_records((self,)),)

    def evaluate(self, values: Values | None = None) -> Value:
        """Value for given inputs; see `taylor.evaluate`."""
        return evaluate(self, values)

    def __str__(self) -> str:
        return printing.to_string(self)

    __repr__ = __str__

    def _repr_latex_(self) -> str | None:
        """For notebooks; None, so that they show the text, where it is long."""
        from taylor.displays.formulas import LONGEST, to_latex

        text = printing.to_string(self, LONGEST)
        made = to_latex(text)
        return None if made is None else f"${made}$"

    def to_text(self) -> str:
        """The whole expression, a numbered line per shared part; see `printing.to_text`."""
        return printing.to_text(self)

    def dot(self, other: Operand) -> ExpressionOrArray:
        """Dot product as `numpy.dot`."""
        return array_functions.dot(self, other)

    # --- NumPy ---------------------------------------------------------------------------------
    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return ufuncs.apply_ufunc(ufunc, method, inputs, options)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return array_functions.apply_function(func, args, kwargs)

    if TYPE_CHECKING:  # by the names of NumPy's methods; a misspelt one is an error

        def __array__(self) -> np.ndarray: ...  # NumPy's own functions say that they want one
        def ravel(self, order: str = ...) -> Expression: ...
        def squeeze(self, axis: Axes = ...) -> Expression: ...
        def swapaxes(self, axis1: int, axis2: int) -> Expression: ...
        def repeat(self, repeats: int, axis: int | None = ...) -> Expression: ...
        def take(self, indices: ArrayLike, axis: int | None = ...) -> Expression: ...
        def trace(self, offset: int = ..., axis1: int = ..., axis2: int = ...) -> Expression: ...
        def diagonal(self, offset: int = ..., axis1: int = ..., axis2: int = ...) -> Expression: ...
        def mean(self, axis: Axes = ..., *, keepdims: bool = ...) -> Expression: ...
        def max(self, axis: Axes = ..., *, keepdims: bool = ...) -> Expression: ...
        def min(self, axis: Axes = ..., *, keepdims: bool = ...) -> Expression: ...
        def ptp(self, axis: Axes = ..., *, keepdims: bool = ...) -> Expression: ...
        def prod(self, axis: Axes = ..., *, keepdims: bool = ...) -> Expression: ...
        def var(self, axis: Axes = ..., *, ddof: int = ...) -> Expression: ...
        def std(self, axis: Axes = ..., *, ddof: int = ...) -> Expression: ...
        def cumsum(self, axis: int | None = ...) -> Expression: ...
        def cumprod(self, axis: int | None = ...) -> Expression: ...
        def any(self, axis: Axes = ..., *, keepdims: bool = ...) -> Expression: ...
        def all(self, axis: Axes = ..., *, keepdims: bool = ...) -> Expression: ...
        def argmax(self, axis: int | None = ..., *, keepdims: bool = ...) -> Expression: ...
        def argmin(self, axis: int | None = ..., *, keepdims: bool = ...) -> Expression: ...
        def argsort(self, axis: int | None = ...) -> Expression: ...
        def searchsorted(self, v: Any, side: str = ...) -> Expression: ...
        def compress(self, condition: ArrayLike, axis: int | None = ...) -> Expression: ...
        def clip(self, least: Any = ..., most: Any = ...) -> Expression: ...
        def round(self, decimals: int = ...) -> Expression: ...


def _array_method(name: str) -> Callable[..., ExpressionOrArray]:
    function = getattr(np, name)

    def method(self: Expression, *args: object, **options: object) -> ExpressionOrArray:
        return function(self, *args, **options)

    return ufuncs.named_as_in_numpy(method, name)


def _changing_method(name: str) -> Callable[..., NoReturn]:
    def method(self: Expression, *args: object, **options: object) -> NoReturn:
        raise TracingError(
            f"a.{name}(...) at {user_location()}: an expression never changes; make an array that "
            "does with a = x.copy(), numpy.zeros_like(x) or taylor.zeros(shape)"
        )

    return ufuncs.named_as_in_numpy(method, name)


for _name in _ARRAY_METHODS:
    setattr(Expression, _name, _array_method(_name))
for _name in ("sort", "partition", "fill", "put"):
    setattr(Expression, _name, _changing_method(_name))
ufuncs.add_methods(Expression)
array_functions.register(array_pieces.HANDLERS)
for rules in (joins.RULES, moves.RULES, products.RULES, reductions.RULES, statistics.RULES):
    array_functions.register_rules(rules)
array_functions.register(reductions.ALWAYS)
array_functions.register(sorting.ALWAYS)
