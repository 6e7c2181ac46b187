"""Every function of NumPy on expressions: the right value, or an error that names the function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.expressions.arrays.assignment import ArrayUnderConstruction
from taylor.expressions.object_arrays import expression_array

x, y, z = ty.variables("x y z")
q = ty.variable("q", shape=3)
NUMBERS = np.array([0.3, 0.8, 0.45])
SCALARS = {x: 0.3, y: 0.8, z: 0.45}
WAYS: tuple[Callable[[Any, Any], Any], ...] = (
    lambda f, a: f(a),
    lambda f, a: f(a, a),
    lambda f, a: f(a, 2),
    lambda f, a: f(a[0]),
    lambda f, a: f(a[0], a[1]),
    lambda f, a: f(a, axis=0),
    lambda f, a: f(np.outer(a, a) + np.eye(3)),
    lambda f, a: f(np.outer(a, a) + np.eye(3), a),
    lambda f, a: f(np.outer(a, a) + np.eye(3), axis=1),
)
# What NumPy does not offer to other classes of arrays, or what is about types, files and memory.
_NOT_DISPATCHED = """
arange array array2string array_repr array_str array_split asanyarray asarray asarray_chkfinite
ascontiguousarray asfortranarray asmatrix bartlett base_repr binary_repr blackman bmat
diag_indices diag_indices_from empty empty_like format_float_positional format_float_scientific
frombuffer from_dlpack fromregex genfromtxt hamming hanning isfortran isscalar issubdtype
kaiser load loadtxt memmap min_scalar_type mintypecode promote_types require result_type
row_stack save savetxt savez savez_compressed set_printoptions tri tril_indices triu_indices
may_share_memory shares_memory iterable typename info test show_config show_runtime
printoptions get_include fromfile busday_count busday_offset is_busday datetime_as_string
datetime_data getbufsize setbufsize seterr seterrcall errstate can_cast broadcast_shapes
ndindex nested_iters isdtype astype
searchsorted
"""  # the last one has no defined value for these numbers; see test_sorting
NOT_DISPATCHED = frozenset(_NOT_DISPATCHED.split())
OTHER_NAMES = {"amax": "max", "amin": "min", "round_": "round", "permute_dims": "transpose"}


def _names() -> list[tuple[Any, str]]:
    # np.__all__ is made from sets: sorted, all processes of a run collect the same tests.
    listed = [(module, n) for module in (np, np.linalg) for n in sorted(set(module.__all__))]
    return [
        (module, name)
        for module, name in listed
        if callable(getattr(module, name, None))
        and not isinstance(getattr(module, name), type)
        and name not in NOT_DISPATCHED
    ]


def _value(built: Any, values: dict[Any, Any]) -> Any:
    if isinstance(built, (tuple, list)):
        return [_value(item, values) for item in built]
    if isinstance(built, (ty.Expression, ArrayUnderConstruction)):
        return np.asarray(ty.evaluate(built, values), dtype=float)
    if isinstance(built, np.ndarray) and built.dtype == object:
        flat = [ty.evaluate(e, values) for e in built.reshape(-1)]
        return np.array(flat, dtype=float).reshape(built.shape)
    return built


def _agree(found: Any, right: Any) -> bool:
    if isinstance(right, (tuple, list)):
        return len(found) == len(right) and all(map(_agree, found, right))
    found, right = np.asarray(found, dtype=float), np.asarray(right, dtype=float)
    return found.shape == right.shape and np.allclose(found, right, rtol=1e-12, equal_nan=True)


@pytest.mark.parametrize(("module", "name"), _names(), ids=lambda v: getattr(v, "__name__", v))
def test_right_value_or_an_error_with_the_name(module: Any, name: str) -> None:
    function = getattr(module, name)
    own = OTHER_NAMES.get(name, getattr(function, "__name__", name))
    for way in WAYS:
        try:
            right = way(function, NUMBERS.copy())
            if right is None or np.asarray(right).dtype.kind not in "bifu":
                continue
        except Exception:  # NumPy itself has no value
            continue
        for array, values in ((expression_array([x, y, z]), SCALARS), (q, {q: NUMBERS})):
            try:
                found = _value(way(function, array), values)
            except ty.TaylorError as error:
                assert own in str(error) or name in str(error), (name, str(error))
                continue
            assert _agree(found, right), (name, found, right)


SPECIAL = [-np.inf, -2.5, -1.5, -1.0, -0.5, 0.0, 0.49999999999999994, 0.5, 1.5, 2.5, 7.3, np.inf]
ROUNDING: list[Callable[[Any], Any]] = [
    np.trunc,
    np.fix,
    np.rint,
    np.round,
    np.isfinite,
    np.isnan,
    np.isinf,
    np.signbit,
    lambda a: np.round(a, 1),
    lambda a: np.fmax(a, 0.5),
    lambda a: np.fmin(0.5, a),
    lambda a: np.copysign(3, a),
    lambda a: np.nan_to_num(a),
    lambda a: np.nan_to_num(a, nan=4, posinf=5, neginf=6),
    lambda a: np.logaddexp(a, 1.0),
    lambda a: np.heaviside(a, 0.25),
    lambda a: np.isclose(a, 0.5),
    lambda a: np.interp(a, [-1.0, 0.25, 2.0], [3.0, -1.0, 5.0]),
    lambda a: np.interp(a, [-1.0, 0.25, 2.0], [3.0, -1.0, 5.0], left=-7, right=9),
    lambda a: np.select([a < -1, a < 1], [a * 2, a * 3], 4),
    lambda a: np.piecewise(a, [a < 0, a >= 1], [lambda v: -v, lambda v: v * v, 0.5]),
    lambda a: np.angle(a),
]


@pytest.mark.parametrize("function", ROUNDING, ids=range(len(ROUNDING)))
def test_special_values_are_numpys(function: Callable[[Any], Any]) -> None:
    numbers = np.array([*SPECIAL, np.nan])
    with np.errstate(all="ignore"):
        right = np.asarray(function(numbers), dtype=float)
    compiled = ty.compile(function(expression_array([x]))[0], [x])
    found = np.array([compiled(number) for number in numbers])
    assert np.allclose(found, right, rtol=4e-16, atol=0, equal_nan=True), (found, right)


def test_python_rounds_and_divides() -> None:
    import math

    values = {x: -2.5, y: 0.75}
    assert round(x).evaluate(values) == -2
    assert round(y, 1).evaluate(values) == round(0.75, 1)
    assert math.trunc(x).evaluate(values) == -2 and math.ceil(x).evaluate(values) == -2
    quotient, rest = divmod(x, y)
    assert (quotient.evaluate(values), rest.evaluate(values)) == divmod(-2.5, 0.75)
    fraction, whole = np.modf(x)
    assert (fraction.evaluate(values), whole.evaluate(values)) == (-0.5, -2.0)


def test_methods_of_arrays() -> None:
    values, a = {q: NUMBERS}, NUMBERS
    for build in (
        lambda v: v.mean(),
        lambda v: v.max(),
        lambda v: v.min(),
        lambda v: v.var(),
        lambda v: v.std(ddof=1),
        lambda v: v.ravel(),
        lambda v: v.flatten(),
        lambda v: v.copy(),
        lambda v: v.cumsum(),
        lambda v: v.prod(),
        lambda v: v.clip(0.4, 0.5),
        lambda v: v.round(1),
        lambda v: v.reshape(3, 1).squeeze(),
        lambda v: v.tolist(),
        lambda v: np.linalg.norm(v, ord=3),
        lambda v: np.vstack(v),
        lambda v: np.hstack(v),
        lambda v: np.column_stack([v, v]),
        lambda v: np.append(v[:1], v),
    ):
        for array, given in ((q, values), (expression_array([x, y, z]), SCALARS)):
            assert _agree(_value(build(array), given), build(a)), build(array)


def test_appended_elements_can_be_traced() -> None:
    grown = ty.derivatives(lambda v: np.append([v[0], v[1]], v[2]).sum(), NUMBERS, 1)
    assert np.array_equal(grown.gradient, [1, 1, 1])


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_linear_systems_of_any_matrix(size: int, scale: int) -> None:
    """Against NumPy, within the condition of the matrix, pivots of zero included."""
    A, b = ty.variable("A", shape=(size, size)), ty.variable("b", shape=size)
    solution = ty.compile(list(np.linalg.solve(A, b)), [A, b])
    determinant = ty.compile(np.linalg.det(A), [A])
    inverse = ty.compile(np.linalg.inv(A).tolist(), [A])
    for i in range(20 * scale):
        rng = np.random.default_rng(i)
        matrix = rng.normal(size=(size, size)) * 10.0 ** rng.integers(-3, 4, (size, 1))
        if size > 1 and i % 2:
            matrix[np.diag_indices(size - 1)] = 0
        side = rng.normal(size=size)
        condition = np.linalg.cond(matrix)
        if condition > 1e10:
            continue
        right = np.linalg.solve(matrix, side)
        error = 1e-14 * size * condition
        assert np.linalg.norm(solution(matrix, side) - right) <= error * np.linalg.norm(right)
        right = np.linalg.inv(matrix)
        assert np.linalg.norm(inverse(matrix) - right) <= error * np.linalg.norm(right)
        bound = np.prod(np.linalg.norm(matrix, axis=1))  # Hadamard's
        assert abs(determinant(matrix) - np.linalg.det(matrix)) <= 1e-13 * bound


def test_derivatives_of_solutions() -> None:
    """d(A**-1 b) = -A**-1 dA A**-1 b, and the jet of a Neumann series."""
    matrix, side = np.array([[0.0, 2.0], [1.0, 3.0]]), np.array([1.0, -1.0])
    change = np.array([[0.5, -0.25], [0.0, 1.0]])
    jet = ty.jet(lambda t: list(np.linalg.solve(matrix + t * change, side)), 0.0, 4)
    term = np.linalg.solve(matrix, side)
    for n in range(5):
        assert np.allclose([part[n] for part in jet], term, rtol=1e-13)
        term = -np.linalg.solve(matrix, change @ term)


def test_large_matrices_of_scalars_are_refused() -> None:
    with pytest.raises(ty.UnsupportedFunctionError, match=r"linalg\.det.*8 rows"):
        np.linalg.det(expression_array(ty.variable("A", shape=(9, 9))))
    with pytest.raises(ty.ShapeError, match=r"linalg\.inv.*square"):
        np.linalg.inv(ty.variable("A", shape=(2, 3)))


def test_functions_of_scipy_are_named() -> None:
    special = pytest.importorskip("scipy.special")
    for name in ("airye", "k0", "kv", "ellipkm1", "kve", "ndtri", "hyp2f1"):
        function = getattr(special, name)
        with pytest.raises(ty.UnsupportedFunctionError, match=rf"scipy\.special\.{name}: "):
            function(*[x] * function.nin)


def test_combined_functions_are_scipys() -> None:
    special = pytest.importorskip("scipy.special")
    with np.errstate(all="ignore"):
        for name, points in {
            "logit": [1e-300, 0.1, 0.25, 0.4999999, 0.5, 0.75, 1 - 1e-16],
            "log_ndtr": [-1e10, -100.0, -20.5, -19.0, -1.0, 0.0, 1.0, 8.0],
            "ndtr": [-5.0, -1.0, 0.0, 1.0, 9.0],
            "log_expit": [-800.0, -1.0, 0.0, 30.0, 800.0],
        }.items():
            right = getattr(special, name)(np.array(points))
            compiled = ty.compile(getattr(special, name)(x), [x])
            assert np.allclose([compiled(p) for p in points], right, rtol=2e-14, atol=0), name
        for a, b in ((0.0, 0.0), (0.0, 2.0), (2.0, 0.0), (1.5, 0.3)):
            for name in ("xlogy", "xlog1py"):
                f = getattr(special, name)
                assert ty.compile(f(x, y), [x, y])(a, b) == pytest.approx(f(a, b), rel=1e-15)
    terms = [1000.0, 999.0, -np.inf]
    assert ty.logsumexp(terms) == pytest.approx(special.logsumexp(terms))
    e = ty.logsumexp([x, y, z])
    weights = special.softmax(NUMBERS)
    gradient = [g.evaluate(SCALARS) for g in ty.grad_expressions(e, [x, y, z])]
    assert np.allclose(gradient, weights, rtol=1e-14)
