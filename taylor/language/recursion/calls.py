"""Calls of functions that are being called already: recursion that a traced value ends.

A recursion that ends by what is known while it is traced (the length of an array, a degree)
is gone through by Python.  Where a function comes to be called again inside a branch that a traced
value decides, the first call of it is taken back, and traced as a recursion: the function's body
once, with calls of itself as nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from taylor.language.recursion.traced import Alike, Recursion, Restart, fits, is_same
from taylor.language.running.journal import Running, running
from taylor.language.running.places import place, refuse
from taylor.language.running.values.kinds import Flat, same

WRITTEN_OUT = 24  # calls inside one another that are told apart by whole numbers that are known


class Again(BaseException):
    """A function turns out to be recursive: its first call begins anew."""

    def __init__(self, call: Call) -> None:
        super().__init__()
        self.call = call


class Call:
    """A call of a function that is being traced.

    given: its arguments, taken apart.
    level: how many branches and turns were being traced when it began.
    span:  where the function calls itself, once that is known.
    """

    __slots__ = ("function", "given", "level", "span")

    def __init__(self, function: Any, given: Flat, level: int) -> None:
        self.function, self.given, self.level = function, given, level
        self.span = place()


def called(
    function: Any,
    name: str,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    action: Callable[..., Any],
) -> Any:
    """What a function of the program returns; as a loop, where it is recursive.

    function: by whose identity calls are known to be of the same function.
    action:   traces the call.
    """
    now = running()
    given = Flat((tuple(args), dict(kwargs)))
    recursion = now.recursion
    if recursion is not None:
        found = recursion.find(function, given)
        if found is not None:
            return recursion.call(found, given)
    _look_for(now, function, given, name)
    call = Call(function, given, len(now.levels))
    before = now.fault, now.unrolled
    now.calls.append(call)
    try:
        return action(*args, **kwargs)
    except Again as again:
        if again.call is not call:
            raise
        now.fault, now.unrolled = before
    finally:
        now.calls.pop()
    alike = Alike(function, name, given, action, call.span)
    if recursion is not None:  # inside of another one: both become one loop
        recursion.add(alike)
        raise Restart
    return Recursion(now, alike).result(given)


def _look_for(now: Running, function: Any, given: Flat, name: str) -> None:
    """Raise Again where a traced value decides whether a function is called again."""
    active = [call for call in now.calls if is_same(call.function, function)]
    if not active:
        return
    alike = [call for call in active if fits(call.given, given)]
    if active[-1].level >= len(now.levels):  # no branch is between: known values have to end it
        if len(alike) > WRITTEN_OUT and not _differ(alike[-1].given, given):
            refuse(
                f"{name} calls itself on every way through it, so that it never ends",
                "Instead: return a value without a call in one branch.",
            )
        return
    if not alike:
        if len(active) > WRITTEN_OUT:
            _refuse_shapes(name)
        return
    told_apart = all(_differ_by_whole_numbers(call.given, given) for call in alike)
    if told_apart and len(alike) <= WRITTEN_OUT:
        return
    alike[0].span = place()
    raise Again(alike[0])


def _differ(a: Flat, b: Flat) -> bool:
    """Whether arguments differ in what is known."""
    pairs = zip(a.leaves, b.leaves, strict=True)
    return any(isinstance(y, bool | int | float) and not same(x, y) for x, y in pairs)


def _differ_by_whole_numbers(a: Flat, b: Flat) -> bool:
    """Whether arguments differ in what is known, and there in whole numbers alone."""
    known = [
        (x, y)
        for x, y in zip(a.leaves, b.leaves, strict=True)
        if not same(x, y)
        and isinstance(x, bool | int | float)
        and isinstance(y, bool | int | float)
    ]
    return bool(known) and all(isinstance(x, int) and isinstance(y, int) for x, y in known)


def _refuse_shapes(name: str) -> NoReturn:
    refuse(
        f"{name} calls itself with arguments of ever other types or shapes, and a traced value "
        "decides when it ends",
        "Instead: pass arrays of one shape and places in them as whole numbers, so that all calls "
        "take arguments of the same type and shape.",
    )
