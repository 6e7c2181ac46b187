"""`taylor.jet`: shapes, orders, arrays, several outputs, exact cases, errors."""

from __future__ import annotations

import math
import threading
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from function_cases import context

import taylor as ty
from taylor.errors import ArgumentError, ArgumentTypeError, TaylorError

MP = context(60)
EPSILON = 2.0**-52


def composite(x: Any) -> Any:
    return ty.exp(ty.sin(x)) / (1 + x**2) + ty.sqrt(2 + x)


def test_shapes_follow_the_points() -> None:
    assert ty.jet(np.exp, 0.5).shape == (21,)
    assert ty.jet(np.exp, [0.5], order=3).shape == (4, 1)
    assert ty.jet(np.exp, np.zeros((2, 3)), order=4).shape == (5, 2, 3)
    for shape in ((0,), (3, 0), (0, 2)):
        empty = ty.jet(np.exp, np.zeros(shape), order=4)
        assert empty.shape == (5, *shape) and empty.dtype == np.float64


def test_points_may_be_anything_that_numpy_makes_an_array_of() -> None:
    right = ty.jet(composite, 2.0, order=5)
    for point in (2, np.float32(2), np.int64(2), Fraction(2), np.array(2.0), True + 1):
        assert np.array_equal(ty.jet(composite, point, order=5), right)
    strided = np.arange(12.0).reshape(3, 4).T[::2]
    assert np.array_equal(
        ty.jet(composite, strided, order=5), ty.jet(composite, strided.copy(), order=5)
    )


@pytest.mark.parametrize("count", [1, 7, 8, 9, 31, 32, 33, 100])
def test_arrays_are_points_one_by_one(count: int) -> None:
    """Bit for bit, whatever place of a register a point has."""
    points = np.random.default_rng(count).uniform(-1.5, 3, count)
    together = ty.jet(composite, points, order=12)
    alone = np.stack([ty.jet(composite, float(x), order=12) for x in points], axis=1)
    assert together.tobytes() == alone.tobytes()


@pytest.mark.parametrize("order", [0, 1, 2, 3, 100])
def test_orders(order: int) -> None:
    """1 / (1 - x) at 1/2: coefficients 2**(n + 1), exact; exp at 0: 1/n! within 5 EPSILON."""
    assert ty.jet(lambda x: 1 / (1 - x), 0.5, order).tolist() == [
        2.0 ** (n + 1) for n in range(order + 1)
    ]
    for n, value in enumerate(ty.jet(np.exp, 0.0, order)):
        right = Fraction(1, math.factorial(n))
        assert abs(Fraction(float(value)) - right) <= 5 * EPSILON * right


def test_low_orders_are_the_beginning_of_high_ones() -> None:
    high = ty.jet(composite, 0.3, order=40)
    for order in range(12):
        assert np.array_equal(ty.jet(composite, 0.3, order=order), high[: order + 1])


def test_order_one_hundred_against_mpmath() -> None:
    """atan at 0.7: (-1)**(n-1) sin(n theta) sin(theta)**n / n, theta = arccot x; relative to the
    envelope, within 40 EPSILON."""
    found = ty.jet(np.arctan, 0.7, order=100)
    theta = MP.atan(1 / MP.mpf(0.7))
    for n in range(1, 101):
        size = MP.sin(theta) ** n / n
        right = (-1) ** (n - 1) * MP.sin(n * theta) * size
        assert abs(MP.mpf(float(found[n])) - right) <= 40 * EPSILON * size


def test_several_outputs_are_a_tuple() -> None:
    sine, cosine, same, constant = ty.jet(lambda x: (np.sin(x), np.cos(x), x, 3), [0.0, 1.0], 6)
    assert np.array_equal(sine, ty.jet(np.sin, [0.0, 1.0], 6))
    assert np.array_equal(cosine, ty.jet(np.cos, [0.0, 1.0], 6))
    assert same.tolist() == [[0, 1], [1, 1], *[[0, 0]] * 5]
    assert constant.tolist() == [[3, 3], *[[0, 0]] * 6]
    (only,) = ty.jet(lambda x: [x * x], 3.0, 3)
    assert only.tolist() == [9, 6, 1, 0]


def test_polynomials_are_exact() -> None:
    found = ty.jet(lambda x: (x - 1) ** 3 * (2 * x + Fraction(1, 2)), 1.0, 6)
    assert found.tolist() == [0, 0, 0, 2.5, 2, 0, 0]
    assert ty.jet(lambda x: x**5, 0.0, 8).tolist() == [0, 0, 0, 0, 0, 1, 0, 0, 0]


def test_functions_written_with_numpy() -> None:
    def norm(x: Any) -> Any:
        v = np.array([x, 2 * x + 1, np.sin(x)])
        return np.sqrt(np.sum(v**2)) + np.where(x > 0, np.log1p(x), -x)

    for point in (0.4, -0.6):
        found = ty.jet(norm, point, 8)
        right = MP.taylor(
            lambda t, positive=point > 0: (
                MP.sqrt(t**2 + (2 * t + 1) ** 2 + MP.sin(t) ** 2)
                + (MP.log(1 + t) if positive else -t)
            ),
            point,
            8,
        )
        assert np.allclose(found, np.array(right, dtype=float), rtol=1e-13, atol=1e-14)


def test_branches_are_chosen_point_by_point() -> None:
    points = np.array([-2.0, -0.5, 0.0, 0.5, 2.0])
    found = ty.jet(lambda x: ty.where(abs(x) < 1, x**2, ty.sqrt(abs(x))), points, 4)
    inside, outside = abs(points) < 1, abs(points) >= 1
    assert np.array_equal(found[:, inside], ty.jet(lambda x: x**2, points[inside], 4))
    assert np.array_equal(found[:, outside], ty.jet(lambda x: ty.sqrt(abs(x)), points[outside], 4))


def test_singular_points_do_not_disturb_their_neighbours() -> None:
    points = np.array([0.0, 0.25, 1.0, 0.0, 4.0])
    with np.errstate(all="ignore"):
        found = ty.jet(np.sqrt, points, 5)
    assert np.isfinite(found[:, points > 0]).all()
    assert not np.isfinite(found[1:, points == 0]).any() and not found[0, points == 0].any()
    assert np.array_equal(found[:, 2], ty.jet(np.sqrt, 1.0, 5))


def test_points_that_are_not_finite_give_no_finite_derivative() -> None:
    for point in (math.nan, math.inf, -math.inf):
        assert not np.isfinite(ty.jet(np.sin, point, 4)).any()


def test_results_belong_to_the_caller() -> None:
    first = ty.jet(np.exp, [0.0, 1.0], 3)
    kept = first.copy()
    second = ty.jet(np.exp, [2.0, 3.0], 3)
    assert np.array_equal(first, kept) and not np.shares_memory(first, second)
    assert first.flags.writeable and first.flags.c_contiguous


def test_two_threads() -> None:
    points = np.linspace(-1, 1, 4000)
    right = ty.jet(composite, points, 15)
    wrong: list[int] = []

    def work(number: int) -> None:
        for _ in range(10):
            if not np.array_equal(ty.jet(composite, points, 15), right):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_large_functions_are_looped_and_right() -> None:
    """40 products and exponentials: more than is written out."""

    def series(x: Any) -> Any:
        return ty.sum([k * x * ty.exp(-k * x) for k in range(1, 41)])

    found = ty.jet(series, 1.5, 10)
    right = MP.taylor(lambda t: sum(k * t * MP.exp(-k * t) for k in range(1, 41)), 1.5, 10)
    assert np.allclose(found, np.array(right, dtype=float), rtol=1e-12)


def test_errors_name_what_is_wrong() -> None:
    for order in (-1, 1001):
        with pytest.raises(ArgumentError, match="order must be between 0 and 1000"):
            ty.jet(np.exp, 0.0, order=order)
    for order in (2.0, "3", None, True):
        with pytest.raises(ArgumentTypeError, match="order must be an integer"):
            ty.jet(np.exp, 0.0, order=order)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="fun must be a function of one argument"):
        ty.jet(3.0, 0.0)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="fun depends on q, which has no value"):
        ty.jet(lambda x: [x, ty.variable("q", shape=(2,)) * x], 0.0)
    with pytest.raises(ArgumentError, match="fun depends on k, which has no value"):
        ty.jet(lambda x: x * ty.parameter("k"), 0.0)
    with pytest.raises((TypeError, TaylorError)):
        ty.jet(math.sin, 0.0)
    with pytest.raises((TypeError, TaylorError), match="where"):
        ty.jet(lambda x: x if x > 0 else -x, 0.0)
    with pytest.raises((TypeError, ValueError)):
        ty.jet(np.exp, "zero")
    with pytest.raises((TypeError, ValueError)):
        ty.jet(np.exp, 1j)
    with pytest.raises((TypeError, TaylorError)):
        ty.jet(lambda x: None, 0.0)


def test_threads_do_not_change_jets() -> None:
    points = np.linspace(0.1, 3, 20_001)
    one, two = (ty.jet(lambda x: ty.sin(x) / x, points, order=4, threads=n) for n in (1, 2))
    assert np.array_equal(one, two)


# -- several variables ----------------------------------------------------------------------------


def surface(x: Any, y: Any) -> Any:
    return ty.sin(x * y) + ty.exp(-(y**2)) * ty.cos(x)


def mp_along(curve: Any, order: int) -> list[Any]:
    """Coefficients of `surface` along a curve, by mpmath."""

    def f(s: Any) -> Any:
        x, y = curve(s)
        return MP.sin(x * y) + MP.exp(-(y**2)) * MP.cos(x)

    return MP.taylor(f, 0, order)


def test_along_a_line() -> None:
    right = mp_along(lambda s: (0.5 + 2 * s, MP.mpf(0.25) - s), 20)
    found = ty.jet(surface, (0.5, 0.25), 20, direction=(2, -1))
    assert max(abs(a - b) / max(abs(b), 1) for a, b in zip(found, right, strict=True)) < 1e-13
    assert np.array_equal(
        found, ty.jet(lambda q: surface(q[0], q[1]), (0.5, 0.25), 20, direction=(2, -1))
    )


def test_along_a_curve() -> None:
    coefficients = [(1, 0.5), (-0.25, 2)]
    right = mp_along(lambda s: (0.5 + s - s**2 / 4, 0.25 + s / 2 + 2 * s**2), 15)
    found = ty.jet(surface, (0.5, 0.25), 15, curve=coefficients)
    assert max(abs(a - b) / max(abs(b), 1) for a, b in zip(found, right, strict=True)) < 1e-12
    traced = ty.jet(surface, 0.0, 15, curve=lambda s: (0.5 + s - s**2 / 4, 0.25 + s / 2 + 2 * s**2))
    assert max(abs(a - b) / max(abs(b), 1) for a, b in zip(traced, right, strict=True)) < 1e-12


def test_coordinates_and_directions_broadcast() -> None:
    xs, ds = np.linspace(0, 1, 5), np.array([[1.0], [2.0]])
    found = ty.jet(surface, (xs, 0.5), 6, direction=(ds, 1.0))
    assert found.shape == (7, 2, 5)
    one = ty.jet(surface, (xs[3], 0.5), 6, direction=(2.0, 1.0))
    assert found[:, 1, 3].tobytes() == one.tobytes()


def test_along_a_line_in_double_double() -> None:
    found = ty.jet(surface, ("1/2", "1/4"), 10, direction=(2, -1), precision="double-double")
    right = mp_along(lambda s: (MP.mpf(1) / 2 + 2 * s, MP.mpf(1) / 4 - s), 10)
    errors = [
        abs(MP.mpf(float(a)) + MP.mpf(float(b)) - c) for (a, b), c in zip(found, right, strict=True)
    ]
    assert max(errors) < 1e-29


@pytest.mark.parametrize("n", [0, 1, 5, 30, 180])
def test_nth_derivatives(n: int) -> None:
    """Of 1/(1 - x) at 0.5: n! 2^(n + 1), as far as float64 goes."""
    found = ty.derivative(lambda x: 1 / (1 - x), n)(np.array([0.5, 0.5]))
    exact = math.factorial(n) * 2 ** (n + 1)
    right = float(exact) if n < 160 else math.inf
    assert found.tolist() == pytest.approx([right, right], rel=1e-15)


def test_nth_derivative_of_others() -> None:
    value = ty.derivative(ty.exp, 20)("1/3", precision="double-double")
    assert abs(MP.mpf(float(value[0])) + MP.mpf(float(value[1])) - MP.exp(MP.mpf(1) / 3)) < 1e-29
    both = ty.derivative(lambda x: (ty.sin(x), ty.cos(x)), 3)(0.25)
    assert both == pytest.approx((-math.cos(0.25), math.sin(0.25)), rel=1e-15)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"point": (1.0, 2.0), "direction": (1.0,)}, "point has 2 coordinates"),
        ({"point": 1.0, "direction": (1.0,)}, "lists of n coordinates"),
        ({"point": (1.0, 2.0), "direction": (1, 0), "curve": [(1, 0)]}, "not both"),
        ({"point": (1.0, 2.0), "curve": []}, "at least one coefficient"),
        ({"point": (np.zeros(2), np.zeros(3)), "direction": (1, 0)}, "do not broadcast"),
    ],
)
def test_bad_curves_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TaylorError, match=message):
        ty.jet(surface, order=3, **arguments)


def test_bad_derivatives_are_refused() -> None:
    with pytest.raises(ArgumentError, match="n must be between"):
        ty.derivative(ty.sin, -1)
    with pytest.raises(ArgumentTypeError, match="n must be an integer"):
        ty.derivative(ty.sin, 1.5)  # type: ignore[arg-type]
