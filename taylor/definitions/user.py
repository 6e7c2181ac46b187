"""Functions that users register: made of expressions, called at order zero, or by coefficients."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from taylor.definitions.coefficients import coefficient_record
from taylor.definitions.pointers import as_ufunc, behind_pointer, c_function
from taylor.errors import ArgumentError, ArgumentTypeError, TaylorError
from taylor.expressions.arguments import argument, captured, kept, traced
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression, try_expression
from taylor.expressions.types import UserFunction
from taylor.functions.apply import Elementary, public
from taylor.functions.composed import composed_record
from taylor.nodes.record import BY_USER, Function
from taylor.nodes.registry import get, register
from taylor.numbers.checks import called
from taylor_runtime.program.kernels import CallbackKernel


def register_function(
    name: str,
    value: Any = None,
    derivative: UserFunction | None = None,
    *,
    arity: int | None = None,
    domain: str = "wherever its value is finite",
    taylor_coefficients: Callable[[float, int], Sequence[float]] | None = None,
) -> Elementary:
    """Add an elementary function and return it as a callable like `taylor.sin`.

    name: a Python identifier that is not taken yet.
    value: a function that builds an expression from expressions; or a numerical function of floats
        that returns a float (which of the two is found out by calling it with expressions); or a
        function in C of doubles that returns a double: of ctypes, a function pointer of cffi, a
        `cfunc` of Numba, or an address with `arity`.  Machine code calls a C function directly,
        without Python and from any thread; it has to live as long as the process.

    An exception of a Python function (also of one that ctypes made a function pointer of) is raised
    by the call that wanted the value: of a compiled function, a jet, a propagation.  So is
    ArgumentTypeError where it returns anything but a real number.  A function that has no value at
    a point returns NaN: integrators then try a shorter step.
    derivative: ``(*args) -> expression``, for several arguments a tuple of partial derivatives.  A
        numerical `value` needs it, and the Taylor coefficients of every order follow from it; a
        `value` that builds expressions has its derivative already, and this one is not used.
    arity: number of arguments, where the signature of `value` does not tell.
    domain: where the function is real, for its documentation.
    taylor_coefficients: ``(x0, order) -> [f(x0), f'(x0), .., f^(order)(x0)/order!]`` in place of
        `value`, for a function of one argument of which only this is known.  Python is called once
        for every point and order; `derivative` is not needed.

    Pickles of expressions contain the name alone: whoever loads them registers the function first.

    Raises ArgumentError for a name that is no identifier or taken, ArgumentTypeError if `value` is
    not callable, its arguments cannot be counted, or `derivative` is missing.

    >>> import taylor as ty
    >>> gudermann = ty.register_function("gudermann", lambda x: 2 * ty.atan(ty.tanh(x / 2)))
    >>> gudermann(ty.variable("x"))
    2*atan(tanh(0.5*x))
    >>> round(float(gudermann(1.0)), 10)
    0.8657694832
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise ArgumentError(f"register_function: name={name!r} is not a Python identifier")
    if taylor_coefficients is not None:
        _check_coefficients(name, value, arity, taylor_coefficients)
        partials = None if derivative is None else _partials(name, derivative)
        register(coefficient_record(name, taylor_coefficients, partials, domain))
        return public(get(name))
    value, arity = behind_pointer(name, value, arity)
    pointer = c_function(name, value, arity)
    if pointer is not None:
        numbers = as_ufunc(*pointer)
        record = _numerical_record(name, numbers, derivative, pointer[1], domain)
        keeping = partial(
            _kept, value, numbers
        )  # a callback of ctypes or cffi dies with its object
        register(replace(record, address=pointer[0], numpy=keeping))
        return public(get(name))
    if not callable(value):
        raise ArgumentTypeError(f"register_function: value={value!r} of {name!r} is not callable")
    count = _count_arguments(name, value) if arity is None else arity
    if count < 1:
        raise ArgumentTypeError(f"register_function: {name!r} has to take at least one argument")
    placeholders = kept(*(argument(f"argument {i} of {name}") for i in range(count)))
    body = _build(value, placeholders, numerical=derivative is not None)
    if body is None:
        register(_numerical_record(name, value, derivative, count, domain))
    else:
        for leaf in captured([body], placeholders):
            raise ArgumentError(
                f"register_function: {name!r} depends on {leaf}, which is none of its arguments; "
                "make it one, or substitute a number for it"
            )
        register(composed_record(name, value, placeholders, body, domain))
    return public(get(name))


def _kept(owner: Any, function: Callable[..., Any], *args: Any) -> Any:
    """function(*args), with an owner that has to live as long."""
    return function(*args)


def _check_coefficients(name: str, value: Any, arity: int | None, coefficients: Any) -> None:
    if value is not None:
        raise ArgumentTypeError(
            f"register_function: {name!r} has value= and taylor_coefficients=; the first of the "
            "coefficients is the value, so pass None for it"
        )
    if arity not in (None, 1) or not callable(coefficients):
        raise ArgumentTypeError(
            f"register_function: taylor_coefficients of {name!r} has to be a function (x0, order) "
            "for a function of one argument"
        )


def _count_arguments(name: str, value: Callable[..., Any]) -> int:
    if isinstance(value, np.ufunc):
        return value.nin
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        parameters = ()  # type: ignore[assignment]
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [p for p in parameters if p.kind in positional and p.default is p.empty]
    if not needed or any(p.kind is p.VAR_POSITIONAL for p in parameters):
        raise ArgumentTypeError(
            f"register_function: the arguments of {name!r} cannot be counted; pass arity="
        )
    return len(needed)


def _build(
    value: Callable[..., Any], placeholders: Sequence[Expression], numerical: bool
) -> Expression | None:
    """The expression that `value` builds; None if it is a numerical function, which may raise any
    exception when it is called with an expression; it is known to be none without a derivative.
    """
    try:
        with traced(placeholders):
            return try_expression(value(*placeholders))
    except (TypeError, AttributeError, ValueError, TaylorError):
        return None  # it asked an expression for its value, as numerical functions do
    except Exception:
        if not numerical:
            raise
        return None


def _partials(name: str, derivative: Callable[..., Any]) -> Callable[..., tuple[Expression, ...]]:
    """`derivative` with its result checked, as a tuple."""

    def partials(*args: Expression) -> tuple[Expression, ...]:
        result = derivative(*args)
        found = tuple(result) if isinstance(result, (tuple, list)) else (result,)
        if len(found) != len(args):
            raise ArgumentError(
                f"register_function: the derivative of {name!r} returned {len(found)} partial "
                f"derivative(s), but the function takes {len(args)} argument(s)"
            )
        return tuple(as_expression(partial) for partial in found)

    return partials


def _numerical_record(
    name: str,
    value: Callable[..., Any],
    derivative: Callable[..., Any] | None,
    arity: int,
    domain: str,
) -> Function:
    if derivative is None:
        raise ArgumentTypeError(
            f"register_function: {name!r} is a numerical function, so derivative= is needed; "
            "pass a function that builds its derivative from expressions, or give "
            "taylor_coefficients= instead of a value"
        )
    plain = isinstance(value, np.ufunc)
    vectorised = value if plain else np.vectorize(partial(called, name, value), otypes=[float])
    return Function(
        name=name,
        arity=arity,
        mpmath=lambda mp, *args: mp.mpf(float(value(*(float(a) for a in args)))),
        numpy=vectorised,
        derivative=_partials(name, derivative),
        recurrence=None,
        numpy_names=(),
        sympy=lambda sympy, *args: sympy.Function(name)(*args),
        sympy_names=(name,),
        domain=domain,
        reference=BY_USER,
        kernel=CallbackKernel(name),
    )
