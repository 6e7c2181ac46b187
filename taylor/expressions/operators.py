"""What Python's operators and NumPy's protocols do with an expression: they build nodes.

The methods live apart from the fields of a node (`nodes.node`), which hold the data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn, Self, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from taylor.errors import TracingError, UnsupportedFunctionError, user_location
from taylor.expressions.arrays.assignment import ArrayUnderConstruction
from taylor.expressions.arrays.traced_places import at_traced, is_traced
from taylor.nodes import arrays, elementary, logic, products, sums
from taylor.nodes.conversion import try_expression
from taylor.nodes.node import Node
from taylor.numbers import exact as constants
from taylor.numbers.checks import check_real
from taylor.numbers.types import Real

# What an expression is added to and compared with. With an array of NumPy the result is an array
# of expressions where the expression is a scalar, of which types do not tell.
Operand: TypeAlias = "Node | Real | np.ndarray | list[Any] | tuple[Any, ...]"
ExpressionOrArray: TypeAlias = Any  # by its shape
Nested: TypeAlias = Any  # an expression, or lists of lists of them, by its shape


class Operators(Node):
    """Nodes with operators, comparisons and indexing; NumPy's protocols come with `Expression`."""

    __slots__ = ()

    # --- arithmetic ----------------------------------------------------------------------------
    def __add__(self, other: Operand) -> Self:
        if type(other) is type(self):
            return sums.combine(1, self, 1, other)
        return _computed(sums.add, self, other)

    def __radd__(self, other: Operand) -> Self:
        return _computed(sums.add, other, self, reflected=True)

    def __sub__(self, other: Operand) -> Self:
        if type(other) is type(self):
            return sums.combine(1, self, -1, other)
        return _computed(sums.subtract, self, other)

    def __rsub__(self, other: Operand) -> Self:
        return _computed(sums.subtract, other, self, reflected=True)

    def __mul__(self, other: Operand) -> Self:
        if type(other) is type(self):
            return products.multiply(self, other)
        if type(other) is float or type(other) is int:
            made = products.multiple(constants.exact(other), self)
            return made if made is not self else logic.number(self)
        return _computed(products.multiply, self, other)

    def __rmul__(self, other: Operand) -> Self:
        if type(other) is float or type(other) is int:
            made = products.multiple(constants.exact(other), self)
            return made if made is not self else logic.number(self)
        return _computed(products.multiply, other, self, reflected=True)

    def __truediv__(self, other: Operand) -> Self:
        return (
            products.divide(self, other)
            if type(other) is type(self)
            else _computed(products.divide, self, other)
        )

    def __rtruediv__(self, other: Operand) -> Self:
        return _computed(products.divide, other, self, reflected=True)

    def __pow__(self, other: Operand) -> Self:
        if type(other) is int:
            return logic.number(products.power_exact(self, other))
        if type(other) is type(self):
            return products.power(self, other)
        return _computed(products.power, self, other)

    def __rpow__(self, other: Operand) -> Self:
        return _computed(products.power, other, self, reflected=True)

    def __floordiv__(self, other: Operand) -> Self:
        return _binary(elementary.floor_divide, self, other)

    def __rfloordiv__(self, other: Operand) -> Self:
        return _binary(elementary.floor_divide, other, self, reflected=True)

    def __mod__(self, other: Operand) -> Self:
        return _binary(elementary.remainder, self, other)

    def __rmod__(self, other: Operand) -> Self:
        return _binary(elementary.remainder, other, self, reflected=True)

    def __neg__(self) -> Self:
        return sums.negate(self)

    def __pos__(self) -> Self:
        return logic.number(self)

    def __abs__(self) -> Self:
        return elementary.make_function_node("abs", self)

    def __floor__(self) -> Self:
        return elementary.make_function_node("floor", self)

    def __ceil__(self) -> Self:
        return sums.negate(elementary.make_function_node("floor", sums.negate(self)))

    def __trunc__(self) -> Self:
        given: Any = self  # which NumPy knows by its protocols
        return np.trunc(given)

    def __round__(self, digits: int | None = None) -> Self:
        given: Any = self
        return np.round(given, digits or 0)

    def __divmod__(self, other: Operand) -> tuple[Self, Self]:
        return self // other, self % other

    def __rdivmod__(self, other: Operand) -> tuple[Self, Self]:
        return other // self, other % self

    def __matmul__(self, other: Operand) -> Self:
        return _binary(arrays.matmul, self, other)

    def __rmatmul__(self, other: Operand) -> Self:
        return _binary(arrays.matmul, other, self, reflected=True)

    # --- comparisons and logic build nodes -----------------------------------------------------
    def __lt__(self, other: Operand) -> Self:
        return _binary(logic.less, self, other)

    def __le__(self, other: Operand) -> Self:
        return _binary(logic.less_equal, self, other)

    def __gt__(self, other: Operand) -> Self:
        return _binary(logic.greater, self, other)

    def __ge__(self, other: Operand) -> Self:
        return _binary(logic.greater_equal, self, other)

    def __eq__(self, other: object) -> Self:  # type: ignore[override]
        return _binary(logic.equal, self, other)

    def __ne__(self, other: object) -> Self:  # type: ignore[override]
        return _binary(logic.not_equal, self, other)

    def __and__(self, other: Operand) -> Self:
        return _binary(logic.both, self, other)

    __rand__ = __and__

    def __or__(self, other: Operand) -> Self:
        return _binary(logic.either, self, other)

    __ror__ = __or__

    def __xor__(self, other: Operand) -> Self:
        return _binary(logic.different, self, other)

    __rxor__ = __xor__

    def __invert__(self) -> Self:
        return logic.negation(self)

    # --- what only numbers have ----------------------------------------------------------------
    def __bool__(self) -> bool:
        if self.op == "constant" and self.shape == ():
            return bool(self.payload)
        raise _no_value(
            self,
            "bool",
            "put @taylor.program before the function, which translates if, while, and, or, not; "
            "or write taylor.where(condition, a, b) or taylor.cond for a choice, taylor.while_loop "
            "to repeat, & | ~ for and, or, not, "
            "(a < x) & (x < b) for a chained comparison, and `is` for identity",
        )

    def __float__(self) -> float:
        if self.op == "constant" and self.shape == ():
            return constants.to_float(self.payload)
        raise _no_value(
            self,
            "float",
            "use functions of taylor or NumPy instead of the math module, numpy.zeros_like(x), "
            "taylor.zeros(shape) or an array with dtype=object in place of numpy.zeros(shape) to "
            "store expressions in, and expr.evaluate({x: ...}) or taylor.compile for a value",
        )

    def __int__(self) -> int:
        if self.op == "constant" and self.shape == ():
            return int(self.payload)
        raise _no_value(self, "int", "use expr.evaluate({x: ...}), and taylor.floor to round down")

    def __format__(self, spec: str) -> str:
        """The text of the expression, which has no digits to choose."""
        if not spec or not (set(spec) & set("eEfFgG%dn")):
            return format(str(self), spec)
        if self.op == "constant" and self.shape == ():
            return format(float(self), spec)
        raise _no_value(
            self, "format", f"write {{x}} without :{spec} for its formula, or print it afterwards"
        )

    def __complex__(self) -> complex:
        return complex(float(self))

    def __index__(self) -> int:
        if self.op == "constant" and self.shape == () and type(self.payload) is int:
            return int(self.payload)
        raise _no_value(
            self,
            "index",
            "a length or the end of a slice has to be a number (a[i] may have an expression i if a "
            "is one, as taylor.constant(numbers), and a[i + numpy.arange(n)] is a slice of n "
            "elements): use taylor.where to choose, and taylor.fori_loop or "
            "@taylor.program to repeat, or name the argument in static_argnums of taylor.jit",
        )

    def __contains__(self, item: object) -> NoReturn:
        raise _no_value(self, "in", "use any(item is element for element in sequence) for identity")

    # --- arrays --------------------------------------------------------------------------------
    @property
    def T(self) -> Self:
        """The transposed array."""
        return arrays.transpose(self)

    @property
    def mT(self) -> Self:
        """The transposed matrices."""
        return arrays.transpose(self, (*range(self.ndim - 2), self.ndim - 1, self.ndim - 2))

    @property
    def real(self) -> Self:
        """The expression: all are real."""
        return self

    @property
    def imag(self) -> Self:
        """Nothing: all expressions are real."""
        return self * 0

    def conj(self) -> Self:
        """The expression: all are real."""
        return self

    conjugate = conj

    @property
    def flat(self) -> Self:
        """The elements in row-major order, one after the other."""
        return arrays.reshape(self, (-1,))

    @property
    def at(self) -> NoReturn:
        """JAX's way to change elements; here arrays that can be filled do it."""
        raise UnsupportedFunctionError(
            f"x.at at {user_location()}: for x.at[i].set(value) write a = x.copy(); a[i] = value"
        )

    def item(self, *place: int | tuple[int, ...]) -> Self:
        """One element, as a scalar expression: the only one, or that at a place."""
        if place:
            return self[place] if len(place) > 1 else arrays.reshape(self, (-1,))[place[0]]
        return arrays.reshape(self, ())

    def __len__(self) -> int:
        if not self.shape:
            # NumPy asks every object it meets for its length: this message does not print the node.
            raise TracingError(f"len() of a scalar expression at {user_location()}: {_MAKE_ARRAY}")
        return self.shape[0]

    def __getitem__(self, index: Any) -> Self:
        """Elements, as NumPy means them; a place may be an expression, or an array of them.

        Such a place is rounded down, a negative one counts from the end; one beyond an end means
        the element there, and NaN the last.
        """
        keys = index if isinstance(index, tuple) else (index,)
        if is_traced(keys):
            found: Self = at_traced(self, keys)
            return found
        return arrays.index(self, index)

    def __iter__(self) -> Iterator[Self]:
        if not self.shape:
            raise TracingError(f"iter() of a scalar expression at {user_location()}: {_MAKE_ARRAY}")
        return (arrays.index(self, i) for i in range(self.shape[0]))

    def sum(self, axis: int | Sequence[int] | None = None, **options: bool) -> Self:
        """Sum over all elements or over the given axes, as `numpy.sum`."""
        return arrays.sum_axes(self, axis, **options)

    def reshape(self, *shape: int | Sequence[int], order: str = "C") -> Self:
        """The same elements in row-major order with another shape, as `numpy.reshape`."""
        wanted: Any = shape[0] if len(shape) == 1 else shape
        if order == "C":
            return arrays.reshape(self, wanted)
        return np.reshape(self, wanted, order)  # type: ignore[call-overload, no-any-return]

    def transpose(self, *axes: int | Sequence[int]) -> Self:
        """Permute the axes, as `numpy.transpose`."""
        chosen: Any = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        return arrays.transpose(self, chosen or None)

    def flatten(self, order: str = "C") -> ExpressionOrArray:
        """The elements in one row, as `numpy.ravel`."""
        return np.ravel(self, order)  # type: ignore[call-overload]

    def copy(self, order: str = "C") -> ExpressionOrArray:
        """An array whose elements can be assigned to; of a scalar itself, which never changes."""
        return ArrayUnderConstruction(self) if self.shape else self

    def astype(self, dtype: DTypeLike, copy: bool = True) -> ExpressionOrArray:
        """A copy, which holds real numbers of any kind: of floats alone, others are no expressions.

        Raises UnsupportedFunctionError for integers and complex numbers.
        """
        check_real("astype", dtype)
        return self.copy()

    def __setitem__(self, index: object, value: object) -> NoReturn:
        raise TracingError(
            f"a[...] = value at {user_location()}: an expression never changes; make an array that "
            "does with a = x.copy(), numpy.zeros_like(x) or taylor.zeros(shape)"
        )

    def tolist(self) -> Nested:
        """Nested lists of scalar expressions."""
        return [item.tolist() for item in self] if self.shape else self


_MAKE_ARRAY = "it has no elements; taylor.variable(name, shape=(n,)) makes an array"


def _no_value(expression: Operators, what: str, remedy: str) -> TracingError:
    return TracingError(
        f"{what}() of the expression {expression} at {user_location()}: its value is not known "
        f"while the expression is being built; {remedy}"
    )


def _binary(function: Callable[[Any, Any], Any], a: Any, b: Any, reflected: bool = False) -> Any:
    """Apply an operator after converting the foreign operand; NumPy arrays get their turn first."""
    own, other = (b, a) if reflected else (a, b)
    if type(other) is not type(own):
        given = other
        if isinstance(other, np.ndarray) and other.shape != ():
            return NotImplemented
        other = try_expression(other, sequences=bool(own.shape))
        if other is None:
            if isinstance(given, complex):
                raise UnsupportedFunctionError(
                    f"{given!r} at {user_location()}: expressions are real numbers; write real and "
                    "imaginary parts apart"
                )
            return NotImplemented
    return function(other, own) if reflected else function(own, other)


def _computed(function: Callable[[Any, Any], Any], a: Any, b: Any, reflected: bool = False) -> Any:
    """The same for arithmetic, which makes a number of a truth value: (x < 1) * 1, (x < 1) + 0."""
    made = _binary(function, a, b, reflected)
    return logic.number(made) if made is (b if reflected else a) else made
