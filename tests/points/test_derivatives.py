"""`taylor.derivatives`: values, against mpmath, SymPy and closed forms alone."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from error_scale import output_scales
from function_cases import CASES, CLOSED_FORMS, LEAST, Case, context, expected

import taylor as ty
from taylor.nodes.registry import functions
from taylor.recurrences.decompose import decompose
from taylor_runtime.program.program import Input

MP = context(50)
ORDER = 30
EPSILON = 2.0**-52
NOISE = 1e-20


def partials(form: Callable[..., Any], point: Sequence[Any], order: int) -> dict[tuple, Any]:
    """Normalised partial derivatives up to a total order, by mpmath's numerical differentiation."""
    found = {}
    for powers in product(range(order + 1), repeat=len(point)):
        if sum(powers) <= order:
            factor = math.prod(math.factorial(k) for k in powers)
            found[powers] = MP.diff(form, tuple(MP.mpf(x) for x in point), powers) / factor
    return found


def worst(d: ty.Derivatives, right: dict[tuple, Any]) -> float:
    """Largest error in units of EPSILON, relative to the largest coefficient of its order or of
    the one below (coefficients may cancel); mpmath's own errors are below NOISE.
    """
    sizes = [max(abs(c) for k, c in right.items() if sum(k) == n) for n in range(d.order + 1)]
    error = 0.0
    for powers, value in zip(d, d.coefficients.tolist(), strict=True):
        n = sum(powers)
        size = max(*sizes[max(n - 1, 0) : n + 1], NOISE)
        error = max(error, float(abs(MP.mpf(value) - right[powers]) / size) / EPSILON)
    return error


# -- every function of the registry ----------------------------------------------------------------

FIRST: dict[str, Case] = {}
for _case in CASES:
    if len(_case.point) == 1 and _case.inner == "shift" and _case.order > LEAST:
        FIRST.setdefault(_case.name, _case)
OURS = {name for name, f in functions.items() if f.arity - f.leading == 1 and f.built_in}
ULPS = {"asinh": 60.0, "acosh": 60.0, "softplus": 40.0, "tanh": 40.0}
ULPS["airyaiprime"] = 60.0  # what is wrong at order zero has coefficients of Bi, larger ones
ULPS["rgamma"] = 3000.0  # an entire function: coefficient 29 is 1e-17, far below its terms


@pytest.mark.parametrize("name", FIRST)
def test_one_variable_to_order_thirty(name: str) -> None:
    case = FIRST[name]
    right, noise = expected(case, MP, ORDER)
    function = partial(ty.functions.apply, name, *case.orders)
    found = ty.derivatives(lambda x: function(x), case.point[0], ORDER)
    x = ty.variable("x")
    program = decompose([function(x)], {x: Input("jet")}, ORDER)
    given = [MP.mpf(case.point[0]), MP.mpf(1), *[MP.mpf(0)] * (ORDER - 1)]
    scales = output_scales(program, {"jet": [given]}, MP)[1][0]
    for n, value in enumerate(found.coefficients.tolist()):
        allowed = ULPS.get(name, 20.0) * EPSILON * max(abs(right[n]), scales[n]) + noise
        assert abs(MP.mpf(value) - right[n]) <= allowed, n


def test_every_function_of_one_argument_is_tested() -> None:
    assert set(FIRST) == OURS


INNER: tuple[Callable[..., Any], ...] = (
    lambda x, y: (x - y) * (1 + 2 * y) + x * x,  # 0 at (0, 0)
    lambda x, y: (x + 3 * y) / 2 - x * y,
)
BINARY = ("atan2", "hypot", "minimum", "maximum")


def points_of(name: str) -> list[tuple[float, ...]]:
    """Where the inner functions are the arguments that a function is tested at."""
    return [c.point for c in CASES if c.name == name and c.inner == "curved"]


@pytest.mark.parametrize("name", [*FIRST, *BINARY])
def test_two_variables_to_order_four(name: str) -> None:
    """f(p + u(x, y)) at (0, 0): all its derivatives."""
    orders = FIRST[name].orders if name in FIRST else ()
    form = partial(CLOSED_FORMS[name], MP, *orders)
    if name == "bessely":
        form = partial(MP.bessely, *orders)  # the closed form has a precision of its own
    (start, *_) = points_of(name)

    def arguments(number: Any, x: Any, y: Any) -> list[Any]:
        return [number(p) + u(x, y) for p, u in zip(start, INNER, strict=False)]

    found = ty.derivatives(
        lambda x, y: ty.functions.apply(name, *orders, *arguments(float, x, y)), (0.0, 0.0), 4
    )
    right = partials(lambda x, y: form(*arguments(MP.mpf, x, y)), (0, 0), 4)
    assert worst(found, right) < 64


# -- arithmetic, powers, branches ------------------------------------------------------------------

FAMILIES: dict[str, tuple[Callable[..., Any], tuple[float, float]]] = {
    "product": (lambda m, x, y: (x + 2 * y) * (x * y - 3) * (y - x), (0.5, -0.25)),
    "quotient": (lambda m, x, y: (x - y) / (1 + x * y + y**2), (0.5, -0.25)),
    "reciprocal": (lambda m, x, y: 3 / (x + y * y), (0.5, 0.75)),
    "sparse quotient": (lambda m, x, y: m.exp(x * y) / (2 - x), (0.5, 0.75)),
    "quotient by sum": (lambda m, x, y: (m.sin(x) + m.cos(y)) / (x + y), (0.5, 0.75)),
    "power of a power": (lambda m, x, y: ((x + y) ** 2 - x) ** 5, (0.5, 0.5)),
    "power at zero": (lambda m, x, y: (x - 2 * y) ** 3 + x**4 * y, (0.0, 0.0)),
    "square at zero": (lambda m, x, y: (x * y + x) ** 2, (0.0, 0.5)),
    "negative power": (lambda m, x, y: (x + y**2) ** -3, (0.5, 0.75)),
    "rational power": (lambda m, x, y: (x**2 + y**2) ** m.mpf(-1.5), (0.5, 0.75)),
    "general power": (lambda m, x, y: x**y, (0.75, 1.25)),
    "base of numbers": (lambda m, x, y: m.mpf(3) ** (x * y), (0.75, 1.25)),
    "pair": (lambda m, x, y: m.sin(x * y) * m.cos(x * y) + m.sinh(x - y), (0.75, 1.25)),
    "nested": (lambda m, x, y: m.log(1 + m.exp(m.sin(x + m.tan(y)))), (0.75, 0.25)),
    "constants": (lambda m, x, y: x * 3 - y / 7 + m.mpf(0.1) * x * y + 4, (0.75, 0.25)),
}


class _Own:
    """Our functions under mpmath's names."""

    def __getattr__(self, name: str) -> Any:
        return float if name == "mpf" else getattr(ty, name)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("looped", [False, True])
def test_families_against_mpmath(name: str, looped: bool) -> None:
    function, point = FAMILIES[name]
    right = partials(lambda x, y: function(MP, x, y), point, 5)
    found = ty.derivatives(lambda x, y: function(_Own(), x, y), point, 5)
    if looped:
        found = as_looped(found, point)
    assert worst(found, right) < 40


def as_looped(d: ty.Derivatives, point: Sequence[float]) -> ty.Derivatives:
    """The same at one point, with code that loops over tables."""
    looped = copy.copy(d)
    looped._expansion = replace(d._expansion, looped=True)
    looped._planes = looped._expansion.run(np.array(point).reshape(1, len(point), 1), 1)
    return looped


BRANCHES: dict[str, tuple[Any, Any]] = {  # function, and what it is at the points of each half
    "where": (
        lambda x, y: ty.where(x < y, x * y, ty.sin(x)),
        (lambda x, y: x * y, lambda x, y: MP.sin(x)),
    ),
    "abs": (lambda x, y: abs(x - y) * y, (lambda x, y: (y - x) * y, lambda x, y: (x - y) * y)),
    "min": (lambda x, y: ty.minimum(x, y) ** 2, (lambda x, y: x**2, lambda x, y: y**2)),
    "max": (lambda x, y: ty.maximum(x, y) * x, (lambda x, y: x * y, lambda x, y: x * x)),
    "floor": (lambda x, y: ty.floor(x - y) * x * y, (lambda x, y: -x * y, lambda x, y: 0)),
    "sign": (lambda x, y: ty.sign(x - y) * y**3, (lambda x, y: -(y**3), lambda x, y: y**3)),
}


@pytest.mark.parametrize("name", BRANCHES)
def test_branches_in_force_are_differentiated(name: str) -> None:
    function, (below, above) = BRANCHES[name]
    x, y = np.array([0.25, 0.75]), np.array([0.5, 0.5])  # x < y, x > y
    found = ty.derivatives(function, (x, y), 4)
    for column, form in enumerate((below, above)):
        right = partials(form, (x[column], y[column]), 4)
        values = found.coefficients[:, column].tolist()
        for powers, value in zip(found, values, strict=True):
            assert abs(value - float(right[powers])) < 1e-15


def test_natural_powers_at_zero_are_exact() -> None:
    found = ty.derivatives(lambda x, y: (x + 2 * y) ** 6, (0.0, 0.0), 9).coefficients
    for powers, value in zip(ty.derivatives(lambda x, y: x, (0, 0), 9), found, strict=True):
        a, b = powers
        assert value == (math.comb(6, a) * 2**b if a + b == 6 else 0)


# -- many variables --------------------------------------------------------------------------------


def symbolic(expression: Any, symbols: Sequence[Any], order: int) -> dict[tuple, Any]:
    """All derivatives by SymPy, each from one of an order less."""
    found = {(0,) * len(symbols): expression}
    for powers in sorted(product(range(order + 1), repeat=len(symbols)), key=sum):
        if 0 < sum(powers) <= order:
            last = max(i for i, k in enumerate(powers) if k)
            below = tuple(k - (i == last) for i, k in enumerate(powers))
            found[powers] = sympy.diff(found[below], symbols[last])
    return found


MANY: dict[str, Callable[..., Any]] = {
    "exp": lambda m, x, y, z, w: m.exp(x * y) * (z + w) ** 3,
    "sine": lambda m, x, y, z, w: m.sin(x + 2 * y - z) * x / (1 + w),
    "root": lambda m, x, y, z, w: 1 / (x + y * z + 2) + m.sqrt(w + x),
}


@pytest.mark.parametrize("name", MANY)
def test_four_variables_to_order_eight_against_sympy(name: str) -> None:
    symbols = sympy.symbols("x y z w")
    point = (0.5, 0.75, -0.25, 1.25)
    values = dict(zip(symbols, map(sympy.Rational, point), strict=True))
    exact = symbolic(MANY[name](sympy, *symbols), symbols, 8)
    found = ty.derivatives(lambda *x: MANY[name](ty, *x), point, 8)
    assert len(found) == len(exact) == 495
    numbers = sympy.lambdify(symbols, list(exact.values()), "mpmath", cse=True)
    with mpmath.workdps(40):
        right = numbers(*(values[s].p / MP.mpf(values[s].q) for s in symbols))
    right = {
        k: MP.mpf(v) / math.prod(map(math.factorial, k)) for k, v in zip(exact, right, strict=True)
    }
    assert worst(found, right) < 40


def peers(x: Any, y: Any, z: Any) -> list[Any]:
    q = x**2 + y**2 + z**2
    return [
        ty.sin(x * y) + ty.exp(-(z**2)) * ty.cos(x),
        ty.log(q) / ty.sqrt(1 + x**2),
        x * q ** (-1.5),
    ]


def test_three_functions_of_three_variables() -> None:
    """The harmonic x/r^3: its Laplacian vanishes, and so do all derivatives of that."""
    point = (0.5, 0.75, 1.25)
    d = ty.derivatives(peers, point, 10)
    for a, b, c in product(range(9), repeat=3):
        if a + b + c <= 8:
            terms = [d[a + 2, b, c][2], d[a, b + 2, c][2], d[a, b, c + 2][2]]
            assert abs(sum(terms)) <= 1e-12 * max(map(abs, terms))
    right = partials(lambda x, y, z: MP.log(x**2 + y**2 + z**2) / MP.sqrt(1 + x**2), point, 4)
    for powers, value in right.items():
        factor = math.prod(map(math.factorial, powers))
        assert float(d[powers][1]) == pytest.approx(float(value * factor), rel=1e-12, abs=1e-13)
