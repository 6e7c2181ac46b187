"""Dense output of one state, and into arrays that are there."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor_runtime.callables import driving

TIMES = np.linspace(0.0, 5.0, 41)
ASKED = (
    0.25,
    np.float64(1.5),
    2,
    TIMES,
    TIMES[::3],
    TIMES[:40].reshape(5, 8),
    [0.5, 4.5],
    TIMES[:0],
)
PAIRS = (0.25, np.stack([TIMES, 1e-20 * TIMES], axis=-1))  # of double-double


def asked(precision: str) -> tuple[Any, ...]:
    return PAIRS if precision == "double-double" else ASKED


@pytest.fixture(params=["NumPy", "machine code"], autouse=True)
def _way(request: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(driving, "_asked", {"dense"} if request.param != "NumPy" else set())
    if request.param == "NumPy":
        monkeypatch.setattr(driving, "_asked_again", lambda what: False)
    yield


def dense(precision: str = "float64") -> Any:
    x, v, w = ty.variables("x v w")
    equations = [(x, v), (v, -ty.sin(x)), (w, x * v - w)]
    ta = ty.Integrator(equations, [0.5, 0.0, 1.0], precision=precision)
    return ta.propagate_until(5.0, dense=True).dense


@pytest.mark.parametrize("precision", ["float64", "float32", "double-double"])
@pytest.mark.parametrize("derivative", [0, 1, 3])
def test_a_component_is_that_of_the_state(precision: str, derivative: int) -> None:
    solution = dense(precision)
    for times in asked(precision):
        whole = solution(times, derivative=derivative)
        last = (slice(None),) if precision == "double-double" else ()
        for k in (0, 1, 2, -1, np.int64(1)):
            found = solution(times, derivative=derivative, component=k)
            assert found.shape == whole[(Ellipsis, k, *last)].shape
            assert found.tobytes() == whole[(Ellipsis, k, *last)].tobytes()


@pytest.mark.parametrize("precision", ["float64", "float32", "double-double"])
def test_out_holds_what_is_returned_else(precision: str) -> None:
    solution = dense(precision)
    for times in asked(precision):
        for options in ({}, {"derivative": 1}, {"component": 2}, {"component": 0, "derivative": 2}):
            wanted = solution(times, **options)
            out = np.full(wanted.shape, np.nan, dtype=wanted.dtype)
            assert solution(times, out=out, **options) is out
            assert out.tobytes() == wanted.tobytes()
            wide = np.full((*wanted.shape, 2), np.nan, dtype=wanted.dtype)
            solution(times, out=wide[..., 0], **options)
            assert (wide[..., 0] == wanted).all() and np.isnan(wide[..., 1]).all()


def test_out_may_be_of_wider_numbers_or_the_times_themselves() -> None:
    solution = dense("float32")
    out = np.zeros((41, 3))
    solution(TIMES, out=out)
    assert (out == solution(TIMES)).all()
    solution = dense()
    times = TIMES.copy()
    wanted = solution(times, component=1)
    assert solution(times, component=1, out=times) is times
    assert times.tobytes() == wanted.tobytes()


def test_nothing_is_written_where_something_is_wrong() -> None:
    solution = dense()
    out = np.full((41, 3), 7.0)
    beyond = TIMES + 1e-3
    for error, call in (
        (ty.ExtrapolationError, lambda: solution(beyond, out=out)),
        (ArgumentError, lambda: solution(TIMES[:40], out=out)),
        (ArgumentError, lambda: solution(TIMES, out=out, component=0)),
        (ArgumentError, lambda: solution(0.5, out=out)),
        (ArgumentError, lambda: solution(TIMES, out=np.zeros((41, 3), dtype=int))),
        (ArgumentError, lambda: solution(TIMES, out=np.zeros((41, 3), dtype=bool))),
        (ArgumentError, lambda: solution(np.full(41, np.nan), out=out)),
        (ArgumentError, lambda: solution(TIMES, out=out, derivative=-1)),
        (ArgumentError, lambda: solution(TIMES, component=3)),
        (ArgumentError, lambda: solution(TIMES, component=-4)),
        (ArgumentTypeError, lambda: solution(TIMES, component=True)),
        (ArgumentTypeError, lambda: solution(TIMES, component="x")),
        (ArgumentTypeError, lambda: solution(TIMES, out=[0.0])),
    ):
        with pytest.raises(error):
            call()
    assert (out == 7.0).all()
    out.flags.writeable = False
    with pytest.raises(ArgumentTypeError, match="written to"):
        solution(TIMES, out=out)


def test_beyond_the_span_with_extrapolate() -> None:
    solution = dense()
    times, out = np.array([-0.01, 5.01]), np.empty(2)
    wanted = solution(times, extrapolate=True)[:, 1]
    assert (solution(times, extrapolate=True, component=1, out=out) == wanted).all()


def test_copies_and_pickles_have_parts() -> None:
    solution = dense()
    wanted = solution(TIMES, component=1)
    for other in (copy.copy(solution), pickle.loads(pickle.dumps(solution))):
        assert other(TIMES, component=1).tobytes() == wanted.tobytes()
