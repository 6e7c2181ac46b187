"""Answers of programs compared: numbers of a value, and one number made of all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from language.corpus.case import Case
from language.in_many_digits import flat, flat_numbers, in_many_digits, rebuilt
from mpmath import mpf

import taylor as ty


def program(case: Case) -> Any:
    """The translated function."""
    return ty.program(case.function, static_argnums=case.static, **case.options)


def is_real(value: Any) -> bool:
    """Whether a number of a plain answer is real: neither whole by its type nor a truth value."""
    return isinstance(value, float | np.floating | mpf)


def total(function: Callable[..., Any], case: Case, args: tuple[Any, ...]) -> Callable[..., Any]:
    """All real numbers of the answers as one, with weights; `args` tell which are real.

    Arguments that are known when the function is traced are those of `args`.
    """
    places = real_places(case, args)

    def weighted(*given: Any) -> Any:
        known = [args[k] if k in case.static else x for k, x in enumerate(given)]
        leaves = numbers(function(*known))
        return sum((1 + k / 7) * leaves[k] for k in places)

    return weighted


def real_places(case: Case, args: tuple[Any, ...]) -> tuple[int, ...]:
    """Which numbers of the answers are real."""
    return tuple(k for k, x in enumerate(flat(case.function(*args))) if is_real(x))


def numbers(value: Any) -> list[Any]:
    """`flat`, of expressions too, whose arrays are taken apart."""
    found = []
    for leaf in flat(value):
        shape = getattr(leaf, "shape", ())
        found += [leaf[k] for k in np.ndindex(*shape)] if shape else [leaf]
    return found


def plain(case: Case, args: tuple[Any, ...]) -> Callable[..., Any]:
    """The same number of the same function, with mpmath's numbers."""
    return total(in_many_digits(case.function), case, args)


def along(value: Any, direction: list[float], s: Any) -> Any:
    """The argument moved by s in a direction, which has a number for each real one in it."""
    if isinstance(value, np.ndarray):
        return value + s * np.array(direction).reshape(value.shape)
    moved = iter(x + s * d for x, d in zip(flat_numbers(value), direction, strict=True))
    return _replaced(value, moved)


def _replaced(value: Any, moved: Any) -> Any:
    if isinstance(value, tuple | list):
        return type(value)(_replaced(item, moved) for item in value)
    if isinstance(value, dict):
        return {key: _replaced(item, moved) for key, item in value.items()}
    return next(moved) if isinstance(value, float) else value


def direction(value: Any) -> list[float]:
    """Some direction of an argument."""
    return [1 / (1 + k) for k in range(len(flat_numbers(value)))]


def tangent(value: Any) -> Any:
    """The direction as an argument."""
    found = direction(value)
    return found[0] if isinstance(value, float) else rebuilt(value, found)
