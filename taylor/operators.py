"""What Python's operators and NumPy's protocols do with an expression: they build nodes.

The methods live apart from the fields of a node (`taylor.expression`), which hold the data.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, Self

import numpy as np

from taylor.errors import TracingError, user_location
from taylor.numbers import exact as constants

if TYPE_CHECKING:
    from taylor.expression import Expression


# The constructors build Expressions, and Expression is built on this class: `taylor.expression`
# puts the modules here once everything exists.
arrays: Any = None
logic: Any = None
numpy_functions: Any = None
numpy_protocol: Any = None
simplify: Any = None
sums: Any = None
try_expression: Any = None


class Operators:
    """Base class of `Expression`: operators, comparisons, indexing, NumPy protocols; no fields."""

    __slots__ = ()

    op: str
    args: tuple[Expression, ...]
    payload: Any
    shape: tuple[int, ...]
    id: int

    # --- arithmetic ----------------------------------------------------------------------------
    def __add__(self, other: Any) -> Expression:
        return (
            sums.add(self, other) if type(other) is type(self) else _binary(sums.add, self, other)
        )

    def __radd__(self, other: Any) -> Expression:
        return _binary(sums.add, other, self, reflected=True)

    def __sub__(self, other: Any) -> Expression:
        return (
            sums.subtract(self, other)
            if type(other) is type(self)
            else _binary(sums.subtract, self, other)
        )

    def __rsub__(self, other: Any) -> Expression:
        return _binary(sums.subtract, other, self, reflected=True)

    def __mul__(self, other: Any) -> Expression:
        return (
            simplify.multiply(self, other)
            if type(other) is type(self)
            else _binary(simplify.multiply, self, other)
        )

    def __rmul__(self, other: Any) -> Expression:
        return _binary(simplify.multiply, other, self, reflected=True)

    def __truediv__(self, other: Any) -> Expression:
        return (
            simplify.divide(self, other)
            if type(other) is type(self)
            else _binary(simplify.divide, self, other)
        )

    def __rtruediv__(self, other: Any) -> Expression:
        return _binary(simplify.divide, other, self, reflected=True)

    def __pow__(self, other: Any) -> Expression:
        return (
            simplify.power(self, other)
            if type(other) is type(self)
            else _binary(simplify.power, self, other)
        )

    def __rpow__(self, other: Any) -> Expression:
        return _binary(simplify.power, other, self, reflected=True)

    def __floordiv__(self, other: Any) -> Expression:
        return _binary(simplify.floor_divide, self, other)

    def __rfloordiv__(self, other: Any) -> Expression:
        return _binary(simplify.floor_divide, other, self, reflected=True)

    def __mod__(self, other: Any) -> Expression:
        return _binary(simplify.remainder, self, other)

    def __rmod__(self, other: Any) -> Expression:
        return _binary(simplify.remainder, other, self, reflected=True)

    def __neg__(self) -> Expression:
        return sums.negate(self)

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Expression:
        return simplify.make_function_node("abs", self)

    def __floor__(self) -> Expression:
        return simplify.make_function_node("floor", self)

    def __ceil__(self) -> Expression:
        return sums.negate(simplify.make_function_node("floor", sums.negate(self)))

    def __trunc__(self) -> Any:
        return np.trunc(self)

    def __round__(self, digits: int | None = None) -> Any:
        return np.round(self, digits or 0)

    def __divmod__(self, other: Any) -> tuple[Any, Any]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Any, Any]:
        return other // self, other % self

    def __matmul__(self, other: Any) -> Expression:
        return _binary(arrays.matmul, self, other)

    def __rmatmul__(self, other: Any) -> Expression:
        return _binary(arrays.matmul, other, self, reflected=True)

    # --- comparisons and logic build nodes -----------------------------------------------------
    def __lt__(self, other: Any) -> Expression:
        return _binary(logic.less, self, other)

    def __le__(self, other: Any) -> Expression:
        return _binary(logic.less_equal, self, other)

    def __gt__(self, other: Any) -> Expression:
        return _binary(logic.greater, self, other)

    def __ge__(self, other: Any) -> Expression:
        return _binary(logic.greater_equal, self, other)

    def __eq__(self, other: object) -> Expression:  # type: ignore[override]
        return _binary(logic.equal, self, other)

    def __ne__(self, other: object) -> Expression:  # type: ignore[override]
        return _binary(logic.not_equal, self, other)

    def __and__(self, other: Any) -> Expression:
        return _binary(logic.both, self, other)

    __rand__ = __and__

    def __or__(self, other: Any) -> Expression:
        return _binary(logic.either, self, other)

    __ror__ = __or__

    def __xor__(self, other: Any) -> Expression:
        return _binary(logic.different, self, other)

    __rxor__ = __xor__

    def __invert__(self) -> Expression:
        return logic.negation(self)

    # --- what only numbers have ----------------------------------------------------------------
    def __bool__(self) -> bool:
        if self.op == "constant" and self.shape == ():
            return bool(self.payload)
        raise _no_value(
            self,
            "bool",
            "write taylor.where(condition, a, b) for a choice, & | ~ for and, or, not, "
            "(a < x) & (x < b) for a chained comparison, and `is` for identity",
        )

    def __float__(self) -> float:
        if self.op == "constant" and self.shape == ():
            return constants.to_float(self.payload)
        raise _no_value(
            self,
            "float",
            "use expr.evaluate({x: ...}) or taylor.compile for a value, functions of taylor or "
            "NumPy instead of the math module, and arrays with dtype=object (or "
            "numpy.zeros_like(y)) to store expressions in",
        )

    def __int__(self) -> int:
        if self.op == "constant" and self.shape == ():
            return int(self.payload)
        raise _no_value(self, "int", "use expr.evaluate({x: ...}), and taylor.floor to round down")

    def __complex__(self) -> complex:
        return complex(float(self))

    def __index__(self) -> int:
        if self.op == "constant" and self.shape == () and type(self.payload) is int:
            return int(self.payload)
        raise _no_value(
            self, "index", "an index or a length has to be a number; use taylor.where to choose"
        )

    def __contains__(self, item: object) -> NoReturn:
        raise _no_value(self, "in", "use any(item is element for element in sequence) for identity")

    # --- arrays --------------------------------------------------------------------------------
    @property
    def ndim(self) -> int:
        """Number of axes; 0 for a scalar."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements; 1 for a scalar."""
        return math.prod(self.shape)

    @property
    def T(self) -> Expression:
        """The transposed array."""
        return arrays.transpose(self)

    def __len__(self) -> int:
        if not self.shape:
            # NumPy asks every object it meets for its length: this message does not print the node.
            raise TracingError(f"len() of a scalar expression at {user_location()}: {_MAKE_ARRAY}")
        return self.shape[0]

    def __getitem__(self, index: Any) -> Expression:
        return arrays.index(self, index)

    def __iter__(self) -> Iterator[Expression]:
        if not self.shape:
            raise TracingError(f"iter() of a scalar expression at {user_location()}: {_MAKE_ARRAY}")
        return (arrays.index(self, i) for i in range(self.shape[0]))

    def sum(self, axis: int | Sequence[int] | None = None, **options: Any) -> Expression:
        """Sum over all elements or over the given axes, as `numpy.sum`."""
        return arrays.sum_axes(self, axis, **options)

    def reshape(self, *shape: Any) -> Expression:
        """The same elements in row-major order with another shape, as `numpy.reshape`."""
        return arrays.reshape(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Expression:
        """Permute the axes, as `numpy.transpose`."""
        chosen = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        return arrays.transpose(self, chosen or None)

    def dot(self, other: Any) -> Expression:
        """Dot product as `numpy.dot`."""
        return numpy_functions.dot(self, other)

    def flatten(self, order: str = "C") -> Any:
        """The elements in one row, as `numpy.ravel`."""
        return np.ravel(self, order)  # type: ignore[call-overload]

    def copy(self, order: str = "C") -> Self:
        """The expression itself: it never changes."""
        return self

    def tolist(self) -> Any:
        """Nested lists of scalar expressions."""
        return [item.tolist() for item in self] if self.shape else self

    # --- NumPy ---------------------------------------------------------------------------------
    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return numpy_protocol.apply_ufunc(ufunc, method, inputs, options)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return numpy_functions.apply_function(func, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        """Methods by NumPy's names: ``np.sin`` of an object array calls ``element.sin()``."""
        if name in _ARRAY_METHODS:
            return partial(getattr(np, name), self)
        if not name.startswith("_"):
            method = numpy_protocol.element_method(name)
            if method is not None:
                return lambda *others: method(self, *others)
        raise AttributeError(f"Expression has no attribute {name!r}")


# Methods of NumPy's arrays that are functions of the same name.
_ARRAY_METHODS = frozenset(
    (
        *("ravel", "squeeze", "swapaxes", "repeat", "take", "trace", "diagonal"),
        *("mean", "max", "min", "ptp", "prod", "var", "std", "cumsum", "cumprod", "any", "all"),
        *("clip", "round"),
    )
)
_MAKE_ARRAY = "it has no elements; taylor.variable(name, shape=(n,)) makes an array"


def _no_value(expression: Operators, what: str, remedy: str) -> TracingError:
    return TracingError(
        f"{what}() of the expression {expression} at {user_location()}: its value is not known "
        f"while the expression is being built; {remedy}"
    )


def _binary(
    function: Callable[[Any, Any], Expression], a: Any, b: Any, reflected: bool = False
) -> Any:
    """Apply an operator after converting the foreign operand; NumPy arrays get their turn first."""
    own, other = (b, a) if reflected else (a, b)
    if type(other) is not type(own):
        if isinstance(other, np.ndarray) and other.shape != ():
            return NotImplemented
        other = try_expression(other, sequences=bool(own.shape))
        if other is None:
            return NotImplemented
    return function(other, own) if reflected else function(own, other)
