"""Expansions as built-in functions: the same bits as by the long way, and what they hand on."""

from __future__ import annotations

import gc
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.errors import ArgumentError
from taylor.polynomials import machines
from taylor_runtime.callables import expansion as code
from taylor_runtime.points import python_objects

BUILT_IN = type(len)
X, Y = ty.Polynomial.variables("x y", order=5)
P, Q = 1.5 + X - 0.25 * X * Y, 2.0 - Y + 0.5 * X * X

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "three variables": lambda x, y, z: np.sin(x * y) + np.exp(z) * x,
    "several outputs": lambda x, y: [x**2 * y, y - x, np.cos(x)],
    "one variable": np.tanh,
    "a power at zero": lambda x, y: (x * x + y) ** 1.5,
}
POINTS = [(0.3, 0.4, 0.5), (1.0, -2.0), (0.25,), (0.0, 0.0)]


@pytest.fixture
def unknown_numpy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where there are no built-in functions."""
    caches = python_objects.array_symbols, code._entry_code
    monkeypatch.setattr(python_objects, "_INTERFACES", ())
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


def operations(names: str) -> list[ty.Polynomial]:
    """In a space of their own, whose functions are made when first wanted."""
    x, y = ty.Polynomial.variables(names, order=5)
    p, q = 1.5 + x - 0.25 * x * y, 2.0 - y + 0.5 * x * x
    return [p * q, p / q, np.sin(p), np.exp(q) * p, 1.0 / q, p**q, np.arctan2(p, q)]


def test_polynomials_have_the_same_bits_by_the_long_way(
    request: pytest.FixtureRequest,
) -> None:
    direct = operations("a b")
    request.getfixturevalue("unknown_numpy")
    for one, other in zip(direct, operations("c d"), strict=True):
        assert one.coefficients.tobytes() == other.coefficients.tobytes()
        assert one.coefficients.any()


def test_polynomials_take_built_in_functions() -> None:
    function = machines._function(P._space, "mul", 2, "float64")
    assert type(function) is BUILT_IN
    made = function(P._planes, Q._planes)
    assert made.shape == (1, P.size) and not made.flags.writeable
    expected = {(0, 0): 3.0, (1, 0): 2.0, (0, 1): -1.5, (1, 1): -1.5, (2, 0): 0.75}
    for powers, value in expected.items():
        assert (P * Q)[powers] == value


def test_results_that_are_not_finite_go_the_long_way() -> None:
    with pytest.raises(ArgumentError, match="constant part is zero"):
        P / X
    with pytest.raises(ArgumentError, match="log has no finite Taylor series"):
        np.log(X - 1.0)
    assert not np.isfinite((1e200 * P * (1e200 * P)).coefficients).any(where=P.powers.any(1) < 1)


@pytest.mark.parametrize("order", [0, 1, 4])
@pytest.mark.parametrize(("name", "point"), list(zip(FUNCTIONS, POINTS, strict=True)))
def test_derivatives_at_a_point_are_those_of_arrays(
    name: str, point: tuple[float, ...], order: int
) -> None:
    known = ty.derivatives(FUNCTIONS[name], point, order=order)
    for moved in (point, [*point], tuple(map(np.float64, point)), tuple(x + 0.5 for x in point)):
        found = known.at(moved)
        other = known.at(np.array(moved))
        assert found.coefficients.tobytes() == other.coefficients.tobytes()
        assert found.value.shape == other.value.shape
        again = known.at(point, out=found)  # its memory may be written to
        np.testing.assert_array_equal(again.coefficients, known.coefficients)
    assert type(known._known().one) is BUILT_IN


def test_other_points_go_the_long_way() -> None:
    known = ty.derivatives(FUNCTIONS["several outputs"], (1.0, 2.0), order=2)
    assert known.at((1, 2)).value.tolist() == known.at((1.0, 2.0)).value.tolist()
    one, two = np.ones((1, 1)), np.full((1, 1), 2.0)
    assert known.at((one, two)).value.shape == (3, 1, 1)
    assert known.at((one, 2.0)).gradient.shape == (3, 2, 1, 1)
    for wrong in ((1.0,), (1.0, 2.0, 3.0)):
        with pytest.raises(ArgumentError, match="coordinates"):
            known.at(wrong)
    with pytest.raises(ArgumentError, match="threads"):
        known.at((1.0, 2.0), threads=0)
    finer = ty.derivatives(FUNCTIONS["several outputs"], (1.0, 2.0), 2, precision="double-double")
    np.testing.assert_array_equal(finer.at((1.0, 2.0)).value, finer.value)


def test_arrays_of_points_need_no_code_for_one() -> None:
    known = ty.derivatives(FUNCTIONS["several outputs"], (np.ones(3), np.ones(3)), order=2)
    known.at((np.zeros(3), np.ones(3)))
    assert "one" not in vars(known._known())


def test_one_variable_is_a_number() -> None:
    known = ty.derivatives(np.tanh, 0.25, order=6)
    assert known.at(0.5).value == np.tanh(0.5)
    assert known.at(np.array(0.5)).coefficients.tobytes() == known.at(0.5).coefficients.tobytes()


def test_it_lives_as_long_as_it_is_called() -> None:
    one = ty.derivatives(lambda x, y: x * y + 7.5, (1.0, 2.0), order=2)._known().one
    gc.collect()
    found = one(3.0, 2.0)
    assert found is not None
    assert found[0, 0, :, 0].tolist() == [13.5, 2.0, 3.0, 0.0, 1.0, 0.0]


def test_copies_from_pickles_go_on() -> None:
    known = ty.derivatives(np.exp, 0.5, order=3)
    known.at(0.25)
    again = pickle.loads(pickle.dumps(known))
    assert again.at(0.75).coefficients.tobytes() == known.at(0.75).coefficients.tobytes()


def test_functions_of_python_raise_what_they_raise() -> None:
    def fails(x: float) -> float:
        if x > 1:
            raise ZeroDivisionError("on purpose")
        return x

    u = ty.register_function("fails_in_expansion", fails, lambda x: 1 + 0 * x)
    known = ty.derivatives(u, 0.5, order=1)
    assert known.at(0.25).gradient.tolist() == [1.0]
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        known.at(2.0)


def test_threads_share_a_function() -> None:
    known = ty.derivatives(FUNCTIONS["three variables"], POINTS[0], order=6)
    points = [tuple(row) for row in np.random.default_rng(3).random((64, 3)).tolist()]
    polynomials = [P + x for x, *_ in points]

    def work(k: int) -> tuple[bytes, bytes]:
        return known.at(points[k]).coefficients.tobytes(), bytes(
            np.sin(polynomials[k] * Q).coefficients
        )

    expected = [work(k) for k in range(64)]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(20):
            assert list(pool.map(work, range(64))) == expected
