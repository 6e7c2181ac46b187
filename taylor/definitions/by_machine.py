"""Values of functions that NumPy does not have, from our own machine code."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any


def by_machine(name: str, arity: int) -> Callable[..., Any]:
    """The function `name` of numbers and arrays, compiled when it is first called."""
    return lambda *args: _compiled(name, arity)(*args)


@cache
def _compiled(name: str, arity: int) -> Any:
    from taylor.expressions.arguments import argument, kept
    from taylor.expressions.leaves import make_function_node
    from taylor.points.formula import compile

    x = kept(*(argument(f"argument {i}") for i in range(arity)))
    return compile(make_function_node(name, *x), x, name=name)
