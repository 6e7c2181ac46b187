"""Jets of functions that become many rows: of arrays these stay arrays, else code is long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor.points import array_jets

POINTS = np.linspace(0.1, 0.9, 28)


@pytest.mark.parametrize(
    ("fun", "right"),
    [
        (lambda x: ty.ellipe(x), mpmath.ellipe),
        (lambda x: ty.zeta(x), mpmath.zeta),
        (lambda x: np.sin(x), mpmath.sin),
    ],
    ids=["ellipe", "zeta", "sin"],
)
def test_functions_of_one_array(fun: Callable[..., Any], right: Callable[..., Any]) -> None:
    """LLVM ran out of stack where all elements were written out."""
    before = array_jets._compiled.cache_info()
    found = ty.jet(fun, POINTS, 2, direction=POINTS)
    after = array_jets._compiled.cache_info()
    assert after.misses == before.misses + 1
    for k in (0, 13, 27):
        x = mpmath.mpf(float(POINTS[k]))
        series = mpmath.taylor(lambda s, x=x: right(x * (1 + s)), 0, 2)
        np.testing.assert_allclose(found[:, k], [float(c) for c in series], rtol=1e-13)


def test_long_code() -> None:
    """Of many arguments, nothing but scalars: code that LLVM once took a minute for."""
    found = ty.jet(
        lambda *x: [ty.ellipe(a) for a in x], list(POINTS[::4]), 2, direction=list(POINTS[::4])
    )
    for value, x in zip(found, POINTS[::4], strict=True):
        series = mpmath.taylor(lambda s, x=float(x): mpmath.ellipe(x * (1 + s)), 0, 2)
        np.testing.assert_allclose(value, [float(c) for c in series], rtol=1e-13)
