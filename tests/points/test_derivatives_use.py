"""`taylor.derivatives` in use: points, variables, outputs, kinds of numbers, copies, errors."""

from __future__ import annotations

import copy
import math
import pickle
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import mpmath
import numpy as np
import pytest
from function_cases import context

import taylor as ty
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError, TaylorError, TracingError

MP = context(60)


def surface(x: Any, y: Any) -> Any:
    return ty.sin(x * y) + ty.exp(-(y**2)) * ty.cos(x) / (1 + x**2)


def wide(x: Any, y: Any, z: Any, w: Any) -> Any:
    """More than is written out at order 10."""
    return ty.exp(x * y - z) * ty.sqrt(2 + w * x) + ty.log(3 + x * z * w) / (1 + y**2)


def mp_partial(powers: tuple[int, ...], point: tuple[Any, ...]) -> Any:
    def form(x: Any, y: Any) -> Any:
        return MP.sin(x * y) + MP.exp(-(y**2)) * MP.cos(x) / (1 + x**2)

    return MP.diff(form, tuple(MP.mpf(c) for c in point), powers)


# -- points ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fun", "variables", "order"), [(surface, 2, 6), (wide, 4, 10)])
@pytest.mark.parametrize("precision", ["float64", "float32", "double-double"])
def test_points_together_are_points_one_by_one(
    fun: Callable[..., Any], variables: int, order: int, precision: str
) -> None:
    """Bit for bit, written out and in loops, whatever place of a register a point has."""
    order -= 4 if precision == "double-double" else 0
    points = np.random.default_rng(order).uniform(0.1, 1.0, (variables, 19))
    given = ty.from_mpmath(points) if precision == "double-double" else points
    together = ty.derivatives(fun, list(given), order, precision=precision).coefficients
    for k in (0, 7, 8, 18):
        alone = ty.derivatives(fun, tuple(points[:, k].tolist()), order, precision=precision)
        assert alone.coefficients.tobytes() == together[:, k].tobytes()


@pytest.mark.parametrize(("fun", "variables", "order"), [(surface, 2, 4), (wide, 4, 10)])
def test_threads_do_not_change_anything(
    fun: Callable[..., Any], variables: int, order: int
) -> None:
    points = np.random.default_rng(0).uniform(0.1, 1.0, (variables, 20_001 if order < 5 else 501))
    one, two = (ty.derivatives(fun, points, order, threads=n).coefficients for n in (1, 2))
    assert one.tobytes() == two.tobytes()


def test_results_that_go_past_the_caches_are_the_same() -> None:
    points = np.random.default_rng(1).uniform(0.1, 1.0, (2, 30_000))
    far, near = (ty.derivatives(surface, points[:, :n], 5).coefficients for n in (30_000, 300))
    assert np.array_equal(far[:, :300], near)


def test_shapes_follow_points_and_outputs() -> None:
    def matrix(x: Any, y: Any) -> Any:
        return np.array([[x * y, x, 1.0], [y, x - y, x**2]])

    d = ty.derivatives(matrix, (np.ones((4, 1)), np.zeros(5)), 3)
    assert d.value.shape == (2, 3, 4, 5)
    assert d.gradient.shape == d.jacobian.shape == (2, 3, 2, 4, 5)
    assert d.hessian.shape == (2, 3, 2, 2, 4, 5)
    assert d.tensor(3).shape == (2, 3, 2, 2, 2, 4, 5)
    assert d.tensor(0).shape == d.value.shape
    assert d.coefficients.shape == (2, 3, 10, 4, 5)
    assert d[1, 0].shape == (2, 3, 4, 5)
    for shape in ((0,), (3, 0)):
        empty = ty.derivatives(surface, (np.zeros(shape), 1.0), 2)
        assert empty.hessian.shape == (2, 2, *shape) and empty.coefficients.shape == (6, *shape)
    alone = ty.derivatives(lambda x: ty.sin(x), 0.5, 2)
    assert alone.hessian.shape == (1, 1) and alone.value.shape == ()
    points = ty.from_mpmath(np.ones(3))
    pairs = ty.derivatives(surface, (points, 1.0), 2, precision="double-double")
    assert pairs.hessian.shape == (2, 2, 3, 2) and pairs.coefficients.shape == (6, 3, 2)


def test_coordinates_in_double_double_broadcast_point_by_point() -> None:
    """As many points as a number has parts, and more axes: nothing is mixed up."""
    x = ty.from_mpmath([["1/3"], ["1/7"]])  # (2, 1) points
    y = ty.from_mpmath(["0.1", "0.3", "0.7"])  # (3,)
    d = ty.derivatives(surface, (x, y), 2, precision="double-double")
    assert d.gradient.shape == (2, 2, 3, 2)
    for i, k in product(range(2), range(3)):
        one = ty.derivatives(surface, (x[i], y[k][None]), 2, precision="double-double")
        assert one.coefficients.tobytes() == d.coefficients[:, i, k].tobytes()
    lines = ty.jet(surface, (x[:, 0], "1/2"), 3, direction=(1, y[0]), precision="double-double")
    line = ty.jet(surface, ("1/7", "1/2"), 3, direction=(1, "0.1"), precision="double-double")
    assert lines.shape == (4, 2, 2) and np.array_equal(lines[:, 1], line)


def test_points_may_be_anything_that_numpy_makes_an_array_of() -> None:
    right = ty.derivatives(surface, (2.0, 1.0), 3).coefficients
    for point in ([2, 1], (np.float32(2), True), np.array([2, 1]), (Fraction(2), np.array(1))):
        assert np.array_equal(ty.derivatives(surface, point, 3).coefficients, right)
    columns = np.array([[2, 1], [0, 3], [1, 1]])
    found = ty.derivatives(surface, columns.T, 3).coefficients
    assert found.shape == (10, 3) and np.array_equal(found[:, 0], right)
    for point in (2, [2], np.float64(2), np.array(2), Fraction(2), [[2, 2]]):
        assert ty.derivatives(lambda x: x**3, point, 3)[1].max() == 12


def test_points_that_are_not_finite_stay_by_themselves() -> None:
    x = np.linspace(0.1, 1, 20)
    x[[3, 7, 12]] = math.nan, math.inf, 0.0  # the last is singular
    with np.errstate(all="ignore"):
        for fun in (
            lambda x, y: ty.log(x) * y + ty.sqrt(x * y),
            lambda x, y: wide(x, y, ty.log(x), y),
        ):
            found = ty.derivatives(fun, (x, 2.0), 10).coefficients
            bad = np.flatnonzero(~np.isfinite(found).all(axis=0))
            assert bad.tolist() == [3, 7, 12]
            clean = np.where(np.isin(np.arange(20), bad), 1.0, x)
            right = ty.derivatives(fun, (clean, 2.0), 10).coefficients
            kept = np.delete(np.arange(20), bad)
            assert np.array_equal(found[:, kept], right[:, kept])


# -- functions -------------------------------------------------------------------------------------


def test_functions_of_one_array() -> None:
    many = ty.derivatives(lambda q: surface(q[0], q[1]), (0.5, 0.25), 4)
    right = ty.derivatives(surface, (0.5, 0.25), 4)
    assert many.coefficients.tobytes() == right.coefficients.tobytes()
    norm = ty.derivatives(lambda q: np.sqrt(np.sum(q**2)), np.array([3.0, 0.0, 4.0]), 1)
    assert norm.value == 5 and norm.gradient == pytest.approx([0.6, 0, 0.8], rel=1e-15)
    nodes = ty.derivatives(lambda q: ty.stack([q[0] * q[1], q[1]]), (2.0, 3.0), 2)
    assert nodes.jacobian.tolist() == [[3, 2], [0, 1]]


def test_vector_functions_jacobians_and_symmetry() -> None:
    """Polar coordinates: det J = r, and tensors do not change when axes are exchanged."""

    def polar(r: Any, phi: Any) -> Any:
        return [r * ty.cos(phi), r * ty.sin(phi)]

    r, phi = np.linspace(1, 2, 5), np.linspace(0, 3, 5)
    d = ty.derivatives(polar, (r, phi), 4)
    jacobian = np.moveaxis(d.jacobian, -1, 0)
    np.testing.assert_allclose(np.linalg.det(jacobian), r, rtol=1e-14)
    right = [[np.zeros(5), -np.sin(phi)], [-np.sin(phi), -r * np.cos(phi)]]
    np.testing.assert_allclose(d.hessian[0], right, rtol=1e-14)
    tensor = d.tensor(4)
    for axes in ((2, 1, 3, 4), (4, 2, 3, 1), (1, 3, 4, 2)):
        assert np.array_equal(tensor, tensor.transpose(0, *axes, 5))
    for index in product(range(2), repeat=4):
        powers = (4 - sum(index), sum(index))
        assert np.array_equal(tensor[(slice(None), *index)], d[powers])


def test_outputs_that_are_equal_constant_or_arguments() -> None:
    d = ty.derivatives(lambda x, y: (x, y, x, 3, x * y, x - x), (np.array([2.0, 5.0]), 7.0), 2)
    assert d.value.tolist() == [[2, 5], [7, 7], [2, 5], [3, 3], [14, 35], [0, 0]]
    assert d.jacobian[..., 0].tolist() == [[1, 0], [0, 1], [1, 0], [0, 0], [7, 2], [0, 0]]
    assert d.hessian[..., 0][4].tolist() == [[0, 1], [1, 0]]
    assert not d.hessian[[0, 1, 2, 3, 5]].any()
    zero = ty.derivatives(surface, (0.5, 0.25), 0)
    assert len(zero) == 1 and float(zero.value) == pytest.approx(
        float(mp_partial((0, 0), (0.5, 0.25)))
    )


def test_numbers_that_functions_close_over() -> None:
    for strength in (1.0, -2.5):
        d = ty.derivatives(lambda x, y, k=strength: k * x * y**2, (3.0, 2.0), 2)
        assert d.gradient.tolist() == [4 * strength, 12 * strength]


def test_functions_of_the_user() -> None:
    """The error function with a value from the math module, and the reciprocal gamma function's
    quotient, whose derivative is again a registered one."""
    own = ty.register_function(
        "test_partials_erf", math.erf, lambda x: ty.exp(-(x**2)) * (2 / ty.sqrt(math.pi))
    )
    for order in (4, 12):  # written out and in loops
        d = ty.derivatives(lambda x, y: own(x * y) * y, (np.array([0.5, 0.75]), 0.25), order)
        for k, x in enumerate((0.5, 0.75)):
            for powers in ((0, 0), (1, 0), (2, 1), (1, 3)):
                right = MP.diff(lambda a, b: MP.erf(a * b) * b, (x, 0.25), powers)
                assert d[powers][k] == pytest.approx(float(right), rel=1e-13, abs=1e-14)


# -- variables and limits --------------------------------------------------------------------------


@pytest.mark.parametrize("order", [4, 10])
def test_chosen_variables_and_limits_are_part_of_all(order: int) -> None:
    point = (0.5, 0.75, 0.25, 1.25)
    everything = ty.derivatives(wide, point, order)
    for wrt, limits in (
        (None, (1, order, 2, 0)),
        (None, {"y": 1, 3: 2}),
        (["w", "x"], None),
        ([1], None),
        ("z", None),
        (2, None),
        (np.int64(1), None),
        (["z", 1, "x"], (1, 2, order + 5)),
        (["x", "y"], {"y": 0}),
    ):
        part = ty.derivatives(wide, point, order, wrt=wrt, limits=limits)
        names = [wrt] if wrt is not None and not isinstance(wrt, list) else wrt or range(4)
        places = ["xyzw".index(v) if isinstance(v, str) else int(v) for v in names]
        for powers in part:
            full = [0] * 4
            for place, power in zip(places, powers, strict=True):
                full[place] = power
            error = abs(part[powers] - everything[tuple(full)])
            assert error <= 1e-12 * max(1, abs(everything[tuple(full)])) * math.factorial(order)
        most = [order] * len(places)
        if isinstance(limits, dict):
            for v, k in limits.items():
                most[places.index("xyzw".index(v) if isinstance(v, str) else v)] = k
        elif limits:
            most = list(limits)
        wanted = {p for p in product(*(range(min(k, order) + 1) for k in most)) if sum(p) <= order}
        assert set(part) == wanted and len(part) == len(wanted)


def test_constants_are_no_variables() -> None:
    """What is not differentiated may be singular in its own derivatives."""
    d = ty.derivatives(lambda x, y: ty.sqrt(x) * y**2, (np.array([0.0, 4.0]), 3.0), 3, wrt="y")
    assert d.coefficients.tolist() == [[0, 18], [0, 12], [0, 2], [0, 0]]


def test_tensors_with_limits_are_there_in_full_or_not_at_all() -> None:
    d = ty.derivatives(surface, (0.5, 0.25), 4, limits={"x": 2})
    assert d.tensor(2).shape == (2, 2)
    with pytest.raises(ArgumentError, match=r"order 3 was not computed in full.*limits=\(2, 4\)"):
        d.tensor(3)
    with pytest.raises(KeyError, match=r"\(3, 0\).*order=4 and limits=\(2, 4\)"):
        d[3, 0]


# -- kinds of numbers ------------------------------------------------------------------------------


def test_double_double_against_mpmath() -> None:
    point = (MP.mpf(1) / 3, MP.mpf(7) / 10)
    d = ty.derivatives(surface, ("1/3", "0.7"), 8, precision="double-double")
    with mpmath.workdps(50):
        for powers in d:
            right = mp_partial(powers, point)
            size = max(abs(right), mpmath.factorial(sum(powers)))
            assert abs(ty.to_mpmath(d[powers]) - right) < 1e-29 * size, powers


def test_double_double_in_loops() -> None:
    """x/r^3 with r^2 = x^2 + y^2 + z^2 at order 9: derivatives along x of x/(x^2 + c^2)^(3/2)."""
    d = ty.derivatives(
        lambda x, y, z: x * (x**2 + y**2 + z**2) ** -1.5,
        ("1/3", 1, 2),
        9,
        precision="double-double",
    )
    right = MP.taylor(lambda x: x * (x**2 + 5) ** MP.mpf(-1.5), MP.mpf(1) / 3, 9)
    with mpmath.workdps(50):
        for n, exact in enumerate(right):
            found = ty.to_mpmath(d[n, 0, 0]) / mpmath.factorial(n)
            assert abs(found - exact) < 1e-29 * abs(right[0])


def test_float32() -> None:
    d = ty.derivatives(surface, (0.5, 0.25), 6, precision="float32")
    assert d.value.dtype == d.coefficients.dtype == d.hessian.dtype == np.float32
    for powers in d:
        right = float(mp_partial(powers, (0.5, 0.25)))
        assert abs(float(d[powers]) - right) < 2e-5 * max(abs(right), math.factorial(sum(powers)))


def test_high_derivatives_are_infinite_only_where_they_are_too_large() -> None:
    d = ty.derivatives(lambda x: 1 / (1 - x), 0.5, 180)
    assert d.coefficients.tolist() == [2.0 ** (n + 1) for n in range(181)]
    assert d[180] == math.inf and math.isfinite(d[150])


# -- results ---------------------------------------------------------------------------------------


def test_results_are_mappings() -> None:
    d = ty.derivatives(surface, (0.5, 0.25), 3)
    assert list(d) == list(d.keys()) == [tuple(row) for row in d.multi_indices.tolist()]
    assert len(d) == 10 == len(list(d.items()))
    assert all(d[k] == v for k, v in d.items())
    assert (1, 2) in d and (2, 2) not in d and (1,) not in d
    for strange in (None, "xy", 1, (1.5, 0), (-1, 0), ("x", "y"), (1, None)):
        assert strange not in d and d.get(strange, 7) == 7
    assert d.get((0, 0)) == d.value and d.order == 3
    assert d == d and d != copy.copy(d) and len({d, d}) == 1
    for index, message in (
        ((2, 2), "derivatives of order=3 and no others"),
        (1, "one number for each of 2 variable"),
        (None, "one number for each"),
    ):
        with pytest.raises(KeyError, match=message):
            d[index]
    for order in (4, 2.0, -1):
        with pytest.raises((ArgumentError, ArgumentTypeError), match="order"):
            d.tensor(order)
    shown = ty.derivatives(lambda x: x, 1.0, 3)
    assert shown[2] == shown[(2,)] == shown[np.int64(2),] == 0
    assert (
        repr(shown) == "Derivatives(order=3, variables=1, outputs=(), points=(), 4 multi-indices)"
    )


def test_what_is_taken_from_results_is_the_callers() -> None:
    d = ty.derivatives(surface, (np.linspace(0, 1, 5), 0.25), 3)
    kept = d.coefficients.copy()
    for taken in (d.value, d.gradient, d.hessian, d[1, 1]):
        taken += 1
    assert np.array_equal(d.coefficients, kept)
    with pytest.raises(ValueError, match="read-only"):
        d.coefficients += 1


def test_copies_and_pickles() -> None:
    x = np.linspace(0, 1, 5)
    for precision, points in (("float64", x), ("double-double", ty.from_mpmath(x))):
        d = ty.derivatives(lambda x, y: [x * y, ty.sin(x)], (points, 2), 3, precision=precision)
        for other in (copy.copy(d), copy.deepcopy(d), pickle.loads(pickle.dumps(d))):
            assert other.coefficients.tobytes() == d.coefficients.tobytes()
            assert np.array_equal(other.hessian, d.hessian) and repr(other) == repr(d)
            assert list(other) == list(d)


def test_pickles_are_read_elsewhere() -> None:
    d = ty.derivatives(surface, (0.5, 0.25), 3)
    code = (
        "import pickle, sys; d = pickle.load(sys.stdin.buffer); "
        "print(d.hessian.tolist(), d.order, (3, 0) in d)"
    )
    command = [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {code}"]
    shown = subprocess.run(command, input=pickle.dumps(d), capture_output=True, check=True).stdout
    assert shown.decode().strip() == f"{d.hessian.tolist()} 3 True"


def test_memory_is_used_again() -> None:
    fun = lambda x, y: [surface(x, y), x]  # noqa: E731
    first = ty.derivatives(fun, (np.linspace(0, 1, 9), 0.25), 3)
    view = first.coefficients
    again = ty.derivatives(fun, (np.linspace(1, 2, 9), 0.5), 3, out=first)
    assert np.shares_memory(again.coefficients, view)
    fresh = ty.derivatives(fun, (np.linspace(1, 2, 9), 0.5), 3)
    assert again.coefficients.tobytes() == fresh.coefficients.tobytes()
    for other in (copy.deepcopy(first), pickle.loads(pickle.dumps(first))):
        again = ty.derivatives(fun, (np.linspace(0, 1, 9), 0.5), 3, out=other)
        right = ty.derivatives(fun, (np.linspace(0, 1, 9), 0.5), 3)
        assert again.coefficients.tobytes() == right.coefficients.tobytes()


def test_the_same_derivatives_elsewhere() -> None:
    for wrt in (None, ["y"]):
        d = ty.derivatives(lambda x, y: [surface(x, y), x], (0.5, 0.25), 4, wrt=wrt)
        x = np.linspace(0, 1, 4001)
        far = d.at((x, 0.75), threads=2)
        right = ty.derivatives(lambda x, y: [surface(x, y), x], (x, 0.75), 4, wrt=wrt)
        assert far.coefficients.tobytes() == right.coefficients.tobytes()
        again = far.at([x + 1, 0.5], out=far)
        assert np.shares_memory(again.coefficients, far.coefficients)
        copied = pickle.loads(pickle.dumps(d)).at((x, 0.75))
        assert copied.coefficients.tobytes() == right.coefficients.tobytes()
    with pytest.raises(ArgumentError, match="point has 3 coordinates, the function 2"):
        d.at((1.0, 2.0, 3.0))
    with pytest.raises(ArgumentError, match="shape of points"):
        d.at(([1.0, 2.0], 3.0), out=d)


def test_memory_of_other_calls_is_refused() -> None:
    x = np.linspace(0, 1, 9)
    first = ty.derivatives(surface, (x, 0.25), 3)
    calls: list[Callable[[], Any]] = [
        lambda: ty.derivatives(surface, (x, 0.25), 4, out=first),
        lambda: ty.derivatives(surface, (x[:8], 0.25), 3, out=first),
        lambda: ty.derivatives(surface, (x, 0.25), 3, precision="float32", out=first),
        lambda: ty.derivatives(surface, (x, 0.25), 3, limits=(1, 2), out=first),
        lambda: ty.derivatives(surface, (x, 0.25), 3, wrt="x", out=first),
        lambda: ty.derivatives(lambda x, y: x * y, (x, 0.25), 3, out=first),
    ]
    for call in calls:
        with pytest.raises(ArgumentError, match="another function, order, kind of numbers"):
            call()
    with pytest.raises(ArgumentTypeError, match="out must be what derivatives returned"):
        ty.derivatives(surface, (x, 0.25), 3, out=np.zeros(3))  # type: ignore[arg-type]


# -- errors ----------------------------------------------------------------------------------------

REFUSED: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"order": -1}, ArgumentError, "order must be between 0 and 1000, got -1"),
    ({"order": 1001}, ArgumentError, "order must be between 0 and 1000"),
    ({"order": 1.5}, ArgumentTypeError, "order must be an integer, got 1.5"),
    ({"order": True}, ArgumentTypeError, "order must be an integer"),
    ({"wrt": "q"}, ArgumentError, r"wrt: 'q' is none of the arguments \(x, y\)"),
    ({"wrt": 2}, ArgumentError, r"wrt: position 2 of 2 argument\(s\)"),
    ({"wrt": [-1]}, ArgumentError, "wrt: position -1 of 2"),
    ({"wrt": [0, "x"]}, ArgumentError, "each only once"),
    ({"wrt": []}, ArgumentError, "at least one variable"),
    ({"wrt": 1.5}, ArgumentTypeError, "1.5 is neither a position nor a name"),
    ({"wrt": [True]}, ArgumentTypeError, "True is neither a position nor a name"),
    ({"limits": (1,)}, ArgumentError, r"limits=\(1,\): one for each of 2 variable"),
    ({"limits": 3}, ArgumentTypeError, "limits=3: give one for each variable"),
    ({"limits": (1, -1)}, ArgumentError, "limits must be between 0"),
    ({"limits": {"y": 0.5}}, ArgumentTypeError, "limits must be an integer"),
    ({"limits": {"q": 1}}, ArgumentError, "limits: 'q' is none of the arguments"),
    ({"limits": {"y": 1}, "wrt": "x"}, ArgumentError, "'y' is not among the variables of wrt"),
    ({"point": (np.zeros(2), np.zeros(3))}, ArgumentError, "do not broadcast: shapes"),
    ({"point": ()}, ArgumentError, "point has no coordinates"),
    ({"point": (1j, 2.0)}, ArgumentTypeError, "coordinate 0 must be an array of real numbers"),
    ({"point": (1.0, "two")}, ArgumentTypeError, "coordinate 1 must be an array of numbers"),
    ({"point": (1.0,)}, TypeError, "takes 2 arguments, x, y, and the point has 1"),
    ({"point": (1.0, 2.0, 3.0)}, TypeError, "takes 2 positional arguments but 3 were given"),
    ({"fun": 3.0}, ArgumentTypeError, "fun must be a function, got 3.0"),
    ({"fun": lambda x, y: None}, ArgumentTypeError, "None of type NoneType cannot be part"),
    ({"fun": lambda x, y: []}, ArgumentError, "nothing to differentiate: an empty array"),
    ({"fun": lambda x, y: [[x, y], [y]]}, ShapeError, "a list of unlike shapes"),
    ({"fun": lambda x, y: math.sin(x)}, TracingError, "functions of taylor or NumPy"),
    ({"fun": lambda x, y: x if x > y else y}, TracingError, "where"),
    (
        {"fun": lambda x, y: x * ty.parameter("k")},
        ArgumentError,
        "depends on k, which has no value",
    ),
    ({"threads": 0}, ArgumentError, "threads must be a positive integer"),
    ({"precision": "half"}, ArgumentError, "precision must be one of"),
]


@pytest.mark.parametrize(("changed", "kind", "message"), REFUSED)
def test_errors_name_what_is_wrong(
    changed: dict[str, Any], kind: type[Exception], message: str
) -> None:
    arguments = {"fun": surface, "point": (0.5, 0.25), "order": 3} | changed
    with pytest.raises(kind, match=message):
        ty.derivatives(**arguments)


def test_too_many_monomials_are_refused_at_once() -> None:
    def total(q: Any) -> Any:
        return ty.exp(np.sum(q))

    with pytest.raises(ArgumentError, match="12 variables to order 20 have more than"):
        ty.derivatives(total, np.ones(12), 20)
    with pytest.raises(ArgumentError, match="lower the order or lower limits"):
        ty.derivatives(total, np.ones(60), 30, limits=[1] * 60)
    assert len(ty.derivatives(total, np.ones(12), 20, limits=[1] + [0] * 11)) == 2


def test_positions_of_functions_without_names() -> None:
    def total(q: Any) -> Any:
        return q[0] * q[1] ** 2

    found = ty.derivatives(total, (2.0, 3.0), 2, wrt=[1]).coefficients
    assert found.tolist() == [18, 12, 2]
    with pytest.raises(TaylorError, match="no names: use positions"):
        ty.derivatives(total, (2.0, 3.0), 2, wrt=["x"])
