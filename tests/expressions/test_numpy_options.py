"""Every function of NumPy with every option: NumPy's own value, or a refusal."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.expressions.object_arrays import expression_array

RNG = np.random.default_rng(5)
VECTOR, OTHER = RNG.uniform(0.2, 0.9, 4), RNG.uniform(0.2, 0.9, 4)
MATRIX, SECOND = RNG.uniform(0.2, 0.9, (3, 3)) + 2 * np.eye(3), RNG.uniform(0.2, 0.9, (3, 3))
CUBE = RNG.uniform(0.2, 0.9, (2, 3, 2))
OPERANDS: list[tuple[np.ndarray, ...]] = [
    (VECTOR,),
    (MATRIX,),
    (CUBE,),
    (VECTOR, OTHER),
    (MATRIX, SECOND),
    (MATRIX, VECTOR[:3]),
    (VECTOR[:3], MATRIX),
    (CUBE, CUBE + 0.1),
]
MASK = object()  # stands for a mask of the first operand
OPTIONS: list[dict[str, Any]] = [
    {},
    {"axis": 0},
    {"axis": -1},
    {"axis": (0, 1)},
    {"axis": None},
    {"keepdims": True},
    {"keepdims": 1},
    {"axis": 0, "keepdims": True},
    {"ddof": 1},
    {"correction": 1, "axis": 0},
    {"initial": 0.5},
    {"where": MASK},
    {"where": MASK, "axis": 0},
    {"where": MASK, "initial": 0.5},
    {"k": 1},
    {"n": 2},
    {"offset": 1},
    {"ord": 1},
    {"decimals": 1},
    {"mode": "same"},
    {"mode": "valid"},
    {"axes": 1},
    {"q": 0.3},
    {"nan": 2.5, "posinf": 1.0},
    {"dtype": int},
    {"dtype": bool},
    {"dtype": float},
    {"order": "F"},
    {"edge_order": 2},
    {"dx": 0.5},
    {"rowvar": False},
    {"bias": True},
    {"indexing": "ij"},
    {"a_max": 0.5, "a_min": 0.3},
    {"prepend": 0.0},
    {"include_initial": True, "axis": 0},
    {"equal_nan": True},
]
SECONDS: list[Any] = [2, -1, (4, 1), (3, 3), [0, 1], [[1, 1], [0, 2]]]
# Signs or the order of results are free, or nothing is computed of numbers.
FREE = frozenset(
    ("eigh", "qr", "partition", "argpartition", "svd", "empty_like", "empty", "searchsorted")
)
LEFT_OUT = frozenset(("array2string", "array_repr", "array_str", "save", "savez", "savetxt", "put"))


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    for module in (np, np.linalg):
        for name in sorted(vars(module)):
            found = getattr(module, name)
            known = isinstance(found, np.ufunc) or hasattr(found, "__wrapped__")
            if known and not name.startswith("_") and name not in FREE | LEFT_OUT:
                yield f"{module.__name__}.{name}", found


def calls(
    function: Any,
) -> Iterator[tuple[tuple[np.ndarray, ...], tuple[Any, ...], dict[str, Any]]]:
    """Operands, what else is given by position, options."""
    for operands in OPERANDS:
        if isinstance(function, np.ufunc) and function.nin != len(operands):
            continue  # the next one would be `out`
        for options in OPTIONS:
            mask = {"where": operands[0] > 0.5} if options.get("where") is MASK else {}
            yield operands, (), {**options, **mask}
        if len(operands) == 1 and not isinstance(function, np.ufunc):
            for second in SECONDS:
                yield operands, (second,), {}


def parts(value: Any) -> list[Any]:
    if isinstance(value, tuple | list):
        return [part for item in value for part in parts(item)]
    return [value]


def expected(function: Any, operands: Any, more: Any, options: Any) -> list[np.ndarray] | None:
    """NumPy's numbers, if they are some."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = function(*(a.copy() for a in operands), *more, **options)
            found = [np.asarray(part) for part in parts(results)]
    except Exception:
        return None
    good = found and all(leaf.dtype.kind in "fbi" and np.isfinite(leaf).all() for leaf in found)
    # What `where` leaves out of a result that is no reduction is anything.
    free = "where" in options and any(leaf.shape == operands[0].shape for leaf in found)
    return found if good and not free else None


@pytest.mark.filterwarnings("ignore:Arrays of 2-dimensional vectors")
@pytest.mark.parametrize(
    ("name", "function"), [pytest.param(*found, id=found[0]) for found in functions()]
)
@pytest.mark.parametrize("whole", [True, False], ids=["array", "elements"])
def test_options(name: str, function: Any, whole: bool) -> None:
    for operands, more, options in calls(function):
        numbers = expected(function, operands, more, options)
        if numbers is None:
            continue
        names = [f"x{k}" for k in range(len(operands))]
        symbols = [ty.variable(x, a.shape) for x, a in zip(names, operands, strict=True)]
        given = symbols if whole else [expression_array(s) for s in symbols]
        values_of = dict(zip(symbols, operands, strict=True))
        case = f"{name} of {[a.shape for a in operands]}, {more}, {options}"
        try:
            results = function(*given, *more, **options)
            values = [np.asarray(ty.evaluate(part, values_of)) for part in parts(results)]
        except ty.TaylorError:
            continue
        except Exception as error:
            raise AssertionError(f"{case}: {error!r}") from error
        assert [v.shape for v in values] == [n.shape for n in numbers], case
        for value, number in zip(values, numbers, strict=True):
            np.testing.assert_allclose(
                value.astype(float), number.astype(float), rtol=1e-12, atol=1e-13, err_msg=case
            )


def test_results_go_where_they_are_wanted() -> None:
    x = ty.variable("x", (3,))
    out = ty.zeros(())
    assert np.sum(x, out=out) is out
    assert float(ty.evaluate(out[()], {x: [1.0, 2.0, 3.0]})) == 6.0
    row = ty.zeros(3)
    np.cumsum(x, 0, None, row)
    np.testing.assert_array_equal(ty.evaluate(row[:], {x: [1.0, 2.0, 3.0]}), [1.0, 3.0, 6.0])
    with pytest.raises(ty.TaylorError, match="stored in place"):
        np.sum(x, out=np.zeros(()))


@pytest.mark.parametrize("dtype", [int, bool, complex, np.int32])
def test_results_are_real_numbers(dtype: Any) -> None:
    x = ty.variable("x", (3,))
    for call in (
        lambda: np.sum(x, dtype=dtype),
        lambda: np.mean(x, None, dtype),
        lambda: np.add(x, 1, dtype=dtype),
        lambda: np.linspace(x, 1, 3, dtype=dtype),
        lambda: np.concatenate([x, x], dtype=dtype, casting="unsafe"),
    ):
        with pytest.raises(ty.TaylorError, match="real numbers"):
            call()


@pytest.mark.parametrize("size", [3, 64])
def test_powers_by_arrays_of_exponents(size: int) -> None:
    exponents = np.linspace(0, 3, size)
    x = np.linspace(0.5, 2, size)
    value, slope = ty.jvp(lambda x: (1 / x) ** exponents, (x,), (np.ones(size),))
    np.testing.assert_allclose(value, x**-exponents, rtol=1e-14)
    np.testing.assert_allclose(slope, -exponents * x ** (-exponents - 1), rtol=1e-13)


def test_slope_of_the_logarithm_of_a_determinant() -> None:
    along = ty.jvp(np.linalg.slogdet, (MATRIX,), (SECOND,))[1]
    np.testing.assert_allclose(along.sign, 0.0)
    np.testing.assert_allclose(along.logabsdet, np.trace(np.linalg.solve(MATRIX, SECOND)))
