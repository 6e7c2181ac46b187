"""Functions in C, called by machine code without Python, and functions known by coefficients."""

from __future__ import annotations

import ctypes
import ctypes.util
import math
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import cffi
import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor.errors import ArgumentError, ArgumentTypeError, UnsupportedFunctionError
from taylor.recurrences.decompose import decompose
from taylor.recurrences.externals import externals
from taylor.reference.interpreter import coefficients, float_algebra
from taylor_runtime.program.program import Input

X, Y, V = ty.variables("x y v")
MP = mpmath.MPContext()
MP.dps = 40
FFI = cffi.FFI()
C = ctypes.CDLL(ctypes.util.find_library("m"))
for _name in ("sin", "cos", "hypot"):
    _function = getattr(C, _name)
    _function.restype = ctypes.c_double
    _function.argtypes = [ctypes.c_double] * (2 if _name == "hypot" else 1)


class CFunc:
    """What Numba's cfunc is to us."""

    def __init__(self, function: Any) -> None:
        self.ctypes = function
        self.address = ctypes.cast(function, ctypes.c_void_p).value


def address_of(function: Any) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def apply(name: str) -> Callable[..., Any]:
    return lambda *args: ty.functions.apply(name, *args)


@pytest.fixture(scope="module")
def sine() -> Callable[..., Any]:
    """C's sine and cosine; the first from ctypes, the other by its address."""
    made = ty.register_function("test_c_sine", C.sin, apply("test_c_cosine"))
    ty.register_function(
        "test_c_cosine", address_of(C.cos), lambda x: -apply("test_c_sine")(x), arity=1
    )
    return made


def test_c_functions_are_called_without_python(sine: Callable[..., Any]) -> None:
    x = np.linspace(-5, 5, 101)
    f = ty.compile(sine(X) + X, [X])
    np.testing.assert_allclose(f(x), np.sin(x) + x, rtol=0, atol=1e-15)
    assert sine(0.5) == math.sin(0.5) and sine(x).shape == x.shape
    program = decompose([sine(X)], {X: Input("parameter")}, 0)
    assert externals(program) == {"user:test_c_sine": address_of(C.sin)}


def test_series_and_differential_equations(sine: Callable[..., Any]) -> None:
    found = ty.jet(sine, 0.7, order=20)
    right = MP.taylor(MP.sin, MP.mpf(0.7), 20)
    assert all(
        abs(v - float(r)) <= 4e-16 * abs(float(r)) for v, r in zip(found, right, strict=True)
    )
    ta = ty.Integrator([(X, V), (V, -sine(X))], [1.0, 0.0])
    other = ty.Integrator([(X, V), (V, -ty.sin(X))], [1.0, 0.0])
    for one in (ta, other):
        one.propagate_until(20.0)
    assert ta.state == pytest.approx(other.state, abs=1e-13)


def test_every_kind_of_pointer() -> None:
    callback = FFI.callback("double(double, double)", lambda a, b: a * b + 1)
    pointer = FFI.cast("double(*)(double)", address_of(C.cos))
    python = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(lambda x: 3 * x)
    slope = {1: lambda x: x, 2: lambda x, y: (y, x)}
    made = [
        ty.register_function("test_c_callback", callback, slope[2]),
        ty.register_function("test_c_pointer", pointer, slope[1]),
        ty.register_function("test_c_numba", CFunc(C.hypot), slope[2]),
        ty.register_function("test_c_python", python, slope[1]),
    ]
    del callback, pointer, python  # registered functions keep what they call alive
    f = ty.compile([made[0](X, Y), made[1](X), made[2](X, Y), made[3](X)], [X, Y])
    assert f(3.0, 4.0) == (13.0, math.cos(3.0), 5.0, 9.0)


def test_pickles_name_the_function(sine: Callable[..., Any]) -> None:
    f = ty.compile(sine(X), [X])
    assert pickle.loads(pickle.dumps(f))(0.5) == f(0.5)
    code = "import pickle, sys; pickle.load(sys.stdin.buffer)"
    result = subprocess.run(
        [sys.executable, "-c", code],
        input=pickle.dumps(f),
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    message = result.stderr.decode()
    assert "'test_c_sine'" in message and "added by taylor.register_function" in message
    with pytest.raises((ValueError, TypeError)):
        pickle.dumps(C.sin)


def test_mistakes_about_c_functions() -> None:
    def register(value: Any, **options: Any) -> None:
        ty.register_function("test_c_mistake", value, lambda x: x, **options)

    with pytest.raises(ArgumentTypeError, match="'double \\*', not a function"):
        register(FFI.new("double *"))
    with pytest.raises(ArgumentTypeError, match="pass arity="):
        register(address_of(C.sin))
    with pytest.raises(ArgumentTypeError, match="pass arity="):
        register(ctypes.CDLL(ctypes.util.find_library("m")).exp)
    with pytest.raises(ArgumentTypeError, match="c_int, double"):
        register(ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_double)(int))
    with pytest.raises(ArgumentTypeError, match="take 2 double"):
        register(C.sin, arity=2)
    with pytest.raises(ArgumentTypeError, match="null pointer"):
        register(0, arity=1)
    with pytest.raises(ArgumentTypeError, match="not callable"):
        register(None)
    with pytest.raises(ArgumentTypeError, match="derivative="):
        ty.register_function("test_c_mistake", C.sin)


# -- coefficients ---------------------------------------------------------------------------------

CALLS: list[tuple[float, int]] = []


@pytest.fixture(scope="module")
def airy() -> Callable[..., Any]:
    def series(x0: float, order: int) -> list[float]:
        CALLS.append((x0, order))
        return [float(c) for c in MP.taylor(MP.airyai, MP.mpf(x0), order)]

    return ty.register_function("test_airy_series", taylor_coefficients=series)


def test_functions_by_coefficients(airy: Callable[..., Any]) -> None:
    found = ty.jet(lambda t: airy(ty.sin(t) + t), 0.7, order=20)
    right = MP.taylor(lambda t: MP.airyai(MP.sin(t) + t), MP.mpf(0.7), 20)
    for n, (value, exact) in enumerate(zip(found, right, strict=True)):
        size = max(abs(float(r)) for r in right[max(n - 2, 0) : n + 3])
        assert abs(value - float(exact)) <= 1e-14 * size, n


def test_python_is_called_once_for_a_point(airy: Callable[..., Any]) -> None:
    CALLS.clear()
    ty.jet(airy, 1.23456, order=12)
    assert set(CALLS) == {(1.23456, 12)} and len(CALLS) == 1


def test_derivatives_of_functions_by_coefficients(airy: Callable[..., Any]) -> None:
    second = ty.diff(ty.diff(airy(X * X), X), X)
    exact = MP.diff(lambda x: MP.airyai(x * x), MP.mpf(0.7), 2)
    assert ty.compile(second, [X])(0.7) == pytest.approx(float(exact), rel=1e-14)
    assert float(second.evaluate({X: 0.7})) == pytest.approx(float(exact), rel=1e-14)
    assert pickle.loads(pickle.dumps(second)) is second
    slope = ty.diff(airy(X), X)
    found = ty.jet(lambda t: ty.substitute(slope, {X: t}), 0.7, order=6)
    right = MP.taylor(lambda t: MP.airyai(t, derivative=1), MP.mpf(0.7), 6)
    assert np.allclose(found, [float(r) for r in right], rtol=1e-14)
    ta = ty.Integrator([(X, ty.substitute(slope, {X: ty.time}))], [float(MP.airyai(0))])
    ta.propagate_until(1.0)
    assert ta.state[0] == pytest.approx(float(MP.airyai(1)), rel=1e-14)


def test_the_reference_interpreter_knows_coefficients(airy: Callable[..., Any]) -> None:
    program = decompose([airy(X * X)], {X: Input("jet")}, 3)
    found = coefficients(program, {"jet": [[0.5, 1.0, 0.0, 0.0]]}, float_algebra(MP))[0]
    right = MP.taylor(lambda t: MP.airyai(t * t), 0.5, 3)
    assert np.allclose(found, [float(r) for r in right], rtol=1e-13)


def test_coefficients_that_fail_or_are_too_few() -> None:
    def one_at_a_time(x0: float, order: int) -> list[float]:
        return [1.0 / x0]

    f = ty.register_function("test_few_coefficients", taylor_coefficients=one_at_a_time)
    assert ty.compile(f(X), [X])([2.0, 4.0]).tolist() == [0.5, 0.25]
    with pytest.raises(ZeroDivisionError):
        ty.compile(f(X), [X])([2.0, 0.0])
    with pytest.raises(ArgumentError, match="3 coefficients for order 2, got 1"):
        ty.jet(f, 2.0, order=2)


def test_mistakes_about_coefficients(airy: Callable[..., Any]) -> None:
    def series(x0: float, order: int) -> list[float]:
        return [0.0] * (order + 1)

    with pytest.raises(ArgumentTypeError, match="pass None"):
        ty.register_function("test_both", math.gamma, taylor_coefficients=series)
    with pytest.raises(ArgumentTypeError, match="one argument"):
        ty.register_function("test_two", taylor_coefficients=series, arity=2)
    with pytest.raises(ArgumentTypeError, match="one argument"):
        ty.register_function("test_none", taylor_coefficients=[1.0])  # type: ignore[arg-type]
    with pytest.raises(UnsupportedFunctionError, match="'test_airy_series' computes in float64"):
        ty.compile(airy(X), [X], precision="double-double")
    own = ty.register_function(
        "test_own_slope", derivative=lambda x: -x, taylor_coefficients=series
    )
    assert ty.diff(own(X), X) is -X
