"""Calls of a function that is being called already."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from taylor.language.running.calls import call_plainly
from taylor.language.running.journal import running
from taylor.language.running.places import refuse

MOST = 400  # calls inside one another that are traced one by one


def again(function: FunctionType, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Call a translated function inside of itself.

    What is known when it is traced ends recursion as in Python: every call is traced.
    """
    depth = sum(one.__code__ is function.__code__ for one in running().calls)
    if depth > MOST or (running().is_region and depth > 40):
        refuse(
            f"{function.__name__} calls itself, and a traced value decides when that ends",
            "Instead: write a loop, or say how deep it goes at most, taylor.program(f, depth=64).",
        )
    return call_plainly(function, args, named)
