"""Everything that machine code must evaluate at order zero: the complete list of kernel names.

A kernel gives u_0 of a row from the u_0 of other rows (`taylor_runtime.program.Kernel`): first the
rows, then the exact constants of the `Kernel`.  The kernels are the registered functions that are
not made of others (`Function.expression` is None), under their own names, and the auxiliaries
defined here.

Truth values are numbers: 1 for true and 0 for false are produced, anything but 0 is taken as true.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from taylor.functions.kepler import anomaly_by_mpmath, longitude_by_mpmath
from taylor.functions.scaled_error import scaled_error_by_mpmath
from taylor.nodes.callbacks import by_coefficients
from taylor.nodes.record import Function
from taylor.nodes.registry import functions, get
from taylor.reference.own_kernels import entry_value, inverse_value, place_value
from taylor_runtime.program.kernels import (
    CallbackKernel,
    EntryKernel,
    InverseKernel,
    PlaceKernel,
)
from taylor_runtime.program.program import OwnKernel
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True, slots=True)
class KernelDefinition:
    """What one kernel computes.

    name, arity: as in ``taylor_runtime.program.Kernel(name, arguments, constants)``; `arity`
    counts both.
    mpmath: ``(mp, *args) -> value``, the value that machine code has to round.
    definition: the same in words or a formula.
    domain: where it is real and finite.
    rational: the definition uses arithmetic and comparison alone, so that exact numbers will do
        (and `mp` may be None).
    """

    name: str
    arity: int
    mpmath: Callable[..., Any]
    definition: str
    domain: str = "everywhere"
    rational: bool = True


def _integer_power_or_mpmath(mp: Any, x: Any, y: Any) -> Any:
    """x**y; exact for natural y, so that it also serves rational numbers."""
    if y == int(y):
        return x ** int(y)
    return mp.power(mp.mpf(x.numerator) / x.denominator if hasattr(x, "numerator") else x, y)


def _scale(mp: Any, x: Any, y: Any) -> Any:
    """1 over the largest power of two that is not above max(|x|, |y|); 1 at the origin."""
    size = max(abs(x), abs(y))
    if not size or not mp.isfinite(size):
        return mp.mpf(1)
    return mp.ldexp(1, 1 - mp.frexp(size)[1])


def _truth(condition: bool) -> int:
    return 1 if condition else 0


def _of_ellipse(number: int, part: str) -> KernelDefinition:
    return KernelDefinition(
        f"kepler_E_{part}",
        2,
        lambda mp, e, mean: anomaly_by_mpmath(mp, e, mean)[number],
        f"{part} of the orbit at the eccentric anomaly kepler_E(e, M) before it is rounded",
        "0 <= e <= 1",
        rational=False,
    )


def _of_equinoctial(number: int, part: str) -> KernelDefinition:
    return KernelDefinition(
        f"kepler_F_{part}",
        3,
        lambda mp, h, k, longitude: longitude_by_mpmath(mp, h, k, longitude)[number],
        f"{part} of the orbit at the eccentric longitude kepler_F(h, k, l) before it is rounded",
        "h**2 + k**2 <= 1",
        rational=False,
    )


_OF_ORBIT = {1: "sin", 2: "cos", 3: "radius"}

_AUXILIARIES = (
    KernelDefinition(
        "pow",
        2,
        _integer_power_or_mpmath,
        "x**y as C's and NumPy's pow, with all of its special cases; y is often a constant",
        "x > 0; x = 0 and y > 0; x < 0 and an integer y",
        rational=False,
    ),
    KernelDefinition(
        "pow_sum",
        3,
        lambda mp, x, y, z: _integer_power_or_mpmath(mp, x, y + z),
        "x**(y + z) for a constant y + z that is no integer and rounds to y, as 1/3",
        "x > 0; x = 0 and y > 0",
        rational=False,
    ),
    KernelDefinition("div", 2, lambda mp, x, y: x / y, "x / y, correctly rounded", "y not zero"),
    KernelDefinition("lt", 2, lambda mp, x, y: _truth(x < y), "1 if x < y else 0; NaN gives 0"),
    KernelDefinition("le", 2, lambda mp, x, y: _truth(x <= y), "1 if x <= y else 0; NaN gives 0"),
    KernelDefinition("gt", 2, lambda mp, x, y: _truth(x > y), "1 if x > y else 0; NaN gives 0"),
    KernelDefinition("ge", 2, lambda mp, x, y: _truth(x >= y), "1 if x >= y else 0; NaN gives 0"),
    KernelDefinition("eq", 2, lambda mp, x, y: _truth(x == y), "1 if x == y else 0; NaN gives 0"),
    KernelDefinition("ne", 2, lambda mp, x, y: _truth(x != y), "1 if x != y else 0; NaN gives 1"),
    KernelDefinition(
        "and", 2, lambda mp, x, y: _truth(x != 0 and y != 0), "1 if both are true else 0"
    ),
    KernelDefinition(
        "or", 2, lambda mp, x, y: _truth(x != 0 or y != 0), "1 if at least one is true else 0"
    ),
    KernelDefinition("not", 1, lambda mp, x: _truth(x == 0), "1 if x is false else 0"),
    KernelDefinition(
        "where",
        3,
        lambda mp, condition, x, y: x if condition != 0 else y,
        "x where the condition is true, else y; the other one may be anything, NaN included",
    ),
    KernelDefinition(
        "direction",
        1,
        lambda mp, x: 1 if x >= 0 else -1 if x < 0 else x,
        "+1 if x >= 0 (both zeros), -1 if x < 0, NaN if x is NaN: the slope of abs in force",
    ),
    KernelDefinition(
        "scale",
        2,
        _scale,
        "a power of two near 1 / max(|x|, |y|), within a factor of 4 where the range permits, the "
        "same for all lanes and targets; 1 at the origin, any power of two if an argument is "
        "infinite or NaN; results do not depend on which power it is",
        rational=False,
    ),
    KernelDefinition(
        "power_divisor",
        5,
        lambda mp, usual, x, u, y, order: usual,
        "the first argument; where u = x**y underflows NaN, or 1 if x**(y - order) does as well",
    ),
    KernelDefinition(
        "sum_of_squares",
        2,
        lambda mp, x, y: x * x + y * y,
        "x**2 + y**2, to 1 ulp, arguments scaled",
    ),
    KernelDefinition(
        "difference_of_squares",
        2,
        lambda mp, x, y: (x - y) * (x + y),
        "x**2 - y**2 as (x - y) * (x + y), without cancellation",
    ),
    *(_of_ellipse(number, part) for number, part in _OF_ORBIT.items()),
    *(_of_equinoctial(number, part) for number, part in _OF_ORBIT.items()),
    KernelDefinition(
        "sin_pi", 1, lambda mp, x: mp.sinpi(x), "sin(pi x)", "everywhere", rational=False
    ),
    KernelDefinition(
        "cos_pi", 1, lambda mp, x: mp.cospi(x), "cos(pi x)", "everywhere", rational=False
    ),
    KernelDefinition(
        "erfcx_coefficient",
        3,
        lambda mp, x, s, k: scaled_error_by_mpmath(mp, int(k), x) * (2 / s) ** int(k),
        "(2/s)**k times ierfcx(k, x), for a natural number k; s, a power of two near 1/|x|, keeps "
        "it in range",
        rational=False,
    ),
    KernelDefinition(
        "polygamma_coefficient",
        3,
        lambda mp, x, s, k: mp.psi(int(k), x) / mp.factorial(int(k)) / s ** int(k),
        "the k-th derivative of digamma at x over k! s**k, for a natural number k; s, a power of "
        "two near 1/|x|, keeps it in range",
        "everywhere but 0, -1, -2, ..",
        rational=False,
    ),
)


_AUXILIARY = {auxiliary.name: auxiliary for auxiliary in _AUXILIARIES}
_RATIONAL_FUNCTIONS = (
    *("abs", "sign", "copysign", "floor", "floor_divide", "remainder"),
    *("rint", "round_decimal", "minimum", "maximum"),
)


def _of_function(function: Function) -> KernelDefinition:
    return KernelDefinition(
        str(function.value_kernel),
        function.arity,
        _orders_last(function) if function.orders else function.mpmath,
        f"the function {function.name}",
        function.domain,
        rational=function.name in _RATIONAL_FUNCTIONS,
    )


def _orders_last(function: Function) -> Callable[..., Any]:
    """The function's mpmath form, for one order and one argument, as of a kernel."""
    return lambda mp, x, order: function.mpmath(mp, order, x)


def kernel_definitions() -> dict[str, KernelDefinition]:
    """Return all kernels by name: those of taylor's own functions, and the auxiliaries.

    >>> sorted(set(kernel_definitions()) & {"sin", "sech_squared", "scale", "relu"})
    ['scale', 'sech_squared', 'sin']
    """
    own = (f for f in functions.values() if f.expression is None and not f.kernel)
    return {function.name: _of_function(function) for function in own} | _AUXILIARY


def kernel_definition(kernel: str | OwnKernel) -> KernelDefinition:
    """Return what one kernel computes, also of those that programs bring along."""
    if isinstance(kernel, CallbackKernel):
        return _of_callback(kernel)
    if isinstance(kernel, OwnKernel):
        return _of_own_kernel(kernel)
    return _AUXILIARY[kernel] if kernel in _AUXILIARY else _of_function(get(kernel))


def _of_callback(kernel: CallbackKernel) -> KernelDefinition:
    record, value = get(kernel.function), by_coefficients(kernel)
    if value is None:
        return _of_function(record)
    coefficient = value
    return KernelDefinition(
        kernel.name,
        1,
        lambda mp, x: mp.mpf(coefficient(float(x))),
        "a Taylor coefficient",
        record.domain,
        False,
    )


def _of_own_kernel(kernel: OwnKernel) -> KernelDefinition:
    if isinstance(kernel, PlaceKernel):
        value, arity, words = partial(place_value, kernel), 1, "how many edges are not above x"
    elif isinstance(kernel, EntryKernel):
        value, arity, words = partial(entry_value, kernel), 2, "an entry of a table"
    elif isinstance(kernel, InverseKernel):
        value, arity = partial(inverse_value, kernel), kernel.size**2
        words = "an entry of the inverse of a matrix"
    else:
        raise KeyError(f"kernel_definition: {kernel.name!r} is for an interpreter of programs")
    return KernelDefinition(kernel.name, arity, value, words, rational=False)
