"""Number kinds through one emitter: float32 and double-double against mpmath, and in every way."""

from __future__ import annotations

import copy
import pickle
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from error_scale import output_scales
from function_cases import context
from random_systems import bodies, lattice, oscillators, random_system
from test_rendering import WAYS, Way

import taylor as ty
from taylor.nodes.traverse import inputs as leaves
from taylor.numbers.precision import as_precision
from taylor.recurrences.decompose import decompose
from taylor_runtime.callables import stepper as build
from taylor_runtime.program.program import Input

MP = context(60)
KINDS = ("float32", "double-double")
DOUBLE_DOUBLE = "double-double"
K = ty.parameter("k")


def numbers(values: np.ndarray, kind: str) -> Any:
    """mpf of an array of either kind."""
    if as_precision(kind).parts > 1:
        return ty.to_mpmath(values)
    return np.vectorize(lambda v: MP.mpf(float(v)), otypes=[object])(values)


def few_steps(
    monkeypatch: pytest.MonkeyPatch, system: Any, way: Way | None, order: int, kind: str
) -> Any:
    equations, initial = system
    with monkeypatch.context() as patch:
        if way is not None:
            patch.setattr(build, "choose", way.choose)
        needs = any(e.op == "parameter" for e in leaves([f for _, f in equations]))
        ta = ty.Integrator(
            equations,
            initial,
            time=0.5,
            parameters={"k": Fraction(3, 8)} if needs else None,
            order=order,
            precision=kind,
        )
        outcome = ta.propagate_until(1e3, max_steps=3, dense=True)
    assert outcome.steps == 3 and np.isfinite(ta.state).all()
    return ta, outcome


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_one_result_in_every_way(seed: int, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    results = []
    for way in WAYS:
        ta, outcome = few_steps(monkeypatch, random_system(seed), way, 4, kind)
        results.append((ta.state.tobytes(), outcome.dense.coefficients.tobytes()))
    assert len(set(results)) == 1


WIDE = [
    ("float32", oscillators(40)),
    ("float32", bodies(11)),
    ("float32", lattice(67)),
    ("double-double", lattice(35)),
]


@pytest.mark.parametrize(("kind", "system"), WIDE)
def test_wide_packs(kind: str, system: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ways = (Way(False, False), Way(True, False))
    results = {few_steps(monkeypatch, system, way, 5, kind)[0].state.tobytes() for way in ways}
    assert len(results) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(7))
def test_coefficients_agree_with_mpmath(
    seed: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First step, in units of epsilon of the coefficients' scales."""
    equations, initial = random_system(seed)
    initial = initial.astype(np.float32).astype(float)
    order = 10
    _, outcome = few_steps(monkeypatch, (equations, initial), None, order, kind)
    states = [x for x, _ in equations]
    inputs = {x: Input("state", (i,)) for i, x in enumerate(states)}
    inputs[K] = Input("parameter", (0,))
    program = decompose(states, inputs, order, [derivative for _, derivative in equations])
    given = {
        "state": list(map(MP.mpf, initial)),
        "parameter": [MP.mpf("0.375")],
        "time": [MP.mpf(0.5)],
    }
    values, scales = output_scales(program, given, MP)
    found = numbers(outcome.dense.coefficients[0], kind)
    unit = as_precision(kind).epsilon
    for n in range(order + 1):
        factor = MP.mpf(float(outcome.dense.scales[0])) ** n
        for place in range(len(states)):
            error = abs(found[n, place] - values[place][n] * factor)
            assert error <= 40 * unit * scales[place][n] * factor


def test_pendulum_in_double_double() -> None:
    """sin(x / 2) = k sn(w t, k) with w = sqrt(g / l) and k = v_0 / (2 w), from x = 0."""
    x, v = ty.variables("x v")
    ta = ty.Integrator(
        [(x, v), (v, -K * ty.sin(x))], [0, "1/3"], parameters={K: "9.8"}, precision=DOUBLE_DOUBLE
    )
    outcome = ta.propagate_until("5.5")
    assert outcome.status is ty.Status.REACHED
    with mpmath.workdps(45):
        w = mpmath.sqrt(mpmath.mpf("9.8"))
        k = mpmath.mpf(1) / 6 / w
        angle = 2 * mpmath.asin(k * mpmath.ellipfun("sn", w * mpmath.mpf("5.5"), m=k**2))
        rate = 2 * k * w * mpmath.ellipfun("cn", w * mpmath.mpf("5.5"), m=k**2)
        for value, wanted in zip(ty.to_mpmath(ta.state), (angle, rate), strict=True):
            assert abs(value - wanted) < 1e-30


def test_circle_ends_at_both_parts_of_the_time() -> None:
    x, v = ty.variables("x v")
    ta = ty.Integrator([(x, v), (v, -x)], [1, 0], precision=DOUBLE_DOUBLE)
    with mpmath.workdps(40):
        ta.propagate_until(2 * mpmath.pi)
        state = ty.to_mpmath(ta.state)
        assert abs(state[0] - 1) < 1e-30 and abs(state[1]) < 1e-30
        assert abs(sum(map(mpmath.mpf, ta.time_pair)) - 2 * mpmath.pi) < 1e-31


def test_grid_and_dense_output_in_double_double() -> None:
    x = ty.variable("x")
    times = ty.from_mpmath(["0", "0.1", "1/3", "2.7"])
    ta = ty.Integrator([(x, x * ty.cos(ty.time))], [1], precision=DOUBLE_DOUBLE)
    grid = ta.propagate_grid(times, dense=True)
    assert grid.states.shape == (4, 1, 2) and grid.dense is not None
    np.testing.assert_array_equal(grid.times, times)
    with mpmath.workdps(40):
        for time, on_grid, dense in zip(times, grid.states, grid.dense(times), strict=True):
            wanted = mpmath.exp(mpmath.sin(ty.to_mpmath(time)))
            assert abs(ty.to_mpmath(on_grid[0]) - wanted) < 1e-30
            assert abs(ty.to_mpmath(dense[0]) - wanted) < 1e-30
        slope = ty.to_mpmath(grid.dense("1/3", derivative=1)[0])
        third = mpmath.mpf(1) / 3
        assert abs(slope - mpmath.cos(third) * mpmath.exp(mpmath.sin(third))) < 1e-29


def test_constants_are_rounded_once() -> None:
    """x' = 1/3 and x' = pi, which floats would spoil after 16 digits."""
    x, y = ty.variables("x y")
    ta = ty.Integrator([(x, Fraction(1, 3)), (y, ty.pi)], [0, 0], precision=DOUBLE_DOUBLE)
    ta.propagate_until(1.0)
    with mpmath.workdps(40):
        third, pi = ty.to_mpmath(ta.state)
        assert abs(third - mpmath.mpf(1) / 3) < 1e-32 and abs(pi - mpmath.pi) < 1e-31


def test_float32_states_are_float32_and_as_good_as_it() -> None:
    x, v = ty.variables("x v")
    ta = ty.Integrator([(x, v), (v, -x)], [1.0, 0.0], precision="float32")
    outcome = ta.propagate_grid([5.0, 10.0])
    assert ta.state.dtype == outcome.states.dtype == np.float32
    np.testing.assert_allclose(outcome.states[:, 0], np.cos([5.0, 10.0]), atol=2e-6)
    np.testing.assert_allclose(ta.state, [np.cos(10.0), -np.sin(10.0)], atol=2e-6)
    assert ta.dense(9.9).dtype == np.float32


@pytest.mark.parametrize("kind", KINDS)
def test_tolerances_per_component_and_compensated_sums(kind: str) -> None:
    x, v = ty.variables("x v")
    unit = as_precision(kind).epsilon
    for options in ({"rtol": unit, "atol": 0.0}, {"high_accuracy": True}, {"tol": 100 * unit}):
        ta = ty.Integrator([(x, v), (v, -x)], [1, 0], precision=kind, **options)
        assert ta.propagate_until(20).status is ty.Status.REACHED
        with mpmath.workdps(40):
            error = abs(numbers(ta.state, kind)[0] - mpmath.cos(20))
            assert error < 2000 * unit


@pytest.mark.parametrize("kind", KINDS)
def test_copies_and_pickles_go_on_to_the_same_bits(kind: str) -> None:
    x, v = ty.variables("x v")
    ta = ty.Integrator([(x, v), (v, -K * ty.sin(x))], [1, 0], parameters={K: "9.8"}, precision=kind)
    ta.propagate_until(1)
    others = [copy.copy(ta), pickle.loads(pickle.dumps(ta))]
    ta.propagate_until(3)
    for other in others:
        other.propagate_until(3)
        assert other.precision == kind
        np.testing.assert_array_equal(other.state, ta.state)


def test_parameters_keep_31_digits() -> None:
    x = ty.variable("x")
    ta = ty.Integrator([(x, K)], [0], parameters={K: "0.1"}, precision=DOUBLE_DOUBLE)
    with mpmath.workdps(40):
        assert abs(ta.parameters[K] - mpmath.mpf("0.1")) < 1e-33
    ta.parameters[K] = ty.from_mpmath("1/7")
    ta.propagate_until(1)
    with mpmath.workdps(40):
        assert abs(ty.to_mpmath(ta.state[0]) - mpmath.mpf(1) / 7) < 1e-32


def test_compiled_functions() -> None:
    x, y = ty.variables("x y")
    f = ty.compile(
        [ty.exp(x * y) + ty.sqrt(x) / 3, ty.log(y) ** 2], [x, y], precision=DOUBLE_DOUBLE
    )
    product, square = f("0.1", Fraction(5, 2))
    many, _ = f(ty.from_mpmath(np.linspace(0.1, 3, 50)), ty.from_mpmath("2.5"))
    assert product.shape == (2,) and many.shape == (50, 2)
    with mpmath.workdps(40):
        a, b = mpmath.mpf("0.1"), mpmath.mpf("2.5")
        assert abs(ty.to_mpmath(product) - (mpmath.exp(a * b) + mpmath.sqrt(a) / 3)) < 1e-31
        assert abs(ty.to_mpmath(square) - mpmath.log(b) ** 2) < 1e-31
    again = pickle.loads(pickle.dumps(f))
    np.testing.assert_array_equal(again("0.1", "2.5")[0], product)


def test_array_arguments_and_many_operands_in_double_double() -> None:
    q, x = ty.variable("q", shape=(40,)), ty.variable("x")
    f = ty.compile(q * x, [q, x], precision=DOUBLE_DOUBLE)
    values = ty.from_mpmath([Fraction(i, 7) for i in range(40)])
    result = f(values, "1/3")
    assert result.shape == (40, 2)
    with mpmath.workdps(40):
        for i, value in enumerate(ty.to_mpmath(result)):
            assert abs(value - mpmath.mpf(i) / 21) < 1e-31


def test_float32_functions() -> None:
    x, y = ty.variables("x y")
    f = ty.compile(ty.sin(x) * y, [x, y], precision="float32")
    values = f(np.linspace(0, 1, 5), 2.0)
    assert values.dtype == np.float32 and type(f(0.5, 2.0)) is np.float32
    np.testing.assert_allclose(values, 2 * np.sin(np.linspace(0, 1, 5)), rtol=2e-7)


@pytest.mark.parametrize("order", [0, 7, 40])
def test_jets_in_double_double(order: int) -> None:
    def fun(t: Any) -> Any:
        return np.exp(t) / (1 + t * t) * np.log(t + 2)

    found = ty.jet(fun, ["0.7", "1/3"], order=order, precision=DOUBLE_DOUBLE)
    assert found.shape == (order + 1, 2, 2)
    with mpmath.workdps(50):
        for k, point in enumerate((mpmath.mpf("0.7"), mpmath.mpf(1) / 3)):
            exact = mpmath.taylor(
                lambda t: mpmath.exp(t) / (1 + t * t) * mpmath.log(t + 2), point, order
            )
            for value, wanted in zip(ty.to_mpmath(found[:, k]), exact, strict=True):
                assert abs(value - wanted) < 1e-29 * abs(wanted)


def test_jets_in_float32() -> None:
    found = ty.jet(np.exp, np.float32(0.5), order=5, precision="float32")
    exact = [np.exp(0.5) / float(MP.factorial(n)) for n in range(6)]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, exact, rtol=1e-6)


def test_functions_that_know_floats_alone_are_refused() -> None:
    half = ty.register_function(
        "half_in_floats", lambda a: 0.5 * float(a), lambda a: ty.constant("0.5")
    )
    x = ty.variable("x")
    with pytest.raises(ty.UnsupportedFunctionError, match="computes in float64"):
        ty.compile(half(x), [x], precision=DOUBLE_DOUBLE)
    with pytest.raises(ty.UnsupportedFunctionError, match="computes in float64"):
        ty.Integrator([(x, half(x))], [1], precision=DOUBLE_DOUBLE)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: ty.compile(x, [x], precision="quad"), "precision must be one of"),
        (lambda x: ty.jet(np.exp, 0.0, precision="half"), "precision must be one of"),
        (lambda x: ty.Integrator([(x, -x)], [1.0], precision=64), "precision must be one of"),
        (lambda x: ty.compile(x, [x], precision=DOUBLE_DOUBLE)([0.1, 0.2]), "trailing axis"),
        (
            lambda x: ty.Integrator([(x, -x)], np.ones((1, 3)), precision=DOUBLE_DOUBLE),
            "trailing axis of length 2",
        ),
        (
            lambda x: ty.Integrator([(x, -x)], ["nan"], precision=DOUBLE_DOUBLE),
            "not a finite decimal",
        ),
        (
            lambda x: ty.Integrator([(x, -x)], [np.nan], precision=DOUBLE_DOUBLE),
            "the state must be finite; component 0 is nan",
        ),
    ],
)
def test_errors(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call(ty.variable("x"))


@pytest.mark.parametrize("precision", ["float32", "float64", "double-double"])
def test_start_at_rest(precision: str) -> None:
    """x'' = t - x from zero, where state and slope vanish: x = t - sin t."""
    angle, rate = ty.variables("x v")
    system = [(angle, rate), (rate, ty.time - angle)]
    ta = ty.Integrator(system, [0.0, 0.0], precision=precision)
    outcome = ta.propagate_until(4.5, max_steps=50)
    assert outcome.success
    x, v = ty.to_mpmath(ta.state) if precision == "double-double" else map(float, ta.state)
    with mpmath.workdps(40):
        t, rounding = mpmath.mpf(4.5), 20 * float(as_precision(precision).epsilon)
        assert abs(x - (t - mpmath.sin(t))) < rounding
        assert abs(v - (1 - mpmath.cos(t))) < rounding
