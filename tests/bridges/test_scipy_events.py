"""`ty.scipy.solve_ivp`: all events, and what comes back; against closed forms."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import taylor as ty

integrate = pytest.importorskip("scipy.integrate")
from scipy.linalg import expm  # noqa: E402 - after it is known to be there

FINE = {"rtol": 1e-13, "atol": 1e-13}


def solved(fun: Any, span: Any, y0: Any, **options: Any) -> Any:
    return ty.scipy.solve_ivp(fun, span, y0, **{**FINE, **options})


def event(function: Callable[..., Any], **attributes: Any) -> Callable[..., Any]:
    """A function with attributes, as SciPy's users give them."""
    for name, value in attributes.items():
        setattr(function, name, value)
    return function


def circle(t: float, y: np.ndarray) -> Any:
    return [y[1], -y[0]]


def test_pairs_of_zeros_inside_a_step_are_found() -> None:
    """sin t = 1 - 1e-8 twice a turn, 2.8e-4 apart; SciPy looks at the ends of its steps alone."""

    def near_the_top(t: float, y: np.ndarray) -> Any:
        return y[0] - (1 - 1e-8)

    found = solved(circle, (0, 20), [0.0, 1.0], events=near_the_top)
    half = math.acos(1 - 1e-8)
    wanted = [(2 * k + 0.5) * math.pi + side * half for k in range(4) for side in (-1, 1)]
    wanted = [t for t in wanted if t < 20]
    assert np.abs(found.t_events[0] - wanted).max() < 1e-7  # sin is flat there: 1e-15 / 1e-4
    assert np.abs(found.y_events[0][:, 0] - (1 - 1e-8)).max() < 1e-14
    missed = integrate.solve_ivp(circle, (0, 20), [0.0, 1.0], "DOP853", events=near_the_top, **FINE)
    assert len(missed.t_events[0]) < len(wanted)


def test_touches_without_a_change_of_sign_are_found() -> None:
    found = solved(circle, (0, 10), [1.0, 0.0], events=lambda t, y: (y[0] * y[1]) ** 2)
    assert np.abs(found.t_events[0] - np.arange(7) * math.pi / 2).max() < 1e-7


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("direction", [-1, -0.5, 0, 1, 2])
def test_directions_are_along_the_integration(backward: bool, direction: float) -> None:
    """As in SciPy, which is asked as well."""
    sign = -1 if backward else 1
    zero = event(lambda t, y: y[0], direction=direction)
    span, y0 = (0.0, sign * 10.0), [1.0, 0.0]
    found = solved(circle, span, y0, events=zero)
    times = (np.arange(3) + 0.5) * math.pi  # the first falls, the second rises
    keep = {0: slice(None), 1: slice(1, None, 2), -1: slice(None, None, 2)}
    assert np.abs(sign * found.t_events[0] - times[keep[int(np.sign(direction))]]).max() < 1e-12
    other = integrate.solve_ivp(circle, span, y0, "DOP853", events=zero, **FINE)
    assert np.abs(found.t_events[0] - other.t_events[0]).max() < 1e-9


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("dense", [False, True])
def test_the_last_of_so_many_ends_it(count: int, dense: bool) -> None:
    zero = event(lambda t, y: y[0], terminal=count)
    other = event(lambda t, y: y[1] - 0.5)
    times = np.linspace(0, 100, 1001)
    for t_eval in (None, times):
        found = solved(
            circle, (0, 100), [1.0, 0.0], events=[zero, other], t_eval=t_eval, dense_output=dense
        )
        end = (count - 0.5) * math.pi
        assert (found.status, found.success) == (1, True)
        assert found.message == "A termination event occurred."
        assert len(found.t_events[0]) == count and abs(found.t_events[0][-1] - end) < 1e-12
        assert len(found.t_events[1]) == (count > 1) + (count > 2) * 1
        assert (found.t <= end + 1e-12).all()
        wanted = times[times < end] if t_eval is not None else found.t
        assert np.array_equal(found.t, wanted)
        assert np.abs(found.y - [np.cos(found.t), -np.sin(found.t)]).max() < 1e-12
        if dense:
            assert abs(found.sol.t_max - end) < 1e-12
    again = solved(circle, (0, 100), [1.0, 0.0], events=[zero, other])  # counts start anew
    assert len(again.t_events[0]) == count


def test_a_zero_at_the_start_is_recorded_but_ends_nothing() -> None:
    ground = event(lambda t, y: y[0], terminal=True)
    found = solved(lambda t, y: [y[1], -9.8], (0, np.inf), [0.0, 4.9], events=ground)
    assert np.abs(found.t_events[0] - [0.0, 1.0]).max() < 1e-14 and found.status == 1
    assert np.abs(found.y[:, -1] - [0.0, -4.9]).max() < 1e-13
    found = solved(
        lambda t, y: [y[1], -9.8], (0, np.inf), [0.0, 4.9], events=ground, t_eval=[0.25, 0.5, 7.0]
    )
    assert found.t.tolist() == [0.25, 0.5] and abs(found.y[1, 1]) < 1e-14


def test_events_have_the_arguments() -> None:
    def level(t: float, y: np.ndarray, k: float, name: str) -> Any:
        assert name == "x"
        return y[0] - k

    for k in (0.5, 0.25):
        found = solved(lambda t, y, k, name: -y, (0, 3), [1.0], args=(k, "x"), events=[level])
        assert abs(found.t_events[0][0] + math.log(k)) < 1e-13


def test_events_may_be_expressions_and_events() -> None:
    x, v = ty.variables("x v")
    wall = ty.Event(x, direction=-1, reset={v: -v})
    found = solved([(x, v), (v, 0.0)], (0, 3.5), [1.0, -1.0], events=[wall, v - 0.5])
    assert np.abs(found.t_events[0] - [1.0]).max() < 1e-15
    assert abs(found.y[0, -1] - 2.5) < 1e-14
    single = solved([(x, v), (v, -x)], (0, 4), [0.0, 1.0], events=x - v)
    assert np.abs(single.t_events[0] - np.array([0.25, 1.25]) * math.pi).max() < 1e-13


def test_events_that_are_numbers_never_happen() -> None:
    def hit(t: Any, y: Any, flag: bool) -> Any:
        return y[0] if flag else -1.5

    for flag, span in itertools.product((True, False), ((0, 4), (0, -4))):
        given: Any = (circle_with_flag, span, [1.0, 0.0])
        both = [event(hit, terminal=True), event(lambda t, y, flag: 1.0)]
        found = ty.scipy.solve_ivp(*given, events=both, args=(flag,), rtol=1e-10)
        theirs = integrate.solve_ivp(*given, events=both, args=(flag,), rtol=1e-10, max_step=0.1)
        assert [len(t) for t in found.t_events] == [len(t) for t in theirs.t_events]
        assert found.status == theirs.status
    with pytest.raises(ty.ArgumentError, match="constant, 0"):
        solved(circle, (0, 1), [1.0, 0.0], events=lambda t, y: 0.0)


def circle_with_flag(t: Any, y: Any, flag: bool) -> Any:
    return circle(t, y)


def test_events_that_say_nothing_are_refused() -> None:
    for wrong in (-1, 3.5):
        with pytest.raises(ValueError, match="`terminal` attribute"):
            solved(circle, (0, 1), [1.0, 0.0], events=event(lambda t, y: y[0], terminal=wrong))
    with pytest.raises(ty.TracingError, match="bool"):
        solved(circle, (0, 1), [1.0, 0.0], events=lambda t, y: integrate.quad(np.sin, 0, y[0])[0])
    with pytest.raises(ty.ArgumentTypeError, match="one number"):
        solved(circle, (0, 1), [1.0, 0.0], events=lambda t, y: y)
    with pytest.raises(ty.ArgumentError, match="no event is terminal"):
        solved(circle, (0, np.inf), [1.0, 0.0], events=lambda t, y: y[0])
    with pytest.raises(ty.ArgumentError, match="method='RK45'"):
        solved(circle, (0, 1), [1.0, 0.0], method="RK45")


# -- what comes back -----------------------------------------------------------------------------


@pytest.mark.parametrize("end", [7.0, -7.0])
def test_results_have_the_form_of_scipy_s(end: float) -> None:
    times = np.linspace(0, end, 5)
    for options in (
        {},
        {"dense_output": True},
        {"t_eval": times},
        {"t_eval": times[1:4], "dense_output": True},
        {"t_eval": []},
        {"events": []},
        {"events": lambda t, y: y[0] - 5},
    ):
        ours = solved(circle, (0, end), [1, 0], **options)
        theirs = integrate.solve_ivp(circle, (0, end), [1, 0], "DOP853", **FINE, **options)
        assert type(ours) is type(theirs) and ours.keys() == theirs.keys()
        assert (ours.status, ours.success, ours.message) == (0, True, theirs.message)
        if options.get("t_eval") is not None:
            assert np.array_equal(ours.t, theirs.t)
            assert np.shape(ours.y)[-1] == len(ours.t)
        assert np.abs(ours.y - [np.cos(ours.t), -np.sin(ours.t)]).max(initial=0.0) < 1e-12
        assert ours.y.flags.c_contiguous
        for name in ("t_events", "y_events"):
            shapes = [
                None if r[name] is None else [a.shape for a in r[name]] for r in (ours, theirs)
            ]
            assert shapes[0] == shapes[1]
        assert (ours.sol is None) == (theirs.sol is None)


@pytest.mark.parametrize("end", [20.0, -20.0])
def test_solutions_are_functions(end: float) -> None:
    sol = solved(circle, (0, end), [0.0, 1.0], dense_output=True, first_step=0.1).sol
    times = np.linspace(0, end, 99)[::-1]
    assert isinstance(sol, integrate.OdeSolution)
    assert sol(1.0 * np.sign(end)).shape == (2,) and sol(times).shape == (2, 99)
    assert np.abs(sol(times) - [np.sin(times), np.cos(times)]).max() < 1e-12
    assert sorted([sol.t_min, sol.t_max]) == sorted([0.0, end])
    assert sol.n_segments == len(sol.interpolants) == len(sol.ts) - 1
    for part, begin, stop in zip(sol.interpolants, sol.ts, sol.ts[1:], strict=False):
        assert (part.t_old, part.t) == (begin, stop)
        assert np.array_equal(part((begin + stop) / 2), sol((begin + stop) / 2))
    before = sol(3.0)
    sol(3.0)[:] = 0.0
    assert np.array_equal(sol(3.0), before)


def test_a_failure_at_the_very_start_has_a_solution() -> None:
    found = solved(lambda t, y: np.sqrt(y - 2), (0, 1), [1.0], dense_output=True)
    assert found.status == -1 and found.t.tolist() == [0.0] and found.sol(0.0).tolist() == [1.0]


def test_long_runs_keep_ends_of_steps_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """In pieces, with the same bits and the same events."""
    from taylor.bridges.scipy import solving

    options = {"events": event(lambda t, y: y[0], terminal=20)}
    whole = solved(circle, (0, 100), [0.0, 1.0], **options)
    monkeypatch.setattr(solving, "PIECE", 3)
    parts = solved(circle, (0, 100), [0.0, 1.0], **options)
    for name in ("t", "y", "nfev"):
        assert np.array_equal(whole[name], parts[name])
    assert np.array_equal(whole.t_events[0], parts.t_events[0]) and len(whole.t_events[0]) == 21


def test_times_of_results_are_checked_as_scipy_does() -> None:
    for wrong, match in (
        ([[0.5]], "one axis"),
        ([2.0], "between the ends"),
        ([0.5, 0.2], "follow one another"),
    ):
        with pytest.raises(ValueError, match=match):
            solved(circle, (0, 1), [1.0, 0.0], t_eval=wrong)
    with pytest.raises(ValueError, match="1-dimensional"):
        solved(circle, (0, 1), [[1.0, 0.0]])


# -- the cases whose right answers are known in closed form --------------------------------------


@pytest.mark.parametrize("h", [1.0, 3.0, 10.0])
def test_fall_from_a_height(h: float) -> None:
    """t = sqrt(2 h / g), and dt/dh = 1 / sqrt(2 g h), by differences of two runs."""
    ground = event(lambda t, y: y[0], terminal=True, direction=-1)

    def time(height: float) -> float:
        found = solved(lambda t, y: [y[1], -8.0], (0, 100), [height, 0.0], events=ground)
        return float(found.t_events[0][0])

    assert time(h) == pytest.approx(math.sqrt(2 * h / 8), rel=1e-14)
    slope = (time(h + 1e-3) - time(h - 1e-3)) / 2e-3
    assert slope == pytest.approx(1 / math.sqrt(16 * h), rel=1e-6)


def until(t: float, y: np.ndarray, k: float, end: float) -> Any:
    """As one writes it in Python, with `ty.program`'s help."""
    if t <= end:
        dydt = -k * y
    else:
        dydt = 0 * y
    return dydt


def outside_of(t: float, y: np.ndarray, end: float) -> Any:
    if t > end:
        raise ValueError("called outside of the interval")
    return -y


def test_python_s_own_branches() -> None:
    k, end = 1.3, 0.7
    found = solved(until, (0, 2), [2.0], args=(k, end))
    assert found.y[0, -1] == pytest.approx(2.0 * math.exp(-k * end), rel=1e-13)
    level = event(lambda t, y: 1.0 if y[0] > 0.5 else -1.0)
    found = solved(lambda t, y: -y, (0, 2), [1.0], events=level)
    assert np.abs(found.t_events[0] - [math.log(2)]).max() < 1e-13
    found = solved(outside_of, (0, 0.5), [1.0], args=(0.5,))
    assert found.success and found.y[0, -1] == pytest.approx(math.exp(-0.5), rel=1e-13)
    found = solved(outside_of, (0, 1.0), [1.0], args=(0.5,))
    assert not found.success and abs(found.t[-1] - 0.5) < 1e-12


def test_branches_by_time_and_by_state() -> None:
    """y' = -k y until T, then 0; y' = 1 until y is t_e, then 0."""
    k, end = 1.3, 0.7
    found = solved(lambda t, y: np.where(t <= end, -k * y, 0.0), (0, 2), [2.0])
    assert found.y[0, -1] == pytest.approx(2.0 * math.exp(-k * end), rel=1e-14)
    found = solved(lambda t, y: np.where(t < 0.35, 1.0, 0.0 * y), (0, 2), [0.0])
    assert found.y[0, -1] == pytest.approx(0.35, rel=1e-14)


def test_a_sum_over_times() -> None:
    """sum of exp(3 t) over 50 times; its derivative by k from the variational equation."""
    times = np.linspace(0.0, 1.0, 50)
    found = solved(
        lambda t, y, k: [k * y[0], k * y[1] + y[0]], (0, 1), [1, 0], args=(3.0,), t_eval=times
    )
    assert found.y[0].sum() == pytest.approx(np.exp(3 * times).sum(), rel=1e-13)
    assert found.y[1].sum() == pytest.approx((times * np.exp(3 * times)).sum(), rel=1e-13)


def test_values_from_other_packages_reports() -> None:
    found = solved(lambda t, y, a: [np.cos(a * t)], (0, 0.45), [0.0], args=(1.5,))
    assert found.y[0, -1] == pytest.approx(0.4165982112, abs=1e-10)
    found = solved(lambda t, y: [np.cos(1.5 * t)], (0, 1.1), [0.0])
    assert found.y[0, -1] == pytest.approx(math.sin(1.65) / 1.5, rel=1e-14)
    m = np.array([[-273 / 512, 0.0], [-(-785 / 512 + math.sqrt(2) / 8), -1 / 160]])
    found = solved(lambda t, y: m @ y, (0, 3), [1.0, 1.0])
    assert np.abs(found.y[:, -1] - expm(3 * m) @ [1.0, 1.0]).max() < 1e-13
    constant = solved(lambda t, y: [y[0] - y[1], y[1] - y[0]], (0, 5), [1.0, 1.0])
    assert np.array_equal(constant.y[:, -1], [1.0, 1.0])


def test_harmonic_oscillator_turns() -> None:
    """x' = 0 at pi / sqrt(k); dt/dk = -pi / (2 k^1.5) there."""

    def time(k: float) -> float:
        turn = event(lambda t, y, k: y[1], terminal=True)
        found = solved(
            lambda t, y, k: [y[1], -k * y[0]], (0, 9), [1.0, 0.0], args=(k,), events=turn
        )
        return float(found.t_events[0][-1])

    k = 0.456
    assert time(k) == pytest.approx(math.pi / math.sqrt(k), rel=1e-14)
    slope = (time(k + 1e-4) - time(k - 1e-4)) / 2e-4
    assert slope == pytest.approx(-math.pi / (2 * k**1.5), rel=1e-6)


def test_kepler_fall_to_the_unit_circle() -> None:
    def fall(t: float, y: np.ndarray) -> Any:
        r = np.linalg.norm(y[:2])
        return [*y[2:], *(-y[:2] / r**3)]

    on_circle = event(lambda t, y: y[0] ** 2 + y[1] ** 2 - 1, terminal=True)
    found = solved(fall, (0, 100), [0.1, 2.3, 0.4, 0.1], events=on_circle)
    assert found.t_events[0][0] == pytest.approx(5.494381002478122, rel=1e-13)


def test_what_is_not_analytic_at_its_start_is_a_failure() -> None:
    """y' = p sqrt(t) at 0: said, and no endless loop."""
    found = solved(lambda t, y: [0.1 * np.sqrt(t)], (0, 0.008), [1.0])
    assert not found.success and found.status == -1 and "t" in found.message
    found = solved(lambda t, y: [0.1 * np.sqrt(t)], (1e-6, 0.008), [1.0])
    wanted = 1.0 + 0.1 * 2 / 3 * (0.008**1.5 - 1e-9)
    assert found.success and found.y[0, -1] == pytest.approx(wanted, rel=1e-14)


def test_variational_equations_by_derivatives_inside() -> None:
    """Kepler's transition matrix, with our Jacobian of the user's function in the equations."""

    def kepler(y: Any) -> Any:
        return np.concatenate([y[3:], -y[:3] / (y[0] ** 2 + y[1] ** 2 + y[2] ** 2) ** 1.5])

    def both(t: float, u: Any) -> Any:
        y, phi = u[:6], u[6:].reshape(6, 6)
        return np.concatenate([kepler(y), (ty.jacobian(kepler)(y) @ phi).reshape(36)])

    start = np.concatenate([[1.0, 0, 0, 0, 1.0, 0], np.eye(6).ravel()])
    phi = solved(both, (0, 1), start).y[6:, -1].reshape(6, 6)
    wanted = [
        [1.89694, 0.386823, 0, 1.22829, 0.188871, 0],
        [0.516683, 0.751624, 0, 0.211322, 0.971331, 0],
        [0, 0, 0.540302, 0, 0, 0.841471],
    ]
    assert np.abs(phi[:3] - wanted).max() < 1e-5
    turn = np.block([[np.zeros((3, 3)), np.eye(3)], [-np.eye(3), np.zeros((3, 3))]])
    assert np.abs(phi.T @ turn @ phi - turn).max() < 1e-12  # it is symplectic


def test_a_ball_that_keeps_part_of_its_speed() -> None:
    """From 1 m with g = 9.8 and restitution 0.8, at t = 1, in closed form."""
    x, v = ty.variables("x v")
    ground = ty.Event(x, direction=-1, reset={v: -0.8 * v})
    found = solved([(x, v), (v, -9.8)], (0, 1), [1.0, 0.0], events=ground)
    first = math.sqrt(2 / 9.8)
    rising, left = 0.8 * 9.8 * first, 1 - first
    assert np.abs(found.t_events[0] - [first]).max() < 1e-15
    wanted = [rising * left - 4.9 * left**2, rising - 9.8 * left]
    assert np.abs(found.y[:, -1] - wanted).max() < 1e-14
    assert wanted == pytest.approx([0.4689397036243159, -1.831060296375684], rel=1e-14)


def test_a_driven_pendulum() -> None:
    found = solved(
        lambda t, y: [y[1], math.cos(t) - 0.4 * y[1] - math.sin(y[0])], (0, 3), [0.2, 0.3]
    )
    assert np.abs(found.y[:, -1] - [0.11757215, -1.24940656]).max() < 1e-8


def test_runs_in_threads_do_not_disturb_each_other() -> None:
    zero = event(lambda t, y, k: y[0], terminal=3)

    def run(k: float) -> Any:
        return solved(lambda t, y, k: [y[1], -k * y[0]], (0, 90), [1, 0], args=(k,), events=zero)

    values = np.linspace(1.0, 4.0, 24).tolist()
    alone = [run(k) for k in values]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(run, values))
    for one, other, k in zip(alone, together, values, strict=True):
        assert np.array_equal(one.y, other.y) and len(other.t_events[0]) == 3
        assert other.t_events[0][-1] == pytest.approx(2.5 * math.pi / math.sqrt(k), rel=1e-13)


@pytest.mark.parametrize("span", [(0.0, math.nan), (math.nan, 1.0), (-math.inf, 0.0)])
def test_times_that_are_no_numbers_are_refused(span: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=r"t_span: times must be numbers|time must be finite"):
        ty.scipy.solve_ivp(lambda t, y: -y, span, [1.0])
