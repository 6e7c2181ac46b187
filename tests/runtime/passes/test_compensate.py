"""Phases at large times: what depends on time and parameters keeps its digits at t = 1e9.

Integrators see time as a double-double sum.  One step of x' = f(t) from x = 0 shows f at the start
of the step as the first coefficient; it is compared with mpmath at the exact time.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from function_cases import context

import taylor as ty
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import variable
from taylor.nodes.traverse import inputs as leaves
from taylor.recurrences.decompose import decompose
from taylor_runtime.passes.compensate import compensate
from taylor_runtime.program.program import Input, Kernel, Program
from taylor_runtime.program.verify import verify

MP = context(60)
EPSILON = 2.0**-52
W, P = ty.parameters("w p")
VALUES = {W: 1.2345678901234567, P: -0.7}
TIMES = [
    (0.75, 0.0),
    (1e9, 3.1e-9),
    (1e9 + 1 / 3, -2.9e-8),
    (-4.2e9, 1.7e-7),
    (86400.0 * 365.25 * 1e6, 1.3e-4),
]


def first_coefficient(f: Expression, time: tuple[float, float]) -> tuple[float, float]:
    """f at `time` as the machine computes it, and the scaled first coefficient's scale."""
    x = variable("x")
    found = {leaf for leaf in leaves([f]) if leaf.op == "parameter"}
    values = {leaf: VALUES[leaf] for leaf in VALUES if leaf in found}
    ta = ty.Integrator([(x, f)], [0.0], time=time, parameters=values or None, max_step=2.0**-20)
    ta.propagate_until(time[0] + 1.0, max_steps=1)
    return float(ta.dense.coefficients[0, 1, 0]), float(ta.dense.scales[0])


def exact(time: tuple[float, float]) -> dict[str, Any]:
    return {
        "t": MP.mpf(time[0]) + MP.mpf(time[1]),
        "w": MP.mpf(VALUES[W]),
        "p": MP.mpf(VALUES[P]),
    }


PHASES: dict[str, tuple[Expression, Callable[..., Any]]] = {
    "t": (ty.time, lambda t, w, p: t),
    "w t": (W * ty.time, lambda t, w, p: w * t),
    "w t + p": (W * ty.time + P, lambda t, w, p: w * t + p),
    "w t**2": (W * ty.time * ty.time, lambda t, w, p: w * t**2),
    "w t - p t": (W * ty.time - P * ty.time, lambda t, w, p: (w - p) * t),
    "t/86400": (ty.time / 86400, lambda t, w, p: t / 86400),
    "t/3 - 1/7": (
        ty.time / 3 - Fraction(1, 7),
        lambda t, w, p: t / 3 - MP.mpf(1) / 7,
    ),
    "0.1 t": (ty.time * ty.constant("0.1"), lambda t, w, p: t / 10),
    "(t - 1e9)": (ty.time - 10**9, lambda t, w, p: t - 10**9),
    "w (t - p)": (W * (ty.time - P), lambda t, w, p: w * (t - p)),
    "t / w": (ty.time / W, lambda t, w, p: t / w),
    "w p t / (w + p)": (W * P * ty.time / (W + P), lambda t, w, p: w * p * t / (w + p)),
    "2 (t - 1/3) / p + w": (
        2 * (ty.time - Fraction(1, 3)) / P + W,
        lambda t, w, p: 2 * (t - MP.mpf(1) / 3) / p + w,
    ),
}


@pytest.mark.parametrize("name", PHASES)
def test_sine_and_cosine_of_phases(name: str) -> None:
    """Within EPSILON, and the phase's own error of 2**-104 of it (it is double-double)."""
    phase, right = PHASES[name]
    for time in TIMES:
        value = right(**exact(time))
        if abs(value) > 1e20:
            continue
        allowed = EPSILON + 2.0**-104 * abs(value)
        for function, reference in ((ty.sin, MP.sin), (ty.cos, MP.cos)):
            found, scale = first_coefficient(function(phase), time)
            assert abs(MP.mpf(found) / MP.mpf(scale) - reference(value)) <= allowed


@pytest.mark.parametrize("name", ["t", "w t + p", "t/3 - 1/7"])
def test_tangents_of_phases(name: str) -> None:
    """Within 4 EPSILON of 1 + tan**2, the condition of the tangent."""
    phase, right = PHASES[name]
    for time in TIMES:
        value = MP.tan(right(**exact(time)))
        found, scale = first_coefficient(ty.tan(phase), time)
        assert abs(MP.mpf(found) / MP.mpf(scale) - value) <= 4 * EPSILON * (1 + value**2)


@pytest.mark.parametrize("name", PHASES)
def test_phases_themselves(name: str) -> None:
    """Sums, products and quotients of time and parameters, within an EPSILON, cancellation or not;
    half of it is the state's own step, which takes a constant factor out of the sum."""
    phase, right = PHASES[name]
    for time in TIMES:
        found, scale = first_coefficient(phase, time)
        value = right(**exact(time))
        assert abs(MP.mpf(found) / MP.mpf(scale) - value) <= EPSILON * abs(value)


@pytest.mark.parametrize(
    ("function", "reference"),
    [(ty.exp, MP.exp), (ty.sinh, MP.sinh), (ty.cosh, MP.cosh)],
    ids=["exp", "sinh", "cosh"],
)
def test_exponentials_of_large_arguments(function: Callable, reference: Callable) -> None:
    """exp(-t) at t = 700 loses 700 ulp if t is rounded first; here 2 remain."""
    for time in ((700.0, 3e-14), (-680.3, 4e-14), (1.0, 1e-17)):
        for e, value in (
            (-ty.time, -exact(time)["t"]),
            (W * ty.time / 2, exact(time)["w"] * exact(time)["t"] / 2),
        ):
            found, scale = first_coefficient(function(e), time)
            right = reference(value)
            assert abs(MP.mpf(found) / MP.mpf(scale) - right) <= 2 * EPSILON * abs(right)


def test_slow_functions_of_time_are_as_usual() -> None:
    """Functions whose value changes slowly need no tail; quotients and roots of time among them."""
    cases: list[tuple[Expression, Callable[..., Any]]] = [
        (ty.sqrt(ty.time), MP.sqrt),
        (ty.log(ty.time), MP.log),
        (1 / (1 + ty.time), lambda t: 1 / (1 + t)),
        (ty.time**3, lambda t: t**3),
        (ty.atan(ty.time / 10**9), lambda t: MP.atan(t / 10**9)),
    ]
    for e, right in cases:
        found, scale = first_coefficient(e, TIMES[1])
        value = right(exact(TIMES[1])["t"])
        assert abs(MP.mpf(found) / MP.mpf(scale) - value) <= 4 * EPSILON * abs(value)


def test_higher_coefficients_of_a_fast_oscillation() -> None:
    """cos(w t + p) at t = 1e9 to order 18, in units of EPSILON of w**n / n!: at most 8."""
    x = variable("x")
    time = (1e9, 5e-9)
    ta = ty.Integrator([(x, ty.cos(W * ty.time + P))], [0.0], time=time, parameters=VALUES)
    ta.step()
    dense = ta.dense
    e = exact(time)
    phase = e["w"] * e["t"] + e["p"]
    for n in range(18):
        size = e["w"] ** n / MP.factorial(n) / (n + 1)
        right = MP.cos(phase + n * MP.pi / 2) * size
        found = MP.mpf(dense.coefficients[0, n + 1, 0]) / MP.mpf(dense.scales[0]) ** (n + 1)
        assert abs(found - right) <= 8 * EPSILON * size


@pytest.mark.parametrize(
    ("phase", "right"),
    [
        (lambda x: W * ty.time + x, lambda t, w, x: w * t + x),
        (lambda x: ty.time + 2 * ty.sin(ty.time), lambda t, w, x: t + 2 * MP.sin(t)),
        (lambda x: 3 * x - ty.time / 7 + x * x, lambda t, w, x: 3 * x - t / 7 + x * x),
        (lambda x: ty.time / (2 + x), lambda t, w, x: t / (2 + x)),
        (lambda x: ty.time * ty.exp(-x * x), lambda t, w, x: t * MP.mpf(float(MP.exp(-x * x)))),
    ],
    ids=["w t + x", "t + 2 sin t", "3 x - t/7 + x**2", "t / (2 + x)", "t exp(-x**2)"],
)
def test_phases_that_contain_the_state(phase: Callable, right: Callable) -> None:
    """The rounding of sums and products with time does not reach the phase: within 4 EPSILON.

    What is no sum or product (the last one's exponential) enters rounded, here as glibc rounds it;
    the quotient's divisor 2 + x is rounded too, so that x is chosen with a short mantissa there.
    """
    x = variable("x")
    time = TIMES[1]
    start = 0.3125
    uses = any(leaf is W for leaf in leaves([phase(x)]))
    values = {W: VALUES[W]} if uses else None
    ta = ty.Integrator([(x, ty.cos(phase(x)))], [start], time=time, parameters=values)
    ta.step()
    found = MP.mpf(ta.dense.coefficients[0, 1, 0]) / MP.mpf(ta.dense.scales[0])
    e = exact(time)
    assert abs(found - MP.cos(right(e["t"], e["w"], MP.mpf(start)))) <= 4 * EPSILON


@pytest.mark.parametrize(
    ("time", "peer", "right"),
    [
        (0.0, 74, (31.06775342, 3.04502681)),
        (1e9, 91, (23.43489264, 2.04099021)),
        (-3e11, 87, (16.81206253, 4.0049791)),
    ],
)
def test_steps_at_large_times_are_as_long_as_at_zero(
    time: float, peer: int, right: tuple[float, float]
) -> None:
    """The noise of a rounded phase would be taken for a defect, and the step halved away.

    peer, right: steps and final states of heyoka (default tolerance and order) from t = 0, both
    phases at `time` being reduced with 40 digits. Its steps are 1.4 times as many at every time.
    """
    x, v = ty.variables("x v")
    equations = [(x, v), (v, -ty.sin(x - W * ty.time + P) + ty.cos(ty.time / W))]
    ta = ty.Integrator(equations, [0.1, 0.0], time=time, parameters=VALUES)
    outcome = ta.propagate_for(20.0)
    assert outcome.status is ty.Status.REACHED and outcome.retracted == 0
    assert max(0.6 * peer, 45) <= outcome.steps <= min(peer, 100)
    np.testing.assert_allclose(ta.state, right, rtol=0, atol=6e-9)


def test_programs_without_time_are_left_alone() -> None:
    x = variable("x")
    program = decompose([x], {x: Input("state", (0,))}, 5, [ty.sin(x)])
    assert compensate(program) is program


def test_only_what_depends_on_time_is_changed() -> None:
    x, y = ty.variables("x y")
    inputs = {x: Input("state", (0,)), y: Input("state", (1,)), W: Input("parameter", (0,))}
    program = decompose([x, y], inputs, 5, [ty.sin(W * ty.time), ty.sin(x * W)])
    changed = verify(compensate(program))
    assert [changed.rows[row].start for row, _ in changed.outputs] == [
        program.rows[row].start for row, _ in program.outputs
    ]
    assert _kernels(changed).count("fma") == 2  # sin and cos of the phase
    assert _kernels(program).count("fma") == 0
    plain = [row for row in changed.rows if isinstance(row.start, Kernel) and row.step]
    assert sum(row.start.function == "sin" for row in plain if isinstance(row.start, Kernel)) == 1


def _kernels(program: Program) -> list[str]:
    return [row.start.function for row in program.rows if isinstance(row.start, Kernel)]


def test_time_of_an_array_of_phases_is_packed_as_well() -> None:
    """Many oscillations with periods of their own, in lanes: the values stay right."""
    count = 12
    x = [ty.variable(f"x{i}") for i in range(count)]
    rates = [Fraction(i + 1, 7) for i in range(count)]
    forces = [ty.cos(r * ty.time + i) for i, r in enumerate(rates)]
    ta = ty.Integrator(list(zip(x, forces, strict=True)), np.zeros(count), time=TIMES[1])
    ta.step()
    t = exact(TIMES[1])["t"]
    for i, r in enumerate(rates):
        found = MP.mpf(ta.dense.coefficients[0, 1, i]) / MP.mpf(ta.dense.scales[0])
        assert abs(found - MP.cos(MP.mpf(r.numerator) / r.denominator * t + i)) <= 2 * EPSILON


@pytest.mark.parametrize("start", [0.0, 1e6, 1e12])
def test_orbits_at_late_times(start: float) -> None:
    """cos E and sin F of a Kepler orbit keep their digits: the anomalies keep their low parts."""
    x, y = ty.variables("x y")
    mean = 0.3 * ty.time + 0.1
    equations = [
        (x, ty.cos(ty.kepler_E(0.4, mean))),
        (y, ty.sin(ty.kepler_F(0.1, 0.2, mean))),
    ]
    ta = ty.Integrator(equations, [0.0, 0.0], time=start)
    ta.propagate_for(3.0)

    def angle(t: Any) -> Any:
        return MP.mpf(0.3) * t + MP.mpf(0.1)

    def cosine(t: Any) -> Any:
        e, m = MP.mpf(0.4), angle(t)
        return MP.cos(MP.findroot(lambda u: u - e * MP.sin(u) - m, m))

    def sine(t: Any) -> Any:
        h, k, m = MP.mpf(0.1), MP.mpf(0.2), angle(t)
        return MP.sin(MP.findroot(lambda u: u + h * MP.cos(u) - k * MP.sin(u) - m, m))

    with MP.workdps(40):
        ends = [MP.mpf(start) + k for k in range(4)]
        right = [float(MP.quad(f, ends)) for f in (cosine, sine)]
    assert ta.state == pytest.approx(right, abs=2e-15)


def test_tails_end_where_tables_begin() -> None:
    """The place in a piece keeps its digits; its powers need none of it."""
    x = variable("x")
    edges, rows = np.array([0.0, 1.0, 2.0]), np.array([[1.0, 2.0, 3.0, 4.0]] * 2)
    sizes = []
    for count in (2, 4):
        rate = ty.piecewise(edges, rows[:, :count], ty.time)
        inputs = {x: Input("state", (0,))}
        program = decompose([x], inputs, 5, [rate])
        sizes.append(_kernels(compensate(program)).count("product_error"))
    assert sizes[0] == sizes[1]
