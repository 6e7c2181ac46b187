"""What built-in functions do with elements of which a traced value decides how many there are, and
operators with bits: written in Python, and translated as users' functions are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Items = Iterable[Any]
Of = Callable[[Any], Any]


def sum_of(items: Items, element: Of, test: Of, total: Any) -> Any:
    """``sum(element(x) for x in items if test(x))``, from a number on."""
    for one in items:
        if test(one):
            total = total + element(one)
    return total


def any_of(items: Items, element: Of, test: Of) -> Any:
    """``any(element(x) for x in items if test(x))``."""
    for one in items:  # noqa: SIM110 - what `any` is called for
        if test(one) and element(one):
            return True
    return False


def all_of(items: Items, element: Of, test: Of) -> Any:
    """``all(element(x) for x in items if test(x))``."""
    for one in items:  # noqa: SIM110 - what `all` is called for
        if test(one) and not element(one):
            return False
    return True


def largest(items: Items, element: Of, test: Of) -> Any:
    """``max(element(x) for x in items if test(x))``."""
    best = None
    found = False
    for one in items:
        if test(one):
            value = element(one)
            if not found or value > best:
                best = value
            found = True
    if not found:
        raise ValueError("max() arg is an empty sequence")
    return best


def smallest(items: Items, element: Of, test: Of) -> Any:
    """``min(element(x) for x in items if test(x))``."""
    best = None
    found = False
    for one in items:
        if test(one):
            value = element(one)
            if not found or value < best:
                best = value
            found = True
    if not found:
        raise ValueError("min() arg is an empty sequence")
    return best


def collected(items: Items, element: Of, test: Of, found: Any) -> Any:
    """``[element(x) for x in items if test(x)]``, as a list of fixed capacity."""
    for one in items:
        if test(one):
            found.append(element(one))
    return found


def common_bits(a: Any, b: Any) -> Any:
    """``a & b`` of whole numbers below 2**53, bit by bit from the last one on."""
    found, weight = 0, 1
    while a != 0 and a != -1 and b != 0 and b != -1 and weight < 1 << 54:
        found += weight * ((a % 2) * (b % 2))
        a //= 2
        b //= 2
        weight *= 2
    if a == 0 or b == 0:
        return found
    return found + weight * (b if a == -1 else a)
