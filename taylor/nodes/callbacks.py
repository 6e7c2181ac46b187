"""The names of kernels that call Python."""

from __future__ import annotations

from collections.abc import Callable

from taylor.nodes.registry import get

MARK = "#"  # in kernels: function#derivative#coefficient#order


def by_coefficients(kernel: str) -> tuple[str, Callable[[float], float] | None]:
    """(function, coefficient as a function of the point or None) of a callback's name."""
    name, *numbers = kernel.removeprefix(USER_KERNEL).split(MARK)
    if not numbers:
        return name, None
    count, k, order = map(int, numbers)
    after = get(name).series[1]
    return name, lambda x: after(count, x, k, order)


USER_KERNEL = "user:"  # prefix of kernels that are callbacks into Python
