"""First derivatives by linear equations: closed forms, polynomials, and what is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.systems import parts
from taylor_runtime.callables import cost
from taylor_runtime.program.flow import LinearProgram
from taylor_runtime.program.monomials import Monomials
from tests.flow_maps import SCALARS, Mixed

X, Y, U, V = ty.variables("x y u v")
K = ty.parameter("k")
TIME = 0.4


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linear equations, whatever they cost."""
    monkeypatch.setattr(cost, "LINEAR", 1e300)
    monkeypatch.setattr(parts, "MOST_LINEAR", 10**6)


def is_linear(ta: ty.Integrator) -> bool:
    return isinstance(ta._machine.stepper.program, LinearProgram)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("precision", ["float64", "double-double"])
@pytest.mark.parametrize(
    "names",
    [
        *[(one.name,) for one in SCALARS],
        ("square", "square", "power"),
        ("square", "exp", "root", "sin"),
        ("power", "power", "time", "rest", "drift"),
        ("square", "root", "power", "exp", "sin", "time", "rest", "drift", "sin", "exp"),
    ],
    ids="-".join,
)
def test_mixed_states(names: Sequence[str], precision: str) -> None:
    """Equations with known solutions, mixed by a matrix."""
    mixed = Mixed.of(names, 1)
    among = Monomials(len(names), 1)
    ta = ty.Integrator(
        ty.variational(mixed.system(), 1), mixed.start(), precision=precision
    )  # fmt: skip
    assert is_linear(ta)
    ta.propagate_until(TIME)
    found, right = ta.flow_map.astype("float64").coefficients, mixed.map(among, TIME)
    assert np.abs(found - right).max() <= 1e-13 * max(1.0, np.abs(right).max())


def orbit(mu: Any = 0.01) -> list[Any]:
    heavy = (1 - mu) * ((X + mu) ** 2 + Y**2) ** -1.5
    light = mu * ((X - 1 + mu) ** 2 + Y**2) ** -1.5
    return [
        (X, U),
        (Y, V),
        (U, 2 * V + X - heavy * (X + mu) - light * (X - 1 + mu)),
        (V, -2 * U + Y - (heavy + light) * Y),
    ]


r = (X * X + Y * Y + 1) ** 0.5
CASES: dict[str, tuple[Any, list[Any], list[float]]] = {
    "orbit": (orbit(), [X, Y, U, V], [-0.8, 0.0, 0.0, -0.625]),
    "orbit with its mass": (orbit(K), [X, V, K], [-0.8, 0.0, 0.0, -0.625]),
    # powers in falling and rising order, squares of what differs by numbers, products of products
    "powers": (
        [
            (X, U),
            (Y, V),
            (U, -X * r**-3 + 0.1 * Y * r**-5 - K * X * (X * r)),
            (V, -Y * r**-3 + (X + 2) ** 2 * 0.1 - 0.2 * (X - 1) ** 2 + 0.1 * (X + K) * Y),
        ],
        [X, Y, U, V],
        [1.0, 0.5, 0.0, 0.25],
    ),
    "branches": (
        [
            (X, ty.where(K > 0.5, ty.sqrt(1 + Y * Y), X * Y) + ty.cos(ty.time) * Y),
            (Y, -ty.atan(X) / (2 + Y * Y) + ty.tanh(X * Y) - X ** (K + 1.0)),
        ],
        [X, Y, K, ty.time],
        [1.0, 0.5],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_polynomials_give_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In double-double, where other text computes them."""
    system, wrt, start = CASES[name]
    given: dict[str, Any] = {"parameters": {K: 0.25}} if name != "orbit" else {}
    asked = ty.variational(system, 1, wrt)
    monkeypatch.setattr(parts, "MOST_FLOWS", 0)  # none is kept from one setting to the next
    monkeypatch.setattr(parts, "_flows", {})
    monkeypatch.setattr(parts, "MOST_LINEAR", 0)
    other = ty.Integrator(asked, start, precision="double-double", **given)
    assert not is_linear(other)
    other.propagate_until(1.5)
    right = other.flow_map
    monkeypatch.setattr(parts, "MOST_LINEAR", 10**6)
    monkeypatch.setattr(cost, "LINEAR", 1e300)
    for precision, tolerance in (("float64", 1e-13), ("double-double", 1e-27), ("float32", 2e-4)):
        ta = ty.Integrator(asked, start, precision=precision, **given)
        assert is_linear(ta)
        ta.propagate_until(1.5)
        differ = (ta.flow_map.astype("double-double") - right).coefficients
        differ = np.abs(np.asarray(differ, dtype=float)).max()
        scale = np.abs(right.astype("float64").coefficients).max()
        assert differ < tolerance * scale, precision


def test_products_are_shared() -> None:
    """Of the orbit: two squares, eleven products of numbers, four with derivatives; no weights."""
    found = ty.Integrator(ty.variational(orbit(), 1), [-0.8, 0.0, 0.0, -0.625]).explain()
    wide = [pack.convolutions for pack in found.packs if pack.lanes == 4]
    assert sum(wide) == 4
    assert (found.convolutions, found.squares, found.weighted, found.kernels) == (17, 2, 0, 2)


def test_what_pays() -> None:
    """Not where derivatives fill a register, nor where there is little but products."""
    for system, linear in (
        (orbit(), True),
        ([(X, V), (V, -3 * ty.sin(X))], True),
        ([(X, 10 * (Y - X)), (Y, X * (28 - U) - Y), (U, X * Y - 3 * U)], False),
    ):
        ta = ty.Integrator(ty.variational(system, 1), [0.5] * len(system))  # type: ignore[arg-type]
        assert is_linear(ta) == linear


def test_functions_without_derivatives_have_polynomials() -> None:
    """Derivatives of the gamma function's derivatives, say, are not formulas that we know."""
    ta = ty.Integrator(ty.variational([(X, ty.polygamma(3, X + 2))], 1), [0.5])
    ta.propagate_until(0.25)
    assert ta.state_transition_matrix.shape == (1, 1)
    step = 1e-5
    ends = []
    for start in (0.5 + step, 0.5 - step):
        one = ty.Integrator([(X, ty.polygamma(3, X + 2))], [start])
        one.propagate_until(0.25)
        ends.append(one.state[0])
    assert ta.state_transition_matrix[0, 0] == pytest.approx((ends[0] - ends[1]) / (2 * step), 1e-8)
