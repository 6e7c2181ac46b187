"""`taylor.program`: Python functions with their own control flow, as machine code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar, overload

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.programs.program import Program

P = ParamSpec("P")
R = TypeVar("R")


@overload
def program(
    fun: Callable[P, R],
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    precision: str = "float64",
    capacity: int | None = None,
    depth: int | None = None,
) -> Program[P, R]: ...
@overload
def program(
    fun: None = None,
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    precision: str = "float64",
    capacity: int | None = None,
    depth: int | None = None,
) -> Callable[[Callable[P, R]], Program[P, R]]: ...
def program(
    fun: Callable[..., Any] | None = None,
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    precision: str = "float64",
    capacity: int | None = None,
    depth: int | None = None,
) -> Any:
    """Return `fun` as machine code, with its own `if`, `for`, `while`; also a decorator.

    fun: an ordinary Python function, as for `taylor.jit`.  What a traced value decides becomes a
        branch or a loop of machine code, in the functions that it calls, too: `if`, `elif`, `else`,
        conditional expressions, `and`, `or`, `not`, `for` over ranges, arrays, `zip`, `enumerate`,
        `while`, `break`, `continue`, early `return`, `match` on constants and tuples, `assert` and
        `raise`, comprehensions, closures, methods, recursion.  What no traced value decides is done
        by Python while the function is traced, as it is written.
    static_argnums, static_argnames, precision: as for `taylor.jit`.
    capacity: how many elements a list may have whose length a traced value decides.
    depth: how many calls of a function that calls itself may wait for one another; where a call is
        the last thing that a function does none waits.  They take half a megabyte of the thread's
        stack at most: where that would be too little, and where they are of arrays, they wait in
        memory, which takes longer.

    Called with numbers it is machine code, called with expressions it gives expressions, so that
    derivatives, jets, batches and equations of motion go through.  Its loops take as many turns as
    the values say; a branch that is not taken has no part in derivatives.  Whole numbers are
    doubles: beyond 2**53 they are rounded as other numbers are, comparisons see them rounded, and a
    remainder of one, which would lack digits, is an error (NaN where nothing depends on it but the
    result). A place beyond the end of an array is its end; one that is not whole is an error, as is
    a range with such an end.

    An error that a traced value decides (`assert`, `raise`, a list that is full, too many calls) is
    raised where the program is called; for transforms and jets the value is NaN there.

    Raises ProgramError, with your line and what to write instead, for what would not mean the same:
    a variable that one branch alone sets, a type or a shape that changes in a loop, changes of
    objects that the program has not made, `try`, `with`, `global`, generators, text of traced
    values, functions that give another value at each call.  `taylor.explain` shows what became of
    each line.

    >>> import taylor as ty
    >>> @ty.program
    ... def collatz(n):
    ...     steps = 0
    ...     while n != 1:
    ...         n = n // 2 if n % 2 == 0 else 3 * n + 1
    ...         steps += 1
    ...     return steps
    >>> int(collatz(27))
    111
    """
    static = (*_listed(static_argnums, int), *_listed(static_argnames, str))
    for name, most in (("capacity", capacity), ("depth", depth)):
        if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < 1):
            raise ArgumentError(f"program: {name}={most!r} has to be a positive int")
    # All that translates is imported when there is something to translate.
    from taylor.language.translated import LanguageProgram

    if fun is None:
        return lambda function: LanguageProgram(function, static, precision, capacity, depth)
    return LanguageProgram(fun, static, precision, capacity, depth)


def _listed(given: Any, kind: type) -> tuple[Any, ...]:
    listed = (given,) if isinstance(given, kind) else tuple(given)
    if any(not isinstance(item, kind) or isinstance(item, bool) for item in listed):
        raise ArgumentTypeError(
            f"program: static arguments are named by {kind.__name__} or several, not {given!r}"
        )
    return listed
