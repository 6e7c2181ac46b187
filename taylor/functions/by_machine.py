"""Values of functions that NumPy does not have, from our own machine code."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from taylor.errors import ArgumentTypeError
from taylor.numbers.precision import FLOAT64, as_array
from taylor.recurrences.builder import SeriesBuilder
from taylor_runtime.callables.points import Formula, build_formula
from taylor_runtime.callables.process import uncollected
from taylor_runtime.program.program import OwnKernel


def by_machine(name: str | OwnKernel, arity: int) -> Callable[..., Any]:
    """The kernel `name` as a function of numbers and arrays, compiled when it is first called."""
    return lambda *args: _values(name, arity, args)


def _values(name: str | OwnKernel, arity: int, args: tuple[Any, ...]) -> Any:
    code = _compiled(name, arity)
    if code.scalar is not None:
        value = code.scalar(*args)
        if value is not None:
            return np.float64(value)  # as a ufunc returns it
    assert code.ufunc is not None
    try:
        return code.ufunc(*args)
    except TypeError:  # what NumPy does not take for numbers
        named = zip(_names(arity), args, strict=True)
        numbers = [as_array(a, FLOAT64, f"{name}: argument {known}") for known, a in named]
    try:
        return code.ufunc(*numbers)
    except TypeError as error:
        raise ArgumentTypeError(f"{name}: {error}") from None


@cache
@uncollected()
def _compiled(name: str | OwnKernel, arity: int) -> Formula:
    builder = SeriesBuilder(0)
    rows = [builder.input("parameter", i) for i in range(arity)]
    program = builder.program([builder.kernel(name, *rows)], [("parameter", arity)])
    names = ", ".join(_names(arity))
    return build_formula(program, str(name), f"({names}) -> {name}({names})")


def _names(arity: int) -> list[str]:
    return [f"argument {i}" for i in range(arity)]
