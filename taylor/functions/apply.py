"""The public callables: elementary functions of expressions, numbers and arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any, Protocol, TypeAlias, TypeVar, overload

import numpy as np

from taylor.errors import ArgumentTypeError, TaylorError
from taylor.expressions.expression import Axes, Expression
from taylor.expressions.leaves import as_expression, make_function_node
from taylor.expressions.types import ExpressionLike, ExpressionOrArray, Operand
from taylor.functions.usage import USAGE
from taylor.nodes.record import Function
from taylor.nodes.registry import get, register
from taylor.numbers.types import Numbers, Real

Terms: TypeAlias = "Expression | np.ndarray | Iterable[ExpressionLike]"
T = TypeVar("T", bound="HasFunctions")


class HasFunctions(Protocol):
    """Numbers of another kind that elementary functions have values of, such as polynomials."""

    def __taylor_function__(self, name: str, *operands: Any) -> Any: ...


class Applicable(Protocol):
    """A function of expressions and of numbers, which gives the same."""

    @overload
    def __call__(self, x: Expression, /, *others: ExpressionLike) -> Expression: ...
    @overload
    def __call__(self, x: T, /, *others: T | Real) -> T: ...
    @overload
    def __call__(self, x: Real, y: Expression, /, *others: Operand) -> Expression: ...
    @overload
    def __call__(self, x: Real, y: Real, z: Expression, /, *others: Operand) -> Expression: ...
    @overload
    def __call__(self, x: Real, /, *others: Real) -> float: ...
    @overload
    def __call__(self, x: np.ndarray, y: Expression, /, *others: ExpressionLike) -> Expression: ...
    @overload
    def __call__(self, x: np.ndarray, /, *others: Numbers) -> np.ndarray: ...
    @overload
    def __call__(self, x: Real, y: T, /, *others: T | Real) -> T: ...
    @overload
    def __call__(self, x: Real, y: np.ndarray, /, *others: Numbers) -> np.ndarray: ...
    @overload
    def __call__(self, x: Sequence[ExpressionLike], /, *others: ExpressionLike) -> np.ndarray: ...


class Elementary(Applicable, Protocol):
    """One of the elementary functions, which have names."""

    __name__: str
    __qualname__: str


def apply(name: str, *args: Any) -> Any:
    """Return the elementary function `name` of its arguments.

    args: expressions (the result is one), object arrays or lists of them (an array of expressions),
        numbers and arrays of numbers (plain NumPy evaluation), or mpmath numbers (evaluated in
        their own precision).

    Raises UnsupportedFunctionError for an unknown name, ArgumentTypeError for a wrong number of
    arguments.

    >>> from taylor.expressions.leaves import variable
    >>> apply("sin", variable("x"))
    sin(x)
    >>> float(apply("hypot", 3, 4))
    5.0
    """
    for a in args:
        if hasattr(a, "__taylor_function__"):
            return a.__taylor_function__(name, *args)
    record = get(name)
    args = completed(record, args)
    if any(type(a) is Expression for a in args) and not any(_holds_objects(a) for a in args):
        return make_function_node(name, *args)
    if any(_holds_objects(a) for a in args):
        return _on_elements(record, args)
    contexts = [a.context for a in args if hasattr(a, "context") and hasattr(a, "_mpf_")]
    if contexts:
        return record.mpmath(contexts[0], *(contexts[0].convert(a) for a in args))
    try:
        return record.numpy(*(float(a) if isinstance(a, Fraction) else a for a in args))
    except TaylorError:
        raise
    except (AttributeError, TypeError) as error:  # NumPy's tell of its loops
        raise ArgumentTypeError(
            f"{name}: {', '.join(f'{a!r:.60}' for a in args)}: not all of these are real numbers, "
            "arrays of them, or expressions"
        ) from error


def completed(record: Function, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of a function, with defaults for the last ones.

    Raises ArgumentTypeError if there are too few or too many.
    """
    missing = record.arity - len(args)
    if 0 < missing <= len(record.defaults):
        args += record.defaults[-missing:]
    if len(args) != record.arity:
        raise ArgumentTypeError(f"{record.name}: takes {record.arity} argument(s), got {len(args)}")
    return args


def _holds_objects(value: Any) -> bool:
    """Whether a value is an object array, or a list with expressions in it."""
    if isinstance(value, np.ndarray):
        return value.dtype == object
    return isinstance(value, (list, tuple)) and any(
        type(item) is Expression or _holds_objects(item) for item in value
    )


def _on_elements(record: Function, args: tuple[Any, ...]) -> Any:
    from taylor.expressions.object_arrays import expression_array

    operands = [expression_array(a) if not np.isscalar(a) else a for a in args]
    elements = [np.asarray(a).view(np.ndarray) for a in operands]
    function = np.frompyfunc(partial(make_function_node, record.name), record.arity, 1)
    result = function(*elements)
    return expression_array(result) if isinstance(result, np.ndarray) else result


def published(*records: Function) -> tuple[Elementary, ...]:
    """Register records; return the public callables of their functions, in the same order."""
    register(*records)
    return tuple(map(public, records))


def public(record: Function) -> Elementary:
    """Return the public callable of a registered function, documented from its record."""
    name = record.name

    def function(*args: Any) -> Any:
        if len(args) == record.arity and all(type(a) is Expression for a in args):
            return make_function_node(name, *args)
        return apply(name, *args)

    function.__name__ = function.__qualname__ = name
    function.__module__ = "taylor.functions"
    function.__doc__ = _documentation(record)
    return function


def _documentation(record: Function) -> str:
    """The docstring of a function, from its record and its line in `usage.py`."""
    name = record.name
    text = (
        f"{record.about}Real: {record.domain}.  Expressions give an expression; numbers and arrays "
        f"are\nevaluated with NumPy, element by element.\n\nRecurrence: {record.reference}.\n"
    )
    if name not in USAGE:  # registered by a user
        arguments = f"{record.arity} argument" + ("s" if record.arity > 1 else "")
        return f"Elementary function {name} of {arguments}.\n\n{text}"
    arguments, sentence, values, result = USAGE[name]
    example = f'>>> import taylor as ty\n>>> print(f"{{ty.{name}({values}):.12g}}")\n{result}\n'
    return f"{name}({arguments}): {sentence}.\n\n{text}\n{example}"


def sum(terms: Terms, axis: Axes = None) -> ExpressionOrArray:
    """Return the sum of an iterable or of an array's elements; 0 for nothing.

    terms: expressions and numbers, an array expression, or an array of either.
    axis: axis or axes of an array to sum over; None means all.

    >>> import taylor as ty
    >>> ty.sum(ty.variables("x y z"))
    x + y + z
    """
    from taylor.nodes.sums import add_many

    if axis is not None or isinstance(terms, (Expression, np.ndarray)):
        return np.sum(as_terms(terms), axis=axis)
    items = list(terms)
    if not any(type(item) is Expression for item in items):
        return np.sum(as_terms(items)) if items else 0
    return add_many([as_expression(item) for item in items])


def prod(factors: Terms, axis: Axes = None) -> ExpressionOrArray:
    """Return the product of an iterable or of an array's elements; 1 for nothing.

    factors: expressions and numbers, an array expression, or an array of either.
    axis: axis or axes of an array to multiply over; None means all.

    >>> import taylor as ty
    >>> ty.prod(ty.variables("x y z"))
    x*y*z
    """
    from taylor.nodes.products import multiply_many

    if axis is not None or isinstance(factors, (Expression, np.ndarray)):
        return np.prod(as_terms(factors), axis=axis)
    items = list(factors)
    if not any(type(item) is Expression for item in items):
        return np.prod(as_terms(items)) if items else 1
    return multiply_many([as_expression(item) for item in items])


def as_terms(value: Any) -> Any:
    """An array that NumPy's reductions build expressions from."""
    from taylor.expressions.object_arrays import expression_array

    if isinstance(value, Expression):
        return value
    array = np.asarray(value if isinstance(value, np.ndarray) else list(_iterable(value)))
    return expression_array(array) if array.dtype == object else array


def _iterable(value: Any) -> Iterable[Any]:
    try:
        return iter(value)
    except TypeError:
        raise ArgumentTypeError(
            f"sum, prod, softmax: {value!r} is not an array or iterable of expressions"
        ) from None


@overload
def where(condition: Expression, a: ExpressionLike, b: ExpressionLike) -> Expression: ...
@overload
def where(
    condition: ExpressionLike, a: ExpressionLike, b: ExpressionLike
) -> Expression | np.ndarray: ...
def where(condition: Any, a: Any, b: Any) -> Any:
    """Return `a` where the condition holds, else `b`; the other branch never disturbs the result.

    Expressions give an expression, plain numbers and arrays what `numpy.where` gives.

    >>> import taylor as ty
    >>> x = ty.variable("x")
    >>> ty.where(x > 0, x, 0)
    where(x > 0, x, 0)
    """
    return np.where(condition, a, b)
