"""NumPy's functions of arrays of polynomials, against numbers: values of displaced arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty

AT = [1.5, 2.25, 3.75]
STEPS = np.array([[0.0, 0.0, 0.0], [1e-3, -2e-3, 5e-4], [-3e-3, 1e-3, 2e-3]])
OTHER = [0.5, -2.0, 4.0]

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "cross": lambda r: np.cross(r, OTHER),
    "cross from": lambda r: np.cross(OTHER, r * r[0]),
    "norm": np.linalg.norm,
    "norm along": lambda r: np.linalg.norm(np.outer(r, OTHER), axis=1),
    "norm of a matrix": lambda r: np.linalg.norm(np.outer(r, r), keepdims=True),
    "prod": np.prod,
    "cumsum": np.cumsum,
    "cumprod": np.cumprod,
    "outer": lambda r: np.outer(r, r),
    "inner": lambda r: np.inner(r, OTHER),
    "vdot": lambda r: np.vdot(r, r),
    "vecdot": lambda r: np.vecdot(r, r),
    "trace": lambda r: np.trace(np.outer(r, r)),
    "einsum": lambda r: np.einsum("i,j,j->i", r, r, OTHER),
    "tensordot": lambda r: np.tensordot(np.outer(r, r), r, 1),
    "kron": lambda r: np.kron(r, OTHER),
    "diag": np.diag,
    "diff": np.diff,
    "roll": lambda r: np.roll(r, 1),
    "where": lambda r: np.where([True, False, True], r, 0.25),
    "append": lambda r: np.append(r, r[0]),
    "column_stack": lambda r: np.column_stack([r, r * r]),
    "split": lambda r: np.split(r, 3)[1],
    "zeros_like": np.zeros_like,
    "full_like": lambda r: np.full_like(r, 2.5),
    "none at all": lambda r: np.zeros_like(r[:0]),
    "average": np.average,
    "std": np.std,
    "polyval": lambda r: np.polyval(OTHER, r[1]),
    "%": lambda r: r % 1.3,
    "of %": lambda r: 7.0 % r,
    "both %": lambda r: r[2] % r[0],
    "//": lambda r: r // 1.3,
    "remainder": lambda r: np.remainder(r * r, r[::-1]),
}


@pytest.mark.parametrize("kind", ["float64", "double-double"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_are_those_of_displaced_numbers(name: str, kind: str) -> None:
    function = FUNCTIONS[name]
    found = function(ty.Polynomial.variables("x y z", 4, AT, precision=kind))
    assert isinstance(found, ty.Polynomial) and found.precision == kind
    for step in STEPS:
        pairs = np.stack([step, np.zeros(3)], axis=-1)
        value = found(step) if kind == "float64" else found(pairs).sum(axis=-1)
        wanted = function(np.array(AT) + step)
        assert value.shape == np.shape(wanted)
        np.testing.assert_allclose(value, wanted, rtol=1e-11, atol=1e-11)


def test_finite_or_not() -> None:
    p = ty.Polynomial([[1.0, 2.0], [np.nan, 0.0], [0.0, np.inf]], "x")
    assert np.isnan(p).tolist() == [False, True, False]
    assert np.isfinite(p).tolist() == [True, False, False]


def test_what_there_is_no_rule_for_says_so(tmp_path: Any) -> None:
    r = ty.Polynomial.variables("x y z", 2, AT)
    square = np.outer(r, r)
    for refused in (
        lambda: np.linalg.inv(square),
        lambda: np.linalg.norm(r, 1),
        lambda: np.linalg.norm(square, 2),
        lambda: np.interp(r[0], [0, 1], [0, 1]),
        lambda: np.fill_diagonal(square, 0),
        lambda: np.nan_to_num(r),
        lambda: np.save(tmp_path / "p", r),
        lambda: np.cumsum(r, out=np.zeros(3)),
    ):
        with pytest.raises(ty.UnsupportedFunctionError, match=r"numpy\.\S+: "):
            refused()
    assert not list(tmp_path.iterdir())
    for ordered in (np.max, np.sort, np.median, lambda r: np.clip(r, 0, 1)):
        with pytest.raises(ty.ArgumentTypeError, match="polynomials have no order"):
            ordered(r)
    with pytest.raises(ty.ShapeError, match=r"numpy\.cross"):
        np.cross(r, [1.0, 2.0, 3.0, 4.0])
    with pytest.raises(ty.ArgumentError, match="where its pieces meet"):
        r[0] % 1.5
    with pytest.raises(TypeError, match="unsupported operand"):
        r[0] % "a"


def test_coefficients_that_there_are_not() -> None:
    x, y = ty.Polynomial.variables("x y", 2)
    for asked in (lambda: (x * y)[2, 1], lambda: x[0], lambda: y.derivative({"x": 3})):
        with pytest.raises(ty.ItemError) as caught:
            asked()
        assert isinstance(caught.value, KeyError) and not str(caught.value).startswith(("'", '"'))
    with pytest.raises(ty.ItemError, match=r"^\(3, 0\): there are derivatives of order=2"):
        ty.derivatives(lambda x, y: x * y, (1.0, 2.0), order=2)[3, 0]
