"""Python functions as machine code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar, overload

from taylor.errors import ArgumentTypeError
from taylor.programs.program import Program

P = ParamSpec("P")
R = TypeVar("R")


@overload
def jit(
    fun: Callable[P, R],
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    precision: str = "float64",
) -> Program[P, R]: ...
@overload
def jit(
    fun: None = None,
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    precision: str = "float64",
) -> Callable[[Callable[P, R]], Program[P, R]]: ...
def jit(
    fun: Callable[..., Any] | None = None,
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    precision: str = "float64",
) -> Any:
    """Return `fun` as machine code; also a decorator, with or without arguments.

    fun: an ordinary function of numbers, NumPy arrays, and tuples, lists, dictionaries or
        dataclasses of these, which it returns as well.
    static_argnums, static_argnames: arguments that are no numbers, or whose values `fun` has to
        know: for each value it is traced anew.  bools, strings, functions and the like always are.
    precision: "float64", "float32" or "double-double" (arrays with a trailing axis of pairs).

    It is traced when it is first called, and whenever the structure or shapes of its arguments or
    what it reads from outside have changed.  `taylor.compile` is for expressions, and for functions
    that broadcast.

    Raises TracingError, with your line, where `fun` asks for the value of an argument.

    >>> import numpy as np, taylor as ty
    >>> @ty.jit
    ... def step(state, dt):
    ...     return {"x": state["x"] + dt * state["v"], "v": state["v"] - dt * state["x"]}
    >>> step({"x": np.ones(2), "v": np.zeros(2)}, 0.5)["v"].tolist()
    [-0.5, -0.5]
    """
    static = (
        *_listed("static_argnums", static_argnums, int),
        *_listed("static_argnames", static_argnames, str),
    )
    if fun is None:
        return lambda function: Program("jit", function, function, static, precision)
    return Program("jit", fun, fun, static, precision)


def _listed(name: str, given: Any, kind: type) -> tuple[Any, ...]:
    listed = (given,) if isinstance(given, kind) else tuple(given)
    if any(not isinstance(item, kind) or isinstance(item, bool) for item in listed):
        raise ArgumentTypeError(f"jit: {name}={given!r} has to be {kind.__name__} or several")
    return listed
