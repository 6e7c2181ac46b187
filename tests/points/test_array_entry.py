"""Compiled functions as built-in ones: what they take, give, hand on and keep alive."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.points.results import SMALLEST
from taylor_runtime.callables.builtin import entries
from taylor_runtime.points import python_objects

Case = tuple[Callable[..., Any], list[Any]]
rng = np.random.default_rng(7)
LARGE = SMALLEST // 8 + 7

# A function and arguments that its entry takes by itself: kept arrays, spelled-out ones, rows.
CASES: dict[str, Case] = {
    "array": (lambda x: np.exp(x) * x, [rng.random(600)]),
    "matrix and vector": (lambda a, x: np.tanh(a @ x), [rng.random((30, 20)), rng.random(20)]),
    "number of an array": (lambda x: np.sum(x * x), [rng.random(1000)]),
    "numbers among arrays": (lambda x, a, b: a * x + b, [rng.random(500), 1.5, np.float64(-2.0)]),
    "several": (lambda x: (x + 1, np.sum(x), x[:3]), [rng.random(500)]),
    "one of several": (lambda x: (x + 1,), [rng.random(500)]),
    "large": (lambda x: (2 * x, np.sum(x)), [rng.random(LARGE)]),
    "few elements": (lambda x: np.sin(x) + x[::-1], [rng.random(3)]),
    "few elements, several": (lambda x, a: (x * a, np.sum(x), a), [rng.random((2, 2)), 0.5]),
    "one of few elements": (lambda x: (np.sum(x),), [rng.random(3)]),
    "more elements than operands": (lambda x: 3 * x - x[0], [rng.random((10, 10))]),
    "elements side by side": (lambda x, y: x - 2 * y, [rng.random(40), rng.random(40)]),
    "scalars": (lambda a, b: a - b, [0.25, 0.5]),
    "several scalars": (lambda a: (a, 2 * a), [0.25]),
    "one scalar in a tuple": (lambda a: (2 * a,), [0.25]),
}


def compiled(name: str) -> tuple[ty.Function[Any], list[Any], list[Any]]:
    """The function, its arguments, and what NumPy makes of them, in a list."""
    function, given = CASES[name]
    expected = function(*given)
    shapes = [np.shape(a) for a in given]
    listed = list(expected) if isinstance(expected, list | tuple) else [expected]
    return ty.compile(function, shapes=shapes), given, listed


@pytest.mark.parametrize("name", CASES)
def test_entry_returns_what_the_function_does(name: str) -> None:
    f, given, expected = compiled(name)
    several = isinstance(CASES[name][0](*given), list | tuple)
    for call in (f, f.entry, f, f):  # the function takes its own entry when called again
        found = call(*given)
        assert isinstance(found, tuple) == several
        for one, other in zip(found if several else [found], expected, strict=True):
            assert type(one) is (np.ndarray if np.ndim(other) else np.float64)
            np.testing.assert_allclose(one, other, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("name", [n for n in CASES if n != "elements side by side"])
def test_entry_answers_by_itself(name: str) -> None:
    f, given, _ = compiled(name)
    made = f.make_entry(None)
    assert made is not None and made(*given) is not None
    assert type(made) is type(len)


def test_what_is_out_of_the_ordinary_is_handed_on() -> None:
    f = ty.compile(lambda x, a: a * x + 1, shapes=[(20, 30), ()])
    x = rng.random((20, 30))
    strided = np.asfortranarray(x)
    other_order = x.astype(">f8")
    unaligned = np.frombuffer(b"0" + x.tobytes(), np.uint8)[1:].view(float).reshape(20, 30)
    subclass = x.view(np.recarray)
    single = x.astype(np.float32)
    given = [strided, other_order, unaligned, subclass, single, x.tolist(), np.stack([x, x])]
    made = f.make_entry(None)
    assert made is not None and not unaligned.flags.aligned
    for array in given:
        assert made(array, 2.0) is None
        np.testing.assert_allclose(
            f.entry(array, 2.0), 2 * np.asarray(array, float) + 1, rtol=1e-14
        )
    for number in (2, np.float32(2), np.array(2), True):
        assert made(x, number) is None
        expected = np.asarray(number) * x + 1
        np.testing.assert_allclose(f.entry(x, number), expected, rtol=1e-14)
    np.testing.assert_array_equal(made(x, np.array(2.0)), 2 * x + 1)


def test_errors_are_those_of_the_function() -> None:
    f = ty.compile(lambda x: np.sum(x) * x, shapes=[(500,)])
    for _ in range(3):
        with pytest.raises(ArgumentError, match="last axes"):
            f.entry(np.zeros(499))
        with pytest.raises(ArgumentTypeError, match="takes 1 argument"):
            f.entry()
        with pytest.raises(ArgumentTypeError):
            f(np.zeros(500), np.zeros(500))
    scalar = ty.compile(lambda x: x + 1).entry
    with pytest.raises(ArgumentTypeError, match="takes 1 argument"):
        scalar(1.0, 2.0)


def test_expressions_are_handed_on() -> None:
    f = ty.compile(lambda x, a: a * x, shapes=[(500,), ()])
    y, b = ty.variable("y", shape=(500,)), ty.variable("b")
    assert f.entry(y, b) is b * y


@pytest.mark.parametrize("name", ["array", "several", "large", "few elements", "scalars"])
def test_references_are_given_back(name: str) -> None:
    f, given, _ = compiled(name)
    entry = f.entry
    entry(*given)
    counted = [None, np.dtype(float), np.ndarray, *given, entry.__self__]  # type: ignore[attr-defined]

    def kept() -> int:
        """By a thousand calls, or by somebody else meanwhile."""
        before = [sys.getrefcount(o) for o in counted]
        for _ in range(1000):
            entry(*given)
            with pytest.raises(ArgumentTypeError):
                entry(*given, 1.0)
        after = [sys.getrefcount(o) for o in counted]
        return max(abs(b - a) for a, b in zip(before, after, strict=True))

    assert min(kept() for _ in range(3)) < 100
    result = entry(*given)
    first = result[0] if isinstance(result, tuple) else result
    seen = weakref.ref(first) if isinstance(first, np.ndarray) else None
    del first, result
    gc.collect()
    assert seen is None or seen() is None


def test_large_results_take_over_memory_that_nobody_has() -> None:
    f = ty.compile(lambda x: 2 * x, shapes=[(LARGE,)])
    x, entry = rng.random(LARGE), f.entry
    first = entry(x)
    place, kept = first.ctypes.data, first.copy()
    second = entry(x)
    assert second.ctypes.data != place
    np.testing.assert_array_equal(first, kept)
    place = second.ctypes.data
    del second
    assert entry(x).ctypes.data == place


def test_entry_keeps_the_machine_code() -> None:
    entry = ty.compile(lambda x: np.cos(x) * np.sum(x), shapes=[(700,)]).entry
    x = rng.random(700)
    gc.collect()
    np.testing.assert_allclose(entry(x), np.cos(x) * np.sum(x), rtol=1e-13)


def test_threads_have_memory_of_their_own() -> None:
    f = ty.compile(lambda x: np.exp(x[::-1]) @ np.outer(x, x), shapes=[(60,)])
    entry = f.entry
    given = [rng.random(60) for _ in range(64)]
    expected = [entry(x) for x in given]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(20):
            for one, other in zip(pool.map(entry, given), expected, strict=True):
                np.testing.assert_array_equal(one, other)


def test_exceptions_of_python_functions_come_through() -> None:
    def fails(x: float) -> float:
        raise ZeroDivisionError("on purpose")

    u = ty.register_function("fails_in_entry", fails, lambda x: 0 * x)
    entry = ty.compile(lambda x: u(x) + 1).entry
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        entry(0.5)


def test_on_an_unknown_numpy_calls_go_the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_objects, "_INTERFACES", ())
    python_objects.array_symbols.cache_clear()
    entries._array_call.cache_clear()
    try:
        for name in CASES:
            f, given, expected = compiled(name)
            assert f.make_entry(None) is None
            found = [f.entry(*given) for _ in range(3)][-1]
            listed = found if isinstance(found, tuple) else [found]
            for one, other in zip(listed, expected, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-14, atol=1e-15)
    finally:
        python_objects.array_symbols.cache_clear()
        entries._array_call.cache_clear()


def test_fields_of_arrays_are_looked_at() -> None:
    assert python_objects.looks_as_known(np.zeros((2, 3, 4)))
    assert python_objects.looks_as_known(np.zeros((6, 4), np.int32)[::2, 1:].T)
