"""What `Integrator.as_function` takes and gives: inputs, outputs, kinds of numbers, errors."""

from __future__ import annotations

import copy
import math
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import mpmath
import numpy as np
import pytest
from counting import calls
from numpy.testing import assert_allclose

import taylor as ty

x, v = ty.variables("x v")
k, c = ty.parameters("k c")


def spring(**options: object) -> ty.Integrator:
    return ty.Integrator([(x, v), (v, -k * x)], [1.0, 0.0], parameters={k: 2.0}, **options)  # type: ignore[arg-type]


ROOT = math.sqrt(2.0)

# --- inputs and outputs --------------------------------------------------------------------------


def test_names_stand_for_expressions() -> None:
    ta = spring()
    assert ta.as_function(["k", "x"], "v", until=1.0)(2.0, 1.0) == ta.as_function(
        [k, x], v, until=1.0
    )(2.0, 1.0)


def test_one_input_and_the_whole_state() -> None:
    last = spring().as_function(x, until=1.0)
    assert_allclose(last(2.0), [2 * math.cos(ROOT), -2 * ROOT * math.sin(ROOT)], rtol=1e-14)
    assert last(2.0).shape == (2,) and last(2.0).flags.owndata
    assert last(2) == pytest.approx(last(2.0), abs=0)


def test_lists_become_arrays() -> None:
    last = spring().as_function([[v, x], k], [x, v], until=1.0)
    assert last(np.array([0.0, 1.0]), 2.0) == spring().as_function([x], [x, v], until=1.0)(1.0)
    assert last([0.0, 1.0], 2.0) == last(np.array([0.0, 1.0]), 2.0)


def test_outputs_are_any_expressions() -> None:
    energy = v * v / 2 + k * x * x / 2
    outputs = [energy, ty.time * x, 3 * k, ty.stack([x, v])]
    found = spring().as_function([k, x], outputs, until=1.5)(3.0, 2.0)
    assert_allclose(found[0], 6.0, rtol=1e-14)
    assert_allclose(found[1], 1.5 * 2 * math.cos(1.5 * math.sqrt(3.0)), rtol=1e-13)
    assert found[2] == 9.0 and found[3].shape == (2,)
    traced = ty.jit(spring().as_function([k, x], outputs, until=1.5))(3.0, 2.0)
    for one, other in zip(found, traced, strict=True):
        assert_allclose(one, other, rtol=1e-15)
    slope = ty.grad(lambda r, s: spring().as_function([k, x], energy, until=1.5)(r, s))(3.0, 2.0)
    assert_allclose(slope, 2.0, rtol=1e-12)


def test_parameters_that_are_arrays() -> None:
    w, q = ty.parameter("w", shape=(2, 3)), ty.variable("q", shape=(3,))
    ta = ty.Integrator([(q, -w[0] * q)], np.ones(3), parameters={w: np.ones((2, 3))})
    last = ta.as_function([w, q], q, until=0.5)
    rates, start = np.array([[1.0, 2, 3], [9, 9, 9]]), np.array([1.0, 2, 4])
    value = start * np.exp(-0.5 * rates[0])
    assert_allclose(last(rates, start), value, rtol=1e-14)
    by_rates, by_start = ty.jacobian(last, argnums=(0, 1))(rates, start)
    assert by_rates.shape == (3, 2, 3) and not by_rates[:, 1].any()  # those are not used
    assert_allclose(by_rates[:, 0], np.diag(-0.5 * value), atol=1e-15)
    assert_allclose(by_start, np.diag(np.exp(-0.5 * rates[0])), atol=1e-15)


def test_what_is_no_input_is_as_it_was() -> None:
    ta = spring()
    last = ta.as_function([x], x, until=1.0)
    before = last(1.0)
    ta.parameters[k], ta.state[1] = 9.0, 5.0
    ta.propagate_until(0.3)
    assert last(1.0) == before == spring().as_function([x], x, until=1.0)(1.0)
    assert ta.time == 0.3  # and it is left alone


def test_times_and_ends() -> None:
    ta = spring()
    many, single = ta.as_function([k], [x, v]), ta.as_function([k], x, times=[0.5, 2.0, -1.0])
    times = np.array([0.5, 2.0, -1.0])
    assert_allclose(many(2.0, times)[0], np.cos(ROOT * times), rtol=1e-14)
    assert_allclose(single(2.0), np.cos(ROOT * times), rtol=1e-14)
    assert [many(2.0, float(t))[0] for t in times] == pytest.approx(single(2.0), rel=1e-14)
    assert many(2.0, 0.0) == (1.0, 0.0)
    assert ta.as_function([k], x, until="3/2")(2.0) == many(2.0, 1.5)[0]
    assert ta.as_function([k], x, until=(1.5, 1e-18))(2.0) == many(2.0, (1.5, 1e-18))[0]
    assert many(2.0, times)[1].shape == (3,)


# --- what happens on the way ---------------------------------------------------------------------


def test_impulses_and_parameters_that_they_set() -> None:
    kick = ty.Impulse([1.0, 2.0], add={x: c * x}, set={k: k + x})
    ta = ty.Integrator([(x, -k * x)], [1.0], parameters={k: 0.5, c: 2.0}, impulses=[kick])
    last = ta.as_function([x, k, c], [x, k], until=2.5)

    def wanted(start: object, rate: object, gain: object) -> tuple[object, object]:
        for _ in range(2):
            start = start * ty.exp(-rate)  # type: ignore[operator]
            start, rate = start + gain * start, rate + start  # type: ignore[operator]
        return start * ty.exp(-rate * 0.5), rate  # type: ignore[operator]

    point = 1.0, 0.5, 2.0
    assert_allclose(last(*point), ty.jit(wanted)(*point), rtol=1e-13)
    numbers = (0, 1, 2)
    found, right = (ty.jacobian(f, argnums=numbers)(*point) for f in (last, wanted))
    assert_allclose(np.array(found), np.array(right), rtol=1e-12)
    assert last(*point) == last(*point)  # the parameters begin anew each time


def test_switches_on_the_way() -> None:
    """x' = 1 for x < 1, then x' = -k x: known in closed form."""
    ta = ty.Integrator([(x, ty.where(x < c, 1.0, k))], [0.0], parameters={k: 3.0, c: 1.0})
    last = ta.as_function([x, k, c], x, until=2.0)
    assert_allclose(last(0.25, 3.0, 1.0), 1 + 3 * 1.25, rtol=1e-13)
    found = ty.jacobian(last, argnums=(0, 1, 2))(0.25, 3.0, 1.0)
    assert_allclose(found, (3.0, 1.25, -2.0), rtol=1e-12)


def test_a_terminal_event_that_does_not_come() -> None:
    never = ty.Event(x - 5, terminal=True)
    ta = spring(events=[never])
    last = ta.as_function([k, x], [x, ty.time])
    assert_allclose(last(2.0, 1.0, 1.0), (math.cos(ROOT), 1.0), rtol=1e-14)
    by_end = ty.jacobian(lambda t: last(2.0, 1.0, t))(1.0)
    assert_allclose(by_end, (-ROOT * math.sin(ROOT), 1.0), rtol=1e-13)


def test_the_end_does_not_matter_behind_a_terminal_event() -> None:
    ta = spring(events=[ty.Event(x, terminal=True)])
    last = ta.as_function([k], [v, ty.time])
    assert_allclose(last(2.0, 9.0), (-ROOT, math.pi / 2 / ROOT), rtol=1e-13)
    assert_allclose(ty.jacobian(last, argnums=1)(2.0, 9.0), (0.0, 0.0), atol=1e-15)
    batch = ty.vmap(lambda r: last(r, 9.0)[1])(np.linspace(1.0, 3.0, 9))
    assert_allclose(batch, math.pi / 2 / np.sqrt(np.linspace(1.0, 3.0, 9)), rtol=1e-13)
    slopes = ty.vmap(ty.grad(lambda r: last(r, 9.0)[1]))(np.linspace(1.0, 3.0, 9))
    assert_allclose(slopes, -math.pi / 4 * np.linspace(1.0, 3.0, 9) ** -1.5, rtol=1e-12)


# --- kinds of numbers ----------------------------------------------------------------------------


def test_double_double() -> None:
    ta = ty.Integrator(
        [(x, v), (v, -k * x)], [1.0, 0.0], parameters={k: 2.0}, precision="double-double"
    )
    last = ta.as_function([k, x], x, until=3.0)
    with mpmath.workdps(40):
        wanted = mpmath.cos(3 * mpmath.sqrt(2))
        slope = mpmath.diff(lambda r: mpmath.cos(3 * mpmath.sqrt(r)), 2)
        assert abs(ty.to_mpmath(last("2", 1)) - wanted) < 1e-29
        traced = ty.jit(last, precision="double-double")(2.0, 1.0)
        assert abs(ty.to_mpmath(traced) - wanted) < 1e-29
        found = ty.grad(last, precision="double-double")(2.0, 1.0)
        assert abs(ty.to_mpmath(found) - slope) < 1e-28
    assert_allclose(ty.grad(last)(2.0, 1.0), float(slope), rtol=1e-15)  # rounded in the end


def test_times_have_all_digits_in_double_double() -> None:
    ta = ty.Integrator([(x, -x)], [1.0], precision="double-double")
    with mpmath.workdps(40):
        wanted = mpmath.exp(-mpmath.mpf("0.1"))
    single = [
        ta.as_function([x], x, until="0.1"),
        ta.as_function([x], x, until=(0.1, -5.551115123125783e-18)),
    ]
    several = ta.as_function([x], x, times=["0.2", "0.1"])
    for last in (*single, lambda s: several(s)[1]):
        for function in (last, ty.jit(last, precision="double-double")):
            assert abs(ty.to_mpmath(function(1.0)) - wanted) < 1e-30


def test_single_precision() -> None:
    ta = ty.Integrator([(x, v), (v, -k * x)], [1.0, 0.0], parameters={k: 2.0}, precision="float32")
    last = ta.as_function([k, x], x, until=3.0)
    assert last(2.0, 1.0).dtype == np.float32
    assert_allclose(last(2.0, 1.0), math.cos(3 * ROOT), rtol=2e-6)
    assert_allclose(ty.grad(last)(2.0, 1.0), -1.5 / ROOT * math.sin(3 * ROOT), rtol=2e-6)
    assert_allclose(ty.jit(last, precision="float32")(2.0, 1.0), math.cos(3 * ROOT), rtol=2e-6)
    late = ta.as_function([x, ty.time], v, until=1e6 + 0.1)  # which is no float32
    assert_allclose(late(1.0, 1e6), -ROOT * math.sin(0.1 * ROOT), rtol=1e-5)


def test_digits_that_are_not_there_are_not_promised() -> None:
    last = spring().as_function([k, x], x, until=3.0)
    with pytest.raises(ty.UnsupportedFunctionError, match="float64"):
        ty.jit(last, precision="double-double")(2.0, 1.0)


# --- numbers alone -------------------------------------------------------------------------------


def test_products_of_numbers() -> None:
    last = spring().as_function([k, x], [x, v], until=3.0)
    values, along = last.jvp((2.0, 1.0), (0.5, 0.0))
    assert_allclose(values, last(2.0, 1.0), rtol=1e-14)
    assert_allclose(along[0], -0.75 / ROOT * math.sin(3 * ROOT), rtol=1e-13)
    values, back = last.vjp((2.0, 1.0), (1.0, 0.0))
    assert_allclose(values, last(2.0, 1.0), rtol=1e-14)
    assert_allclose(back, (-1.5 / ROOT * math.sin(3 * ROOT), math.cos(3 * ROOT)), rtol=1e-13)


def test_products_do_not_look_into_solutions_again() -> None:
    """What a solution is made of stays, so that every call finds the same one without a search."""
    x, v = ty.variables("x v")
    ta = ty.Integrator([(x, v), (v, -ty.sin(x))], [0.1, 0.2])
    solution = ta.as_function([x, v], [x, v], until=1.0)
    ways = {
        "vjp": lambda: solution.vjp((0.1, 0.2), (1.0, 0.0)),
        "jvp": lambda: solution.jvp((0.1, 0.2), (1.0, 0.0)),
        "ty.vjp": lambda: ty.vjp(solution, 0.1, 0.2),
    }
    for name, way in ways.items():
        for _ in range(3):
            way()
        assert calls(way) < 250, name


def test_many_at_once() -> None:
    last = spring().as_function([k, [x, v]], [x, v])
    rates, starts = np.linspace(1.0, 2.0, 10), np.tile([1.0, 0.0], (10, 1))
    found = last.map(rates, starts, 3.0)
    assert_allclose(found[0], np.cos(3 * np.sqrt(rates)), rtol=1e-13)
    assert found[1].shape == (10,)
    each = last.map(rates, np.array([1.0, 0.0]), np.linspace(1.0, 3.0, 10))
    assert_allclose(each[0], np.cos(np.linspace(1.0, 3.0, 10) * np.sqrt(rates)), rtol=1e-12)
    with pytest.raises(ty.ShapeError, match="one axis more"):
        last.map(1.0, np.array([1.0, 0.0]), 3.0)


def test_pickles_and_copies() -> None:
    last = spring().as_function([k, x], x, until=3.0)
    for other in (pickle.loads(pickle.dumps(last)), copy.copy(last), copy.deepcopy(last)):
        assert other(2.0, 1.0) == last(2.0, 1.0)
    rate = ty.variable("rate")
    function = ty.compile(ty.diff(last(rate, 1.0), rate), [rate])
    assert pickle.loads(pickle.dumps(function))(2.0) == function(2.0)


def test_several_threads() -> None:
    last = spring().as_function([k, x], x, until=3.0)
    slope = ty.grad(last)
    rates = np.linspace(1.0, 2.0, 64).tolist()
    alone = [(last(r, 1.0), slope(r, 1.0)) for r in rates]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda r: (last(r, 1.0), slope(r, 1.0)), rates)) == alone


def test_it_says_what_it_is() -> None:
    last = spring().as_function([k, x], [x, v * 2])
    rate = ty.variable("rate")
    assert str(last(rate, 1.0, 2.0)[0]).startswith("solution(rate, 1, ")
    assert "call" in str(ty.compile(last(rate, 1.0, 2.0)[0], [rate]).explain())
    assert repr(last) == "<solution: (k, x, until) -> x, 2*v>"
    assert isinstance(last, ty.Solution)


def test_importing_loads_none_of_it() -> None:
    code = f"import sys; sys.path[:0] = {sys.path!r}; import taylor; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "taylor.integrator.solvable" in loaded and "taylor.solutions" not in loaded


# --- what is wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ([c], "c, which is no state or parameter"),
        ([x, x], "inputs name x twice"),
        ([[x, v], v], "inputs name v twice"),
        (["z"], "z, which is no state"),
        ([2 * x], "is an expression"),
        ([[x, [v]]], "need one shape"),
    ],
)
def test_wrong_inputs(inputs: list[object], words: str) -> None:
    with pytest.raises(ty.ArgumentError, match=words):
        spring().as_function(inputs, until=1.0)  # type: ignore[arg-type]


def test_wrong_outputs_and_ends() -> None:
    ta, other = spring(), ty.variable("other")
    with pytest.raises(ty.ArgumentError, match="outputs depend on other"):
        ta.as_function([k], x + other, until=1.0)
    with pytest.raises(ty.ArgumentError, match="outputs name 'other'"):
        ta.as_function([k], "other", until=1.0)
    with pytest.raises(ty.ArgumentTypeError, match="outputs are expressions of states"):
        ta.as_function([k], lambda y: y, until=1.0)  # type: ignore[arg-type]
    with pytest.raises(ty.ArgumentError, match="at least one output"):
        ta.as_function([k], [], until=1.0)
    with pytest.raises(ty.ArgumentError, match="not both"):
        ta.as_function([k], x, until=1.0, times=[1.0])
    with pytest.raises(ty.ArgumentError, match="times must have shape"):
        ta.as_function([k], x, times=1.0)
    with pytest.raises(ty.ArgumentError, match="times must be finite"):
        ta.as_function([k], x, times=[1.0, math.nan])
    with pytest.raises(ty.ArgumentError, match="until must be finite"):
        ta.as_function([k], x, until=math.inf)
    with pytest.raises(TypeError, match="until must be a number"):
        ta.as_function([k], x, until=[1.0])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="inputs are states, parameters"):
        ta.as_function([3.0], x, until=1.0)  # type: ignore[list-item]
    with pytest.raises(ty.ArgumentError, match="max_steps"):
        ta.as_function([k], x, until=1.0, max_steps=0)


def test_an_integrator_with_derivatives_is_refused() -> None:
    ta = ty.Integrator(ty.variational([(x, -x)]), [1.0])
    with pytest.raises(ty.ArgumentError, match="from the equations alone"):
        ta.as_function([x], x, until=1.0)


def test_wrong_calls() -> None:
    last = spring().as_function([k, [x, v]], x)
    with pytest.raises(TypeError, match=r"takes 3 argument\(s\), k, \[x, v\], until; got 2"):
        last(1.0, np.zeros(2))
    with pytest.raises(ty.ShapeError, match=r"\[x, v\] must have shape \(2,\), got \(3,\)"):
        last(1.0, np.zeros(3), 1.0)
    with pytest.raises(ty.ShapeError, match="times must have shape"):
        last(1.0, np.zeros(2), np.zeros((2, 2)))
    with pytest.raises(ty.ArgumentError, match=r"state \[1\] is not finite"):
        last(1.0, np.array([1.0, np.nan]), 1.0)
    with pytest.raises(ty.ArgumentError, match="not finite"):
        ty.jit(last)(1.0, np.ones(2), math.inf)
    with pytest.raises(ty.ShapeError, match="must have shape"):
        ty.grad(lambda r: last(r, np.zeros(3), 1.0))(1.0)


def test_parameters_that_are_set_have_one_value_at_several_times() -> None:
    kick = ty.Impulse(1.0, set={k: 2 * k})
    ta = ty.Integrator([(x, -k * x)], [1.0], parameters={k: 0.5}, impulses=[kick])
    with pytest.raises(ty.ArgumentError, match="k is set on the way"):
        ta.as_function([x], k * x, times=[0.5, 2.0])
    last = ta.as_function([x], k * x)
    assert_allclose(last(1.0, 2.0), math.exp(-1.5), rtol=1e-13)
    with pytest.raises(ty.ArgumentError, match="k is set on the way"):
        last(1.0, np.array([0.5, 2.0]))


def test_solutions_that_do_not_come_to_their_end() -> None:
    blow = ty.Integrator([(x, x**2)], [1.0])
    last = blow.as_function([x], x, until=2.0)
    assert_allclose(last(0.25), 0.5, rtol=1e-13)
    for call in (last, ty.jit(last), ty.grad(last)):
        with pytest.raises(ty.SolutionError, match="the end was not reached: "):
            call(1.0)
        assert np.isfinite(call(0.25))  # and goes on afterwards
    with pytest.raises(ty.SolutionError, match="solution 8 of the batch"):
        ty.vmap(last)(np.array([0.25] * 8 + [1.0]))
    limited = blow.as_function([x], x, until=0.9, max_steps=2)
    with pytest.raises(ty.SolutionError, match="STEP_LIMIT"):
        limited(1.0)
    times = spring(events=[ty.Event(x, terminal=True)]).as_function([k], x, times=[1.0, 5.0])
    with pytest.raises(ty.SolutionError, match="not all times were reached: EVENT"):
        times(2.0)


def test_derivatives_that_do_not_exist() -> None:
    """A ball whose highest point is a wall that it just touches."""
    height = ty.parameter("height")
    wall = ty.Event(x - height, terminal=True, direction=0)
    ta = ty.Integrator([(x, v), (v, -1)], [0.0, 1.0], parameters={height: 0.5}, events=[wall])
    when = ta.as_function([v, height], ty.time, until=9.0)
    assert_allclose(when(1.0, 0.5), 1.0, rtol=1e-6)
    with pytest.raises(ty.UndefinedDerivativesError, match="touched, not crossed"):
        ty.grad(when)(1.0, 0.5)
    reset = ty.Event(x - height, reset={v: -v})
    ta = ty.Integrator([(x, v), (v, -1)], [0.0, 1.0], parameters={height: 0.5}, events=[reset])
    last = ta.as_function([v], x, until=3.0)
    with pytest.raises(ty.UndefinedDerivativesError, match="no derivatives"):
        ty.grad(last)(1.0)
    with pytest.raises(ty.UndefinedDerivativesError, match="no derivatives"):
        ty.vmap(ty.grad(last))(np.ones(9))


def test_callbacks_that_change_the_state_have_no_derivatives() -> None:
    def halve(ta: ty.Integrator) -> None:
        ta.state[0] /= 2

    ta = spring(events=[ty.Event(v, direction=1, callback=halve)])
    last = ta.as_function([x], x, until=3.0)
    assert_allclose(last(1.0), -0.5 * math.cos(3 * ROOT - math.pi), rtol=1e-12)
    with pytest.raises(ty.UndefinedDerivativesError, match="a callback changed the state"):
        ty.grad(last)(1.0)


def test_a_system_that_captures_what_is_traced_is_refused() -> None:
    """Its derivative would silently be zero."""

    def wrong(rate: object) -> object:
        ta = ty.Integrator(lambda t, y: -rate * y, [1.0])  # type: ignore[operator]
        return ta.as_function([], until=1.0)()[0]  # type: ignore[call-overload]

    with pytest.raises((TypeError, ValueError), match="rate"):
        ty.grad(wrong)(0.5)


def test_solutions_are_no_part_of_other_equations() -> None:
    last = spring().as_function([k], x, until=1.0)
    with pytest.raises(ty.TaylorError, match="add its equations to the system"):
        ty.Integrator([(x, -last(x))], [1.0])


def test_an_end_where_the_integrator_is_already_is_refused() -> None:
    """Its derivatives would be zero, of an integrator that was moved by mistake."""
    x, k = ty.variable("x"), ty.parameter("k")
    ta = ty.Integrator([(x, -k * x)], [1.0], parameters={k: 1.0})
    ta.propagate_until(2.0)
    with pytest.raises(ty.ArgumentError, match="before the integrator moves"):
        ta.as_function(k, x, until=2.0)
    begun = ta.as_function([k, ty.time], x, until=2.0)
    start = ta.state[0]
    assert_allclose(begun(1.0, 1.0), start * np.exp(-1.0), rtol=1e-14)
