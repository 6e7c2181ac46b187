"""Errors that a traced value decides: which one was met first is a number that programs return.

A program that is called with numbers raises the error; what transforms and jets see is NaN there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taylor.expressions.expression import Expression
from taylor.language.running.journal import running
from taylor.nodes.conversion import as_expression
from taylor.nodes.logic import condition, logical_not, where


class Raised(BaseException):
    """A branch or a turn that is being traced ends with an error."""

    def __init__(self, fault: Any) -> None:
        super().__init__()
        self.fault = fault


def fault_where(test: Any, error: BaseException) -> None:
    """Note an error where a condition holds; raise it if that is known."""
    if not isinstance(test, Expression) or test.op == "constant":
        if bool(test):
            raise_error(error)
        return
    now = running()
    now.fault = first_of(now.fault, where(test, number_of(error), 0))


def first_of(fault: Any, other: Any) -> Any:
    """The error of which is first, where there are any."""
    if isinstance(fault, int):
        return other if fault == 0 else fault
    return where(fault > 0, fault, as_expression(other))


def number_of(error: BaseException) -> int:
    """The number of an error."""
    errors = running().errors
    errors.append(error)
    return len(errors)


def raise_error(error: BaseException) -> None:
    """Raise an error, or end the branch with it."""
    now = running()
    if not now.is_region:
        raise error
    raise Raised(first_of(now.fault, number_of(error)))


def raise_(make: Callable[[], Any]) -> None:
    """``raise error``."""
    found = _said(make)
    if isinstance(found, type):
        found = found()
    if not isinstance(found, BaseException):
        raise TypeError("exceptions must derive from BaseException")
    raise_error(found)


def assert_(test: Any, message: Callable[[], Any]) -> None:
    """``assert test, message``."""
    if isinstance(test, Expression) and not test.shape and test.op != "constant":
        said = _said(message)
        error = AssertionError() if said is None else AssertionError(str(said))
        fault_where(logical_not(condition(test)), error)
    elif not test:
        said = _said(message)
        raise_error(AssertionError() if said is None else AssertionError(said))


def _said(make: Callable[[], Any]) -> Any:
    """An error, or the text of one, in which values that are not known yet are dots."""
    now = running()
    before, now.explaining = now.explaining, True
    try:
        return make()
    finally:
        now.explaining = before


def poisoned(fault: Any, value: Any) -> Any:
    """A number that is NaN, as its derivatives are, where an error was met."""
    if is_none(fault):
        return value
    return value * where(as_expression(fault) > 0, as_expression(float("nan")), as_expression(1))


def is_none(fault: Any) -> bool:
    """Whether no error was met, nor may have been."""
    return isinstance(fault, int) and fault == 0
