"""Exceptions of Python functions that machine code calls, and of callbacks: they are raised."""

from __future__ import annotations

import ctypes
import math
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import taylor as ty

X, V, W = ty.variables("x v w")
MANY = ty.variables(" ".join(f"m{i}" for i in range(70)))


class Culprit:
    """The sine, until `fault` says otherwise: an exception to raise, or a value to return."""

    def __init__(self) -> None:
        self.fault: Any = None
        self.after = 0  # calls that go well before
        self.calls = 0

    def __call__(self, x: float) -> Any:
        self.calls += 1
        if self.fault is None or self.calls <= self.after:
            return math.sin(x)
        if isinstance(self.fault, BaseException):
            raise self.fault
        return self.fault

    def coefficients(self, x: float, order: int) -> Any:
        first = self(x)
        if type(first) is not float:
            return [first] * (order + 1)
        rest = (math.sin(x + k * math.pi / 2) / math.factorial(k) for k in range(1, order + 1))
        return [first, *rest]


CULPRIT = Culprit()
SINE = ty.register_function("test_raising_sine", CULPRIT, lambda x: ty.cos(x))
SERIES = ty.register_function("test_raising_series", taylor_coefficients=CULPRIT.coefficients)
POINTER = ty.register_function(
    "test_raising_pointer",
    ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(CULPRIT),
    lambda x: ty.cos(x),
)
ROOT = ty.implicit(lambda x, y: y - SINE(x) - 0.1 * SINE(y), start=lambda x: x)
FUNCTIONS = {"value": SINE, "coefficients": SERIES, "pointer": POINTER, "implicit": ROOT}

FAULTS = {
    "Exception": ZeroDivisionError("no value"),
    "KeyboardInterrupt": KeyboardInterrupt("ctrl-c"),
    "SystemExit": SystemExit("leave"),
    "str": "0.5",
    "None": None,
    "complex": 0.5j,
    "numpy complex": np.complex128(0.5),
    "array": np.zeros(3),
}


class _Nothing:
    """In place of None, which is no fault to `Culprit`."""


def entries(f: Callable[..., Any]) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Every way into machine code, for a function of one argument."""
    one = ty.compile(f(X) + V, [X, V])
    two = ty.compile([f(X), V], [X, V])
    wide = ty.compile([f(X) + sum(MANY[1:])], [X, *MANY])
    narrow = ty.compile(f(X), [X], precision="float32")
    vector = ty.variable("a", shape=(2,))
    shaped = ty.compile(vector * f(vector[0]), [vector])
    shared = ty.compile(f(X), [X], threads=2)
    long = np.linspace(0, 1, 40000)
    yield "scalar", lambda: one(0.3, 0.4)
    yield "scalars", lambda: two(0.3, 0.4)
    yield "numbers", lambda: one(0, 1)
    yield "array", lambda: one(long[:100], 0.4)
    yield "ufunc", lambda: one.ufunc(0.3, [0.4, 0.5])
    yield "outer", lambda: one.ufunc.outer([0.3], [0.4, 0.5])
    yield "rows", lambda: wide(*[0.1] * 71)
    yield "float32", lambda: narrow(np.float32(0.3))
    yield "array function", lambda: shaped([0.3, 0.4])
    yield "jet", lambda: ty.jet(f, [0.3, 0.4], order=5)
    yield "derivative", lambda: ty.derivative(f, 2)(0.3)
    yield "derivatives", lambda: ty.derivatives(lambda x, y: f(x) * y, [0.3, 0.4], 2)
    yield "integrator", lambda: oscillator(f(X)).propagate_until(2.0)
    yield "grid", lambda: oscillator(f(X)).propagate_grid([0.0, 1.0, 2.0])
    yield "step", lambda: oscillator(f(X)).step()
    yield "event", lambda: event_functions(f(X) + 0.1).propagate_until(2.0)
    yield "where", lambda: oscillator(ty.where(f(X) > 0.1, 1, -1)).propagate_until(2.0)
    yield "impulse", lambda: impulsive(f(X)).propagate_until(2.0)
    if f is SINE:  # the others take long for so many points
        yield "threads", lambda: shared(long)
        yield "jet threads", lambda: ty.jet(f, long, order=2, threads=2)


def oscillator(force: Any, **options: Any) -> ty.Integrator:
    return ty.Integrator([(X, V), (V, -X + 0.1 * force)], [0.3, 0.1], **options)


def event_functions(g: Any) -> ty.Integrator:
    return ty.Integrator([(X, V), (V, -X)], [0.3, 0.1], events=[ty.Event(g)])


def impulsive(amount: Any) -> ty.Integrator:
    return oscillator(0, impulses=[ty.Impulse(1.0, add={V: 0.5, X: amount})])


@pytest.fixture(autouse=True)
def good() -> Iterator[None]:
    CULPRIT.fault, CULPRIT.after, CULPRIT.calls = None, 0, 0
    yield
    CULPRIT.fault = None


def expected(fault: Any) -> type[BaseException]:
    return type(fault) if isinstance(fault, BaseException) else ty.TaylorError


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_every_entry_raises_every_fault(kind: str) -> None:
    names = set()
    others = ty.compile(FUNCTIONS[kind](X), [X])
    for name, call in entries(FUNCTIONS[kind]):
        before = repr(call())
        for fault in FAULTS.values():
            others(np.linspace(5, 6, 100))  # coefficients at the last points are remembered
            CULPRIT.fault = _Nothing() if fault is None else fault
            with pytest.raises(expected(fault)) as caught:
                call()
            if isinstance(fault, BaseException):
                assert caught.value is fault
            else:
                assert isinstance(caught.value, TypeError) and "test_raising" in str(caught.value)
            CULPRIT.fault = None
        assert repr(call()) == before, name
        names.add(name)
    assert len(names) == (20 if kind == "value" else 18)


def test_functions_are_not_called_after_the_first_exception() -> None:
    f = ty.compile(SINE(X), [X])
    CULPRIT.fault, CULPRIT.after = ValueError("the fourth"), 3
    with pytest.raises(ValueError, match="the fourth"):
        f(np.linspace(0, 1, 100))
    assert CULPRIT.calls == 4


def test_formulas_without_python_functions_are_not_watched() -> None:
    plain = ty.compile(ty.sin(X), [X])
    assert type(plain.ufunc) is np.ufunc and type(plain._quick).__name__ != "Watched"
    assert not oscillator(0)._calls_python and oscillator(SINE(X))._calls_python


def test_calls_within_calls_keep_their_exceptions_apart() -> None:
    inner = ty.compile(SINE(X), [X])

    def value(x: float) -> float:
        try:
            return float(inner(x))
        except ZeroDivisionError:
            return 7.0

    outer = ty.register_function("test_catching", value, lambda x: ty.cos(x))
    f = ty.compile(outer(X), [X])
    assert f(0.5) == math.sin(0.5)
    CULPRIT.fault = ZeroDivisionError("inside")
    assert f(0.5) == 7.0 and f([0.1, 0.2]).tolist() == [7.0, 7.0]
    CULPRIT.fault = ValueError("inside")
    with pytest.raises(ValueError, match="inside"):
        f(0.5)


def test_threads_keep_their_exceptions_apart() -> None:
    def value(x: float) -> float:
        if x > 1:
            raise ZeroDivisionError(threading.get_ident())
        return x

    f = ty.compile(ty.register_function("test_by_thread", value, lambda x: 1)(X), [X])

    def work(number: int) -> int:
        wrong = 0
        for _ in range(100):
            try:
                wrong += f(np.full(10, number % 2 * 2.0)).sum() != 0 or number % 2
            except ZeroDivisionError as error:
                wrong += error.args[0] != threading.get_ident() or not number % 2
        return wrong

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(8))) == [0] * 8


SYSTEMS = {
    "force": lambda **options: ty.Integrator(
        [(X, V), (V, -SINE(ty.time)), (W, 0 * X)], [0.0, 1.0, 0.0], **options
    ),
    "event": lambda **options: ty.Integrator(
        [(X, V), (V, -ty.sin(ty.time)), (W, 0 * X)],
        [0.0, 1.0, 0.0],
        events=[ty.Event(SINE(X) - 0.5)],
        **options,
    ),
    "switch": lambda **options: ty.Integrator(
        [(X, V), (V, -ty.sin(ty.time)), (W, ty.where(SINE(X) > 0, 1, -1))],
        [0.0, 1.0, 0.0],
        **options,
    ),
    "unused": lambda **options: ty.Integrator(
        [(X, V), (V, -ty.sin(ty.time) + 0 * ty.minimum(SINE(X), 5)), (W, 0 * X)],
        [0.0, 1.0, 0.0],
        **options,
    ),
}


@pytest.mark.parametrize("high_accuracy", [False, True])
@pytest.mark.parametrize("name", SYSTEMS)
def test_integrators_are_left_at_a_good_step_and_go_on(
    name: str, high_accuracy: bool, scale: int
) -> None:
    """x = sin t; w is the integral of sign(sin x) in "switch": pi - |t - pi| up to 2 pi."""
    for case in range(12 * scale):
        CULPRIT.fault, CULPRIT.calls = None, 0
        random.seed(case)
        ta = SYSTEMS[name](high_accuracy=high_accuracy)
        raised = 0
        while ta.time < 6.0:
            CULPRIT.calls, CULPRIT.after = 0, random.randrange(40)
            CULPRIT.fault = random.choice([ValueError("now"), KeyboardInterrupt()])
            if random.random() < 0.2:
                CULPRIT.fault = None
            try:
                outcome = ta.propagate_until(6.0)
                assert outcome.success
            except (ValueError, KeyboardInterrupt) as error:
                assert error is CULPRIT.fault
                raised += 1
            t = ta.time
            assert abs(ta.state[0] - math.sin(t)) < 1e-13, (case, t)
            assert abs(ta.state[1] - math.cos(t)) < 1e-13, (case, t)
            right = math.pi - abs(t - math.pi) if name == "switch" else 0.0
            assert abs(ta.state[2] - right) < 1e-12, (case, t)


def test_rows_of_ensembles_fail_alone() -> None:
    def value(x: float) -> float:
        if x > 0.8:
            raise ZeroDivisionError("too large")
        return x

    f = ty.register_function("test_row_failing", value, lambda x: 1)
    for system in ([(X, 0.1 * f(X))], [(X, 0.1 * X)]):
        events = [ty.Event(f(X) - 0.5)] if len(str(system[0][1])) < 6 else []
        ta = ty.Integrator(system, [0.1], events=events)
        starts = np.array([[0.1], [0.79], [0.2]])
        with ThreadPoolExecutor(2) as executor:
            for options in ({}, {"executor": executor}):
                found = ty.ensemble(ta, starts, until=1.0, **options)
                names = [status.name for status in found.status]
                assert names == ["REACHED", "FAILED", "REACHED"]
                assert "too large" in str(found.messages)
                assert found.states[[0, 2], 0] == pytest.approx(starts[[0, 2], 0] * math.exp(0.1))


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), SystemExit()])
def test_ensembles_are_ended_by_what_ends_programs(fault: BaseException) -> None:
    ta = oscillator(SINE(X))
    CULPRIT.fault = fault
    with pytest.raises(type(fault)):
        ty.ensemble(ta, np.ones((5, 2)), until=1.0)
    CULPRIT.fault = None
    assert ty.ensemble(ta, np.ones((5, 2)), until=1.0).success


@pytest.mark.parametrize("where", ["step", "event", "terminal", "both"])
def test_integrators_are_usable_after_callbacks_that_raise(where: str, scale: int) -> None:
    """An oscillator with callbacks that raise at any of their calls is where cos and sin say."""
    for case in range(10 * scale):
        random.seed(case)
        left = [random.randrange(1, 12)]

        def callback(ta: ty.Integrator, left: list[int] = left) -> bool:
            left[0] -= 1
            if left[0] == 0:
                raise random.choice([ValueError("enough"), KeyboardInterrupt(), SystemExit()])
            return False

        own = callback if where != "step" else None
        event = ty.Event(X - 0.3, callback=own, terminal=where == "terminal")
        ta = ty.Integrator([(X, V), (V, -X)], [1.0, 0.0], events=[event])
        each = callback if where in ("step", "both") else None
        with pytest.raises((ValueError, KeyboardInterrupt, SystemExit)):
            ta.propagate_until(60.0, callback=each)
        assert abs(ta.state[0] - math.cos(ta.time)) < 1e-13
        assert ta.propagate_until(60.0).success
        assert abs(ta.state[0] - math.cos(60.0)) < 1e-12
